//! [`std::thread`], watched: starting, joining, scopes and parking are written
//! down. What is not here is std's own.

use std::io;
use std::panic::Location;
use std::time::Duration;

pub use std::thread::{AccessError, LocalKey, Result, ThreadId, available_parallelism, panicking};

use super::state::{
    Place, ThreadNumber, Wait, begin, begin_wait, end_wait, known_me, state, waiting, waiting_for,
};
use super::step::StepKind;
use super::turn::{self, Go};

/// As [`std::thread::spawn`].
///
/// # Panics
///
/// If the system cannot start a thread.
#[track_caller]
pub fn spawn<F, T>(f: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    Builder::new().spawn(f).expect("failed to spawn thread")
}

/// As [`std::thread::Builder`].
#[derive(Debug)]
#[must_use = "must eventually spawn the thread"]
pub struct Builder {
    inner: std::thread::Builder,
    name: Option<String>,
}

impl Builder {
    /// As [`std::thread::Builder::new`].
    #[expect(clippy::new_without_default, reason = "std's has none")]
    pub fn new() -> Self {
        Self {
            inner: std::thread::Builder::new(),
            name: None,
        }
    }

    /// As [`std::thread::Builder::name`].
    pub fn name(mut self, name: String) -> Self {
        self.inner = self.inner.name(name.clone());
        self.name = Some(name);
        self
    }

    /// As [`std::thread::Builder::stack_size`].
    pub fn stack_size(mut self, size: usize) -> Self {
        self.inner = self.inner.stack_size(size);
        self
    }

    /// As [`std::thread::Builder::spawn`].
    ///
    /// # Errors
    ///
    /// The system's reason if it cannot start a thread.
    #[track_caller]
    pub fn spawn<F, T>(self, f: F) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let number = announce(self.name.as_deref(), None, Location::caller());
        let started = self.inner.spawn(move || {
            begin(number);
            f()
        });
        let inner = noted(number, started)?;
        turn::pass();
        Ok(JoinHandle {
            inner,
            number: Joinable(number),
        })
    }

    /// As [`std::thread::Builder::spawn_scoped`].
    ///
    /// # Errors
    ///
    /// The system's reason if it cannot start a thread.
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
        let number = announce(
            self.name.as_deref(),
            Some(scope.number()),
            Location::caller(),
        );
        let started = self.inner.spawn_scoped(&scope.inner, move || {
            begin(number);
            f()
        });
        let inner = noted(number, started)?;
        turn::pass();
        Ok(ScopedJoinHandle {
            inner,
            number: Joinable(number),
        })
    }
}

fn announce(name: Option<&str>, scope: Option<usize>, place: Place) -> ThreadNumber {
    let mut state = state();
    // The caller's own number first, so that threads are numbered in their order.
    state.me();
    let number = state.announce(name, scope, place);
    state.threads[number].joinable = true;
    state.step(StepKind::Started(number), place);
    number
}

/// A thread that could not be started has ended.
fn noted<T>(number: ThreadNumber, started: io::Result<T>) -> io::Result<T> {
    if started.is_err() {
        let mut state = state();
        state.threads[number].joinable = false;
        state.end(number);
    }
    started
}

/// The number of a thread that somebody can still join: until this is dropped, its
/// record is not used again.
#[derive(Debug)]
struct Joinable(ThreadNumber);

impl Drop for Joinable {
    fn drop(&mut self) {
        state().threads[self.0].joinable = false;
    }
}

#[track_caller]
fn joined<T>(number: ThreadNumber, join: impl FnOnce() -> T) -> T {
    let place = Location::caller();
    let is_own = known_me() == Some(number);
    let result = waiting(Wait::End(number), place, || {
        // Nothing ever ends this wait. Some systems make std panic here, others let it wait;
        // that it waits is what can be told.
        if is_own {
            loop {
                std::thread::park();
            }
        }
        join()
    });
    state().step(StepKind::Joined(number), place);
    result
}

/// As [`std::thread::JoinHandle`].
#[derive(Debug)]
pub struct JoinHandle<T> {
    inner: std::thread::JoinHandle<T>,
    number: Joinable,
}

impl<T> JoinHandle<T> {
    /// As [`std::thread::JoinHandle::join`].
    ///
    /// # Errors
    ///
    /// The payload, if the thread panicked.
    #[track_caller]
    pub fn join(self) -> Result<T> {
        joined(self.number.0, || self.inner.join())
    }

    /// As [`std::thread::JoinHandle::thread`].
    #[must_use]
    pub fn thread(&self) -> &Thread {
        Thread::of(self.inner.thread())
    }

    /// As [`std::thread::JoinHandle::is_finished`].
    #[must_use]
    pub fn is_finished(&self) -> bool {
        if turn::is_fixed() {
            // When the system has noticed it is chance.
            return state().threads[self.number.0].ended;
        }
        self.inner.is_finished()
    }
}

/// As [`std::thread::ScopedJoinHandle`].
#[derive(Debug)]
pub struct ScopedJoinHandle<'scope, T> {
    inner: std::thread::ScopedJoinHandle<'scope, T>,
    number: Joinable,
}

impl<T> ScopedJoinHandle<'_, T> {
    /// As [`std::thread::ScopedJoinHandle::join`].
    ///
    /// # Errors
    ///
    /// The payload, if the thread panicked.
    #[track_caller]
    pub fn join(self) -> Result<T> {
        joined(self.number.0, || self.inner.join())
    }

    /// As [`std::thread::ScopedJoinHandle::thread`].
    #[must_use]
    pub fn thread(&self) -> &Thread {
        Thread::of(self.inner.thread())
    }

    /// As [`std::thread::ScopedJoinHandle::is_finished`].
    #[must_use]
    pub fn is_finished(&self) -> bool {
        if turn::is_fixed() {
            // When the system has noticed it is chance.
            return state().threads[self.number.0].ended;
        }
        self.inner.is_finished()
    }
}

/// As [`std::thread::Scope`].
#[derive(Debug)]
#[repr(transparent)]
pub struct Scope<'scope, 'env: 'scope> {
    inner: std::thread::Scope<'scope, 'env>,
}

impl<'scope, 'env> Scope<'scope, 'env> {
    /// A view of std's own scope, which lives long enough.
    fn of(inner: &'scope std::thread::Scope<'scope, 'env>) -> &'scope Self {
        let inner: *const std::thread::Scope<'scope, 'env> = inner;
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
    /// If the system cannot start a thread.
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
#[track_caller]
pub fn scope<'env, F, T>(f: F) -> T
where
    F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> T,
{
    let place = Location::caller();
    let open = OpenScope(place);
    std::thread::scope(|inner| {
        let scope = Scope::of(inner);
        // From the end of `f` on, std waits for the scope's threads, also if `f` panics.
        let _ending = Ending(scope.number(), place);
        let _open = &open;
        f(scope)
    })
}

/// Lives from before std's scope until after it.
struct OpenScope(Place);

impl Drop for OpenScope {
    fn drop(&mut self) {
        let mut state = state();
        let me = state.me();
        if state.threads[me].waits.is_some() {
            drop(state);
            end_wait(me, self.0);
        }
    }
}

struct Ending(usize, Place);

impl Drop for Ending {
    fn drop(&mut self) {
        let wait = Wait::ScopeEnd(self.0);
        if turn::is_fixed() {
            waiting(wait, self.1, || ());
        } else {
            begin_wait(wait, false, self.1);
        }
    }
}

/// As [`std::thread::Thread`].
#[derive(Debug, Clone)]
#[repr(transparent)]
pub struct Thread(std::thread::Thread);

impl Thread {
    fn of(inner: &std::thread::Thread) -> &Self {
        let inner: *const std::thread::Thread = inner;
        // SAFETY: `Thread` is a transparent wrapper, so both have one layout; the lifetime is that
        // of the reference it came from.
        unsafe { &*inner.cast() }
    }

    /// As [`std::thread::Thread::unpark`].
    #[track_caller]
    pub fn unpark(&self) {
        let mut state = state();
        let mut threads = state.threads.iter();
        let woken = threads.position(|thread| thread.id == Some(self.0.id()));
        if let Some(woken) = woken {
            state.threads[woken].unparked = true;
            state.step(StepKind::Unparked(woken), Location::caller());
        }
        drop(state);
        self.0.unpark();
        turn::pass();
    }

    /// As [`std::thread::Thread::id`].
    #[must_use]
    pub fn id(&self) -> ThreadId {
        self.0.id()
    }

    /// As [`std::thread::Thread::name`].
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.0.name()
    }
}

/// As [`std::thread::current`].
#[must_use]
pub fn current() -> Thread {
    Thread(std::thread::current())
}

/// As [`std::thread::park`].
#[track_caller]
pub fn park() {
    parked(None, Location::caller());
}

/// As [`std::thread::park_timeout`].
#[track_caller]
pub fn park_timeout(timeout: Duration) {
    parked(Some(timeout), Location::caller());
}

fn parked(timeout: Option<Duration>, place: Place) {
    waiting_for(Wait::Unpark, timeout, place, |go| match (go, timeout) {
        (Go::Free, None) => std::thread::park(),
        (Go::Free, Some(timeout)) => std::thread::park_timeout(timeout),
        _ => {}
    });
    let mut state = state();
    let me = state.me();
    state.threads[me].unparked = false;
}

/// As [`std::thread::sleep`].
#[track_caller]
pub fn sleep(duration: Duration) {
    waiting_for(Wait::Time, Some(duration), Location::caller(), |go| {
        if go == Go::Free {
            std::thread::sleep(duration);
        }
    });
}

/// As [`std::thread::yield_now`].
pub fn yield_now() {
    if turn::is_fixed() {
        turn::yield_now();
    } else {
        std::thread::yield_now();
    }
}
