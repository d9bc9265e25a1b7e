//! Also right: a coin decides who goes first in each round, times are counted in a sorted
//! map, jobs tell their times under a lock, and the line is fitted by sums.

use std::collections::BTreeMap;
use std::fmt;

use wt_core::sync::{Arc, Condvar, Mutex};
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
        let mut coin = Coin(self.rounds as u64);
        let mut times = (BTreeMap::new(), BTreeMap::new());
        for round in 0..self.warm_up + self.rounds {
            let keep = |times: &mut Sorted, time| {
                if round >= self.warm_up {
                    *times.entry(time).or_default() += 1;
                }
            };
            let a_first = coin.toss();
            if a_first {
                keep(&mut times.0, self.time(set_up(), &mut a));
            }
            keep(&mut times.1, self.time(set_up(), &mut b));
            if !a_first {
                keep(&mut times.0, self.time(set_up(), &mut a));
            }
        }
        Comparison {
            a: Summary::from_sorted(&times.0),
            b: Summary::from_sorted(&times.1),
        }
    }

    fn time<I, T>(&self, input: I, run: &mut impl FnMut(I) -> T) -> Duration {
        let input = self.opaque.hide(input);
        let start = self.clock.now();
        let output = self.opaque.hide(run(input));
        let time = self.clock.now() - start;
        drop(output);
        time
    }
}

type Sorted = BTreeMap<Duration, usize>;

struct Coin(u64);

impl Coin {
    fn toss(&mut self) -> bool {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        self.0 >> 63 == 1
    }
}

impl Summary {
    pub fn of(times: Vec<Duration>) -> Self {
        let mut sorted = Sorted::new();
        for time in times {
            *sorted.entry(time).or_default() += 1;
        }
        Self::from_sorted(&sorted)
    }

    fn from_sorted(times: &Sorted) -> Self {
        let runs: usize = times.values().sum();
        assert!(runs > 0, "no times, no summary");
        let percentile = |p: usize| {
            let mut up_to = 0;
            let reached = times.iter().find(|(_, often)| {
                up_to += **often;
                up_to * 100 >= runs * p
            });
            *reached.expect("all of them are 100 %").0
        };
        let [least, p25, median, p75, p95, most] = [0, 25, 50, 75, 95, 100].map(percentile);
        Self {
            runs,
            least,
            p25,
            median,
            p75,
            p95,
            most,
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
    let wanted = jobs.len();
    let ended = Arc::new((Mutex::new(Vec::new()), Condvar::new()));
    for job in jobs {
        let (ended, clock) = (Arc::clone(&ended), Arc::clone(&clock));
        let submitted = clock.now();
        pool.submit(Box::new(move || {
            let begun = clock.now();
            job();
            let times = (begun - submitted, clock.now() - begun);
            ended.0.lock().expect("nothing panics here").push(times);
            ended.1.notify_one();
        }));
    }
    let times = ended.0.lock().expect("nothing panics here");
    let times = ended.1.wait_while(times, |times| times.len() < wanted);
    let (wait, service) = times.expect("nothing panics here").iter().copied().unzip();
    PoolTimes {
        wait: Summary::of(wait),
        service: Summary::of(service),
    }
}

impl Scaling {
    pub fn fit(times: &[(usize, Duration)]) -> Self {
        let [mut n, mut x, mut y, mut xx, mut xy] = [0.0; 5];
        for &(workers, time) in times {
            let (share, time) = (1.0 / workers as f64, time.as_secs_f64());
            n += 1.0;
            x += share;
            y += time;
            xx += share * share;
            xy += share * time;
        }
        let slope = (n * xy - x * y) / (n * xx - x * x);
        let (mean_x, mean_y) = (x / n, y / n);
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
