//! The pools under one trait, each used as its own documentation shows.

use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use wt_core::pool;

use crate::contender::Kind;

/// A pool of workers, in the least common denominator.
pub trait Executor: Send + Sync + Sized + 'static {
    /// The name in the table.
    const NAME: &'static str;
    /// Ours or a peer.
    const KIND: Kind = Kind::Peer;
    /// What waits for a result.
    type Handle: Wait;

    /// Starts the workers.
    fn start(workers: usize) -> Self;
    /// As `start`, with a queue that takes any number of jobs.
    fn start_unbounded(workers: usize) -> Self {
        Self::start(workers)
    }
    /// Queues a job whose result nobody wants.
    fn spawn(&self, job: impl FnOnce() + Send + 'static);
    /// Queues a job whose result is wanted.
    fn ask(&self, job: impl FnOnce() -> u64 + Send + 'static) -> Self::Handle;

    /// Queues several jobs whose results nobody wants: at once, if the pool can.
    fn spawn_many<F: FnOnce() + Send + 'static>(&self, jobs: impl Iterator<Item = F>) {
        jobs.for_each(|job| self.spawn(job));
    }
}

/// A result that is to come.
pub trait Wait {
    /// Blocks until it has come.
    fn wait(self) -> u64;
}

/// Gives a pool without result handles the ones of the `oneshot` crate.
fn ask_by_oneshot(
    pool: &impl Executor,
    job: impl FnOnce() -> u64 + Send + 'static,
) -> oneshot::Receiver<u64> {
    let (tx, rx) = oneshot::channel();
    pool.spawn(move || tx.send(job()).expect("the caller waits"));
    rx
}

impl Wait for oneshot::Receiver<u64> {
    fn wait(self) -> u64 {
        self.recv().expect("the job ran")
    }
}

impl Executor for pool::Pool {
    const NAME: &'static str = "wt-core";
    const KIND: Kind = Kind::Ours;
    type Handle = pool::JoinHandle<u64>;

    fn start(workers: usize) -> Self {
        Self::new(workers).expect("threads can be started")
    }

    fn start_unbounded(workers: usize) -> Self {
        let builder = Self::builder().workers(workers);
        let builder = builder.queue(usize::MAX, pool::RejectionPolicy::Block);
        builder.build().expect("threads can be started")
    }

    fn spawn(&self, job: impl FnOnce() + Send + 'static) {
        assert!(self.submit_detached(job).is_ok(), "the pool is open");
    }

    fn ask(&self, job: impl FnOnce() -> u64 + Send + 'static) -> Self::Handle {
        self.submit(job).expect("the pool is open")
    }

    fn spawn_many<F: FnOnce() + Send + 'static>(&self, jobs: impl Iterator<Item = F>) {
        assert!(self.submit_batch_detached(jobs).is_ok(), "the pool is open");
    }
}

/// wt-core whose idle workers sleep at once.
pub struct Parking(pool::Pool);

/// wt-core whose idle workers keep a core busy for a while.
pub struct Spinning(pool::Pool);

macro_rules! wt_core_with_idle {
    ($name:ident, $label:literal, $idle:expr) => {
        impl Executor for $name {
            const NAME: &'static str = $label;
            const KIND: Kind = Kind::Ours;
            type Handle = pool::JoinHandle<u64>;

            fn start(workers: usize) -> Self {
                let builder = pool::Pool::builder().workers(workers).idle($idle);
                Self(builder.build().expect("threads can be started"))
            }

            fn spawn(&self, job: impl FnOnce() + Send + 'static) {
                Executor::spawn(&self.0, job);
            }

            fn ask(&self, job: impl FnOnce() -> u64 + Send + 'static) -> Self::Handle {
                self.0.ask(job)
            }
        }
    };
}

wt_core_with_idle!(Parking, "wt-core, Idle::Park", pool::Idle::Park);
wt_core_with_idle!(
    Spinning,
    "wt-core, Idle::Spin(1 ms)",
    pool::Idle::Spin(Duration::from_millis(1))
);

impl Wait for pool::JoinHandle<u64> {
    fn wait(self) -> u64 {
        self.join().expect("the job ran")
    }
}

impl Executor for rayon::ThreadPool {
    const NAME: &'static str = "rayon";
    type Handle = oneshot::Receiver<u64>;

    fn start(workers: usize) -> Self {
        let builder = rayon::ThreadPoolBuilder::new().num_threads(workers);
        builder.build().expect("threads can be started")
    }

    fn spawn(&self, job: impl FnOnce() + Send + 'static) {
        Self::spawn(self, job);
    }

    fn ask(&self, job: impl FnOnce() -> u64 + Send + 'static) -> Self::Handle {
        ask_by_oneshot(self, job)
    }
}

/// The `threadpool` crate. Its handle is not `Sync`, so two submitters share a lock.
pub struct Threadpool(Mutex<threadpool::ThreadPool>);

impl Executor for Threadpool {
    const NAME: &'static str = "threadpool";
    type Handle = oneshot::Receiver<u64>;

    fn start(workers: usize) -> Self {
        Self(Mutex::new(threadpool::ThreadPool::new(workers)))
    }

    fn spawn(&self, job: impl FnOnce() + Send + 'static) {
        self.0.lock().expect("nothing panics here").execute(job);
    }

    fn ask(&self, job: impl FnOnce() -> u64 + Send + 'static) -> Self::Handle {
        ask_by_oneshot(self, job)
    }
}

impl Executor for rusty_pool::ThreadPool {
    const NAME: &'static str = "rusty_pool";
    type Handle = rusty_pool::JoinHandle<u64>;

    fn start(workers: usize) -> Self {
        Self::new(workers, workers, Duration::from_secs(60))
    }

    fn spawn(&self, job: impl FnOnce() + Send + 'static) {
        self.execute(job);
    }

    fn ask(&self, job: impl FnOnce() -> u64 + Send + 'static) -> Self::Handle {
        self.evaluate(job)
    }
}

impl Wait for rusty_pool::JoinHandle<u64> {
    fn wait(self) -> u64 {
        self.await_complete()
    }
}

/// tokio's asynchronous workers, `spawn`.
pub struct TokioSpawn(tokio::runtime::Runtime);

/// tokio's threads for blocking work, `spawn_blocking`.
pub struct TokioBlocking(tokio::runtime::Runtime);

/// A tokio task, and the runtime to wait for it on.
pub struct TokioHandle(tokio::task::JoinHandle<u64>, tokio::runtime::Handle);

fn tokio_runtime(workers: usize) -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let builder = builder
        .worker_threads(workers)
        .max_blocking_threads(workers);
    builder.build().expect("threads can be started")
}

impl Executor for TokioSpawn {
    const NAME: &'static str = "tokio spawn";
    type Handle = TokioHandle;

    fn start(workers: usize) -> Self {
        Self(tokio_runtime(workers))
    }

    fn spawn(&self, job: impl FnOnce() + Send + 'static) {
        self.0.spawn(async move { job() });
    }

    fn ask(&self, job: impl FnOnce() -> u64 + Send + 'static) -> Self::Handle {
        TokioHandle(self.0.spawn(async move { job() }), self.0.handle().clone())
    }
}

impl Executor for TokioBlocking {
    const NAME: &'static str = "tokio spawn_blocking";
    type Handle = TokioHandle;

    fn start(workers: usize) -> Self {
        Self(tokio_runtime(workers))
    }

    fn spawn(&self, job: impl FnOnce() + Send + 'static) {
        self.0.spawn_blocking(job);
    }

    fn ask(&self, job: impl FnOnce() -> u64 + Send + 'static) -> Self::Handle {
        TokioHandle(self.0.spawn_blocking(job), self.0.handle().clone())
    }
}

impl Wait for TokioHandle {
    fn wait(self) -> u64 {
        self.1.block_on(self.0).expect("the job ran")
    }
}

type Boxed = Box<dyn FnOnce() + Send>;

/// A pool that is nothing but threads around a channel of boxed jobs: what a user
/// writes in ten lines.
pub struct OnChannel<S> {
    sender: Option<S>,
    threads: Vec<thread::JoinHandle<()>>,
}

impl<S> OnChannel<S> {
    fn start<R>(workers: usize, (sender, receiver): (S, R), next: fn(&R) -> Option<Boxed>) -> Self
    where
        R: Clone + Send + 'static,
    {
        let threads = (0..workers).map(|_| {
            let receiver = receiver.clone();
            thread::spawn(move || {
                while let Some(job) = next(&receiver) {
                    job();
                }
            })
        });
        Self {
            threads: threads.collect(),
            sender: Some(sender),
        }
    }

    fn sender(&self) -> &S {
        self.sender.as_ref().expect("taken by drop only")
    }
}

impl<S> Drop for OnChannel<S> {
    fn drop(&mut self) {
        self.sender = None;
        for thread in self.threads.drain(..) {
            thread.join().expect("no job panics");
        }
    }
}

macro_rules! pool_on_channel {
    ($sender:ty, $name:literal, $channel:expr, $next:expr) => {
        impl Executor for OnChannel<$sender> {
            const NAME: &'static str = $name;
            type Handle = oneshot::Receiver<u64>;

            fn start(workers: usize) -> Self {
                Self::start(workers, $channel, $next)
            }

            fn spawn(&self, job: impl FnOnce() + Send + 'static) {
                let sent = self.sender().send(Box::new(job));
                assert!(sent.is_ok(), "the workers receive");
            }

            fn ask(&self, job: impl FnOnce() -> u64 + Send + 'static) -> Self::Handle {
                ask_by_oneshot(self, job)
            }
        }
    };
}

/// A pool on a kanal channel.
pub type OnKanal = OnChannel<kanal::Sender<Boxed>>;
/// A pool on a crossbeam channel.
pub type OnCrossbeam = OnChannel<crossbeam_channel::Sender<Boxed>>;
/// A pool on a flume channel.
pub type OnFlume = OnChannel<flume::Sender<Boxed>>;
/// The pool of the last chapter of *The Rust Programming Language*.
pub type OnStd = OnChannel<mpsc::Sender<Boxed>>;

pool_on_channel!(
    kanal::Sender<Boxed>,
    "pool on kanal",
    kanal::unbounded(),
    |jobs| jobs.recv().ok()
);
pool_on_channel!(
    crossbeam_channel::Sender<Boxed>,
    "pool on crossbeam",
    crossbeam_channel::unbounded(),
    |jobs| jobs.recv().ok()
);
pool_on_channel!(
    flume::Sender<Boxed>,
    "pool on flume",
    flume::unbounded(),
    |jobs| jobs.recv().ok()
);
pool_on_channel!(
    mpsc::Sender<Boxed>,
    "pool on mpsc, Mutex",
    {
        let (sender, receiver) = mpsc::channel();
        (sender, Arc::new(Mutex::new(receiver)))
    },
    |jobs: &Arc<Mutex<mpsc::Receiver<Boxed>>>| jobs.lock().expect("no job runs here").recv().ok()
);

/// Calls a generic maker of contenders for each pool.
#[macro_export]
macro_rules! for_each_pool {
    ($make:ident) => {
        vec![
            $make::<wt_core::pool::Pool>(),
            $make::<$crate::peers::OnKanal>(),
            $make::<$crate::peers::OnCrossbeam>(),
            $make::<$crate::peers::OnStd>(),
            $make::<$crate::peers::OnFlume>(),
            $make::<$crate::peers::Threadpool>(),
            $make::<rusty_pool::ThreadPool>(),
            $make::<rayon::ThreadPool>(),
            $make::<$crate::peers::TokioSpawn>(),
            $make::<$crate::peers::TokioBlocking>(),
        ]
    };
}
