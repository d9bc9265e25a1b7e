//! Jobs that are taken out of the queue and not run.

use super::job::{Claim, Job};
use super::lanes::{discard_all, discard_oldest};
use super::state::State;
use super::worker::dispose;

/// Jobs that were taken out and are not to be run, with the reason. They are
/// dropped, which is foreign code, once all locks are released.
pub(super) type Waste = Vec<(Job, Claim)>;

/// So many places of claimed jobs may stay in a queue that is short.
const GONE: usize = 1024;

/// Ends jobs that are not to be run. No lock is held.
pub(super) fn dispose_all(waste: &mut Waste) {
    for (job, answer) in waste.drain(..) {
        dispose(job, answer);
    }
}

impl State {
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

    /// Takes out the oldest job that may be dropped, of the least urgent ones; of
    /// those that workers keep for themselves only if there is no other.
    pub(super) fn discard_oldest(&mut self, waste: &mut Waste) -> bool {
        let lanes = self.shared.iter_mut().rev();
        let inboxes = self.seats.iter_mut().map(|seat| &mut seat.inbox);
        let mut dropped = lanes
            .chain(inboxes)
            .find_map(|lane| lane.discard_oldest(waste));
        if dropped.is_none() {
            dropped = self.living().find_map(|worker| {
                let mut local = worker.lock();
                let dropped = discard_oldest(&mut local.share, waste);
                worker.note_backlog(&local);
                dropped
            });
        }
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
