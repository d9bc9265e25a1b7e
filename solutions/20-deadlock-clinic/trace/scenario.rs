//! Six requests, two channels, one place in each.
//!
//! The server needs 8 ticks for an answer, and `main` 12 to deliver it.

use std::time::Duration;

use deadlock_clinic::answer_all;
use wt_check::trace::span;
use wt_core::thread;

const REQUESTS: u32 = 6;

pub fn scenario() {
    let mut delivered = 0;
    answer_all(
        1..=REQUESTS,
        1,
        |request| {
            work(&format!("serve {request}"), 8);
            request
        },
        |answer| {
            work(&format!("deliver {answer}"), 12);
            delivered += 1;
        },
    );
    assert_eq!(delivered, REQUESTS, "each is answered once");
}

fn work(name: &str, ticks: u64) {
    span(name, || thread::sleep(Duration::from_millis(ticks)));
}
