//! What is written down: the threads, what each waits for, and the last steps.
//!
//! Nothing here allocates while a thread works, because a check may count the
//! bytes that a thread allocates: what is known of an object lies in the object.

use std::cell::{Cell, UnsafeCell};
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;

use super::step::{Step, StepKind};

/// A place in a source file.
pub(super) type Place = &'static Location<'static>;

/// A thread's number in the record, from 0.
pub(super) type ThreadNumber = usize;

/// What a thread waits for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wait {
    /// To have a mutex, or a read-write lock for writing.
    Lock(ObjectRef),
    /// To have a read-write lock for reading.
    Read(ObjectRef),
    /// To be notified.
    Notify(ObjectRef),
    /// Until the barrier has let this generation go.
    Barrier(ObjectRef, usize),
    /// Until somebody else has initialised the cell.
    Init(ObjectRef),
    /// For the end of a thread.
    End(ThreadNumber),
    /// For the end of all threads of a scope.
    ScopeEnd(usize),
    /// For a message, or for the last sender to go.
    Receive(ObjectRef),
    /// For room, or for the last receiver to go.
    Send(ObjectRef),
    /// For `unpark`.
    Unpark,
    /// For something that is not written down, or for time to pass.
    Other,
}

#[derive(Debug)]
pub(super) struct ThreadRecord {
    /// `None` for a thread without a name.
    pub(super) name: Option<Box<str>>,
    /// The system's number of the thread; 0 until it runs, or where it is not known.
    pub(super) tid: u32,
    /// std's number of it, from when it runs.
    pub(super) id: Option<ThreadId>,
    pub(super) waits: Option<(Wait, Place)>,
    pub(super) ended: bool,
    /// `unpark` came, and no `park` has taken it yet.
    pub(super) unparked: bool,
    /// The scope that waits for its end, by its address.
    pub(super) scope: Option<usize>,
}

/// What is known of a lock, a condition, a barrier, a cell or a channel.
#[derive(Debug, Default)]
pub(super) struct ObjectRecord {
    /// Who has it for itself, and since which line.
    pub(super) owner: Option<(ThreadNumber, Place)>,
    /// How many have a read-write lock for reading, and the last of them.
    pub(super) readers: usize,
    pub(super) last_reader: Option<(ThreadNumber, Place)>,
    /// Notifications that no waiter has taken, or a barrier's generation.
    pub(super) count: usize,
    /// How many wait at a condition, or have arrived at a barrier.
    pub(super) waiters: usize,
    /// Of a channel.
    pub(super) messages: usize,
    pub(super) senders: usize,
    pub(super) receivers: usize,
    pub(super) capacity: Option<usize>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) threads: Vec<ThreadRecord>,
    /// A ring; `next_step` is the number of the next.
    pub(super) steps: [Option<Step>; STEPS],
    pub(super) next_step: usize,
    /// Threads that never use the façade and cannot wake anybody.
    pub(super) unwatched: usize,
}

/// How many steps are kept.
pub(super) const STEPS: usize = 2048;

static STATE: Mutex<State> = Mutex::new(State {
    threads: Vec::new(),
    steps: [None; STEPS],
    next_step: 0,
    unwatched: 0,
});

/// The record. Nobody waits for anything but memory while holding it.
pub(super) fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Says how many threads of the process never use the façade and never wake a
/// thread that does, such as a watchdog. Any further thread that is not in the
/// record keeps [`look`](super::look) from saying that everybody is asleep.
///
/// Call it before the watched code starts: it also makes room for the threads.
pub fn expect_unwatched(count: usize) {
    let mut state = state();
    state.unwatched = count;
    state.threads.reserve(1024);
}

thread_local! {
    static ME: Cell<Option<ThreadNumber>> = const { Cell::new(None) };
    static LAST_WORD: LastWord = const { LastWord };
}

/// Writes down the end of a thread when its thread-local values are dropped.
struct LastWord;

impl Drop for LastWord {
    fn drop(&mut self) {
        if let Some(me) = ME.get() {
            state().threads[me].ended = true;
        }
    }
}

impl State {
    /// Writes down a thread that is about to be started.
    pub(super) fn announce(&mut self, name: Option<&str>, scope: Option<usize>) -> ThreadNumber {
        self.threads.push(ThreadRecord {
            name: name.map(Box::from),
            tid: 0,
            id: None,
            waits: None,
            ended: false,
            unparked: false,
            scope,
        });
        self.threads.len() - 1
    }

    /// The calling thread; it is written down now if the façade has not started it.
    pub(super) fn me(&mut self) -> ThreadNumber {
        if let Some(known) = ME.try_with(Cell::get).ok().flatten() {
            return known;
        }
        let number = self.announce(std::thread::current().name(), None);
        self.threads[number].tid = tid();
        self.threads[number].id = Some(std::thread::current().id());
        let _ = ME.try_with(|me| me.set(Some(number)));
        let _ = LAST_WORD.try_with(|_| ());
        number
    }

    pub(super) fn step(&mut self, kind: StepKind, place: Place) {
        let thread = self.me();
        self.steps[self.next_step % STEPS] = Some(Step {
            thread,
            kind,
            place,
        });
        self.next_step += 1;
    }
}

/// Makes the calling thread the one that was announced as `number`.
pub(super) fn begin(number: ThreadNumber) {
    ME.set(Some(number));
    LAST_WORD.with(|_| ());
    let id = std::thread::current().id();
    let mut state = state();
    state.threads[number].tid = tid();
    state.threads[number].id = Some(id);
}

/// Runs `f`, which may block, with what it waits for written down.
pub(super) fn waiting<T>(wait: Wait, place: Place, f: impl FnOnce() -> T) -> T {
    let me = {
        let mut state = state();
        let me = state.me();
        state.threads[me].waits = Some((wait, place));
        me
    };
    // Also when the wait unwinds.
    let _awake = Awake(me);
    f()
}

struct Awake(ThreadNumber);

impl Drop for Awake {
    fn drop(&mut self) {
        state().threads[self.0].waits = None;
    }
}

/// What a watched object carries: what it is, where it was made, and its record.
#[derive(Debug)]
pub(super) struct Tag {
    pub(super) kind: &'static str,
    pub(super) made_at: Place,
    record: UnsafeCell<ObjectRecord>,
}

// SAFETY: the record is reached through `record` alone, which needs the one `State` exclusively.
unsafe impl Sync for Tag {}

// What an unwinding thread leaves in a record is whole: nothing in between panics.
impl UnwindSafe for Tag {}
impl RefUnwindSafe for Tag {}

impl Tag {
    #[track_caller]
    pub(super) const fn new(kind: &'static str) -> Self {
        Self {
            kind,
            made_at: Location::caller(),
            record: UnsafeCell::new(ObjectRecord {
                owner: None,
                readers: 0,
                last_reader: None,
                count: 0,
                waiters: 0,
                messages: 0,
                senders: 0,
                receivers: 0,
                capacity: None,
            }),
        }
    }

    /// The record of the object.
    pub(super) fn record<'a>(&'a self, _: &'a mut State) -> &'a mut ObjectRecord {
        // SAFETY: there is one `State`, in the static above, and it is borrowed exclusively for as
        // long as the result lives. So no other reference to any record exists meanwhile.
        unsafe { &mut *self.record.get() }
    }

    pub(super) fn handle(&self) -> ObjectRef {
        ObjectRef(self)
    }
}

/// An object that a thread waits for. The thread borrows the object until it has
/// written down that it waits no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ObjectRef(*const Tag);

// SAFETY: it is followed only in `tag`, and a `Tag` is `Sync`.
unsafe impl Send for ObjectRef {}

impl ObjectRef {
    /// The object.
    ///
    /// # Safety
    ///
    /// A thread waits for it according to the record, and the caller holds the
    /// record's lock for as long as it uses the result.
    pub(super) unsafe fn tag<'a>(self) -> &'a Tag {
        // SAFETY: the waiting thread's own reference keeps the object alive, and it cannot stop
        // waiting without the lock that the caller holds.
        unsafe { &*self.0 }
    }
}

#[cfg(target_os = "linux")]
fn tid() -> u32 {
    // SAFETY: `gettid` takes nothing and cannot fail.
    let tid = unsafe { libc::gettid() };
    tid.unsigned_abs()
}

#[cfg(not(target_os = "linux"))]
fn tid() -> u32 {
    0
}
