//! Waits with a deadline, so that a test that would hang fails instead.
#![allow(dead_code, reason = "each test file uses a part of this one")]

use std::future::Future;
use std::pin::pin;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Barrier};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

use wt_core::channel;
use wt_core::pool::{JoinHandle, Pool};

/// Far longer than any test needs, on a busy machine too.
pub(crate) const PATIENCE: Duration = Duration::from_secs(if cfg!(miri) { 900 } else { 60 });

/// Runs `f` on a thread of its own and gives its result, or fails the test.
#[track_caller]
pub(crate) fn within_patience<R: Send + 'static>(f: impl FnOnce() -> R + Send + 'static) -> R {
    let (tx, rx) = mpsc::channel();
    let thread = thread::spawn(move || {
        let result = f();
        let _ = tx.send(());
        result
    });
    match rx.recv_timeout(PATIENCE) {
        Ok(()) | Err(RecvTimeoutError::Disconnected) => {}
        Err(RecvTimeoutError::Timeout) => panic!("still not done after {PATIENCE:?}"),
    }
    thread
        .join()
        .unwrap_or_else(|payload| std::panic::resume_unwind(payload))
}

/// Polls until `condition` holds, or fails the test.
#[track_caller]
pub(crate) fn wait_until(mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < PATIENCE, "it never came true");
        thread::yield_now();
    }
}

/// Starts a thread and returns once it sleeps in a wait of `f`. Where the system
/// does not tell, once it had time to.
pub(crate) fn spawn_asleep<R: Send + 'static>(
    f: impl FnOnce() -> R + Send + 'static,
) -> thread::JoinHandle<R> {
    let (tx, rx) = mpsc::channel();
    let thread = thread::spawn(move || {
        // Miri runs all threads on one of the system's.
        let task = std::fs::read_link("/proc/thread-self");
        tx.send(task.ok().filter(|_| !cfg!(miri))).unwrap();
        f()
    });
    let Some(task) = rx.recv().unwrap() else {
        (0..1000).for_each(|_| thread::yield_now());
        return thread;
    };
    let stat = std::path::Path::new("/proc").join(task).join("stat");
    // The state is the first letter after the name, which is in brackets.
    let is_asleep = || {
        std::fs::read_to_string(&stat)
            .is_ok_and(|stat| stat.rsplit(") ").next().unwrap().starts_with('S'))
    };
    wait_until(|| thread.is_finished() || is_asleep());
    thread
}

/// A job that occupies one worker until it is told to end.
pub(crate) struct Gate {
    open: channel::Sender<()>,
    job: JoinHandle<()>,
}

impl Gate {
    /// Returns once the job is running.
    pub(crate) fn occupy(pool: &Pool) -> Self {
        let (open, wait) = channel::bounded::<()>(0);
        let begun = Arc::new(Barrier::new(2));
        let job = {
            let begun = Arc::clone(&begun);
            pool.submit(move || {
                begun.wait();
                let _ = wait.recv();
            })
        };
        begun.wait();
        Self {
            open,
            job: job.unwrap(),
        }
    }

    pub(crate) fn open(self) {
        drop(self.open);
        self.job.join().unwrap();
    }
}

/// Runs a future on this thread, which sleeps until woken.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut cx = Context::from_waker(&waker);
    let mut future = pin!(future);
    let start = Instant::now();
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
        assert!(start.elapsed() < PATIENCE, "the future was never ready");
        thread::park_timeout(PATIENCE);
    }
}

/// Polls a future once with a waker that does nothing.
pub(crate) fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}
