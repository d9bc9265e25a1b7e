//! What is known of a lock, a condition, a barrier, a cell or a channel; it lies
//! in the object itself.

use std::cell::UnsafeCell;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};

use super::ends::Ends;
use super::state::{Place, State, ThreadNumber};
use super::step::StepKind;

/// An object as a step tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Object {
    pub(super) kind: &'static str,
    pub(super) made_at: Place,
    /// From 1, in the order of the objects' first steps.
    pub(super) id: u32,
}

/// What is known of it.
#[derive(Debug)]
pub(super) struct ObjectRecord {
    /// 0 until its first step.
    id: u32,
    /// Who has it for itself, and since which line.
    pub(super) owner: Option<(ThreadNumber, Place)>,
    /// How many have a read-write lock for reading, and the last of them.
    pub(super) readers: usize,
    pub(super) last_reader: Option<(ThreadNumber, Place)>,
    /// Who panicked while it had it, and since which line it had it.
    pub(super) poisoned: Option<(ThreadNumber, Place)>,
    /// Notifications that no waiter has taken, or a barrier's generation.
    pub(super) count: usize,
    /// Who notified a condition last, where, and whether anybody waited.
    pub(super) notified: Option<((ThreadNumber, u32), Place, bool)>,
    /// How many wait at a condition, or have arrived at a barrier.
    pub(super) waiters: usize,
    /// Of a channel. A thread may have received, and written it down, before the
    /// sender has written down that it sent: then this is below zero for a moment.
    pub(super) messages: isize,
    pub(super) senders: usize,
    pub(super) receivers: usize,
    pub(super) capacity: Option<usize>,
    pub(super) ends: Option<Box<Ends>>,
}

impl ObjectRecord {
    const fn new() -> Self {
        Self {
            id: 0,
            owner: None,
            readers: 0,
            last_reader: None,
            poisoned: None,
            count: 0,
            notified: None,
            waiters: 0,
            messages: 0,
            senders: 0,
            receivers: 0,
            capacity: None,
            ends: None,
        }
    }

    /// Whether a bounded channel holds as many messages as it can.
    pub(super) fn is_full(&self) -> bool {
        let held = usize::try_from(self.messages).unwrap_or(0);
        self.capacity.is_some_and(|most| held >= most)
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
            record: UnsafeCell::new(ObjectRecord::new()),
        }
    }

    /// The record of the object.
    pub(super) fn record<'a>(&'a self, _: &'a mut State) -> &'a mut ObjectRecord {
        // SAFETY: there is one `State`, in a static, and it is borrowed exclusively for as long as
        // the result lives. So no other reference to any record exists meanwhile.
        unsafe { &mut *self.record.get() }
    }

    /// The object as a step tells it.
    pub(super) fn object(&self, state: &mut State) -> Object {
        let next = state.objects + 1;
        let record = self.record(state);
        let capacity = record.capacity;
        let fresh = record.id == 0;
        if fresh {
            record.id = next;
        }
        let object = Object {
            kind: self.kind,
            made_at: self.made_at,
            id: record.id,
        };
        if fresh {
            state.objects = next;
            if let Some(log) = &mut state.log {
                log.add_object(object, capacity);
            }
        }
        object
    }

    pub(super) fn handle(&self) -> ObjectRef {
        ObjectRef(self)
    }

    /// Writes down that the calling thread has it for itself.
    pub(super) fn taken(&self, state: &mut State, poisoned: bool, place: Place) {
        let me = state.me();
        state.threads[me].held += 1;
        let object = self.object(state);
        let record = self.record(state);
        record.owner = Some((me, place));
        let by = record.poisoned.filter(|_| poisoned);
        state.step(StepKind::Locked(object), place);
        if let Some((thread, since)) = by {
            state.met_poison(object, thread, since);
        }
    }

    /// Writes down that its owner lets go of it.
    pub(super) fn let_go(&self, state: &mut State) {
        let object = self.object(state);
        let record = self.record(state);
        let Some((owner, place)) = record.owner.take() else {
            return;
        };
        if std::thread::panicking() {
            record.poisoned = Some((owner, place));
        }
        state.threads[owner].held -= 1;
        state.step(StepKind::Unlocked(object), place);
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
