//! A child process with limits: time, output, threads, and no survivors.
//!
//! The child leads a process group of its own, which is killed as a whole when
//! the child ends, when a limit is passed, and on Ctrl-C. On Linux the kernel
//! also kills the child when the grader itself is killed, and what has left the
//! group ends with the child (`orphans`).

use std::io::{self, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use crate::cancel::{self, Group};
use crate::errand::Errand;
use crate::error::GradeError;
use crate::jail::{Jail, ProgramEnd, Room};
use crate::orphans;

/// What a child may use.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Wall-clock time.
    pub time: Duration,
    /// Bytes on stderr after which the child is killed.
    pub output: usize,
    /// Threads at the same time.
    pub threads: usize,
}

/// How a child ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// By itself, with this code.
    Exited(i32),
    /// By this signal.
    Signalled(i32),
    /// Killed at the time limit; what its threads were doing.
    TimedOut(Vec<String>),
    /// Killed because it wrote more than the limit.
    TooMuchOutput,
    /// Killed because it had this many threads.
    TooManyThreads(usize),
    /// Ended by a limit of its jail.
    OverLimit(String),
}

/// A child that has ended.
#[derive(Debug, Clone)]
pub struct Finished {
    /// How it ended.
    pub end: End,
    /// What it wrote to stdout; at most [`STDOUT_KEPT`] bytes.
    pub stdout: Vec<u8>,
    /// What it wrote to stderr: the first and the last part.
    pub stderr: Vec<u8>,
    /// How long it ran.
    pub took: Duration,
    /// What a transcript on stdout must end with; empty for other programs.
    pub secret: String,
}

/// The most of a child's stdout that is kept.
pub const STDOUT_KEPT: usize = 4 << 20;
/// Of stderr, this much from the start and as much from the end is kept.
const STDERR_KEPT: usize = 64 << 10;
/// How often limits that nobody announces are looked at.
const TICK: Duration = Duration::from_millis(25);
/// How long to wait for the last bytes after the child has ended. They are in the
/// pipe already; on a busy machine the thread that reads it may be late. Only a
/// grandchild that has left the group, and holds the pipe open, makes this wait.
const DRAIN: Duration = Duration::from_secs(2);
/// The same for the transcript, which no grandchild can hold open, because the
/// harness keeps it for itself.
const DRAIN_STDOUT: Duration = Duration::from_secs(20);

/// The code with which a jail ends that could not start its program.
pub const JAIL_FAILED: i32 = 125;
/// The processes of a jail beside the program: one outside of it and one inside.
const WARDENS: usize = 2;

enum Event {
    Stdout(Vec<u8>),
    Stderr(Vec<u8>),
    TooMuch,
}

/// Runs `command` with `input` on stdin until it ends or passes a limit.
///
/// Blocks until then, at most a little longer than `limits.time`.
///
/// # Errors
///
/// [`GradeError::Cancelled`] after Ctrl-C, and when what was done ahead is not wanted;
/// [`GradeError::Fault`] if the program cannot be started.
pub fn run(mut command: Command, input: &[u8], limits: Limits) -> Result<Finished, GradeError> {
    run_to_end(&mut command, input, limits, thread_count)
}

/// The same in a jail, if there is one: there the threads of all that the program has
/// started count.
///
/// # Errors
///
/// As [`run`], and [`GradeError::Fault`] if the jail cannot be made.
pub fn run_in(
    jail: Option<&dyn Jail>,
    room: impl FnOnce() -> Room,
    command: Command,
    input: &[u8],
    limits: Limits,
) -> Result<Finished, GradeError> {
    let Some(jail) = jail else {
        return run(command, input, limits);
    };
    let mut enclosed = jail.enclose(&command, &room())?;
    let mut finished = run_to_end(enclosed.command(), input, limits, threads_of_tree)?;
    let told = enclosed.ended();
    if matches!(finished.end, End::Exited(_) | End::Signalled(_)) {
        if let Some(what) = enclosed.over_limit() {
            finished.end = End::OverLimit(what);
        } else if let Some(end) = told {
            finished.end = match end {
                ProgramEnd::Exited(code) => End::Exited(code),
                ProgramEnd::Signalled(signal) => End::Signalled(signal),
            };
        } else if finished.end == End::Exited(JAIL_FAILED) {
            return Err(GradeError::Fault(format!(
                "the jail could not start the program: {}",
                String::from_utf8_lossy(&finished.stderr).trim()
            )));
        }
    }
    Ok(finished)
}

fn run_to_end(
    command: &mut Command,
    input: &[u8],
    limits: Limits,
    count: fn(u32) -> usize,
) -> Result<Finished, GradeError> {
    let errand = Errand::current();
    let is_cancelled =
        || cancel::is_cancelled() || errand.as_ref().is_some_and(Errand::is_unwanted);
    if is_cancelled() {
        return Err(GradeError::Cancelled);
    }
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    contain(command, errand.is_some());
    orphans::adopt();
    let start = Instant::now();
    let (mut child, group) =
        Group::spawn(command).map_err(|error| cannot_start(command, &error))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A child that ended without reading is judged by how it ended.
        let _ = stdin.write_all(input);
    }
    let (tx, events) = mpsc::channel();
    read_stdout(&mut child, tx.clone());
    read_stderr(&mut child, limits.output, tx);
    let mut watch = Watch {
        deadline: start + limits.time,
        threads: limits.threads,
        count,
        stdout: None,
        stderr: None,
    };
    let killed = watch.until_end(&mut child, &events, &is_cancelled);
    group.kill();
    let status = child
        .wait()
        .map_err(|error| GradeError::Fault(format!("cannot wait for a child: {error}")))?;
    drop(group);
    orphans::end_all();
    let too_much = watch.drain(&events);
    if is_cancelled() {
        return Err(GradeError::Cancelled);
    }
    Ok(Finished {
        end: match killed {
            Some(end) => end,
            None if too_much => End::TooMuchOutput,
            None => ended(status),
        },
        stdout: watch.stdout.unwrap_or_default(),
        stderr: watch.stderr.unwrap_or_default(),
        took: start.elapsed(),
        secret: String::new(),
    })
}

/// Runs `command` with our own streams until it ends, and says whether it
/// succeeded. It dies with us and on Ctrl-C, with all it started.
///
/// # Errors
///
/// [`GradeError::Cancelled`] after Ctrl-C; [`GradeError::Fault`] if the program
/// cannot be started.
pub fn run_visibly(mut command: Command) -> Result<bool, GradeError> {
    command.stdin(Stdio::null());
    contain(&mut command, false);
    let (mut child, group) =
        Group::spawn(&mut command).map_err(|error| cannot_start(&command, &error))?;
    let status = child
        .wait()
        .map_err(|error| GradeError::Fault(format!("cannot wait for a child: {error}")))?;
    drop(group);
    orphans::spare();
    if cancel::is_cancelled() {
        Err(GradeError::Cancelled)
    } else {
        Ok(status.success())
    }
}

fn cannot_start(command: &Command, error: &io::Error) -> GradeError {
    GradeError::io("start", command.get_program().as_ref(), error)
}

struct Watch {
    deadline: Instant,
    threads: usize,
    /// Counts the threads of a process.
    count: fn(u32) -> usize,
    stdout: Option<Vec<u8>>,
    stderr: Option<Vec<u8>>,
}

impl Watch {
    /// Waits for the child's end; the reason, if it has to be killed.
    ///
    /// The end of stdout is the sign that the child is ending: the harness holds
    /// it open to the last moment. A child that closes it early is asked each tick.
    fn until_end(
        &mut self,
        child: &mut Child,
        events: &mpsc::Receiver<Event>,
        is_cancelled: &dyn Fn() -> bool,
    ) -> Option<End> {
        loop {
            let left = self.deadline.saturating_duration_since(Instant::now());
            match events.recv_timeout(left.min(TICK)) {
                Ok(Event::Stdout(bytes)) => self.stdout = Some(bytes),
                Ok(Event::Stderr(bytes)) => self.stderr = Some(bytes),
                Ok(Event::TooMuch) => return Some(End::TooMuchOutput),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => thread::sleep(Duration::from_millis(1)),
            }
            if is_cancelled() || matches!(child.try_wait(), Ok(Some(_)) | Err(_)) {
                return None;
            }
            let running = (self.count)(child.id());
            if running > self.threads {
                return Some(End::TooManyThreads(running));
            }
            if left.is_zero() {
                return Some(End::TimedOut(kernel_view(child.id())));
            }
        }
    }

    /// Collects what was still in the pipes, and says whether it was too much.
    fn drain(&mut self, events: &mpsc::Receiver<Event>) -> bool {
        let ended = Instant::now();
        let mut too_much = false;
        while self.stdout.is_none() || self.stderr.is_none() {
            let limit = if self.stdout.is_none() {
                DRAIN_STDOUT
            } else {
                DRAIN
            };
            match events.recv_timeout((ended + limit).saturating_duration_since(Instant::now())) {
                Ok(Event::Stdout(bytes)) => self.stdout = Some(bytes),
                Ok(Event::Stderr(bytes)) => self.stderr = Some(bytes),
                Ok(Event::TooMuch) => too_much = true,
                Err(_) => return too_much,
            }
        }
        too_much
    }
}

fn read_stdout(child: &mut Child, events: Sender<Event>) {
    let Some(mut stdout) = child.stdout.take() else {
        return;
    };
    thread::spawn(move || {
        let mut kept = Vec::new();
        // What is beyond the limit is read and dropped, so that the child does
        // not block in a write.
        let _ = stdout
            .by_ref()
            .take(STDOUT_KEPT as u64)
            .read_to_end(&mut kept);
        let _ = io::copy(&mut stdout, &mut io::sink());
        let _ = events.send(Event::Stdout(kept));
    });
}

fn read_stderr(child: &mut Child, limit: usize, events: Sender<Event>) {
    let Some(mut stderr) = child.stderr.take() else {
        return;
    };
    thread::spawn(move || {
        let mut capture = Capture::default();
        let mut chunk = [0; 16 << 10];
        while let Ok(read @ 1..) = stderr.read(&mut chunk) {
            let before = capture.total;
            capture.push(&chunk[..read]);
            if before <= limit && capture.total > limit {
                let _ = events.send(Event::TooMuch);
            }
        }
        let _ = events.send(Event::Stderr(capture.text()));
    });
}

/// The first and the last part of a stream of any length.
#[derive(Default)]
struct Capture {
    head: Vec<u8>,
    tail: Vec<u8>,
    total: usize,
}

impl Capture {
    fn push(&mut self, bytes: &[u8]) {
        self.total += bytes.len();
        let (first, rest) = bytes.split_at(bytes.len().min(STDERR_KEPT - self.head.len()));
        self.head.extend_from_slice(first);
        self.tail.extend_from_slice(rest);
        if self.tail.len() > 2 * STDERR_KEPT {
            self.tail.drain(..self.tail.len() - STDERR_KEPT);
        }
    }

    fn text(mut self) -> Vec<u8> {
        let cut = self.tail.len().saturating_sub(STDERR_KEPT);
        let missing = self.total - self.head.len() - self.tail.len() + cut;
        if missing > 0 {
            self.head
                .extend_from_slice(format!("\n[... {missing} bytes left out ...]\n").as_bytes());
        }
        self.head.extend_from_slice(&self.tail[cut..]);
        self.head
    }
}

#[cfg(unix)]
fn ended(status: ExitStatus) -> End {
    use std::os::unix::process::ExitStatusExt;

    match (status.code(), status.signal()) {
        (Some(code), _) => End::Exited(code),
        (None, signal) => End::Signalled(signal.unwrap_or(0)),
    }
}

#[cfg(not(unix))]
fn ended(status: ExitStatus) -> End {
    End::Exited(status.code().unwrap_or(-1))
}

/// How much nicer than the rest are children whose work may not be wanted.
const NICER: libc::c_int = 10;

#[cfg(unix)]
fn contain(command: &mut Command, ahead: bool) {
    use std::os::unix::process::CommandExt;

    command.process_group(0);
    // SAFETY: the closure runs between fork and exec and calls only functions
    // that are safe there: `prctl`, `setrlimit`, `nice`. It does not allocate.
    unsafe {
        command.pre_exec(move || {
            #[cfg(target_os = "linux")]
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            let none = libc::rlimit {
                rlim_cur: 0,
                rlim_max: 0,
            };
            libc::setrlimit(libc::RLIMIT_CORE, &raw const none);
            if ahead {
                libc::nice(NICER);
            }
            Ok(())
        });
    }
}

#[cfg(not(unix))]
fn contain(_command: &mut Command, _ahead: bool) {}

/// How many threads the process has; 0 where the system does not tell.
fn thread_count(pid: u32) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/task")).map_or(0, Iterator::count)
}

/// How many threads a process and all that it has started have, without those of the
/// jail itself.
fn threads_of_tree(root: u32) -> usize {
    let tree = tree(root);
    let threads: usize = tree.iter().map(|pid| thread_count(*pid)).sum();
    threads.saturating_sub(WARDENS)
}

/// A process and its descendants.
fn tree(root: u32) -> Vec<u32> {
    let mut tree = vec![root];
    let mut at = 0;
    while let Some(pid) = tree.get(at).copied() {
        at += 1;
        let tasks = std::fs::read_dir(format!("/proc/{pid}/task"));
        for task in tasks.into_iter().flatten().flatten() {
            let list = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
            tree.extend(
                list.split_whitespace()
                    .filter_map(|pid| pid.parse::<u32>().ok()),
            );
        }
    }
    tree
}

/// Each thread by name and what it waits for in the kernel, for a child that
/// could not tell itself.
fn kernel_view(pid: u32) -> Vec<String> {
    let Ok(tasks) = std::fs::read_dir(format!("/proc/{pid}/task")) else {
        return Vec::new();
    };
    let mut lines: Vec<String> = tasks
        .flatten()
        .take(64)
        .filter_map(|task| {
            let read = |file: &str| std::fs::read_to_string(task.path().join(file)).ok();
            let name = read("comm")?.trim().to_owned();
            let wait = read("wchan").unwrap_or_default();
            let wait = match wait.trim() {
                "" | "0" => "running",
                other => other,
            };
            Some(format!("{name}: {wait}"))
        })
        .collect();
    lines.sort();
    lines
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn sh(script: &str, limits: Limits) -> Finished {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        run(command, b"", limits).unwrap()
    }

    const ROOMY: Limits = Limits {
        time: Duration::from_secs(20),
        output: 1 << 20,
        threads: 100,
    };

    #[test]
    fn both_streams_and_the_code_come_back() {
        let finished = sh("echo out; echo err >&2; exit 7", ROOMY);
        assert_eq!(finished.end, End::Exited(7));
        assert_eq!(
            (finished.stdout.as_slice(), finished.stderr.as_slice()),
            (&b"out\n"[..], &b"err\n"[..])
        );
    }

    #[test]
    fn a_child_is_killed_at_its_time_limit_with_all_it_started() {
        let limits = Limits {
            time: Duration::from_millis(300),
            ..ROOMY
        };
        let finished = sh("sleep 1000 & echo $!; sleep 1000", limits);
        assert!(
            matches!(finished.end, End::TimedOut(_)),
            "{:?}",
            finished.end
        );
        let grandchild = String::from_utf8(finished.stdout).unwrap();
        let path = format!("/proc/{}/status", grandchild.trim());
        let gone = (0..200).any(|_| {
            thread::sleep(Duration::from_millis(10));
            std::fs::read_to_string(&path).map_or(true, |status| status.contains("State:\tZ"))
        });
        assert!(gone, "the grandchild {grandchild} lives on");
    }

    #[test]
    fn what_is_not_wanted_any_more_is_killed_and_never_started() {
        let errand = Errand::default();
        let (tx, rx) = mpsc::channel();
        let error = thread::scope(|scope| {
            let ahead = scope.spawn(|| {
                errand.run(|| {
                    let nice = sh("nice", ROOMY);
                    tx.send(nice.stdout).unwrap();
                    let mut command = Command::new("sleep");
                    command.arg("1000");
                    run(command, b"", ROOMY)
                })
            });
            assert_eq!(rx.recv().unwrap(), format!("{NICER}\n").into_bytes());
            errand.drop_it();
            ahead.join().unwrap()
        });
        assert!(matches!(error, Err(GradeError::Cancelled)), "{error:?}");
        let later = errand.run(|| run(Command::new("no-such-program"), b"", ROOMY));
        assert!(matches!(later, Err(GradeError::Cancelled)), "{later:?}");
        assert_eq!(sh("nice", ROOMY).stdout, b"0\n");
    }

    #[test]
    fn endless_output_is_cut_and_named() {
        let finished = sh("yes >&2", ROOMY);
        assert_eq!(finished.end, End::TooMuchOutput);
        assert!(finished.stderr.len() < 3 * STDERR_KEPT);
    }

    #[test]
    fn a_signal_is_not_an_exit_code() {
        assert_eq!(
            sh("kill -ABRT $$", ROOMY).end,
            End::Signalled(libc::SIGABRT)
        );
    }

    #[test]
    fn the_middle_of_a_long_stream_is_left_out_and_counted() {
        let mut capture = Capture::default();
        for _ in 0..100 {
            capture.push(&[b'x'; 10_000]);
        }
        capture.push(b"the end");
        let text = String::from_utf8(capture.text()).unwrap();
        assert!(text.ends_with("the end"));
        let missing = 1_000_007 - 2 * STDERR_KEPT;
        assert!(
            text.contains(&format!("[... {missing} bytes left out ...]")),
            "{missing}"
        );
    }
}
