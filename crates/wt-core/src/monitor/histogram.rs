//! How often each duration occurred.

use std::fmt;
use std::time::Duration;

use hdrhistogram::Histogram as Hdr;

/// Durations from a nanosecond to centuries, each kept to two significant digits,
/// in memory that grows with their range and not with their number.
///
/// It is Gil Tene's HDR histogram, by the `hdrhistogram` crate, with an exact sum.
/// It only ever grows; what happened in a period is [`since`](Self::since) an
/// earlier clone.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use wt_core::monitor::Histogram;
///
/// let mut times = Histogram::new();
/// for millis in 1..=100 {
///     times.record(Duration::from_millis(millis));
/// }
/// let p99 = times.quantile(0.99).as_secs_f64();
/// assert!((p99 - 0.099).abs() < 0.001);
/// assert_eq!(times.mean(), Duration::from_micros(50_500));
/// ```
#[derive(Clone, PartialEq)]
pub struct Histogram {
    nanos: Hdr<u64>,
    sum: Duration,
}

impl Histogram {
    /// Without any durations.
    #[must_use]
    pub fn new() -> Self {
        Self {
            nanos: empty(),
            sum: Duration::ZERO,
        }
    }

    /// Counts one duration.
    pub fn record(&mut self, time: Duration) {
        let recorded = self.nanos.record(nanos(time));
        debug_assert!(recorded.is_ok(), "a histogram from `empty` grows as needed");
        self.sum = self.sum.saturating_add(time);
    }

    /// Counts everything that `other` has counted.
    pub fn add(&mut self, other: &Self) {
        let added = self.nanos.add(&other.nanos);
        debug_assert!(added.is_ok(), "a histogram from `empty` grows as needed");
        self.sum = self.sum.saturating_add(other.sum);
    }

    /// What was counted since `earlier` was cloned from this histogram, or `None`
    /// if that cannot be, because it has counted something that this one has not.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Option<Self> {
        let mut nanos = self.nanos.clone();
        nanos.subtract(&earlier.nanos).ok()?;
        let sum = self.sum.checked_sub(earlier.sum)?;
        Some(Self { nanos, sum })
    }

    /// How many durations.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.nanos.len()
    }

    /// How many durations were at most `limit`, to two digits of `limit`.
    #[must_use]
    pub fn count_up_to(&self, limit: Duration) -> u64 {
        self.nanos.count_between(0, nanos(limit))
    }

    /// The duration that a share of `quantile`, between 0 and 1, does not exceed:
    /// 0.5 is the median. Zero if there are none.
    #[must_use]
    pub fn quantile(&self, quantile: f64) -> Duration {
        Duration::from_nanos(self.nanos.value_at_quantile(quantile))
    }

    /// The longest, to two digits. Zero if there are none.
    #[must_use]
    pub fn max(&self) -> Duration {
        Duration::from_nanos(self.nanos.max())
    }

    /// The sum, exact.
    #[must_use]
    pub fn sum(&self) -> Duration {
        self.sum
    }

    /// The mean, exact. Zero if there are none.
    #[must_use]
    pub fn mean(&self) -> Duration {
        let nanos = self.sum.as_nanos() / u128::from(self.count().max(1));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// The histogram of nanoseconds inside, for what else it can do.
    #[must_use]
    pub fn as_hdr(&self) -> &Hdr<u64> {
        &self.nanos
    }
}

/// Almost three centuries are the most: what the histogram can hold.
fn nanos(time: Duration) -> u64 {
    let most = i64::MAX as u64;
    u64::try_from(time.as_nanos()).map_or(most, |nanos| nanos.min(most))
}

fn empty() -> Hdr<u64> {
    Hdr::new(2).expect("2 digits are between 0 and 5")
}

impl Default for Histogram {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Histogram")
            .field("count", &self.count())
            .field("p50", &self.quantile(0.5))
            .field("p99", &self.quantile(0.99))
            .field("max", &self.max())
            .finish_non_exhaustive()
    }
}
