//! Four readers and a budget of 100 bytes.
//!
//! They come one after the other, 4 ticks apart, and keep what they have for 30. The
//! second and the third must wait, and the fourth, whose 20 bytes would fit at once,
//! waits behind them.

use std::time::Duration;

use budgets::Budget;
use wt_check::trace::span;
use wt_core::sync::Arc;
use wt_core::thread;

const SIZES: [usize; 4] = [70, 60, 40, 20];

pub fn scenario() {
    let budget = Arc::new(Budget::new(100));
    let readers: Vec<_> = (1..)
        .zip(SIZES)
        .map(|(number, bytes)| {
            let budget = Arc::clone(&budget);
            let reader = named(&format!("reader {number}"), move || {
                let permit = budget.acquire(bytes).expect("it fits into the budget");
                work(&format!("has {bytes}"), 30);
                drop(permit);
            });
            thread::sleep(Duration::from_millis(4));
            reader
        })
        .collect();
    for reader in readers {
        reader.join().expect("no reader panics");
    }
    assert_eq!(budget.free(), 100, "all bytes came back");
}

fn named(name: &str, f: impl FnOnce() + Send + 'static) -> thread::JoinHandle<()> {
    let builder = thread::Builder::new().name(name.into());
    builder.spawn(f).expect("the system starts another thread")
}

fn work(name: &str, ticks: u64) {
    span(name, || thread::sleep(Duration::from_millis(ticks)));
}
