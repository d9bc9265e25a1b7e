//! How a thread waits for what a task would be woken for.

use std::task::{Poll, Wake, Waker};

use wt_sync::sync::Arc;
use wt_sync::thread::{self, Thread};
use wt_sync::time::Instant;

/// Blocks the thread until `poll` is ready or the deadline has passed. Sleeps in
/// between, until the waker that it gives to `poll` is woken.
pub(super) fn block_on<R>(
    deadline: Option<Instant>,
    mut poll: impl FnMut(&Waker) -> Poll<R>,
) -> Option<R> {
    let waker = Waker::from(Arc::new(Sleeper(thread::current())));
    loop {
        // A wake-up may be spurious, and the time may be over: what counts is what is there.
        if let Poll::Ready(result) = poll(&waker) {
            return Some(result);
        }
        let Some(deadline) = deadline else {
            thread::park();
            continue;
        };
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return None;
        }
        thread::park_timeout(left);
    }
}

struct Sleeper(Thread);

impl Wake for Sleeper {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.unpark();
    }
}
