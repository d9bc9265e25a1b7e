//! The example of the brief. The hidden checks look at much more.

use std::ops::ControlFlow;

use pipeline::{Pipeline, Report};

fn sum(total: &mut u64, number: u64) -> ControlFlow<()> {
    *total += number;
    ControlFlow::Continue(())
}

#[test]
fn numbers_are_parsed_squared_and_summed() {
    let parse = |line: &str| line.parse::<u64>().ok();
    let (source, pipeline) = Pipeline::start(2, parse, |n| n * n, sum, 0);

    for line in ["1", "two", "3", "4"] {
        source.send(line).unwrap();
    }
    drop(source);

    let report = Report {
        result: 1 + 9 + 16,
        rejected: 1,
    };
    assert_eq!(pipeline.finish(), Ok(report));
}

#[test]
fn a_panic_in_a_stage_is_an_error() {
    let (source, pipeline) = Pipeline::start(
        2,
        Some::<u64>,
        |n| if n == 3 { panic!("no threes") } else { n },
        sum,
        0,
    );

    // Whether a later item is refused depends on how fast the panic was.
    let _ = (1..5).try_for_each(|n| source.send(n));
    drop(source);

    let failed = pipeline.finish().unwrap_err();
    assert_eq!(failed.to_string(), "stage transform panicked: no threes");
}
