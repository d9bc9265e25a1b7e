//! The threads of a pool: how they begin and end, and how many there are.
//!
//! ```text
//! resize, a job that nobody is free for ──> start ──> work ──> leave
//!                      died in a hook: again <───────────┘
//! ```
//!
//! A worker ends when the pool does, when it has slept for too long, when the
//! pool was made smaller, or when a hook panicked. In the last case another takes
//! its seat. Jobs are caught by themselves and end no worker.

use std::io;
use std::mem;

use wt_sync::sync::{Arc, Mutex, MutexGuard};
use wt_sync::thread;
use wt_sync::time::Duration;

use super::count::Count;
use super::job::{contain, swallow};
use super::local::Locals;
use super::queue::Queue;
use super::state::State;
use super::waste::dispose_all;
use super::worker::{self, Worker};

/// How large a pool is to be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    pub(super) capacity: u64,
    pub(super) max_in_flight: u64,
    /// So many workers at most.
    pub(super) target: usize,
    /// So many at least.
    pub(super) floor: usize,
    /// How long a worker above the floor sleeps before it ends.
    pub(super) idle_timeout: Option<Duration>,
    /// Workers that died since one last arrived.
    pub(super) strikes: u32,
}

impl Plan {
    pub(super) fn is_capped(&self) -> bool {
        self.max_in_flight != u64::MAX
    }
}

pub(super) type Hook = Arc<dyn Fn(usize) + Send + Sync>;

pub(super) struct Crew {
    pub(super) name: String,
    pub(super) stack_size: Option<usize>,
    pub(super) on_start: Vec<Hook>,
    pub(super) on_exit: Vec<Hook>,
    pub(super) locals: Locals,
    threads: Mutex<Threads>,
}

/// The threads of a pool. Each is joined, by the next one that leaves or at the
/// end, so none outlives a `shutdown`, not even in its last destructors.
#[derive(Default)]
struct Threads {
    living: Vec<(Arc<Worker>, thread::JoinHandle<()>)>,
    /// Of workers that have left.
    left: Vec<thread::JoinHandle<()>>,
}

impl Crew {
    pub(super) fn new(
        name: String,
        stack_size: Option<usize>,
        on_start: Vec<Hook>,
        on_exit: Vec<Hook>,
        locals: Locals,
    ) -> Self {
        Self {
            name,
            stack_size,
            on_start,
            on_exit,
            locals,
            threads: Mutex::new(Threads::default()),
        }
    }

    /// Starts the thread of a worker that has its seat already.
    pub(super) fn start(&self, queue: &Arc<Queue>, worker: &Arc<Worker>) -> io::Result<()> {
        let mut builder = thread::Builder::new().name(format!("{}-{}", self.name, worker.index));
        if let Some(bytes) = self.stack_size {
            builder = builder.stack_size(bytes);
        }
        let (queue, me) = (Arc::clone(queue), Arc::clone(worker));
        // Held over the start, so the thread is listed before it can end.
        let mut threads = self.threads();
        let thread = builder.spawn(move || live(&queue, &me))?;
        threads.living.push((Arc::clone(worker), thread));
        Ok(())
    }

    /// Waits for the threads of all workers, which have left.
    pub(super) fn join_all(&self) {
        loop {
            let mut threads = self.threads();
            let living = threads.living.pop().map(|(_, thread)| thread);
            let Some(thread) = living.or_else(|| threads.left.pop()) else {
                return;
            };
            drop(threads);
            join(thread);
        }
    }

    /// Called last on the thread of a worker that leaves while the pool lives on.
    /// Waits for those that did so before, which are all but gone.
    fn leave(&self, worker: &Arc<Worker>) {
        let mut threads = self.threads();
        let place = threads
            .living
            .iter()
            .position(|(other, _)| Arc::ptr_eq(other, worker));
        // If it is not there, `join_all` waits for it already.
        let own = place.map(|place| threads.living.swap_remove(place).1);
        let before = mem::replace(&mut threads.left, own.into_iter().collect());
        drop(threads);
        before.into_iter().for_each(join);
    }

    fn threads(&self) -> MutexGuard<'_, Threads> {
        self.threads
            .lock()
            .expect("no job runs under the lock of the threads")
    }
}

fn join(thread: thread::JoinHandle<()>) {
    // It died in a hook, whose panic was reported then, or it did not.
    let _ = thread.join();
}

/// The life of a worker's thread.
fn live(queue: &Arc<Queue>, me: &Arc<Worker>) {
    worker::enter(queue, me);
    // Caught here, so that the seat is given up with all locks sound.
    let panic = contain(|| serve(queue, me));
    queue.leave(me, panic.is_some());
    swallow(panic);
    queue.crew.leave(me);
}

/// Everything between the first hook and the last. Unwinds if one of them does.
fn serve(queue: &Arc<Queue>, me: &Worker) {
    let crew = &queue.crew;
    for hook in &crew.on_start {
        hook(me.index);
    }
    let locals = crew.locals.begin(me.index);
    queue.arrive(me);
    worker::work(queue, me);
    locals.end();
    for hook in &crew.on_exit {
        hook(me.index);
    }
}

impl Queue {
    /// Starts the workers that a pool has from its beginning.
    pub(super) fn start_all(self: &Arc<Self>, count: usize) -> Result<(), (usize, io::Error)> {
        for index in 0..count {
            let worker = self.lock().seat(index);
            if let Err(error) = self.crew.start(self, &worker) {
                self.lock().remove(&worker);
                return Err((index, error));
            }
        }
        Ok(())
    }

    /// Starts one more worker, which looks for work when it has started. Without a
    /// thread to be had, the pool goes on with the workers it has.
    pub(super) fn grow(self: &Arc<Self>, mut state: MutexGuard<'_, State>) {
        let Some(index) = state.vacancy() else {
            return;
        };
        let worker = state.seat(index);
        drop(state);
        if self.crew.start(self, &worker).is_err() {
            let mut state = self.lock();
            state.remove(&worker);
            // Jobs may have been put before the empty seat. They are for whoever is there; to try
            // again for them, at once and for ever, would help nobody.
            state.open_inbox(worker.index);
            self.bell.0.ring();
            if state.sleepers.can_call() {
                self.unlock_and_call(state);
            }
        }
    }

    /// A worker begins to look for jobs.
    pub(super) fn arrive(&self, me: &Worker) {
        self.lock().arrive(me);
    }

    /// A worker's thread is about to end.
    fn leave(self: &Arc<Self>, me: &Arc<Worker>, died: bool) {
        let mut state = self.lock();
        state.remove(me);
        if died {
            state.strike();
        }
        let is_missed = state.staying() < state.plan.floor;
        if is_missed && !self.is_closing() {
            // In the same seat if that is still to be filled, so that what waits there stays.
            let own = Some(me.index).filter(|&index| index < state.plan.target);
            let index = state.vacancy().map(|other| own.unwrap_or(other));
            if let Some(successor) = index.map(|index| state.seat(index)) {
                self.bell.0.ring();
                drop(state);
                let started = self.crew.start(self, &successor).is_ok();
                state = self.lock();
                if !started {
                    state.remove(&successor);
                } else if own.is_some() {
                    // What it had not begun need not wait for its successor.
                    self.unlock_and_call(state);
                    return;
                }
            }
        }
        state.open_inbox(me.index);
        if state.living().next().is_none() {
            self.end_without_workers(state);
        } else {
            // What it left behind is for somebody else: for a sleeper, or for the searcher.
            self.bell.0.ring();
            self.note_quiet(&mut state);
            self.unlock_and_call(state);
        }
        self.ended.notify_all();
    }

    /// Nobody is left to run what is queued, so nobody shall wait for it.
    fn end_without_workers(&self, mut state: MutexGuard<'_, State>) {
        self.close_locked(&state);
        let mut waste = state.discard_all();
        drop(state);
        dispose_all(&mut waste);
        // Of a scope no job may be lost: its caller waits for the effect.
        loop {
            let job = self.lock().take_scoped(&mut waste);
            dispose_all(&mut waste);
            let Some(job) = job else { break };
            job.run(Count::Queue(self));
        }
        self.rouse_all();
    }

    /// Changes how many workers the pool has.
    pub(super) fn resize(self: &Arc<Self>, workers: usize) {
        let mut state = self.lock();
        let fixed = state.plan.floor == state.plan.target;
        state.plan.target = workers;
        state.plan.floor = if fixed {
            workers
        } else {
            state.plan.floor.min(workers)
        };
        state.forgive();
        state.note_vacancies();
        drop(state);
        // Whoever is dismissed leaves; whoever sleeps looks up to see it.
        self.rouse_all();
        loop {
            let state = self.lock();
            if self.is_closing() || state.staying() >= state.plan.floor {
                return;
            }
            let before = state.staying();
            self.grow(state);
            if self.lock().staying() <= before {
                return;
            }
        }
    }
}
