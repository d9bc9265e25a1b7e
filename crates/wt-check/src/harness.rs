//! Runs one check in this process and writes its transcript.
//!
//! The main thread is the watchdog; the check runs on a thread called `check`.
//! Whatever the checked code does, the process ends in one of three ways: the
//! closing line is written and the process exits at once; the process dies
//! without a closing line; or the grader kills it.

use std::any::Any;
use std::fs::File;
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use crate::check::Check;
use crate::panics::{self, PanicNote};
use crate::request::{MARKER, Request, Role};
use crate::stacks::{Frame, ThreadStack};
use crate::stall::StallWatch;
use crate::tasks::Tid;
use crate::{alloc, self_run, stacks, transcript, wait, watched};

/// The panic payload of a check that cannot judge on this system.
pub(crate) struct Inconclusive(pub(crate) &'static str);

/// The time to ask all threads for their stacks when the limit is over: the
/// grader kills the process soon after it.
const HURRIED: Duration = Duration::from_millis(120);
/// The same when the process stands still before its limit.
const UNHURRIED: Duration = Duration::from_secs(1);

/// How a check ended: a verdict word, what happened, and where.
pub(crate) struct Verdict {
    pub(crate) word: &'static str,
    pub(crate) what: String,
    pub(crate) file: String,
    pub(crate) line: u32,
}

/// The `main` of a file of hidden checks.
///
/// Started by the grader, it reads a request from stdin, runs the one check that
/// is asked for and never returns. Started by hand or by `cargo test`, it runs
/// every check, each in a process of its own, and returns whether all passed.
///
/// Blocks until the check has ended or its limit is over.
#[must_use]
pub fn run(checks: &[Check]) -> ExitCode {
    if std::env::var_os(MARKER).is_none() {
        return self_run::run(checks);
    }
    match read_request() {
        Ok(request) => serve(checks, request.install()),
        Err(problem) => {
            eprintln!("wt-check: {problem}");
            ExitCode::from(3)
        }
    }
}

fn read_request() -> Result<Request, String> {
    let mut text = String::new();
    io::stdin()
        .read_to_string(&mut text)
        .map_err(|error| format!("no request on stdin: {error}"))?;
    Request::parse(&text)
}

fn serve(checks: &[Check], request: &'static Request) -> ExitCode {
    if request.role == Role::List {
        for check in checks {
            let kind = match (check.oracle, check.explored) {
                (Some(_), _) => " observed",
                (_, Some(_)) => " explored",
                _ => "",
            };
            println!("{}{kind}", check.name);
        }
        return ExitCode::SUCCESS;
    }
    let Some(check) = checks
        .iter()
        .find(|check| check.name == request.check)
        .copied()
    else {
        eprintln!("wt-check: there is no check `{}` here", request.check);
        return ExitCode::from(3);
    };
    match take_stdout() {
        Ok(pipe) => transcript::open(pipe),
        Err(error) => {
            eprintln!("wt-check: no transcript pipe on stdout: {error}");
            return ExitCode::from(3);
        }
    }
    #[cfg(target_os = "linux")]
    if let Some(descriptor) = request.tasks {
        // SAFETY: the jail has opened it for us and told nobody else.
        unsafe { crate::tasks::look_in(descriptor) };
    }
    panics::install_hook();
    crate::stacks::remember_home();
    alloc::exempt_this_thread();
    // The watchdog, which is this thread.
    #[cfg(feature = "record")]
    wt_sync::record::expect_unwatched(1);
    let verdict = watch(start(check, request), request);
    if verdict.word != "pass" {
        tell_poison(&request.source);
    }
    transcript::close(verdict.word, &verdict.what, &verdict.file, verdict.line);
    exit_now()
}

/// Moves the pipe on stdout to a private descriptor and lets stdout join stderr,
/// so that nothing the checked code prints can reach the transcript.
#[cfg(unix)]
fn take_stdout() -> io::Result<File> {
    use std::os::fd::AsFd;

    let pipe = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    // SAFETY: both descriptors are open, and std's handles refer to them by
    // number alone, so they go on working with what the number now means.
    if unsafe { libc::dup2(libc::STDERR_FILENO, libc::STDOUT_FILENO) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(pipe)
}

#[cfg(not(unix))]
fn take_stdout() -> io::Result<File> {
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "checks run on Unix systems only",
    ))
}

/// Ends the process without running what the checked code left for its end.
#[cfg(unix)]
pub(crate) fn exit_now() -> ! {
    // SAFETY: `_exit` takes no pointers and does not return.
    unsafe { libc::_exit(0) }
}

#[cfg(not(unix))]
pub(crate) fn exit_now() -> ! {
    std::process::abort()
}

/// Starts the check's thread, which sends its verdict once.
fn start(check: Check, request: &'static Request) -> Receiver<Verdict> {
    let (tx, rx) = mpsc::sync_channel(1);
    let body = move || {
        let f = if request.role == Role::Oracle {
            check.oracle.unwrap_or(check.run)
        } else {
            check.run
        };
        #[cfg(feature = "explore")]
        let verdict = crate::explored::run(&check, request)
            .unwrap_or_else(|| judge(catch_unwind(AssertUnwindSafe(f)), check.file));
        #[cfg(not(feature = "explore"))]
        let verdict = judge(catch_unwind(AssertUnwindSafe(f)), check.file);
        // The receiver is gone only when the process is about to end.
        let _ = tx.send(verdict);
        // What this thread's destructors do must not count any more.
        loop {
            thread::park();
        }
    };
    // The ceiling starts with the check: what the harness needs is not counted.
    alloc::set_ceiling(request.memory);
    thread::Builder::new()
        .name("check".into())
        .spawn(body)
        .expect("one thread can be started");
    rx
}

pub(crate) fn judge(result: Result<(), Box<dyn Any + Send>>, checks_file: &str) -> Verdict {
    let Err(payload) = result else {
        return Verdict {
            word: "pass",
            what: String::new(),
            file: String::new(),
            line: 0,
        };
    };
    if let Some(Inconclusive(why)) = payload.downcast_ref() {
        return Verdict {
            word: "inconclusive",
            what: (*why).to_owned(),
            file: String::new(),
            line: 0,
        };
    }
    let what = panics::message(&*payload);
    // A payload of the checked code's may panic when it is dropped.
    std::mem::forget(payload);
    // An earlier panic of this thread, which the checked code caught, is not this one.
    let noted = panics::take_last_here().filter(|note| note.message == what);
    match noted {
        Some(PanicNote { file, line, .. }) if file == checks_file => Verdict {
            word: "wrong",
            what,
            file,
            line,
        },
        Some(PanicNote { file, line, .. }) => Verdict {
            word: "panicked",
            what,
            file,
            line,
        },
        None if panics::hook_is_gone() => without_a_hook(what),
        None => carried_over(what),
    }
}

/// Where a panic came from is not known, and so not whose it was. Either way the claim
/// does not hold.
fn without_a_hook(what: String) -> Verdict {
    Verdict {
        word: "wrong",
        what: format!(
            "{what}\nYour code has replaced the panic hook or taken it away, so it is not known where \
             this panic began: it may be yours, or the check's. Leave the hook as it is"
        ),
        file: String::new(),
        line: 0,
    }
}

/// A panic that began on another thread and was resumed on the check's.
fn carried_over(what: String) -> Verdict {
    let origin = panics::panics()
        .into_iter()
        .rev()
        .find(|note| note.message == what);
    let (file, line) = origin.map_or((String::new(), 0), |note| (note.file, note.line));
    Verdict {
        word: "panicked",
        what,
        file,
        line,
    }
}

fn watch(verdicts: Receiver<Verdict>, request: &Request) -> Verdict {
    watched::i_only_watch();
    let deadline = Instant::now() + request.limit;
    let mut stall = StallWatch::new();
    #[cfg(feature = "record")]
    let mut deadlock = crate::deadlock::DeadlockWatch::default();
    let mut steps = StepWatch::new();
    loop {
        steps.look();
        let left = deadline.saturating_duration_since(Instant::now());
        #[cfg(feature = "record")]
        let tick = crate::deadlock::TICK;
        #[cfg(not(feature = "record"))]
        let tick = crate::stall::TICK;
        #[cfg(feature = "record")]
        if let Some(stuck) = deadlock.look() {
            return deadlocked(&stuck, &request.source);
        }
        match verdicts.recv_timeout(left.min(tick)) {
            Ok(verdict) => {
                if verdict.word != "pass" && wait::was_in_vain() {
                    tell_who_waits(UNHURRIED.min(left / 2));
                }
                return verdict;
            }
            Err(RecvTimeoutError::Disconnected) => {
                let why = "the check's own thread is gone";
                return hung(why.into(), UNHURRIED, &steps);
            }
            Err(RecvTimeoutError::Timeout) if stall.look() => {
                let why = "no thread has run for 1.5 s, and nothing is left to wake one";
                return hung(why.into(), UNHURRIED.min(left / 2), &steps);
            }
            Err(RecvTimeoutError::Timeout) if left.is_zero() => {
                return hung(
                    format!("it was not done after {:.0?}", request.limit),
                    HURRIED,
                    &steps,
                );
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

#[cfg(feature = "record")]
fn deadlocked(stuck: &wt_sync::record::Stuck, source: &str) -> Verdict {
    crate::deadlock::tell(stuck, source);
    Verdict {
        word: "deadlock",
        what: stuck.why.clone(),
        file: String::new(),
        line: 0,
    }
}

/// Writes the stack of every thread that is asleep in the checked code: one of
/// them may be what the check has waited for.
///
/// What the record knows comes first. To find the lines of the others' stacks takes
/// seconds on a machine with a load of 60, so it has a thread of its own, and what is not
/// there when `budget` is over is left out: the verdict is known, and must not be lost.
fn tell_who_waits(budget: Duration) {
    let source = &Request::current().source;
    let known = told_by_the_record(source);
    let deadline = Instant::now() + budget;
    let (tx, stacks) = mpsc::channel();
    let look_up = move || {
        alloc::exempt_this_thread();
        for stack in stacks::capture_all(budget) {
            let frames = stack.frames(source);
            if tx.send((stack, frames)).is_err() {
                return;
            }
        }
    };
    // Without a thread there are no stacks: then the record has to do.
    let _ = thread::Builder::new().name("stacks".into()).spawn(look_up);
    let left = || deadline.saturating_duration_since(Instant::now());
    while let Ok((stack, frames)) = stacks.recv_timeout(left()) {
        let told = known.contains(&stack.task.tid);
        let own = frames.iter().any(|frame| frame.file.starts_with(source));
        if stack.task.asleep && own && !told {
            tell(&stack, &frames);
        }
    }
}

/// The threads whose wait the façade's record knows, in the checked code.
#[cfg(feature = "record")]
fn told_by_the_record(source: &str) -> Vec<Tid> {
    crate::deadlock::tell_who_waits(source)
}

#[cfg(not(feature = "record"))]
fn told_by_the_record(_: &str) -> Vec<Tid> {
    Vec::new()
}

fn is_asleep(stack: &ThreadStack, frames: &[Frame]) -> bool {
    stack.task.asleep && !stacks::is_recording(frames)
}

fn tell(stack: &ThreadStack, frames: &[Frame]) {
    let state = if is_asleep(stack, frames) {
        "asleep"
    } else {
        "running"
    };
    let waits_for = stacks::waits_for(frames).unwrap_or_default();
    transcript::line(&["thread", &stack.task.name, state, waits_for]);
    for frame in frames {
        transcript::line(&[
            "frame",
            &frame.function,
            &frame.file,
            &frame.line.to_string(),
        ]);
    }
}

/// Writes the stack of every thread and gives the verdict.
fn hung(why: String, budget: Duration, steps: &StepWatch) -> Verdict {
    let source = &Request::current().source;
    let again = steps.repeated(source);
    let stacks = stacks::capture_all(budget);
    let mut running = 0;
    let mut own_running = false;
    let mut unseen = Vec::new();
    for stack in &stacks {
        let frames = stack.frames(source);
        tell(stack, &frames);
        let own = frames.iter().any(|frame| frame.file.starts_with(source));
        if !is_asleep(stack, &frames) {
            running += 1;
            own_running |= own;
        } else if own && stacks::waits_for(&frames).is_some() && !is_seen(stack.task.tid) {
            unseen.push(format!("`{}`", stack.task.name));
        }
    }
    for step in &again {
        transcript::line(&["step", &format!("again and again: {step}")]);
    }
    tell_unseen(&unseen);
    let livelock = match (again.is_empty(), own_running) {
        (false, _) => ": a livelock, the same steps come again and again",
        (true, true) => ": a livelock, or a computation without end",
        (true, false) => "",
    };
    #[cfg(feature = "explore")]
    let why = match wt_sync::explore::is_searching() {
        true => format!(
            "{why}, in the middle of a schedule. What waits is not the façade's: is there a lock, a channel or a \
             thread of `std::sync` or `std::thread` where one of `wt_core` belongs?"
        ),
        false => why,
    };
    let what = match running {
        0 => format!("{why}: all threads are blocked"),
        1 => format!("{why}: 1 thread is still running{livelock}"),
        n => format!("{why}: {n} threads are still running{livelock}"),
    };
    Verdict {
        word: "hung",
        what,
        file: String::new(),
        line: 0,
    }
}

/// Says of which threads the façade's record does not know what they wait for.
#[cfg(feature = "record")]
fn tell_unseen(names: &[String]) {
    if names.is_empty() {
        return;
    }
    let (names, verb) = (
        names.join(", "),
        if names.len() == 1 { "waits" } else { "wait" },
    );
    transcript::line(&[
        "note",
        &format!(
            "{names} {verb} in std's own types, which this report does not see into. With `wt_core::sync`, \
             `wt_core::channel` and `wt_core::thread` it names who has what they wait for"
        ),
    ]);
}

#[cfg(not(feature = "record"))]
fn tell_unseen(_: &[String]) {}

#[cfg(feature = "record")]
use crate::deadlock::{StepWatch, knows as is_seen, tell_poison};

#[cfg(not(feature = "record"))]
use without_record::{StepWatch, is_seen, tell_poison};

/// What there is to know without the façade's record: nothing.
#[cfg(not(feature = "record"))]
mod without_record {
    use crate::tasks::Tid;

    pub(super) fn is_seen(_: Tid) -> bool {
        true
    }

    pub(super) struct StepWatch;

    impl StepWatch {
        pub(super) fn new() -> Self {
            Self
        }

        pub(super) fn look(&mut self) {}

        pub(super) fn repeated(&self, _: &str) -> Vec<String> {
            Vec::new()
        }
    }

    pub(super) fn tell_poison(_: &str) {}
}
