//! A job in the queue: any closure, in a slot of one size.
//!
//! ```text
//! | calls | capture: 48 bytes, or a box | queued_at |   64 bytes, one cache line
//! ```
//!
//! A queue of `Box<dyn FnOnce()>` asks the allocator for memory in the submitter
//! and gives it back in the worker: that costs more than the queue. Most closures
//! are small, so they are stored in the slot itself. This is a trait object laid
//! out by hand: `calls` is its vtable, and the value is beside it.

use std::mem::{self, MaybeUninit};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use super::count::Count;
use super::error::{JobError, Payload};

/// What a worker does with a job. One implementation is a plain closure, the
/// other shares a [`Cell`](super::cell::Cell) with a join handle.
pub(super) trait Work: Send {
    /// Asks for the right to begin. Whoever may not begin drops the job; it was
    /// counted by the one who may. Runs no foreign code.
    fn claim(&self) -> Claim;

    /// Whether somebody else has claimed it.
    fn is_gone(&self) -> bool;

    /// Whether somebody waits for the effect, so that the pool may not drop it.
    fn is_scoped(&self) -> bool;

    /// Runs the claimed job and reports to `count`. Does not unwind.
    fn run(self, count: Count<'_>);

    /// Ends the claimed job without running it. Does not unwind.
    fn refuse(self, error: JobError);
}

/// The answer to [`Work::claim`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Claim {
    /// It is the caller's to run or to refuse.
    Granted,
    /// It is the caller's to refuse: its deadline has passed.
    Expired,
    /// It is the caller's to refuse: its token was cancelled.
    Cancelled,
    /// Somebody else runs it, or has cancelled it.
    Gone,
}

const WORDS: usize = 6;

type Capture = [MaybeUninit<u64>; WORDS];

/// A queued job of any type.
///
/// It has no destructor, so that moving it is copying 64 bytes and nothing else:
/// [`run`](Self::run), [`refuse`](Self::refuse) or [`abandon`](Self::abandon) ends
/// it. A job that is forgotten leaks what it captured.
pub(super) struct Job {
    calls: &'static Calls,
    capture: Capture,
    /// For the recorder: nanoseconds since the pool began, 0 if not sampled.
    pub(super) queued_at: u64,
}

/// The functions of one type of work. Each takes the address of the capture,
/// which holds a value of that type or a box of one.
struct Calls {
    claim: unsafe fn(*const Capture) -> Claim,
    is_gone: unsafe fn(*const Capture) -> bool,
    is_scoped: unsafe fn(*const Capture) -> bool,
    // These three move the value out.
    run: unsafe fn(*const Capture, Count<'_>),
    refuse: unsafe fn(*const Capture, JobError),
    abandon: unsafe fn(*const Capture),
}

// SAFETY: the capture holds a `W: Work`, and `Work: Send`.
unsafe impl Send for Job {}

impl Job {
    #[inline]
    pub(super) fn new<W: Work + 'static>(work: W) -> Self {
        // SAFETY: nothing that `work` borrows ever ends.
        unsafe { Self::new_unchecked(work) }
    }

    /// Forgets how long `work` may live.
    ///
    /// # Safety
    ///
    /// The job is run, refused or taken back while everything that `work`
    /// borrows is alive; or it is claimed by somebody who drops all that borrows
    /// by then, and what is left here is memory alone.
    #[inline]
    pub(super) unsafe fn new_unchecked<W: Work>(work: W) -> Self {
        let mut capture: Capture = [MaybeUninit::uninit(); WORDS];
        let place: *mut Capture = &raw mut capture;
        if fits::<W>() {
            // SAFETY: `fits` checked size and alignment, and the place is ours.
            unsafe { place.cast::<W>().write(work) };
        } else {
            // SAFETY: a box is one word.
            unsafe { place.cast::<Box<W>>().write(Box::new(work)) };
        }
        Self {
            calls: &Table::<W>::CALLS,
            capture,
            queued_at: 0,
        }
    }

    /// The work again, from a job that no queue accepted.
    ///
    /// # Safety
    ///
    /// The job was made from a `W`.
    pub(super) unsafe fn into_work<W: Work>(self) -> W {
        // SAFETY: the caller knows the type; `self` is gone after this.
        unsafe { take::<W>(&self.capture) }
    }

    pub(super) fn claim(&self) -> Claim {
        // SAFETY: the table belongs to the type in the capture; here and below.
        unsafe { (self.calls.claim)(&self.capture) }
    }

    pub(super) fn is_gone(&self) -> bool {
        // SAFETY: as in `claim`.
        unsafe { (self.calls.is_gone)(&self.capture) }
    }

    pub(super) fn is_scoped(&self) -> bool {
        // SAFETY: as in `claim`.
        unsafe { (self.calls.is_scoped)(&self.capture) }
    }

    /// Runs the claimed job and reports to `count`.
    pub(super) fn run(self, count: Count<'_>) {
        // SAFETY: as in `claim`; the value is moved out once, because `self` is gone after this.
        unsafe { (self.calls.run)(&self.capture, count) }
    }

    /// Drops the claimed job unrun and tells its handle why.
    pub(super) fn refuse(self, error: JobError) {
        // SAFETY: as in `run`.
        unsafe { (self.calls.refuse)(&self.capture, error) }
    }

    /// Drops a job that somebody else has claimed.
    pub(super) fn abandon(self) {
        swallow(contain(|| {
            // SAFETY: as in `run`.
            unsafe { (self.calls.abandon)(&self.capture) }
        }));
    }
}

struct Table<W>(W);

// `Job` passes a capture that was filled for `W`, and passes it to one of the last three at most
// once, as the last use.
impl<W: Work> Table<W> {
    const CALLS: Calls = Calls {
        // SAFETY: see above, as for the others.
        claim: |capture| unsafe { view::<W>(capture) }.claim(),
        // SAFETY: see above.
        is_gone: |capture| unsafe { view::<W>(capture) }.is_gone(),
        // SAFETY: see above.
        is_scoped: |capture| unsafe { view::<W>(capture) }.is_scoped(),
        // SAFETY: see above.
        run: |capture, count| unsafe { take::<W>(capture) }.run(count),
        // SAFETY: see above.
        refuse: |capture, error| unsafe { take::<W>(capture) }.refuse(error),
        // SAFETY: see above.
        abandon: |capture| drop(unsafe { take::<W>(capture) }),
    };
}

/// Whether a `W` is stored in the slot rather than in a box.
const fn fits<W>() -> bool {
    size_of::<W>() <= size_of::<Capture>() && align_of::<W>() <= align_of::<Capture>()
}

/// # Safety
///
/// The capture holds a `W`, or a box of one, for as long as the result is used.
unsafe fn view<'a, W>(capture: *const Capture) -> &'a W {
    if fits::<W>() {
        // SAFETY: the caller's promise.
        unsafe { &*capture.cast::<W>() }
    } else {
        // SAFETY: the caller's promise.
        unsafe { &*capture.cast::<Box<W>>() }
    }
}

/// # Safety
///
/// As [`view`], and the capture is not used as a `W` again.
unsafe fn take<W>(capture: *const Capture) -> W {
    if fits::<W>() {
        // SAFETY: the caller's promise.
        unsafe { ptr::read(capture.cast::<W>()) }
    } else {
        // SAFETY: the caller's promise.
        *unsafe { ptr::read(capture.cast::<Box<W>>()) }
    }
}

/// A closure that nobody waits for.
pub(super) struct Detached<F>(pub(super) F);

impl<F: FnOnce() + Send> Work for Detached<F> {
    fn claim(&self) -> Claim {
        // It has one owner, who is asking.
        Claim::Granted
    }

    fn is_gone(&self) -> bool {
        false
    }

    fn is_scoped(&self) -> bool {
        false
    }

    fn run(self, count: Count<'_>) {
        let panic = contain(self.0);
        count.end(panic.is_none());
        swallow(panic);
    }

    fn refuse(self, _error: JobError) {
        swallow(contain(|| drop(self)));
    }
}

/// Runs foreign code, a destructor or a waker, and keeps its panic from the
/// calling worker.
pub(super) fn contain(f: impl FnOnce()) -> Option<Payload> {
    catch_unwind(AssertUnwindSafe(f)).err()
}

/// Ends a panic that nobody can be told of. Dropping its payload may panic in
/// turn; that second payload is forgotten, or there might be no end to it.
pub(super) fn swallow(payload: Option<Payload>) {
    if payload.is_some() {
        mem::forget(contain(|| drop(payload)));
    }
}
