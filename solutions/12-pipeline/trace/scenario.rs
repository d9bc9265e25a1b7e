//! Five items, three stages, one place in each link.
//!
//! To check an item takes 6 ticks, to convert it 24, to add it 10. So the middle stage
//! sets the pace, and the ones before it wait for room.

use std::ops::ControlFlow;
use std::time::Duration;

use pipeline::Pipeline;
use wt_check::trace::span;
use wt_core::thread;

const ITEMS: u32 = 5;

pub fn scenario() {
    let (source, pipeline) = Pipeline::start(
        1,
        |item: u32| {
            work(&format!("check {item}"), 6);
            Some(item)
        },
        |item: u32| {
            work(&format!("convert {item}"), 24);
            item
        },
        |sum: &mut u32, item: u32| {
            work(&format!("add {item}"), 10);
            *sum += item;
            ControlFlow::Continue(())
        },
        0,
    );
    for item in 1..=ITEMS {
        source.send(item).expect("the pipeline runs");
    }
    drop(source);
    let report = pipeline.finish().expect("no stage panics");
    assert_eq!(report.result, (1..=ITEMS).sum::<u32>(), "each item is added once");
}

fn work(name: &str, ticks: u64) {
    span(name, || thread::sleep(Duration::from_millis(ticks)));
}
