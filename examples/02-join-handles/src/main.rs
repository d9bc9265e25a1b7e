//! Join handles: each job answers, with its value or with its panic.
//!
//! Run:    cargo run -p eg02-join-handles
//! See:    eight lines of a price list, two of which make a job panic. Without
//!         `catch_unwind` both workers die, and the lines after `dates` have no answer.
//! Try:    set `WORKERS` to 3. Without `catch_unwind` one worker lives to the end.

use std::panic::{AssertUnwindSafe, catch_unwind};

use wt_core::channel::{self, Receiver, Sender};
use wt_core::thread;

const WORKERS: usize = 2;
const LIST: &str = include_str!("prices.txt");

/// A job, and the place where its answer goes.
type Order = (&'static str, Sender<thread::Result<f64>>);

fn main() {
    std::panic::set_hook(Box::new(|_| {})); // this program prints panics itself
    report("workers that catch a panic", catching);
    report("workers that die of it", dying);
}

// ANCHOR: workers
/// The panic becomes the job's answer, and the worker takes the next job.
fn catching(orders: Receiver<Order>) {
    for (line, answer) in orders {
        let result = catch_unwind(AssertUnwindSafe(|| price(line)));
        let _ = answer.send(result); // nobody listens any more? Then it is not needed
    }
}

/// The panic unwinds through the loop, and the thread is gone.
fn dying(orders: Receiver<Order>) {
    for (line, answer) in orders {
        let _ = answer.send(Ok(price(line)));
    }
}
// ANCHOR_END: workers

/// `pears 2 kg at 3.10` costs 6.20. A line of another form is not expected here.
fn price(line: &str) -> f64 {
    let words: Vec<&str> = line.split(' ').collect();
    let number = |n: usize| words[n].parse::<f64>();
    let weight = number(1).unwrap_or_else(|_| panic!("no weight in {:?}", words[1]));
    weight * number(4).expect("a price")
}

// ANCHOR: handles
/// Gives every line to the workers, keeps a handle for each, and joins them in order.
fn report(title: &str, worker: fn(Receiver<Order>)) {
    println!("{title}");
    let (tx, orders) = channel::unbounded();
    let workers: Vec<_> = (0..WORKERS)
        .map(|_| orders.clone())
        .map(|orders| thread::spawn(move || worker(orders)))
        .collect();
    drop(orders); // a queue without workers is gone, and its jobs with it
    let submit = |line| {
        let (answer, handle) = channel::bounded(1); // room for one: the worker never waits
        let _ = tx.send((line, answer));
        (line, handle)
    };
    let handles: Vec<_> = LIST.lines().map(submit).collect();
    for (line, handle) in handles {
        println!("  {line:<22} {}", told(handle.recv()));
    }
    drop(tx);
    let alive = workers.into_iter().filter_map(|worker| worker.join().ok());
    println!("  {} of {WORKERS} workers left\n", alive.count());
}
// ANCHOR_END: handles

fn told(answer: Result<thread::Result<f64>, channel::RecvError>) -> String {
    match answer {
        Ok(Ok(price)) => format!("{price:>6.2}"),
        Ok(Err(panic)) => match panic.downcast_ref::<String>() {
            Some(text) => format!("panicked: {text}"),
            None => String::from("panicked"),
        },
        Err(channel::RecvError) => String::from("no answer, and nobody knows why"),
    }
}
