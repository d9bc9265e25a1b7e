//! Must fail: set_up_and_clean_up_are_not_timed (wrong)
//! Hint: Your clock starts before the input is made, so you measure two things and cannot tell how much is which. Which line is the first that the workload needs?
//!
//! The mistake: the set-up runs while the clock does.

use std::fmt;

use wt_core::channel;
use wt_core::sync::Arc;
use wt_core::time::{Clock, Duration};

pub struct Bench<'a, O> {
    pub clock: &'a dyn Clock,
    pub opaque: O,
    pub warm_up: usize,
    pub rounds: usize,
}

pub trait Opaque {
    fn hide<T>(&self, value: T) -> T;
}

#[derive(Debug, Clone, Copy, Default)]
pub struct BlackBox;

impl Opaque for BlackBox {
    fn hide<T>(&self, value: T) -> T {
        std::hint::black_box(value)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    pub runs: usize,
    pub least: Duration,
    pub p25: Duration,
    pub median: Duration,
    pub p75: Duration,
    pub p95: Duration,
    pub most: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comparison {
    pub a: Summary,
    pub b: Summary,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Verdict {
    NoDifference,
    AFaster(f64),
    BFaster(f64),
}

pub trait Executor {
    fn submit(&self, job: Box<dyn FnOnce() + Send>);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolTimes {
    pub wait: Summary,
    pub service: Summary,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scaling {
    pub serial: f64,
    pub parallel: f64,
}

impl<O: Opaque> Bench<'_, O> {
    pub fn compare<I, P, Q>(
        &self,
        mut set_up: impl FnMut() -> I,
        mut a: impl FnMut(I) -> P,
        mut b: impl FnMut(I) -> Q,
    ) -> Comparison {
        for _ in 0..self.warm_up {
            self.time(&mut set_up, &mut a);
            self.time(&mut set_up, &mut b);
        }
        let mut times = (Vec::new(), Vec::new());
        for round in 0..self.rounds {
            if round % 2 == 0 {
                times.0.push(self.time(&mut set_up, &mut a));
                times.1.push(self.time(&mut set_up, &mut b));
            } else {
                times.1.push(self.time(&mut set_up, &mut b));
                times.0.push(self.time(&mut set_up, &mut a));
            }
        }
        Comparison {
            a: Summary::of(times.0),
            b: Summary::of(times.1),
        }
    }

    fn time<I, T>(&self, set_up: &mut impl FnMut() -> I, run: &mut impl FnMut(I) -> T) -> Duration {
        let start = self.clock.now();
        let input = self.opaque.hide(set_up());
        let output = self.opaque.hide(run(input));
        let time = self.clock.now() - start;
        drop(output);
        time
    }
}

impl Summary {
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
            let ended = clock.now();
            let _ = tx.send((begun - submitted, ended - begun));
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
            serial: (mean_y - slope * mean_x).max(0.0),
            parallel: slope.max(0.0),
        }
    }

    pub fn speedup(&self, workers: usize) -> f64 {
        (self.serial + self.parallel) / (self.serial + self.parallel / workers as f64)
    }

    pub fn limit(&self) -> Option<f64> {
        (self.serial > 0.0).then(|| (self.serial + self.parallel) / self.serial)
    }
}

impl fmt::Display for Comparison {
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
