//! The jobs that no worker has taken yet: a lane for each priority.

use std::collections::VecDeque;
use std::mem;

use super::job::{Claim, Job};
use super::options::Priority;
use super::waste::Waste;

/// A lane that was longer than this gives its memory back when it is short
/// again.
pub(super) const KEPT: usize = 1024;

#[derive(Default)]
pub(super) struct Lane {
    /// Oldest first.
    jobs: VecDeque<Job>,
}

impl Lane {
    pub(super) fn len(&self) -> usize {
        self.jobs.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    #[inline]
    pub(super) fn push(&mut self, job: Job) {
        self.jobs.push_back(job);
    }

    pub(super) fn pop_oldest(&mut self) -> Option<Job> {
        let job = self.jobs.pop_front();
        self.give_back();
        job
    }

    pub(super) fn pop_newest(&mut self) -> Option<Job> {
        let job = self.jobs.pop_back();
        self.give_back();
        job
    }

    /// Moves the oldest `count` jobs to the end of `share`.
    pub(super) fn move_to(&mut self, share: &mut VecDeque<Job>, count: usize) {
        share.extend(self.jobs.drain(..count));
        self.give_back();
    }

    /// Puts jobs back that were taken out before all that are here.
    pub(super) fn put_back(&mut self, jobs: &mut VecDeque<Job>) {
        while let Some(job) = jobs.pop_back() {
            self.jobs.push_front(job);
        }
    }

    /// Takes out the oldest job that may be dropped; see [`discard_oldest`].
    pub(super) fn discard_oldest(&mut self, waste: &mut Waste) -> Option<Claim> {
        discard_oldest(&mut self.jobs, waste)
    }

    /// Takes out every job that may be dropped, claimed.
    pub(super) fn discard_all(&mut self, waste: &mut Waste) {
        discard_all(&mut self.jobs, waste);
        self.give_back();
    }

    /// Takes out the places of jobs that somebody else claimed.
    pub(super) fn drop_gone(&mut self, waste: &mut Waste) {
        let (gone, live) = mem::take(&mut self.jobs)
            .into_iter()
            .partition::<VecDeque<Job>, _>(Job::is_gone);
        self.jobs = live;
        waste.extend(gone.into_iter().map(|job| (job, Claim::Gone)));
    }

    fn give_back(&mut self) {
        let capacity = self.jobs.capacity();
        if capacity > KEPT && self.jobs.len() < capacity / 8 {
            self.jobs.shrink_to(capacity / 2);
        }
    }
}

/// Takes out the oldest job that may be dropped, claimed. Returns the answer to
/// that claim.
pub(super) fn discard_oldest(jobs: &mut VecDeque<Job>, waste: &mut Waste) -> Option<Claim> {
    let mut place = 0;
    while let Some(job) = jobs.get(place) {
        if job.is_scoped() {
            place += 1;
            continue;
        }
        let job = jobs.remove(place).expect("it was there above");
        let answer = job.claim();
        waste.push((job, answer));
        if answer != Claim::Gone {
            return Some(answer);
        }
    }
    None
}

/// Takes out every job that may be dropped, claimed, and keeps the others.
pub(super) fn discard_all(jobs: &mut VecDeque<Job>, waste: &mut Waste) {
    for _ in 0..jobs.len() {
        let Some(job) = jobs.pop_front() else { break };
        if job.is_scoped() {
            jobs.push_back(job);
        } else {
            let answer = job.claim();
            waste.push((job, answer));
        }
    }
}

#[derive(Default)]
pub(super) struct Lanes([Lane; 3]);

impl Lanes {
    #[inline]
    pub(super) fn of(&mut self, priority: Priority) -> &mut Lane {
        &mut self.0[priority as usize]
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(Lane::is_empty)
    }

    pub(super) fn len(&self) -> usize {
        self.0.iter().map(Lane::len).sum()
    }

    pub(super) fn urgent(&self) -> usize {
        self.0[Priority::High as usize].len()
    }

    /// The lanes, the most urgent first.
    pub(super) fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut Lane> {
        self.0.iter_mut()
    }
}
