//! A small benchmark harness that is hard to fool, also by its owner.
//!
//! Two workloads take turns, what is not the workload is not timed, and a difference
//! counts only if it is larger than the noise. The percentiles are nearest-rank, the
//! turns are known as ABBA, and the law of the last function is Amdahl's (1967).

use std::fmt;

use wt_core::channel;
use wt_core::sync::Arc;
use wt_core::time::{Clock, Duration};

/// How a workload is measured.
pub struct Bench<'a, O> {
    /// Where the time comes from.
    pub clock: &'a dyn Clock,
    /// What the optimizer cannot see through.
    pub opaque: O,
    /// Runs of each workload whose times are thrown away.
    pub warm_up: usize,
    /// Runs of each workload whose times count; at least 1.
    pub rounds: usize,
}

/// Hides a value from the optimizer. In a program it is [`BlackBox`]; a test may count.
pub trait Opaque {
    /// Returns `value`. The compiler must believe that anything may have happened to it.
    fn hide<T>(&self, value: T) -> T;
}

/// [`std::hint::black_box`].
#[derive(Debug, Clone, Copy, Default)]
pub struct BlackBox;

impl Opaque for BlackBox {
    fn hide<T>(&self, value: T) -> T {
        std::hint::black_box(value)
    }
}

/// Times of many runs in a few numbers. Percentiles are nearest-rank: the p-th of n
/// times is the one at place ⌈n · p / 100⌉, counted from 1, when they are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// How many times there are.
    pub runs: usize,
    /// The shortest.
    pub least: Duration,
    /// A quarter of the times are this or shorter.
    pub p25: Duration,
    /// The 50th percentile.
    pub median: Duration,
    /// Three quarters of the times are this or shorter.
    pub p75: Duration,
    /// All but one time in twenty are this or shorter.
    pub p95: Duration,
    /// The longest.
    pub most: Duration,
}

/// Two workloads that were measured in turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comparison {
    /// The first workload's times.
    pub a: Summary,
    /// The second one's.
    pub b: Summary,
}

/// What may be said of two workloads.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Verdict {
    /// The middle halves of their times overlap: the difference is within the noise.
    NoDifference,
    /// The first is faster, so many times by the medians.
    AFaster(f64),
    /// The second is faster, so many times by the medians.
    BFaster(f64),
}

/// Something that runs jobs, now or later, on any thread.
pub trait Executor {
    /// Takes `job`. It may wait, and it may even run the job before it returns.
    fn submit(&self, job: Box<dyn FnOnce() + Send>);
}

/// What jobs of a pool took, in two parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolTimes {
    /// From just before the submit to the job's beginning.
    pub wait: Summary,
    /// From the job's beginning to its end.
    pub service: Summary,
}

/// Amdahl's law, fitted: with n workers a job takes `serial + parallel / n`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scaling {
    /// Seconds that no number of workers makes shorter.
    pub serial: f64,
    /// Seconds that the workers share.
    pub parallel: f64,
}

impl<O: Opaque> Bench<'_, O> {
    /// Measures `a` and `b` in turns. Each run gets an input of its own from `set_up`.
    ///
    /// Neither the set-up nor dropping the output is timed.
    pub fn compare<I, P, Q>(
        &self,
        mut set_up: impl FnMut() -> I,
        mut a: impl FnMut(I) -> P,
        mut b: impl FnMut(I) -> Q,
    ) -> Comparison {
        for _ in 0..self.warm_up {
            self.time(set_up(), &mut a);
            self.time(set_up(), &mut b);
        }
        let mut times = (Vec::new(), Vec::new());
        for round in 0..self.rounds {
            // ABBA: whatever the first run of a round does to the second, each of the two
            // has to bear it equally often.
            if round % 2 == 0 {
                times.0.push(self.time(set_up(), &mut a));
                times.1.push(self.time(set_up(), &mut b));
            } else {
                times.1.push(self.time(set_up(), &mut b));
                times.0.push(self.time(set_up(), &mut a));
            }
        }
        Comparison {
            a: Summary::of(times.0),
            b: Summary::of(times.1),
        }
    }

    /// How long one run takes.
    fn time<I, T>(&self, input: I, run: &mut impl FnMut(I) -> T) -> Duration {
        // Hidden, so that nothing can be computed before the clock starts …
        let input = self.opaque.hide(input);
        let start = self.clock.now();
        // … and used, so that nothing can be left out or done after it has stopped.
        let output = self.opaque.hide(run(input));
        let time = self.clock.now() - start;
        drop(output);
        time
    }
}

impl Summary {
    /// # Panics
    ///
    /// Panics if there are no times.
    pub fn of(mut times: Vec<Duration>) -> Self {
        assert!(!times.is_empty(), "no times, no summary");
        times.sort_unstable();
        let runs = times.len();
        let percentile = |p: usize| times[(runs * p).div_ceil(100) - 1];
        Self {
            runs,
            least: times[0],
            p25: percentile(25),
            median: percentile(50),
            p75: percentile(75),
            p95: percentile(95),
            most: times[runs - 1],
        }
    }
}

impl Comparison {
    /// Whether one of the two is faster, as far as these times tell.
    pub fn verdict(&self) -> Verdict {
        let ratio =
            |slow: Summary, fast: Summary| slow.median.as_secs_f64() / fast.median.as_secs_f64();
        let (a, b) = (self.a, self.b);
        if a.p75 < b.p25 {
            Verdict::AFaster(ratio(b, a))
        } else if b.p75 < a.p25 {
            Verdict::BFaster(ratio(a, b))
        } else {
            Verdict::NoDifference
        }
    }
}

/// Submits all `jobs`, one after another, and waits until the last one has ended.
///
/// # Panics
///
/// Panics if there are no jobs, or if one of them is lost.
pub fn measure_pool<J: FnOnce() + Send + 'static>(
    clock: Arc<dyn Clock>,
    pool: &impl Executor,
    jobs: Vec<J>,
) -> PoolTimes {
    let (tx, rx) = channel::unbounded();
    for job in jobs {
        let (tx, clock) = (tx.clone(), Arc::clone(&clock));
        let submitted = clock.now();
        pool.submit(Box::new(move || {
            let begun = clock.now();
            job();
            // The job's own thread looks at the clock: it may be long until somebody
            // takes the message.
            let ended = clock.now();
            let _ = tx.send((begun - submitted, ended - begun)); // `rx` outlives the jobs
        }));
    }
    drop(tx);
    let (wait, service) = rx.into_iter().unzip();
    PoolTimes {
        wait: Summary::of(wait),
        service: Summary::of(service),
    }
}

impl Scaling {
    /// The least-squares line through the times over 1 / workers: where it meets 0 is
    /// the serial part, its slope is the parallel one. Neither is less than 0.
    ///
    /// # Panics
    ///
    /// Panics unless there are times of at least two numbers of workers.
    pub fn fit(times: &[(usize, Duration)]) -> Self {
        let points: Vec<(f64, f64)> = times
            .iter()
            .map(|&(workers, time)| (1.0 / workers as f64, time.as_secs_f64()))
            .collect();
        let n = points.len() as f64;
        let mean_x = points.iter().map(|(x, _)| x).sum::<f64>() / n;
        let mean_y = points.iter().map(|(_, y)| y).sum::<f64>() / n;
        let xx: f64 = points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
        assert!(xx > 0.0, "a line needs two numbers of workers");
        let xy: f64 = points
            .iter()
            .map(|(x, y)| (x - mean_x) * (y - mean_y))
            .sum();
        let slope = xy / xx;
        Self {
            // Faster than the law allows: all of it was shared, and caches helped.
            serial: (mean_y - slope * mean_x).max(0.0),
            parallel: slope.max(0.0),
        }
    }

    /// How many times as fast as one worker `workers` are.
    pub fn speedup(&self, workers: usize) -> f64 {
        (self.serial + self.parallel) / (self.serial + self.parallel / workers as f64)
    }

    /// The speedup that no number of workers exceeds; `None` if there is no serial part.
    pub fn limit(&self) -> Option<f64> {
        (self.serial > 0.0).then(|| (self.serial + self.parallel) / self.serial)
    }
}

impl fmt::Display for Comparison {
    /// A table of both, and the verdict.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        writeln!(
            f,
            "in ms   median     p25     p75     p95    least     most"
        )?;
        for (name, s) in [("a", self.a), ("b", self.b)] {
            writeln!(
                f,
                "{name:<5}{:>9.2}{:>8.2}{:>8.2}{:>8.2}{:>9.2}{:>9.2}",
                ms(s.median),
                ms(s.p25),
                ms(s.p75),
                ms(s.p95),
                ms(s.least),
                ms(s.most)
            )?;
        }
        match self.verdict() {
            Verdict::NoDifference => write!(f, "no difference beyond the noise"),
            Verdict::AFaster(times) => write!(f, "a is {times:.2} times as fast as b"),
            Verdict::BFaster(times) => write!(f, "b is {times:.2} times as fast as a"),
        }
    }
}
