//! [`std::sync::Barrier`], explored.

use std::fmt;
use std::panic::Location;

use crate::explore::step::Verb;
use crate::explore::wait::{Wait, block, switch};
use crate::explore::world::{Tag, here};

/// As [`std::sync::Barrier`].
pub struct Barrier {
    tag: Tag,
    n: usize,
}

/// As [`std::sync::BarrierWaitResult`].
#[derive(Debug)]
pub struct BarrierWaitResult(bool);

impl BarrierWaitResult {
    /// As [`std::sync::BarrierWaitResult::is_leader`].
    #[must_use]
    pub fn is_leader(&self) -> bool {
        self.0
    }
}

impl Barrier {
    /// As [`std::sync::Barrier::new`].
    #[track_caller]
    #[must_use]
    pub const fn new(n: usize) -> Self {
        Self {
            tag: Tag::new("Barrier"),
            n,
        }
    }

    /// As [`std::sync::Barrier::wait`].
    #[track_caller]
    pub fn wait(&self) -> BarrierWaitResult {
        let place = Location::caller();
        switch();
        let (number, generation, is_leader) = here(|world| {
            let number = self.tag.number(world);
            world.step(Verb::Arrived(number), Some(place));
            let me = world.me();
            let barrier = &mut world.objects[number];
            let generation = barrier.generation;
            barrier.count += 1;
            let is_leader = barrier.count >= self.n;
            if is_leader {
                barrier.count = 0;
                barrier.generation += 1;
                let waiters = std::mem::take(&mut barrier.waiters);
                world.wake_all(waiters);
            } else {
                barrier.waiters.push(me);
            }
            (number, generation, is_leader)
        });
        if !is_leader {
            while here(|world| world.objects[number].generation == generation) {
                block(Wait::Barrier(number), place, None);
            }
        }
        BarrierWaitResult(is_leader)
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Barrier").finish_non_exhaustive()
    }
}
