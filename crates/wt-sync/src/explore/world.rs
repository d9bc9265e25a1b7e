//! One execution: its threads, what they wait for, its objects, its time.
//!
//! All threads of an execution are coroutines of one OS thread, of which one runs at
//! a time. So the world is a value of that OS thread, and nobody else sees it.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::Location;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Waker;
use std::time::Duration;

use super::policy::Policy;
use super::step::{Step, Verb};
use super::wait::Wait;

/// A place in a source file.
pub(super) type Place = &'static Location<'static>;

/// A thread's number, in the order in which they are started; 0 is the one that the
/// explored function runs on.
pub(super) type ThreadNumber = usize;

/// An object's number, in the order in which they are first used.
pub(super) type ObjectNumber = usize;

/// A thread of the execution.
#[derive(Debug, Default)]
pub(super) struct Thread {
    pub(super) name: Option<Arc<str>>,
    pub(super) waits: Option<(Wait, Place)>,
    /// When a wait is over though nobody has ended it.
    pub(super) until: Option<Duration>,
    /// How the wait has ended: `true` by somebody, `false` by time.
    pub(super) woken: Option<bool>,
    waker: Option<Waker>,
    pub(super) ended: bool,
    /// `unpark` came, and no `park` has taken it yet.
    pub(super) unparked: bool,
    pub(super) scope: Option<usize>,
    /// Has asked to let others go first.
    pub(super) yields: bool,
    pub(super) locals: Vec<(usize, Rc<dyn Any>)>,
    /// Where it was seen last.
    pub(super) place: Option<Place>,
}

/// A lock, a condition, a barrier, a cell, a channel or an atomic.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) kind: &'static str,
    pub(super) made_at: Place,
    /// Who has it for itself, and since which line.
    pub(super) owner: Option<(ThreadNumber, Place)>,
    pub(super) readers: Vec<(ThreadNumber, Place)>,
    /// Who waits for it; a channel has its own list.
    pub(super) waiters: Vec<ThreadNumber>,
    /// How many have arrived at a barrier.
    pub(super) count: usize,
    pub(super) generation: usize,
    pub(super) messages: usize,
    pub(super) senders: usize,
    pub(super) receivers: usize,
    pub(super) capacity: Option<usize>,
}

/// How an execution ends before its threads do.
pub(super) enum Ending {
    /// The explored function panicked.
    Panicked(Box<dyn Any + Send>),
    /// Every thread waits.
    Deadlock,
    /// It has not come to an end after so many steps.
    Livelock,
}

/// One execution.
pub(super) struct World {
    /// Differs from that of every other execution of the process.
    epoch: u64,
    pub(super) threads: Vec<Thread>,
    pub(super) objects: Vec<Object>,
    /// What has passed since the execution began.
    pub(super) now: Duration,
    pub(super) steps: Vec<Step>,
    pub(super) policy: Policy,
    /// Time may pass although threads could go on.
    pub(super) hasty: bool,
    pub(super) ending: Option<Ending>,
    /// Waits while it unwinds.
    pub(super) unwinding: Option<ThreadNumber>,
    /// A lock in a static is still held by a thread that an execution before has left
    /// behind when it was given up.
    pub(super) haunted: bool,
    /// The director has left, and the execution is given up.
    pub(super) leaving: bool,
    /// How many decisions there have been.
    pub(super) decisions: usize,
    /// Of all decisions so far.
    pub(super) hash: u64,
    /// How often in a row the same thread was chosen although others could run.
    pub(super) in_a_row: usize,
    /// How many decisions there have been since time passed.
    pub(super) without_time: usize,
}

thread_local! {
    static WORLD: RefCell<Option<World>> = const { RefCell::new(None) };
    static CURRENT: Cell<ThreadNumber> = const { Cell::new(0) };
}

static EPOCHS: AtomicU64 = AtomicU64::new(1);

impl Thread {
    pub(super) fn new(name: Option<Arc<str>>, scope: Option<usize>) -> Self {
        Self {
            name,
            scope,
            ..Self::default()
        }
    }
}

impl World {
    pub(super) fn new(policy: Policy, hasty: bool) -> Self {
        Self {
            epoch: EPOCHS.fetch_add(1, Ordering::Relaxed),
            threads: Vec::new(),
            objects: Vec::new(),
            now: Duration::ZERO,
            steps: Vec::new(),
            policy,
            hasty,
            ending: None,
            unwinding: None,
            haunted: false,
            leaving: false,
            decisions: 0,
            hash: 0xcbf2_9ce4_8422_2325,
            in_a_row: 0,
            without_time: 0,
        }
    }

    /// The thread that runs.
    #[expect(clippy::unused_self, reason = "it is the world's")]
    pub(super) fn me(&self) -> ThreadNumber {
        CURRENT.get()
    }

    pub(super) fn mine(&mut self) -> &mut Thread {
        let me = self.me();
        &mut self.threads[me]
    }

    pub(super) fn step(&mut self, verb: Verb, place: Option<Place>) {
        let thread = self.me();
        if place.is_some() {
            self.threads[thread].place = place;
        }
        self.steps.push(Step {
            thread: Some(thread),
            verb,
            place,
        });
    }

    /// Ends the wait of a thread, if it waits.
    pub(super) fn wake(&mut self, thread: ThreadNumber) {
        self.end_wait(thread, true);
    }

    fn end_wait(&mut self, thread: ThreadNumber, by_somebody: bool) {
        let thread = &mut self.threads[thread];
        if thread.waits.is_some() && thread.woken.is_none() {
            thread.woken = Some(by_somebody);
            if let Some(waker) = thread.waker.take() {
                waker.wake();
            }
        }
    }

    /// Makes a thread runnable without ending its wait.
    pub(super) fn rouse(&mut self, thread: ThreadNumber) {
        if let Some(waker) = self.threads[thread].waker.take() {
            waker.wake();
        }
    }

    /// Ends all waits of `waiters`.
    pub(super) fn wake_all(&mut self, waiters: Vec<ThreadNumber>) {
        waiters.into_iter().for_each(|thread| self.wake(thread));
    }

    /// The next moment at which a wait is over.
    pub(super) fn next_deadline(&self) -> Option<Duration> {
        let waiting = self.threads.iter().filter(|thread| thread.woken.is_none());
        waiting.filter_map(|thread| thread.until).min()
    }

    /// Moves the time on to the next such moment. Says whether there was one.
    pub(super) fn pass_time(&mut self) -> bool {
        let Some(next) = self.next_deadline() else {
            return false;
        };
        if next > self.now {
            self.now = next;
            self.steps.push(Step {
                thread: None,
                verb: Verb::TimePassed(next),
                place: None,
            });
        }
        self.wake_the_late();
        true
    }

    /// Ends the waits whose time has come.
    pub(super) fn wake_the_late(&mut self) {
        self.without_time = 0;
        for thread in 0..self.threads.len() {
            let until = self.threads[thread].until;
            if until.is_some_and(|until| until <= self.now) {
                self.end_wait(thread, false);
            }
        }
    }

    pub(super) fn keep_waker(&mut self, thread: ThreadNumber, waker: &Waker) {
        self.threads[thread].waker = Some(waker.clone());
    }

    /// A thread's name, or its number.
    pub(super) fn name_of(&self, thread: ThreadNumber) -> String {
        match &self.threads[thread].name {
            Some(name) => name.to_string(),
            None => format!("thread {thread}"),
        }
    }

    /// Such as `the Mutex made at lib.rs:31`.
    pub(super) fn object_text(&self, object: ObjectNumber) -> String {
        let Object { kind, made_at, .. } = &self.objects[object];
        format!("the {kind} made at {}", short(made_at))
    }
}

/// Such as `lib.rs:31`.
pub(super) fn short(place: Place) -> String {
    let file = place.file().rsplit(['/', '\\']).next().unwrap_or_default();
    format!("{file}:{}", place.line())
}

/// Begins an execution.
pub(super) fn enter(world: World) {
    WORLD.set(Some(world));
}

/// Ends the execution, and hands it out.
pub(super) fn leave() -> Option<World> {
    WORLD
        .try_with(|world| world.borrow_mut().take())
        .ok()
        .flatten()
}

/// Makes `thread` the one that runs.
pub(super) fn set_current(thread: ThreadNumber) {
    CURRENT.set(thread);
}

/// Does something with the execution that the caller is part of; `None` outside of
/// any.
pub(super) fn with<R>(f: impl FnOnce(&mut World) -> R) -> Option<R> {
    WORLD
        .try_with(|world| world.borrow_mut().as_mut().map(f))
        .ok()
        .flatten()
}

/// As [`with`], where there must be an execution.
#[track_caller]
pub(super) fn here<R>(f: impl FnOnce(&mut World) -> R) -> R {
    with(f).unwrap_or_else(|| {
        panic!(
            "this would wait for another thread, but it is outside of `wt_sync::explore`: in explore mode \
             the façade's threads, waits and channels work inside of an exploration only"
        )
    })
}

/// Whether the caller is part of an execution that goes on.
pub(super) fn inside() -> bool {
    with(|_| ()).is_some()
}

/// What an object of the façade carries: what it is, and its number in an execution.
pub(super) struct Tag {
    kind: &'static str,
    made_at: Place,
    /// The epoch and the number in it.
    known: AtomicU64,
    object: AtomicU64,
}

impl Tag {
    #[track_caller]
    pub(super) const fn new(kind: &'static str) -> Self {
        Self::made_at(kind, Location::caller())
    }

    pub(super) const fn made_at(kind: &'static str, made_at: Place) -> Self {
        Self {
            kind,
            made_at,
            known: AtomicU64::new(0),
            object: AtomicU64::new(0),
        }
    }

    /// Its number in this execution. One that an earlier execution has left behind, in
    /// a static, is a fresh object here.
    pub(super) fn number(&self, world: &mut World) -> ObjectNumber {
        if self.known.load(Ordering::Relaxed) != world.epoch {
            self.known.store(world.epoch, Ordering::Relaxed);
            self.object
                .store(world.objects.len() as u64, Ordering::Relaxed);
            world.objects.push(Object {
                kind: self.kind,
                made_at: self.made_at,
                owner: None,
                readers: Vec::new(),
                waiters: Vec::new(),
                count: 0,
                generation: 0,
                messages: 0,
                senders: 0,
                receivers: 0,
                capacity: None,
            });
        }
        self.object.load(Ordering::Relaxed) as usize
    }

    pub(super) fn object<'w>(&self, world: &'w mut World) -> &'w mut Object {
        let number = self.number(world);
        &mut world.objects[number]
    }
}

impl std::fmt::Debug for Tag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} made at {}", self.kind, short(self.made_at))
    }
}
