//! What a worker takes out of the queue: its share, or something from elsewhere.

use std::collections::VecDeque;

use super::job::{Claim, Job};
use super::lanes::{KEPT, Lane};
use super::options::Priority;
use super::state::State;
use super::waste::Waste;
use super::worker::{Local, Worker};

/// So many are taken even if others will have to steal some.
const LEAST: usize = 8;

impl State {
    /// Whether somebody who comes now would find something.
    pub(super) fn has_work(&self) -> bool {
        !self.shared.is_empty() || self.living().any(|worker| worker.backlog() > 0)
    }

    pub(super) fn urgent(&self) -> usize {
        self.shared.urgent()
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

    /// Fills an empty share.
    fn fill(&mut self, me: &Worker, local: &mut Local) {
        if local.share.capacity() > KEPT {
            // It held a burst of this worker's own jobs.
            local.share = VecDeque::new();
        }
        let living = self.living().count();
        let normal = self.shared.of(Priority::Normal);
        if normal.is_empty() {
            return self.steal(me, local);
        }
        // A fair part, so that nobody has to steal it back; but not one by one.
        let part = normal.len().div_ceil(living).max(LEAST);
        let count = part.min(normal.len()).min(self.share);
        normal.move_to(&mut local.share, count);
        me.note_share(count, normal.len());
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
}
