//! Who works here: a seat for each worker, and when seats are filled and left.

use std::mem;

use wt_sync::sync::Arc;

use super::lanes::Lane;
use super::options::Priority;
use super::state::State;
use super::worker::Worker;

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

/// After so many workers that died in a row before they could work, the next
/// will, too.
const STRIKES: u32 = 3;

impl State {
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

    /// The living workers but `me`, beginning with the next.
    pub(super) fn others(&self, me: &Worker) -> impl Iterator<Item = &Worker> {
        let (before, after) = self.seats.split_at(me.index);
        after[1..]
            .iter()
            .chain(before)
            .filter_map(|seat| seat.worker.as_deref())
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
        self.seats[me.index].is_starting = false;
        self.forgive();
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

    /// Whether this worker is to leave once it has nothing of its own.
    pub(super) fn is_dismissed(&self, me: &Worker) -> bool {
        me.index >= self.plan.target
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

    /// Gives the jobs that were meant for this worker to anybody.
    pub(super) fn open_inbox(&mut self, index: usize) {
        let mut inbox = mem::take(&mut self.seats[index].inbox);
        while let Some(job) = inbox.pop_oldest() {
            self.shared.of(Priority::Normal).push(job);
        }
    }

    /// Whether nothing is queued that this worker should stay for.
    pub(super) fn has_mail(&self, index: usize) -> bool {
        !self.seats[index].inbox.is_empty()
    }

    /// A worker died in a hook.
    pub(super) fn strike(&mut self) {
        self.plan.strikes += 1;
        self.note_vacancies();
    }

    /// Workers may be started again, however many died.
    pub(super) fn forgive(&mut self) {
        if self.plan.strikes > 0 {
            self.plan.strikes = 0;
            self.note_vacancies();
        }
    }

    /// A free seat, if the pool is to have more workers and they do not all die.
    pub(super) fn vacancy(&self) -> Option<usize> {
        if self.plan.strikes >= STRIKES {
            return None;
        }
        (0..self.plan.target).find(|&index| {
            let seat = self.seats.get(index);
            seat.is_none_or(|seat| seat.worker.is_none())
        })
    }

    pub(super) fn note_vacancies(&mut self) {
        self.has_vacancies = self.vacancy().is_some();
    }

    /// Whether a worker is to be started for what is queued.
    #[inline]
    pub(super) fn wants_worker(&self) -> bool {
        // One at a time: it starts the next if there is work for more. It is not the searcher while
        // it starts, which may take long: until then a sleeper is called, if there is one.
        self.has_vacancies
            && !self.sleepers.is_searching()
            && !self.seats.iter().any(|seat| seat.is_starting)
    }
}
