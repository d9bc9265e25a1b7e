//! [`std::thread`], on the explorer's threads.

use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

pub use std::thread::{Result, available_parallelism};

pub use super::local::{AccessError, LocalKey};

use super::local;
use super::step::Verb;
use super::wait::{Wait, after, block, switch};
use super::world::{Ending, Place, ThreadNumber, here, inside, with};

/// How much of virtual time passes when a thread lets others go first, so that a loop
/// that looks at the clock comes to an end.
const A_YIELD: Duration = Duration::from_millis(1);

/// As [`std::thread::spawn`].
///
/// # Panics
///
/// Outside of an exploration.
#[track_caller]
pub fn spawn<F, T>(f: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    Builder::new().spawn(f).expect("failed to spawn thread")
}

/// As [`std::thread::Builder`]. The stack size is of no effect.
#[derive(Debug)]
#[must_use = "must eventually spawn the thread"]
pub struct Builder {
    name: Option<String>,
}

impl Builder {
    /// As [`std::thread::Builder::new`].
    #[expect(clippy::new_without_default, reason = "std's has none")]
    pub fn new() -> Self {
        Self { name: None }
    }

    /// As [`std::thread::Builder::name`].
    pub fn name(mut self, name: String) -> Self {
        self.name = Some(name);
        self
    }

    /// As [`std::thread::Builder::stack_size`].
    pub fn stack_size(self, size: usize) -> Self {
        let _ = size;
        self
    }

    /// As [`std::thread::Builder::spawn`].
    ///
    /// # Errors
    ///
    /// None.
    #[track_caller]
    pub fn spawn<F, T>(self, f: F) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let thread = announce(self.name, None, Some(Location::caller()));
        let handle = Handle::new(thread);
        let task = handle.task(f);
        shuttle::thread::spawn(task);
        Ok(JoinHandle { handle })
    }

    /// As [`std::thread::Builder::spawn_scoped`].
    ///
    /// # Errors
    ///
    /// None.
    #[track_caller]
    pub fn spawn_scoped<'scope, 'env, F, T>(
        self,
        scope: &'scope Scope<'scope, 'env>,
        f: F,
    ) -> io::Result<ScopedJoinHandle<'scope, T>>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        let thread = announce(self.name, Some(scope.number()), Some(Location::caller()));
        let handle = Handle::new(thread);
        let task = handle.task(f);
        scope.inner.spawn(task);
        Ok(ScopedJoinHandle {
            handle,
            scope: std::marker::PhantomData,
        })
    }
}

/// Starts the thread on which an execution begins.
pub(super) fn start_first(f: impl FnOnce() + Send + 'static) {
    here(|world| {
        let first = super::world::Thread::new(Some("main".into()), None);
        world.threads.push(first);
    });
    shuttle::thread::spawn(move || {
        let result = catch_unwind(AssertUnwindSafe(f));
        local::drop_all();
        here(|world| {
            if let Err(payload) = result {
                world.step(Verb::Panicked(message(&*payload)), None);
                world.ending = Some(Ending::Panicked(payload));
            }
        });
        end();
    });
}

fn announce(name: Option<String>, scope: Option<usize>, place: Option<Place>) -> Thread {
    switch();
    here(|world| {
        let number = world.threads.len();
        let name: Option<Arc<str>> = name.map(Arc::from);
        let thread = super::world::Thread::new(name.clone(), scope);
        world.threads.push(thread);
        world.step(Verb::Started(number), place);
        Thread { name, number }
    })
}

/// The text of a panic's payload, where it has one.
fn message(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a panic without a text").to_owned()
}

/// The last thing that a thread does.
fn end() {
    here(|world| {
        let me = world.me();
        world.step(Verb::Ended, None);
        world.threads[me].ended = true;
        for thread in 0..world.threads.len() {
            let over = match world.threads[thread].waits {
                Some((Wait::End(other), _)) => other == me,
                Some((Wait::ScopeEnd(scope), _)) => {
                    let mut threads = world.threads.iter();
                    !threads.any(|thread| thread.scope == Some(scope) && !thread.ended)
                }
                _ => false,
            };
            if over {
                world.wake(thread);
            }
        }
    });
}

/// What both kinds of join handles have.
struct Handle<T> {
    thread: Thread,
    result: Arc<Mutex<Option<Result<T>>>>,
}

impl<T> Handle<T> {
    fn new(thread: Thread) -> Self {
        Self {
            thread,
            result: Arc::default(),
        }
    }

    /// What the thread does: a panic of `f` is its result, and nobody else's affair.
    fn task<F: FnOnce() -> T>(&self, f: F) -> impl FnOnce() + use<T, F> {
        let slot = Arc::downgrade(&self.result);
        move || {
            let result = catch_unwind(AssertUnwindSafe(f));
            if let Err(payload) = &result {
                let message = message(&**payload);
                here(|world| world.step(Verb::Panicked(message), None));
            }
            // Without a handle nobody can ask for the result.
            match slot.upgrade() {
                Some(slot) => *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(result),
                None => drop(result),
            }
            drop(slot);
            local::drop_all();
            end();
        }
    }

    #[track_caller]
    fn join(self) -> Result<T> {
        let place = Location::caller();
        let other = self.thread.number;
        switch();
        while !self.is_finished() {
            block(Wait::End(other), place, None);
        }
        here(|world| world.step(Verb::Joined(other), Some(place)));
        let result = self
            .result
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        result.expect("a thread that has ended has a result")
    }

    fn is_finished(&self) -> bool {
        here(|world| world.threads[self.thread.number].ended)
    }
}

/// As [`std::thread::JoinHandle`].
pub struct JoinHandle<T> {
    handle: Handle<T>,
}

impl<T> JoinHandle<T> {
    /// As [`std::thread::JoinHandle::join`].
    ///
    /// # Errors
    ///
    /// The payload, if the thread panicked.
    #[track_caller]
    pub fn join(self) -> Result<T> {
        self.handle.join()
    }

    /// As [`std::thread::JoinHandle::thread`].
    #[must_use]
    pub fn thread(&self) -> &Thread {
        &self.handle.thread
    }

    /// As [`std::thread::JoinHandle::is_finished`].
    #[must_use]
    pub fn is_finished(&self) -> bool {
        switch();
        self.handle.is_finished()
    }
}

/// As [`std::thread::ScopedJoinHandle`].
pub struct ScopedJoinHandle<'scope, T> {
    handle: Handle<T>,
    scope: std::marker::PhantomData<&'scope ()>,
}

impl<T> ScopedJoinHandle<'_, T> {
    /// As [`std::thread::ScopedJoinHandle::join`].
    ///
    /// # Errors
    ///
    /// The payload, if the thread panicked.
    #[track_caller]
    pub fn join(self) -> Result<T> {
        let joined = self.handle.thread.number;
        let result = self.handle.join();
        if result.is_err() {
            // Who joins has heard of the panic; the scope need not tell it again.
            here(|world| world.threads[joined].scope = None);
        }
        result
    }

    /// As [`std::thread::ScopedJoinHandle::thread`].
    #[must_use]
    pub fn thread(&self) -> &Thread {
        &self.handle.thread
    }

    /// As [`std::thread::ScopedJoinHandle::is_finished`].
    #[must_use]
    pub fn is_finished(&self) -> bool {
        switch();
        self.handle.is_finished()
    }
}

/// As [`std::thread::Scope`].
#[derive(Debug)]
#[repr(transparent)]
pub struct Scope<'scope, 'env: 'scope> {
    inner: shuttle::thread::Scope<'scope, 'env>,
}

impl<'scope, 'env> Scope<'scope, 'env> {
    /// A view of shuttle's own scope, which lives long enough.
    fn of(inner: &'scope shuttle::thread::Scope<'scope, 'env>) -> &'scope Self {
        let inner: *const shuttle::thread::Scope<'scope, 'env> = inner;
        // SAFETY: `Scope` is a transparent wrapper, so both have one layout; the lifetime is that
        // of the reference it came from.
        unsafe { &*inner.cast() }
    }

    /// Its address tells it from every other scope that is open.
    fn number(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// As [`std::thread::Scope::spawn`].
    ///
    /// # Panics
    ///
    /// Never, as far as this mode goes.
    #[track_caller]
    pub fn spawn<F, T>(&'scope self, f: F) -> ScopedJoinHandle<'scope, T>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        Builder::new()
            .spawn_scoped(self, f)
            .expect("failed to spawn thread")
    }
}

/// As [`std::thread::scope`].
///
/// # Panics
///
/// If a thread of the scope panicked and nobody has joined it.
#[track_caller]
pub fn scope<'env, F, T>(f: F) -> T
where
    F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> T,
{
    let place = Location::caller();
    let (result, a_thread_panicked) = shuttle::thread::scope(|inner| {
        let scope = Scope::of(inner);
        let number = scope.number();
        let result = catch_unwind(AssertUnwindSafe(|| f(scope)));
        let open = || {
            here(|world| {
                let mut threads = world.threads.iter();
                threads.any(|thread| thread.scope == Some(number) && !thread.ended)
            })
        };
        while open() {
            block(Wait::ScopeEnd(number), place, None);
        }
        (result, close(number))
    });
    match result {
        Err(payload) => resume_unwind(payload),
        Ok(_) if a_thread_panicked => panic!("a scoped thread panicked"),
        Ok(value) => value,
    }
}

/// Forgets the scope, whose address may be used again. Says whether one of its
/// threads panicked, of which nobody has heard.
fn close(scope: usize) -> bool {
    here(|world| {
        let mut panicked = false;
        let mut members = Vec::new();
        for (number, thread) in world.threads.iter_mut().enumerate() {
            if thread.scope == Some(scope) {
                thread.scope = None;
                members.push(number);
            }
        }
        for step in &world.steps {
            let by_member = step.thread.is_some_and(|thread| members.contains(&thread));
            panicked |= by_member && matches!(step.verb, Verb::Panicked(_));
        }
        panicked
    })
}

/// As [`std::thread::Thread`].
#[derive(Debug, Clone)]
pub struct Thread {
    name: Option<Arc<str>>,
    number: ThreadNumber,
}

/// As [`std::thread::ThreadId`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ThreadId(ThreadNumber);

impl Thread {
    /// As [`std::thread::Thread::unpark`].
    #[track_caller]
    pub fn unpark(&self) {
        let place = Location::caller();
        switch();
        here(|world| {
            world.step(Verb::Unparked(self.number), Some(place));
            world.threads[self.number].unparked = true;
            if matches!(world.threads[self.number].waits, Some((Wait::Unpark, _))) {
                world.wake(self.number);
            }
        });
    }

    /// As [`std::thread::Thread::id`].
    #[must_use]
    pub fn id(&self) -> ThreadId {
        ThreadId(self.number)
    }

    /// As [`std::thread::Thread::name`].
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
}

/// As [`std::thread::current`]. Outside of an exploration every thread has the number 0.
#[must_use]
pub fn current() -> Thread {
    let own = with(|world| {
        let number = world.me();
        let name = world.threads.get(number)?.name.clone();
        Some(Thread { name, number })
    });
    own.flatten().unwrap_or_else(|| Thread {
        name: std::thread::current().name().map(Arc::from),
        number: 0,
    })
}

/// As [`std::thread::park`].
#[track_caller]
pub fn park() {
    parked(Location::caller(), None);
}

/// As [`std::thread::park_timeout`].
#[track_caller]
pub fn park_timeout(timeout: Duration) {
    parked(Location::caller(), Some(after(timeout)));
}

fn parked(place: Place, until: Option<Duration>) {
    switch();
    let is_free = || here(|world| std::mem::take(&mut world.mine().unparked));
    if !is_free() {
        block(Wait::Unpark, place, until);
        is_free();
    }
}

/// As [`std::thread::sleep`], in virtual time.
#[track_caller]
pub fn sleep(duration: Duration) {
    block(Wait::Time, Location::caller(), Some(after(duration)));
}

/// As [`std::thread::yield_now`].
#[track_caller]
pub fn yield_now() {
    let place = Location::caller();
    if !inside() {
        return;
    }
    here(|world| {
        world.step(Verb::Yielded, Some(place));
        world.mine().yields = true;
        world.now = world.now.saturating_add(A_YIELD);
        world.wake_the_late();
    });
    switch();
    here(|world| world.mine().yields = false);
}

/// As [`std::thread::panicking`].
#[must_use]
pub fn panicking() -> bool {
    super::wait::panicking()
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for ScopedJoinHandle<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopedJoinHandle").finish_non_exhaustive()
    }
}
