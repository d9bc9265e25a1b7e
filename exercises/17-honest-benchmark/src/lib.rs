//! Lesson 17: a benchmark harness that is hard to fool. The brief is in `README.md`.

use std::fmt;

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
        let _ = (&mut set_up, &mut a, &mut b);
        todo!(
            "warm up {} times, then measure {} rounds",
            self.warm_up,
            self.rounds
        )
    }

    // What is timed in one run, and what is not?
}

impl Summary {
    /// # Panics
    ///
    /// Panics if there are no times.
    pub fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        todo!("what do {} sorted times say?", times.len())
    }
}

impl Comparison {
    /// Whether one of the two is faster, as far as these times tell.
    pub fn verdict(&self) -> Verdict {
        todo!("compare {:?} and {:?}", self.a, self.b)
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
    let _ = (clock, pool);
    todo!("submit {} jobs, and tell waiting from service", jobs.len())
}

impl Scaling {
    /// The least-squares line through the times over 1 / workers: where it meets 0 is
    /// the serial part, its slope is the parallel one. Neither is less than 0.
    ///
    /// # Panics
    ///
    /// Panics unless there are times of at least two numbers of workers.
    pub fn fit(times: &[(usize, Duration)]) -> Self {
        todo!("fit a line to {times:?}")
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
