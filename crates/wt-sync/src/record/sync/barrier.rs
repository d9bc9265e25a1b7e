//! [`std::sync::Barrier`], watched.

use std::fmt;
use std::panic::Location;

use crate::record::object::Tag;
use crate::record::state::{Wait, state, waiting_for};
use crate::record::step::StepKind;
use crate::record::turn::Go;

/// As [`std::sync::Barrier`].
pub struct Barrier {
    tag: Tag,
    inner: std::sync::Barrier,
    size: usize,
}

/// As [`std::sync::BarrierWaitResult`].
pub struct BarrierWaitResult(bool);

impl Barrier {
    /// As [`std::sync::Barrier::new`].
    #[track_caller]
    #[must_use]
    pub const fn new(n: usize) -> Self {
        Self {
            tag: Tag::new("Barrier"),
            inner: std::sync::Barrier::new(n),
            size: n,
        }
    }

    /// As [`std::sync::Barrier::wait`].
    #[track_caller]
    pub fn wait(&self) -> BarrierWaitResult {
        let place = Location::caller();
        let (generation, is_last) = {
            let mut state = state();
            let object = self.tag.object(&mut state);
            let record = self.tag.record(&mut state);
            let generation = record.count;
            record.waiters += 1;
            let is_last = record.waiters >= self.size;
            if is_last {
                record.waiters = 0;
                record.count += 1;
            }
            state.step(StepKind::Slept(object), place);
            (generation, is_last)
        };
        let wait = Wait::Barrier(self.tag.handle(), generation);
        BarrierWaitResult(waiting_for(wait, None, place, |go| match go {
            Go::Free => self.inner.wait().is_leader(),
            // All have arrived, one after the other; the real one would wait for them again.
            Go::Ready | Go::TimedOut => is_last,
        }))
    }
}

impl BarrierWaitResult {
    /// As [`std::sync::BarrierWaitResult::is_leader`].
    #[must_use]
    pub fn is_leader(&self) -> bool {
        self.0
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl fmt::Debug for BarrierWaitResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BarrierWaitResult")
            .field("is_leader", &self.0)
            .finish()
    }
}
