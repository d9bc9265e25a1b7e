//! Rounds: shuffled, interleaved, and summed up by their medians.

use std::time::Duration;

use crate::contender::{Contender, Kind, Outcome, Row};
use crate::count::{self, Allocated};

/// The figures of one contender in one row, in nanoseconds per operation, or in
/// bytes if the row's unit is one of memory.
#[derive(Debug, Clone)]
pub struct Figures {
    /// The name in the table.
    pub name: &'static str,
    /// Whether it is one of ours.
    pub ours: bool,
    /// Whether it only shows the scale.
    pub reference: bool,
    /// The median over the rounds.
    pub median: f64,
    /// The fastest round.
    pub min: f64,
    /// The slowest round.
    pub max: f64,
    /// The median of the rounds' 99th percentiles, for rows of single operations.
    pub p99: Option<f64>,
    /// CPU time of the whole process, median over the rounds.
    pub cpu: Option<f64>,
    /// Calls of the allocator per operation.
    pub allocations: f64,
    /// Bytes per operation in large allocations.
    pub large_bytes: f64,
}

#[derive(Default)]
struct Samples {
    typical: Vec<f64>,
    p99: Vec<f64>,
    cpu: Vec<f64>,
}

/// Runs a row for `rounds` rounds. `tell` is called before each.
///
/// # Panics
///
/// If `rounds` is 0, or if a contender loses or doubles some of the work.
pub fn row(row: &Row, rounds: usize, mut tell: impl FnMut(usize)) -> Vec<Figures> {
    assert!(rounds > 0, "a median needs a round");
    // The same orders in every run of the program: a difference between two runs is not theirs.
    let mut random = fastrand::Rng::with_seed(row.ops);
    let counted: Vec<_> = row.contenders.iter().map(|c| counted(c, row.ops)).collect();
    let mut samples: Vec<_> = row.contenders.iter().map(|_| Samples::default()).collect();
    let mut order: Vec<usize> = (0..row.contenders.len()).collect();
    for round in 0..rounds {
        tell(round);
        random.shuffle(&mut order);
        for &i in &order {
            round_of(&row.contenders[i], row.ops, &mut samples[i]);
        }
    }
    let parts = row.contenders.iter().zip(samples).zip(counted);
    parts
        .map(|((c, samples), counted)| sum_up(c, samples, counted))
        .collect()
}

/// Allocations and large bytes per operation, in a run that is not timed.
fn counted(contender: &Contender, ops: u64) -> (f64, f64) {
    let ops = (ops / 5).clamp(1, contender.at_most);
    let mut run = contender.start();
    run(ops.div_ceil(4));
    let (_, Allocated { times, large_bytes }) = count::allocations(|| run(ops));
    (times as f64 / ops as f64, large_bytes as f64 / ops as f64)
}

fn round_of(contender: &Contender, ops: u64, samples: &mut Samples) {
    let ops = ops.min(contender.at_most);
    let mut run = contender.start();
    run(ops.div_ceil(20));
    let before = count::cpu_time();
    let outcome = run(ops);
    if let (Some(before), Some(after)) = (before, count::cpu_time()) {
        samples.cpu.push(nanos(after - before) / ops as f64);
    }
    match outcome {
        Outcome::Total(total) => samples.typical.push(nanos(total) / ops as f64),
        Outcome::Each(each) => {
            let mut each: Vec<f64> = each.into_iter().map(nanos).collect();
            samples.typical.push(quantile(&mut each, 0.5));
            samples.p99.push(quantile(&mut each, 0.99));
        }
        Outcome::Amount(amount) => samples.typical.push(amount),
    }
}

fn sum_up(contender: &Contender, mut samples: Samples, counted: (f64, f64)) -> Figures {
    let median = |values: &mut Vec<f64>| (!values.is_empty()).then(|| quantile(values, 0.5));
    Figures {
        name: contender.name,
        ours: contender.kind == Kind::Ours,
        reference: contender.kind == Kind::Reference,
        median: quantile(&mut samples.typical, 0.5),
        min: quantile(&mut samples.typical, 0.0),
        max: quantile(&mut samples.typical, 1.0),
        p99: median(&mut samples.p99),
        cpu: median(&mut samples.cpu),
        allocations: counted.0,
        large_bytes: counted.1,
    }
}

/// The smallest value that is not below a `share` of all, by nearest rank.
fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let rank = ((values.len() - 1) as f64 * share).round();
    values[rank as usize]
}

fn nanos(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e9
}

#[cfg(test)]
mod tests {
    use super::quantile;

    #[test]
    fn quantiles_are_values_that_were_measured() {
        let mut values = [5.0, 1.0, 4.0, 2.0, 3.0];
        assert_eq!(quantile(&mut values, 0.0), 1.0);
        assert_eq!(quantile(&mut values, 0.5), 3.0);
        assert_eq!(quantile(&mut values, 1.0), 5.0);
        assert_eq!(quantile(&mut [7.0], 0.99), 7.0);
    }
}
