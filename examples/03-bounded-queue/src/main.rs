//! Backpressure: a slow consumer makes a fast producer wait.
//!
//! Run:    cargo run -p eg03-bounded-queue
//! See:    four jobs are queued at once; each later one waits for the consumer.
//! Try:    set `CAPACITY` to 400. The waiting stops, and the queue holds all ten.

use wt_core::channel::{self, Receiver, TrySendError};
use wt_core::sync::{Condvar, Mutex};
use wt_core::thread;

const CAPACITY: usize = 4;
const JOBS: usize = 10;

// ANCHOR: main
fn main() {
    let (tx, rx) = channel::bounded(CAPACITY);
    let turnstile = Turnstile::default();
    thread::scope(|scope| {
        let consumer = scope.spawn(|| consume(rx, &turnstile));
        for job in 1..=JOBS {
            match tx.try_send(job) {
                Ok(()) => println!(
                    "job {job:>2} queued, {} of {CAPACITY} places taken",
                    tx.len()
                ),
                Err(TrySendError::Full(job)) => {
                    turnstile.let_one_pass(); // the consumer is slow: it takes one job now
                    tx.send(job).unwrap(); // sleeps until that job is out
                    println!("job {job:>2} queued, after waiting for a place");
                }
                Err(TrySendError::Disconnected(_)) => unreachable!("the consumer stays"),
            }
        }
        drop(tx);
        for _ in 0..CAPACITY {
            turnstile.let_one_pass();
        }
        println!("consumed {:?}", consumer.join().unwrap());
    });
}
// ANCHOR_END: main

/// A slow consumer: it takes a job only when the turnstile lets it.
fn consume(jobs: Receiver<usize>, turnstile: &Turnstile) -> Vec<usize> {
    let take = |_| {
        turnstile.pass();
        jobs.recv().unwrap()
    };
    (0..JOBS).map(take).collect()
}

// ANCHOR: turnstile
/// Lets as many threads pass as were let in; the others sleep.
#[derive(Default)]
struct Turnstile {
    admitted: Mutex<usize>,
    changed: Condvar,
}

impl Turnstile {
    fn pass(&self) {
        let mut admitted = self.admitted.lock().unwrap();
        // `while`, not `if`: a wake-up only says "look again".
        while *admitted == 0 {
            admitted = self.changed.wait(admitted).unwrap();
        }
        *admitted -= 1;
    }

    fn let_one_pass(&self) {
        *self.admitted.lock().unwrap() += 1; // first the change,
        self.changed.notify_one(); // then the news of it
    }
}
// ANCHOR_END: turnstile
