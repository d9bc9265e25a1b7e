//! What the queue's lock guards: the jobs, the counters, and who works here.
//!
//! No foreign code runs under the lock. Jobs that are not to be run are handed
//! out as [`Waste`], to be dropped after it is released.

use std::mem;

use wt_sync::sync::Arc;
use wt_sync::time::{Duration, Instant};

use super::count::Counts;
use super::crew::Plan;
use super::job::{Claim, Job};
use super::lanes::{Lane, Lanes, discard_all};
use super::options::Priority;
use super::sleepers::Sleepers;
use super::stats::{Stats, WorkerState, WorkerStats};
use super::strategy::Place;
use super::watch::Clock;
use super::worker::{self, Local, Worker};

/// Jobs that were taken out and are not to be run, with the reason.
pub(super) type Waste = Vec<(Job, Claim)>;

/// The most that a worker takes at once: two kilobytes to copy.
const SHARE: usize = 32;

/// So many places of claimed jobs may stay in a queue that is short.
const GONE: usize = 1024;

pub(super) struct State {
    /// What any worker may take.
    shared: Lanes,
    /// By the workers' numbers.
    pub(super) seats: Vec<Seat>,
    /// Places in the lanes of jobs that a handle has claimed, at most.
    gone: usize,
    /// Sums over the pool. What a worker did since its last visit is missing;
    /// see [`settle`](Self::settle).
    pub(super) counts: Counts,
    pub(super) sleepers: Sleepers,
    pub(super) plan: Plan,
    /// Submitters that wait for room.
    pub(super) blocked: usize,
    /// One of them was woken and has not looked yet.
    pub(super) room_offered: bool,
    /// Whose turn it is, for [`Place::Next`].
    turn: usize,
    share: usize,
    has_vacancies: bool,
}

/// A worker's place in the pool. It outlives the worker.
#[derive(Default)]
pub(super) struct Seat {
    pub(super) worker: Option<Arc<Worker>>,
    /// Its thread has been asked for and does not look for jobs yet.
    is_starting: bool,
    /// It has slept for too long and is on its way out.
    is_leaving: bool,
    /// Jobs for this worker alone.
    pub(super) inbox: Lane,
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
            turn: 0,
            share: if shares { SHARE } else { 1 },
            has_vacancies: false,
        }
    }

    pub(super) fn living(&self) -> impl Iterator<Item = &Arc<Worker>> {
        self.seats.iter().filter_map(|seat| seat.worker.as_ref())
    }

    /// How many workers there are that nobody has sent away.
    pub(super) fn staying(&self) -> usize {
        let seats = self.seats.iter().take(self.plan.target);
        seats
            .filter(|seat| seat.worker.is_some() && !seat.is_leaving)
            .count()
    }

    /// Sends a worker away that has slept for too long, unless it is needed.
    pub(super) fn retire(&mut self, me: &Worker) -> bool {
        let retires = self.staying() > self.plan.floor;
        if retires {
            // Noted at once: the next one to ask must not count on this one.
            self.seats[me.index].is_leaving = true;
            self.sleepers.forget(me.index);
        }
        retires
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

    fn begin(&mut self, job: &Job) -> Claim {
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

    /// All counters as they were at one moment.
    pub(super) fn stats(&mut self) -> Stats {
        let workers: Vec<Arc<Worker>> = self.living().map(Arc::clone).collect();
        // All locks at once, so that no job begins meanwhile.
        let mut locals: Vec<_> = workers.iter().map(|worker| worker.lock()).collect();
        for local in &mut locals {
            self.settle(local);
        }
        // Jobs still end. Two looks that are equal have no end between them; and as no job
        // begins, there are soon no ends left.
        let ends = || workers.iter().map(|worker| worker.ends.read());
        let mut before: Vec<(u64, u64)> = ends().collect();
        loop {
            let after: Vec<(u64, u64)> = ends().collect();
            if before == after {
                break;
            }
            before = after;
        }
        let mut counts = self.counts;
        for (done, failed) in before {
            counts.done += done;
            counts.failed += failed;
        }
        counts.to_stats(workers.len())
    }

    /// Every living worker, as it was at one moment.
    pub(super) fn worker_stats(
        &self,
        times: impl Fn(&Clock) -> (Duration, Option<Instant>),
    ) -> Vec<WorkerStats> {
        let workers: Vec<&Arc<Worker>> = self.living().collect();
        let locals: Vec<_> = workers.iter().map(|worker| worker.lock()).collect();
        let each = workers.iter().zip(&locals).map(|(worker, local)| {
            let (done, failed) = worker.ends.read();
            let (busy, running_since) = times(&worker.clock);
            let state = if self.sleepers.is_asleep(worker.index) {
                WorkerState::Asleep
            } else if local.taken > done + failed {
                WorkerState::Running
            } else {
                WorkerState::Searching
            };
            WorkerStats {
                index: worker.index,
                state,
                begun: local.taken,
                done,
                failed,
                buffered: local.share.len(),
                inbox: self.seats[worker.index].inbox.len(),
                busy,
                running_since,
            }
        });
        each.collect()
    }

    /// Jobs that were accepted and have not ended, or a few more.
    fn in_flight(&self) -> u64 {
        let ended: u64 = self.living().map(|worker| worker.ends.total()).sum();
        self.counts.in_flight() - ended
    }

    /// Puts a worker into a seat that is free.
    pub(super) fn seat(&mut self, index: usize) -> Arc<Worker> {
        if self.seats.len() <= index {
            self.seats.resize_with(index + 1, Seat::default);
        }
        let worker = Arc::new(Worker::new(index));
        self.seats[index].worker = Some(Arc::clone(&worker));
        self.seats[index].is_starting = true;
        self.note_vacancies();
        worker
    }

    /// A worker begins to look for jobs.
    pub(super) fn arrive(&mut self, me: &Worker) {
        self.sleepers.arrive(me.index);
        self.plan.strikes = 0;
        self.seats[me.index].is_starting = false;
    }

    /// A free seat, if the pool is to have more workers.
    pub(super) fn vacancy(&self) -> Option<usize> {
        (0..self.plan.target).find(|&index| {
            let seat = self.seats.get(index);
            seat.is_none_or(|seat| seat.worker.is_none())
        })
    }

    /// Whether a worker is to be started for what is queued.
    #[inline]
    pub(super) fn wants_worker(&self) -> bool {
        // One at a time: it starts the next if there is work for more.
        self.has_vacancies
            && !self.sleepers.is_searching()
            && !self.seats.iter().any(|seat| seat.is_starting)
    }

    pub(super) fn note_vacancies(&mut self) {
        self.has_vacancies = self.vacancy().is_some();
    }

    /// A worker ends: what it counted stays, and what it had not begun is for
    /// others.
    pub(super) fn remove(&mut self, me: &Worker) {
        let mut local = me.lock();
        self.settle(&mut local);
        self.shared.of(Priority::Normal).put_back(&mut local.share);
        me.note_backlog(&local);
        let (done, failed) = me.ends.read();
        self.counts.done += done;
        self.counts.failed += failed;
        self.sleepers.forget(me.index);
        drop(local);
        self.seats[me.index].worker = None;
        self.seats[me.index].is_starting = false;
        self.seats[me.index].is_leaving = false;
        self.note_vacancies();
    }

    /// Takes any job of a scope, begun.
    pub(super) fn take_scoped(&mut self, waste: &mut Waste) -> Option<Job> {
        loop {
            let lanes = self.shared.iter_mut();
            let inboxes = self.seats.iter_mut().map(|seat| &mut seat.inbox);
            let job = lanes.chain(inboxes).find_map(Lane::pop_oldest)?;
            let answer = self.begin(&job);
            if answer == Claim::Granted {
                return Some(job);
            }
            waste.push((job, answer));
        }
    }

    /// Gives the jobs that were meant for this worker to anybody.
    pub(super) fn open_inbox(&mut self, index: usize) {
        let mut inbox = mem::take(&mut self.seats[index].inbox);
        while let Some(job) = inbox.pop_oldest() {
            self.shared.of(Priority::Normal).push(job);
        }
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

    pub(super) fn urgent(&self) -> usize {
        self.shared.urgent()
    }

    /// Whether somebody who comes now would find something.
    pub(super) fn has_work(&self) -> bool {
        !self.shared.is_empty() || self.living().any(|worker| worker.backlog() > 0)
    }

    /// Whether nothing is queued that this worker should stay for.
    pub(super) fn has_mail(&self, index: usize) -> bool {
        !self.seats[index].inbox.is_empty()
    }

    /// Takes the oldest of the most urgent jobs that `me` may run, begun. What it
    /// takes beside, to spare the next visit, is in its share.
    pub(super) fn take_oldest(&mut self, me: &Worker, waste: &mut Waste) -> Option<Job> {
        let mut local = me.lock();
        self.settle(&mut local);
        loop {
            let job = self.pick_oldest(me, &mut local)?;
            me.note_backlog(&local);
            let answer = self.begin(&job);
            if answer == Claim::Granted {
                local.taken += 1;
                return Some(job);
            }
            waste.push((job, answer));
        }
    }

    fn pick_oldest(&mut self, me: &Worker, local: &mut Local) -> Option<Job> {
        let urgent = self.shared.of(Priority::High).pop_oldest();
        let urgent = urgent.or_else(|| self.seats[me.index].inbox.pop_oldest());
        if urgent.is_some() {
            return urgent;
        }
        if local.share.is_empty() && !self.is_dismissed(me) {
            self.fill(me, local);
        }
        let usual = local.share.pop_front();
        if usual.is_some() || self.is_dismissed(me) {
            return usual;
        }
        self.shared.of(Priority::Low).pop_oldest()
    }

    fn fill(&mut self, me: &Worker, local: &mut Local) {
        let living = self.living().count();
        let normal = self.shared.of(Priority::Normal);
        if normal.is_empty() {
            return self.steal(me, local);
        }
        let count = normal.len().div_ceil(living).min(self.share);
        normal.move_to(&mut local.share, count);
    }

    fn steal(&self, me: &Worker, local: &mut Local) {
        for victim in self.others(me).filter(|worker| worker.backlog() > 0) {
            let mut its = victim.lock();
            let half = its.share.len().div_ceil(2);
            local.share.extend(its.share.drain(..half));
            victim.note_backlog(&its);
            if half > 0 {
                return;
            }
        }
    }

    /// Takes the newest job that `me` may run, begun: for a worker that waits.
    pub(super) fn take_newest(&mut self, me: &Worker, waste: &mut Waste) -> Option<Job> {
        self.settle(&mut me.lock());
        loop {
            let job = self.pick_newest(me)?;
            let answer = self.begin(&job);
            if answer == Claim::Granted {
                me.lock().taken += 1;
                return Some(job);
            }
            waste.push((job, answer));
        }
    }

    fn pick_newest(&mut self, me: &Worker) -> Option<Job> {
        let shared = self.shared.of(Priority::High).pop_newest();
        let shared = shared.or_else(|| self.shared.of(Priority::Normal).pop_newest());
        if shared.is_some() {
            return shared;
        }
        let share = std::iter::once(me)
            .chain(self.others(me))
            .find_map(|worker| {
                let mut local = worker.lock();
                let job = local.share.pop_back();
                worker.note_backlog(&local);
                job
            });
        // Jobs of one key keep their order even here.
        share
            .or_else(|| self.seats[me.index].inbox.pop_oldest())
            .or_else(|| self.shared.of(Priority::Low).pop_newest())
    }

    /// The living workers but `me`, beginning with the next.
    fn others(&self, me: &Worker) -> impl Iterator<Item = &Worker> {
        let (before, after) = self.seats.split_at(me.index);
        after[1..]
            .iter()
            .chain(before)
            .filter_map(|seat| seat.worker.as_deref())
    }

    /// Whether this worker is to leave once it has nothing of its own.
    pub(super) fn is_dismissed(&self, me: &Worker) -> bool {
        me.index >= self.plan.target
    }

    /// A handle claimed a queued job. Hands out places that were given up so.
    pub(super) fn forget_claimed(&mut self, answer: Claim) -> Waste {
        self.counts.take_out(answer);
        // The places stay filled until a worker comes past, or until they are too many.
        self.gone += 1;
        let mut waste = Waste::new();
        if self.gone > GONE.max(self.shared.len() / 2) {
            self.gone = 0;
            for lane in self.shared.iter_mut() {
                lane.drop_gone(&mut waste);
            }
            for seat in &mut self.seats {
                seat.inbox.drop_gone(&mut waste);
            }
        }
        waste
    }

    /// Takes out the oldest job that may be dropped, of the least urgent ones.
    pub(super) fn discard_oldest(&mut self, waste: &mut Waste) -> bool {
        let mut inboxes = self.seats.iter_mut().map(|seat| &mut seat.inbox);
        let mut lanes = self.shared.iter_mut().rev();
        let dropped = lanes
            .find_map(|lane| lane.discard_oldest(waste))
            .or_else(|| inboxes.find_map(|inbox| inbox.discard_oldest(waste)));
        if let Some(answer) = dropped {
            self.counts.drop_out(answer);
        }
        dropped.is_some()
    }

    /// Takes out every job that may be dropped, claimed.
    pub(super) fn discard_all(&mut self) -> Waste {
        let mut waste = Waste::new();
        for seat in &mut self.seats {
            if let Some(worker) = &seat.worker {
                let mut local = worker.lock();
                discard_all(&mut local.share, &mut waste);
                worker.note_backlog(&local);
            }
            seat.inbox.discard_all(&mut waste);
        }
        for lane in self.shared.iter_mut() {
            lane.discard_all(&mut waste);
        }
        for (_, answer) in &waste {
            self.counts.drop_out(*answer);
        }
        waste
    }
}
