//! Measures three solutions with one workload.

use std::hint::black_box;
use std::time::Duration;

use criterion::Criterion;

macro_rules! measured {
    ($group:ident, $($name:literal is $workload:ident),*) => {$({
        let input = $workload::prepare();
        $group.bench_function($name, |bencher| {
            bencher.iter(|| $workload::run(black_box(&input)))
        });
    })*};
}

fn main() {
    let naive = naive_workload::run(&naive_workload::prepare());
    let reference = reference_workload::run(&reference_workload::prepare());
    let yours = yours_workload::run(&yours_workload::prepare());
    // Speed is worth nothing if the answers differ.
    if yours != reference || naive != reference {
        eprintln!("the answers differ: yours {yours}, the reference's {reference}, the naive one's {naive}");
        std::process::exit(1);
    }
    let mut criterion = Criterion::default()
        .sample_size(@SAMPLES@)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3));
    let mut group = criterion.benchmark_group("@FOLDER@");
    measured!(
        group,
        "naive" is naive_workload,
        "reference" is reference_workload,
        "yours" is yours_workload
    );
@RIVALS@    group.finish();
}
