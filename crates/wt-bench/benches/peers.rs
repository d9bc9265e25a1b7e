//! The rows of the table under criterion, which draws distributions as HTML.
//!
//! `cargo bench -p wt-bench -- ch.ping` runs one row. The pages are under
//! `target/criterion/report`.

use std::time::Duration;

use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use wt_bench::rows;

/// A sample does at most this share of a table's round: criterion takes many.
const SHARE: u64 = 50;

fn peers(criterion: &mut Criterion) {
    for row in rows::all() {
        let mut group = criterion.benchmark_group(row.id);
        let ops = (row.ops / SHARE).max(1);
        group
            .sampling_mode(SamplingMode::Flat)
            .throughput(Throughput::Elements(ops))
            .sample_size(10)
            .warm_up_time(Duration::from_millis(200))
            .measurement_time(Duration::from_secs(1));
        for contender in row.contenders {
            let ops = ops.min(contender.at_most);
            group.bench_function(contender.name, |bencher| {
                let mut run = contender.start();
                bencher.iter_custom(|times| (0..times).map(|_| run(ops).total()).sum());
            });
        }
        group.finish();
    }
}

criterion_group!(benches, peers);
criterion_main!(benches);
