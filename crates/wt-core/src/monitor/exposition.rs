//! Samples as text for Prometheus, in its exposition format, version 0.0.4.
//!
//! Totals go out as totals: the server that stores them computes the rates.

use std::fmt::{self, Write};
use std::time::Duration;

use super::histogram::Histogram;
use super::sample::{Sample, WorkerSample};

/// The `Content-Type` of the text.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The upper bounds of the histograms' buckets, in seconds.
const BOUNDS: [(&str, Duration); 9] = [
    ("0.000001", Duration::from_micros(1)),
    ("0.00001", Duration::from_micros(10)),
    ("0.0001", Duration::from_micros(100)),
    ("0.001", Duration::from_millis(1)),
    ("0.01", Duration::from_millis(10)),
    ("0.1", Duration::from_millis(100)),
    ("1", Duration::from_secs(1)),
    ("10", Duration::from_secs(10)),
    ("100", Duration::from_secs(100)),
];

/// The metrics of any number of pools, on one page.
///
/// Times are in seconds. The histograms' buckets are powers of ten and right to
/// two digits; their sums are exact.
///
/// # Examples
///
/// ```
/// use std::time::Instant;
/// use wt_core::monitor::{Exposition, Sample};
///
/// let mut sample = Sample::new(Instant::now());
/// sample.jobs.submitted = 7;
/// let mut page = Exposition::new();
/// page.add("render", &sample);
/// assert!(page.to_string().contains("wt_pool_submitted_total{pool=\"render\"} 7\n"));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Exposition {
    families: Vec<Family>,
}

/// All lines of one metric. The format wants them together.
#[derive(Debug, Clone)]
struct Family {
    name: &'static str,
    kind: &'static str,
    help: &'static str,
    lines: String,
}

impl Exposition {
    /// An empty page.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the totals of `sample`, under the label `pool`. Each pool of a page
    /// needs a label of its own.
    pub fn add(&mut self, pool: &str, sample: &Sample) {
        let pool = format!("pool=\"{}\"", Escaped(pool));
        self.add_jobs(&pool, sample);
        for worker in &sample.workers {
            self.add_worker(&pool, worker);
        }
        let help = "Time that jobs waited in the queue, of the jobs looked at.";
        self.add_histogram("wt_job_wait_seconds", help, &pool, &sample.wait);
        let help = "Time that jobs ran, of the jobs looked at.";
        self.add_histogram("wt_job_run_seconds", help, &pool, &sample.run);
    }

    fn add_jobs(&mut self, pool: &str, sample: &Sample) {
        let jobs = &sample.jobs;
        let family = self.family("wt_pool_submitted_total", "counter", "Jobs accepted.");
        family.line("", pool, jobs.submitted);
        let help = "Jobs that left the pool, by how they ended.";
        let family = self.family("wt_pool_finished_total", "counter", help);
        for (outcome, count) in [
            ("done", jobs.done),
            ("failed", jobs.failed),
            ("cancelled", jobs.cancelled),
            ("discarded", jobs.discarded),
        ] {
            family.line("", &format!("{pool},outcome=\"{outcome}\""), count);
        }
        for (name, help, value) in [
            ("wt_pool_queued", "Jobs that wait.", jobs.queued),
            ("wt_pool_running", "Jobs that run.", jobs.running),
            ("wt_pool_workers", "Workers alive.", jobs.workers as u64),
        ] {
            self.family(name, "gauge", help).line("", pool, value);
        }
    }

    fn add_worker(&mut self, pool: &str, worker: &WorkerSample) {
        let labels = format!("{pool},worker=\"{}\"", worker.index);
        let family = self.family("wt_worker_begun_total", "counter", "Jobs begun.");
        family.line("", &labels, worker.begun);
        let family = self.family("wt_worker_busy_seconds_total", "counter", "Time in jobs.");
        family.line("", &labels, worker.busy.as_secs_f64());
        if let Some(cpu) = worker.cpu {
            let help = "Time on a processor.";
            let family = self.family("wt_worker_cpu_seconds_total", "counter", help);
            family.line("", &labels, cpu.as_secs_f64());
        }
        if let Some(memory) = worker.memory {
            let help = "Bytes allocated.";
            let family = self.family("wt_worker_allocated_bytes_total", "counter", help);
            family.line("", &labels, memory.allocated);
            let help = "Bytes allocated and not freed by the same worker.";
            let family = self.family("wt_worker_live_bytes", "gauge", help);
            family.line("", &labels, memory.live());
            let help = "The most that the live bytes have been.";
            let family = self.family("wt_worker_peak_bytes", "gauge", help);
            family.line("", &labels, memory.peak);
        }
    }

    fn add_histogram(
        &mut self,
        name: &'static str,
        help: &'static str,
        labels: &str,
        times: &Histogram,
    ) {
        let family = self.family(name, "histogram", help);
        for (shown, bound) in BOUNDS {
            let labels = format!("{labels},le=\"{shown}\"");
            family.line("_bucket", &labels, times.count_up_to(bound));
        }
        let all = format!("{labels},le=\"+Inf\"");
        family.line("_bucket", &all, times.count());
        family.line("_sum", labels, times.sum().as_secs_f64());
        family.line("_count", labels, times.count());
    }

    fn family(
        &mut self,
        name: &'static str,
        kind: &'static str,
        help: &'static str,
    ) -> &mut Family {
        let place = self.families.iter().position(|known| known.name == name);
        let place = place.unwrap_or_else(|| {
            self.families.push(Family {
                name,
                kind,
                help,
                lines: String::new(),
            });
            self.families.len() - 1
        });
        &mut self.families[place]
    }
}

impl Family {
    fn line(&mut self, suffix: &str, labels: &str, value: impl fmt::Display) {
        let name = self.name;
        writeln!(self.lines, "{name}{suffix}{{{labels}}} {value}")
            .expect("a string takes whatever is written to it");
    }
}

impl fmt::Display for Exposition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for family in &self.families {
            let Family {
                name,
                kind,
                help,
                lines,
            } = family;
            write!(f, "# HELP {name} {help}\n# TYPE {name} {kind}\n{lines}")?;
        }
        Ok(())
    }
}

/// A label's value as the format wants it.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            match letter {
                '\\' => f.write_str("\\\\")?,
                '"' => f.write_str("\\\"")?,
                '\n' => f.write_str("\\n")?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}
