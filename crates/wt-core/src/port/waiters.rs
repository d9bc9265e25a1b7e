//! Who waits for something, first come, first served.
//!
//! A waiter is a [`Waker`], whether it is a thread or a task. It remembers its
//! place, so that it can leave: because it found what it wanted, or gave up.

use std::collections::VecDeque;
use std::task::Waker;

#[derive(Default)]
pub(super) struct Waiters {
    queue: VecDeque<(u64, Waker)>,
    next: u64,
}

/// Where a waiter stands. Empty when it does not wait.
#[derive(Debug, Default)]
pub(super) struct Place(pub(super) Option<u64>);

impl Place {
    pub(super) fn is_taken(&self) -> bool {
        self.0.is_some()
    }
}

impl Waiters {
    /// Puts a waiter at the end, or gives it a new waker at the place that it has.
    /// Returns the waker that this replaces: foreign code, to be dropped unlocked.
    pub(super) fn enter(&mut self, place: &mut Place, waker: Waker) -> Option<Waker> {
        if let Some(index) = self.find(place) {
            return Some(std::mem::replace(&mut self.queue[index].1, waker));
        }
        place.0 = Some(self.next);
        self.queue.push_back((self.next, waker));
        self.next += 1;
        None
    }

    /// Takes out the one that waits longest, to wake it once all locks are released.
    pub(super) fn call(&mut self) -> Option<Waker> {
        let (_, waker) = self.queue.pop_front()?;
        Some(waker)
    }

    /// Takes out all.
    pub(super) fn call_all(&mut self) -> impl Iterator<Item = Waker> + use<> {
        std::mem::take(&mut self.queue)
            .into_iter()
            .map(|(_, waker)| waker)
    }

    /// Ends the wait of one. `Called` means that it was called before: if it does not
    /// use what it was called for, it has to call the next.
    pub(super) fn leave(&mut self, place: &mut Place) -> Leave {
        let found = self.find(place);
        match (found, place.0.take()) {
            (Some(index), _) => Leave::Withdrawn(self.queue.remove(index).map(|(_, waker)| waker)),
            (None, Some(_)) => Leave::Called,
            (None, None) => Leave::NeverWaited,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Places are given in growing order.
    fn find(&self, place: &Place) -> Option<usize> {
        let place = place.0?;
        self.queue.binary_search_by_key(&place, |&(at, _)| at).ok()
    }
}

/// How a wait ended.
pub(super) enum Leave {
    NeverWaited,
    /// With the waker, foreign code, to be dropped unlocked.
    Withdrawn(#[expect(dead_code, reason = "dropped by the caller, unlocked")] Option<Waker>),
    Called,
}
