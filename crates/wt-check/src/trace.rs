//! Runs a scenario with every event kept, for `cargo xtask trace`.
//!
//! The main thread is the watchdog; the scenario runs on a thread called `main`.
//! It may take turns under a fixed schedule, or run as the system has it. In the
//! end the log is written, and how the scenario ended: a line
//!
//! ```text
//! outcome  WORD  what happened  file  line
//! stuck    thread  what it waits for  file  line
//! ```
//!
//! with tabs in between; WORD is `done`, `panicked`, `deadlock`, `unfixed` (the
//! fixed schedule cannot go on, but the program may), or `hung`.

use std::process::ExitCode;

/// Which order the threads of a scenario run in.
#[cfg(feature = "record")]
const PACE: &str = "WT_TRACE_PACE";
/// The file that the log is written to.
#[cfg(feature = "record")]
const LOG: &str = "WT_TRACE_LOG";

/// The `main` of a scenario's program.
///
/// Built with the façade's record it writes the log and does not return. Without,
/// it only runs `scenario`.
#[must_use]
pub fn run(scenario: fn()) -> ExitCode {
    #[cfg(feature = "record")]
    if let Some(log) = std::env::var_os(LOG) {
        return recorded::run(scenario, log.as_ref());
    }
    scenario();
    ExitCode::SUCCESS
}

/// Runs `f` as a part of the work that has a name in the timeline.
///
/// # Examples
///
/// ```
/// assert_eq!(wt_check::trace::span("add", || 1 + 1), 2);
/// ```
#[track_caller]
pub fn span<T>(name: &str, f: impl FnOnce() -> T) -> T {
    #[cfg(feature = "record")]
    return wt_sync::record::span(name, f);
    #[cfg(not(feature = "record"))]
    {
        let _ = name;
        f()
    }
}

#[cfg(feature = "record")]
mod recorded {
    use std::fs::File;
    use std::io::{self, BufWriter, Write};
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::path::Path;
    use std::process::ExitCode;
    use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
    use std::thread;
    use std::time::{Duration, Instant};

    use wt_sync::record::{self, Progress, StuckThread};

    use crate::deadlock::{DeadlockWatch, TICK};
    use crate::panics;

    /// The time that a scenario has.
    const LIMIT: Duration = Duration::from_secs(10);
    /// A fixed schedule in which nothing happens for so long cannot go on.
    const STILL: Duration = Duration::from_secs(2);

    /// How a scenario ended.
    struct Outcome {
        word: &'static str,
        what: String,
        file: String,
        line: u32,
        stuck: Vec<StuckThread>,
    }

    impl Outcome {
        fn new(word: &'static str, what: impl Into<String>) -> Self {
            Self {
                word,
                what: what.into(),
                file: String::new(),
                line: 0,
                stuck: Vec::new(),
            }
        }
    }

    pub(super) fn run(scenario: fn(), log: &Path) -> ExitCode {
        panics::install_hook();
        record::expect_unwatched(1);
        record::keep_log();
        let fixed = std::env::var(super::PACE).is_ok_and(|pace| pace == "fixed");
        if fixed {
            record::fix_schedule();
        }
        let outcome = watch(&start(scenario), fixed);
        match write(log, &outcome) {
            Ok(()) => crate::harness::exit_now(),
            Err(error) => {
                eprintln!("wt-check: cannot write `{}`: {error}", log.display());
                ExitCode::from(3)
            }
        }
    }

    fn start(scenario: fn()) -> Receiver<Outcome> {
        let (tx, rx) = mpsc::sync_channel(1);
        let body = move || {
            let outcome = match catch_unwind(AssertUnwindSafe(scenario)) {
                Ok(()) => Outcome::new("done", ""),
                Err(payload) => panicked(&*payload),
            };
            let _ = tx.send(outcome);
            // It keeps its turn: the log ends here.
            loop {
                thread::park();
            }
        };
        let builder = thread::Builder::new().name("main".into());
        builder.spawn(body).expect("one thread can be started");
        rx
    }

    fn panicked(payload: &(dyn std::any::Any + Send)) -> Outcome {
        let note = panics::panics().into_iter().next_back();
        let (file, line) = note.map_or((String::new(), 0), |note| (note.file, note.line));
        Outcome {
            file,
            line,
            ..Outcome::new("panicked", panics::message(payload))
        }
    }

    fn watch(outcomes: &Receiver<Outcome>, fixed: bool) -> Outcome {
        let deadline = Instant::now() + LIMIT;
        let mut deadlock = DeadlockWatch::default();
        let mut last: Option<(Progress, Instant)> = None;
        loop {
            match outcomes.recv_timeout(TICK) {
                Ok(outcome) => return outcome,
                Err(RecvTimeoutError::Disconnected) => {
                    return Outcome::new("panicked", "the scenario's own thread is gone");
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
            if let Some(progress) = record::progress().filter(|_| fixed) {
                if progress.stuck {
                    return stuck_by_schedule();
                }
                match last {
                    Some((seen, since)) if seen == progress => {
                        if since.elapsed() > STILL {
                            return standing_still();
                        }
                    }
                    _ => last = Some((progress, Instant::now())),
                }
            } else if let Some(stuck) = deadlock.look() {
                return Outcome {
                    stuck: stuck.threads,
                    ..Outcome::new("deadlock", stuck.why)
                };
            }
            if Instant::now() > deadline {
                return Outcome::new("hung", format!("it was not done after {LIMIT:?}"));
            }
        }
    }

    /// Nobody can go on, says the schedule: by what it knows.
    fn stuck_by_schedule() -> Outcome {
        let threads = record::who_waits();
        let unseen = threads.iter().find(|thread| thread.is_unwatched());
        if let Some(thread) = unseen {
            return Outcome {
                file: thread.file.to_owned(),
                line: thread.line,
                ..Outcome::new(
                    "unfixed",
                    format!("`{}` waits for {}", thread.name, thread.waits_for),
                )
            };
        }
        let why = record::look().map_or_else(
            || String::from("every thread waits, and none is left to wake another"),
            |stuck| stuck.why,
        );
        Outcome {
            stuck: threads,
            ..Outcome::new("deadlock", why)
        }
    }

    fn standing_still() -> Outcome {
        Outcome::new(
            "unfixed",
            "the thread whose turn it is waits in a way that the record does not see, or spins: \
             `select!`, std's own locks and channels, a loop on an atomic",
        )
    }

    fn write(path: &Path, outcome: &Outcome) -> io::Result<()> {
        let mut out = BufWriter::new(File::create(path)?);
        record::write_log(&mut out)?;
        let plain = |text: &str| text.replace(['\t', '\n', '\r'], " ");
        for thread in &outcome.stuck {
            writeln!(
                out,
                "stuck\t{}\t{}\t{}\t{}",
                plain(&thread.name),
                plain(&thread.waits_for),
                plain(thread.file),
                thread.line
            )?;
        }
        writeln!(
            out,
            "outcome\t{}\t{}\t{}\t{}",
            outcome.word,
            plain(&outcome.what),
            plain(&outcome.file),
            outcome.line
        )?;
        out.flush()
    }
}
