//! Two jobs, two rules: how old is it, and how long has it been silent?
//!
//! Run:    cargo run -p eg22-health
//! See:    by age the upload is ill at 10 s, though it gets on; by silence it never is.
//!         The query hangs from the start, and both rules find it at the same time.
//! Try:    let the upload beat every 12 s. A beat that is rarer than the threshold is
//!         worth nothing.

use wt_core::time::Duration;

const THRESHOLD: Duration = Duration::from_secs(10);
/// How often the upload says that it gets on: after each block.
const BEAT_EVERY: u64 = 3;

fn main() {
    let mut upload = Job::begun_at(0);
    let query = Job::begun_at(5);
    println!("          upload            query");
    println!("   time   by age   silent   by age   silent");
    for seconds in (0..=30).step_by(5) {
        let now = Duration::from_secs(seconds);
        // The last block that was sent by now.
        upload.beat = Duration::from_secs(seconds - seconds % BEAT_EVERY);
        let seen = [&upload, &query].map(|job| match job.begun <= now {
            true => format!("{:<9}{:<9}", word(job.age(now)), word(job.silence(now))),
            false => format!("{:<9}{:<9}", "-", "-"),
        });
        println!("{:>5} s   {}", seconds, seen.join("").trim_end());
    }
}

// ANCHOR: job
/// What a watchdog knows of a job.
struct Job {
    begun: Duration,
    /// The last sign of life.
    beat: Duration,
}

impl Job {
    /// How long it takes already. It says nothing of whether it gets on.
    fn age(&self, now: Duration) -> Duration {
        now - self.begun
    }

    /// How long nobody has heard of it.
    fn silence(&self, now: Duration) -> Duration {
        now - self.beat
    }
}

fn word(time: Duration) -> &'static str {
    if time >= THRESHOLD { "ILL" } else { "ok" }
}
// ANCHOR_END: job

impl Job {
    /// A beginning is a sign of life.
    fn begun_at(seconds: u64) -> Self {
        let begun = Duration::from_secs(seconds);
        Self { begun, beat: begun }
    }
}
