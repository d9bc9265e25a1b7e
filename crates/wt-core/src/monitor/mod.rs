//! What a pool is doing, in numbers.
//!
//! ```text
//!  Pool ──> Sample ──┐
//!           10:00:00 ├── Period ── HealthPolicy ──> Health
//!  Pool ──> Sample ──┘   5 s: 812 jobs, 97 % busy   "saturated"
//!           10:00:05 ─── Exposition ──> text for Prometheus
//! ```
//!
//! A [`PoolMonitor`] watches a pool from its birth and takes samples of it.
//! A [`Sample`] holds totals since the start, a [`Period`] is the difference of
//! two of them. Ratios are of periods alone: a mean since the start hides what is
//! happening now.
//!
//! | Question | Answer |
//! | --- | --- |
//! | How long do jobs wait and run? | [`JobTimes`] keeps a [`Histogram`] of each |
//! | How busy is each worker? | [`WorkerPeriod::utilisation`], and [`cpu`](WorkerPeriod::cpu) from a [`CpuClock`] |
//! | How much memory does it use? | [`MemoryMeter`], with [`CountingAlloc`] as the allocator |
//! | Is something wrong, and with whom? | [`HealthPolicy::judge`] |
//! | How do I get it on a dashboard? | [`Exposition`] |
//! | What does the log say of one job? | `traced`, with the cargo feature `tracing` |
//!
//! Nothing here starts a thread or keeps a history: you ask, and you choose when.

mod counting_alloc;
mod cpu_clock;
mod exposition;
mod health;
mod histogram;
mod job_times;
mod memory;
mod period;
mod pool_monitor;
mod sample;
#[cfg(feature = "tracing")]
mod traced;

pub use counting_alloc::CountingAlloc;
pub use cpu_clock::CpuClock;
pub use exposition::{CONTENT_TYPE, Exposition};
pub use health::{Health, HealthPolicy, StalledWorker};
pub use histogram::Histogram;
pub use job_times::JobTimes;
pub use memory::{MemoryMeter, MemoryReader, MemoryUse};
pub use period::{Period, PeriodError, WorkerPeriod};
pub use pool_monitor::PoolMonitor;
pub use sample::{Sample, WorkerSample};
#[cfg(feature = "tracing")]
pub use traced::traced;
