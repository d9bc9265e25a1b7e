//! What the queue's lock guards: the jobs, the counters, and who works here.
//!
//! No foreign code runs under the lock. Jobs that are not to be run are handed
//! out as [`Waste`](super::waste::Waste), to be dropped after it is released.

use std::mem;

use super::count::Counts;
use super::crew::Plan;
use super::job::{Claim, Job};
use super::lanes::Lanes;
use super::options::Priority;
use super::room::Tasks;
use super::seats::Seat;
use super::sleepers::Sleepers;
use super::strategy::Place;
use super::worker::{self, Local};

/// The most that a worker takes at once: two kilobytes to copy.
const SHARE: usize = 32;

pub(super) struct State {
    /// What any worker may take.
    pub(super) shared: Lanes,
    /// By the workers' numbers.
    pub(super) seats: Vec<Seat>,
    /// Places in the lanes of jobs that a handle has claimed, at most.
    pub(super) gone: usize,
    /// Sums over the pool. What a worker did since its last visit is missing;
    /// see [`settle`](Self::settle).
    pub(super) counts: Counts,
    pub(super) sleepers: Sleepers,
    pub(super) plan: Plan,
    /// Threads that wait for room.
    pub(super) blocked: usize,
    /// One of them was woken and has not looked yet.
    pub(super) room_offered: bool,
    /// Waits for room since looking for it was in vain; 0 if it was not.
    pub(super) vain_looks: u32,
    /// Tasks that wait for room.
    pub(super) tasks: Tasks,
    /// Threads that wait until nothing is queued or running.
    pub(super) waiting_for_quiet: usize,
    /// Whose turn it is, for [`Place::Next`].
    turn: usize,
    pub(super) share: usize,
    pub(super) has_vacancies: bool,
}

/// Who has to be woken for a pushed job.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Anybody,
    Worker(usize),
}

impl State {
    /// `shares`: whether workers may take several jobs at once.
    pub(super) fn new(plan: Plan, shares: bool) -> Self {
        Self {
            shared: Lanes::default(),
            seats: Vec::new(),
            gone: 0,
            counts: Counts::default(),
            sleepers: Sleepers::new(),
            plan,
            blocked: 0,
            room_offered: false,
            vain_looks: 0,
            tasks: Tasks::default(),
            waiting_for_quiet: 0,
            turn: 0,
            share: if shares { SHARE } else { 1 },
            has_vacancies: false,
        }
    }

    #[inline]
    pub(super) fn push(&mut self, job: Job, place: Place) -> Wanted {
        self.counts.submitted += 1;
        if let Place::Shared(priority) = place {
            self.shared.of(priority).push(job);
            return Wanted::Anybody;
        }
        self.push_apart(job, place)
    }

    #[cold]
    fn push_apart(&mut self, job: Job, place: Place) -> Wanted {
        let index = match place {
            Place::Own => return self.push_own(job),
            Place::Shared(_) => None,
            Place::Next => self.next_in_turn(),
            Place::Idlest => self.idlest(),
            Place::Key(hash) => self.keyed(hash),
            Place::Worker(index) => Some(index),
        };
        let worker = index.filter(|&index| self.seats[index].worker.is_some());
        let Some(index) = worker else {
            // Nobody sits there: anybody may have it.
            self.shared.of(Priority::Normal).push(job);
            return Wanted::Anybody;
        };
        self.seats[index].inbox.push(job);
        Wanted::Worker(index)
    }

    fn push_own(&mut self, job: Job) -> Wanted {
        let own = self
            .living()
            .find(|worker| worker::is_current_worker(worker));
        if let Some(worker) = own {
            let mut local = worker.lock();
            local.share.push_back(job);
            worker.note_backlog(&local);
        } else {
            self.shared.of(Priority::Normal).push(job);
        }
        Wanted::Anybody
    }

    fn next_in_turn(&mut self) -> Option<usize> {
        let seats = self.seats.len();
        let index = (1..=seats)
            .map(|step| (self.turn + step) % seats)
            .find(|&index| self.seats[index].worker.is_some())?;
        self.turn = index;
        Some(index)
    }

    fn idlest(&self) -> Option<usize> {
        self.living()
            .min_by_key(|worker| {
                let inbox = self.seats[worker.index].inbox.len() as u64;
                inbox + worker.backlog() as u64 + worker.running()
            })
            .map(|worker| worker.index)
    }

    fn keyed(&self, hash: u64) -> Option<usize> {
        let living = self.living().count() as u64;
        let choice = usize::try_from(hash.checked_rem(living)?).ok()?;
        self.living().nth(choice).map(|worker| worker.index)
    }

    /// Accepts a job that the caller runs at once.
    pub(super) fn begin_here(&mut self, job: &Job) -> Claim {
        self.counts.submitted += 1;
        self.begin(job)
    }

    pub(super) fn begin(&mut self, job: &Job) -> Claim {
        let answer = job.claim();
        self.counts.take_out(answer);
        answer
    }

    /// Adds up what this worker took out.
    pub(super) fn settle(&mut self, local: &mut Local) {
        self.counts.add(&mem::take(&mut local.counts));
    }

    /// Adds up what all workers took out: from here to the unlock,
    /// [`Counts::queued`] says no less than is queued.
    pub(super) fn settle_all(&mut self) {
        for seat in &self.seats {
            if let Some(worker) = &seat.worker {
                self.counts.add(&mem::take(&mut worker.lock().counts));
            }
        }
    }

    /// Jobs that were accepted and have not ended, or a few more.
    fn in_flight(&self) -> u64 {
        let ended: u64 = self.living().map(|worker| worker.ends.total()).sum();
        self.counts.in_flight() - ended
    }

    /// Whether nothing is queued or running.
    pub(super) fn is_quiet(&mut self) -> bool {
        self.settle_all();
        self.in_flight() == 0
    }

    /// Whether one more job may be accepted.
    #[inline]
    pub(super) fn has_room(&mut self) -> bool {
        // The sums may be late. Only then is it worth asking every worker.
        (self.counts.queued() < self.plan.capacity && !self.plan.is_capped())
            || self.has_room_indeed()
    }

    /// How many more jobs may be queued, at least.
    pub(super) fn room(&self) -> u64 {
        self.plan.capacity.saturating_sub(self.counts.queued())
    }

    #[cold]
    fn has_room_indeed(&mut self) -> bool {
        self.settle_all();
        self.counts.queued() < self.plan.capacity && self.in_flight() < self.plan.max_in_flight
    }
}
