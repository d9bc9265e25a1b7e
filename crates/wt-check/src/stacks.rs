//! The native stack of every thread, taken from inside the process.
//!
//! The watchdog sends each thread a signal; the handler captures a backtrace on
//! the thread's own stack. Threads that are asleep come first: they cannot be in
//! the middle of an allocation, so the handler may allocate. A running thread is
//! asked again until it is found outside the allocator; one that never answers is
//! reported without a stack. Nothing outside std is needed to put names and lines
//! to the frames.
//!
//! The idea is that of Go's `SIGQUIT` dump; `gdb -p` gives the same from outside.

use std::backtrace::Backtrace;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::tasks::Task;

/// One thread, and its stack if it gave one.
pub(crate) struct ThreadStack {
    pub(crate) task: Task,
    traces: Vec<Backtrace>,
}

pub(crate) struct Frame {
    pub(crate) function: String,
    pub(crate) file: String,
    pub(crate) line: u32,
}

/// The most time that one thread has to answer.
const ANSWER: Duration = Duration::from_millis(100);
/// How often a running thread is asked: the jump at a loop's end has no line.
const SAMPLES: usize = 8;
/// How many threads are asked; the rest are only named.
const ASKED: usize = 64;

/// Every thread but the calling one, asleep ones first, each group by name.
///
/// Blocks until every thread has answered or `budget` is used up; threads that
/// were not asked in time are only named. Names and lines are not looked up yet:
/// that takes longer, and [`ThreadStack::frames`] does it.
pub(crate) fn capture_all(budget: Duration) -> Vec<ThreadStack> {
    let deadline = Instant::now() + budget;
    let me = crate::tasks::current_tid();
    let mut tasks = crate::tasks::all();
    tasks.retain(|task| task.tid != me);
    tasks.sort_by(|a, b| (!a.asleep, &a.name, a.tid).cmp(&(!b.asleep, &b.name, b.tid)));
    tasks
        .into_iter()
        .enumerate()
        .map(|(n, task)| {
            let samples = match (n < ASKED, task.asleep) {
                (false, _) => 0,
                (true, true) => 1,
                (true, false) => SAMPLES,
            };
            let traces = (0..samples).filter_map(|_| {
                let left = deadline.saturating_duration_since(Instant::now());
                (!left.is_zero()).then(|| capture(&task, left.min(ANSWER)))?
            });
            let traces = traces.collect();
            ThreadStack { task, traces }
        })
        .collect()
}

impl ThreadStack {
    /// Innermost first, only frames that have a file. Of several samples, the
    /// first with a frame in a file whose path starts with `source`.
    pub(crate) fn frames(&self, source: &str) -> Vec<Frame> {
        let shows = |sample: &Vec<Frame>| sample.iter().any(|frame| frame.file.starts_with(source));
        let mut samples = self.traces.iter().map(|trace| frames(&trace.to_string()));
        match samples.next() {
            Some(first) if !shows(&first) => samples.find(shows).unwrap_or(first),
            first => first.unwrap_or_default(),
        }
    }
}

#[cfg(target_os = "linux")]
fn capture(task: &Task, limit: Duration) -> Option<Backtrace> {
    signal::ask(task, limit)
}

#[cfg(not(target_os = "linux"))]
fn capture(_task: &Task, _limit: Duration) -> Option<Backtrace> {
    None
}

/// Reads what [`Backtrace`] displays: `  3: function` and, below it,
/// `at file:line:column`.
fn frames(text: &str) -> Vec<Frame> {
    let mut frames = Vec::new();
    let mut function = "";
    for line in text.lines() {
        let line = line.trim_start();
        if let Some(place) = line.strip_prefix("at ") {
            let mut parts = place.rsplitn(3, ':');
            let at = parts.nth(1).and_then(|line| line.parse().ok());
            if let (Some(line), Some(file)) = (at, parts.next()) {
                frames.push(Frame {
                    function: function.to_owned(),
                    file: from_home(file),
                    line,
                });
            }
        } else if let Some((_, name)) = line.split_once(": ") {
            function = name;
        }
    }
    frames
}

/// The folder in which the check began, which is the one it was compiled in.
static HOME: OnceLock<PathBuf> = OnceLock::new();

/// Remembers the current folder, before the checked code can go to another.
pub(crate) fn remember_home() {
    if let Ok(folder) = std::env::current_dir() {
        let _ = HOME.set(folder);
    }
}

/// A file by its path from home. [`Backtrace`] writes paths from the current folder,
/// with `./` before them, wherever that is by now.
fn from_home(file: &str) -> String {
    let Some(below) = file.strip_prefix("./") else {
        return below_home(Path::new(file)).unwrap_or_else(|| file.to_owned());
    };
    let here = std::env::current_dir().ok();
    let absolute = here.map(|here| here.join(below));
    absolute
        .and_then(|file| below_home(&file))
        .unwrap_or_else(|| below.to_owned())
}

fn below_home(file: &Path) -> Option<String> {
    let below = file.strip_prefix(HOME.get()?).ok()?;
    Some(below.to_string_lossy().into_owned())
}

/// Names the wait by the library call that leads to it.
///
/// The frames between the innermost one and the first that is not a library's are
/// looked at from outside in: a channel's `recv` parks, and "an unpark" would be
/// true and useless.
pub(crate) fn waits_for(frames: &[Frame]) -> Option<&'static str> {
    if is_recording(frames) {
        return None;
    }
    let library: Vec<&Frame> = in_a_library(frames).collect();
    library
        .iter()
        .rev()
        .find_map(|frame| wait_of_call(&frame.function, &frame.file))
}

/// Whether the thread is about to write down what it does. If it sleeps there, it is for a
/// moment, and no wait of the checked code.
pub(crate) fn is_recording(frames: &[Frame]) -> bool {
    let part = in_a_library(frames).find_map(|frame| recorder(&frame.file));
    part == Some(Recorder::Books)
}

/// The innermost frames, as far as they are a library's.
fn in_a_library(frames: &[Frame]) -> impl Iterator<Item = &Frame> {
    // The signal handler is innermost, then come frames of the C library.
    let c = |frame: &&Frame| {
        [".c", ".h", ".S"]
            .iter()
            .any(|end| frame.file.ends_with(end))
    };
    let inner = frames.iter().skip(1).skip_while(c);
    inner.take_while(|frame| is_library(&frame.file))
}

/// The part of the façade's record that a frame is in.
#[derive(PartialEq, Eq)]
enum Recorder {
    /// The twin of a type of std's, in which a thread waits as in that type.
    Twin,
    /// What writes down who waits. Its lock is nobody's business, and held for a moment.
    Books,
}

fn recorder(file: &str) -> Option<Recorder> {
    let (_, part) = file.split_once("wt-sync/src/record/")?;
    let twin = ["sync", "channel", "thread"];
    let twin = twin.iter().any(|name| part.starts_with(name));
    Some(if twin {
        Recorder::Twin
    } else {
        Recorder::Books
    })
}

fn is_library(file: &str) -> bool {
    [
        "/rustc/",
        "/library/std/",
        "/crossbeam-channel-",
        "/flume-",
        "wt-core/src/",
        "wt-sync/src/",
    ]
    .iter()
    .any(|part| file.contains(part))
}

/// What a call into std or a channel library waits for. The file is reliable; of
/// the function only its own name is, because inlined frames have no path.
fn wait_of_call(function: &str, file: &str) -> Option<&'static str> {
    let call = |part: &str| own_name(function).contains(part);
    let file = |part: &str| file.contains(part);
    if file("/sync/barrier.rs") {
        Some("the others at a Barrier")
    } else if file("/condvar") {
        Some(if call("timeout") {
            "a Condvar, with a timeout"
        } else {
            "a Condvar to be notified"
        })
    } else if file("/mutex") {
        Some("a Mutex that another thread holds")
    } else if file("/rwlock") {
        Some(if call("write") {
            "a RwLock that others hold"
        } else {
            "a RwLock that a writer holds"
        })
    } else if file("/crossbeam-channel-")
        || file("/flume-")
        || file("/sync/mpsc")
        || file("/sync/mpmc")
    {
        channel_wait(own_name(function))
    } else if file("/thread/") && call("join") {
        Some("another thread to end")
    } else if file("/thread/scoped.rs") {
        Some("the scope's threads to end")
    } else if file("/thread/") && call("sleep") {
        Some("time to pass")
    } else if file("/thread/") && call("park") {
        Some("an unpark")
    } else {
        None
    }
}

fn channel_wait(call: &str) -> Option<&'static str> {
    if call.contains("recv") || call == "next" {
        Some("a message to receive")
    } else if call.contains("send") {
        Some("room in a channel, or a receiver")
    } else if call.contains("select") || call.contains("ready") {
        Some("one of several channels")
    } else {
        None
    }
}

/// `recv` of `std::sync::mpmc::Receiver<T>::recv`, of `recv<u8>` and of
/// `Channel::recv::{{closure}}`.
fn own_name(function: &str) -> &str {
    let path = function.split("::{").next().unwrap_or(function);
    let path = path.strip_suffix("::<T>").unwrap_or(path);
    let generic = |at: usize| path.as_bytes().get(at.wrapping_sub(1)) != Some(&b':');
    let end = path
        .char_indices()
        .find(|&(at, c)| c == '<' && at > 0 && generic(at) && !path[at..].contains(">::"));
    let path = end.map_or(path, |(at, _)| &path[..at]);
    path.rsplit("::").next().unwrap_or(path)
}

#[cfg(target_os = "linux")]
mod signal {
    use std::backtrace::Backtrace;
    use std::ptr;
    use std::sync::atomic::{AtomicI32, AtomicPtr, Ordering};
    use std::sync::{Mutex, Once, PoisonError};
    use std::time::Duration;

    use crate::tasks::{Task, Tid};

    /// The thread that is being asked; 0 when its answer no longer counts.
    static ASKED: AtomicI32 = AtomicI32::new(0);
    static ANSWER: AtomicPtr<Backtrace> = AtomicPtr::new(ptr::null_mut());

    pub(super) fn ask(task: &Task, limit: Duration) -> Option<Backtrace> {
        static INSTALL: Once = Once::new();
        static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
        let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        INSTALL.call_once(install);
        ASKED.store(task.tid, Ordering::SeqCst);
        let mut answer = ptr::null_mut();
        crate::wait::wait_until_for(limit, || {
            answer = ANSWER.swap(ptr::null_mut(), Ordering::SeqCst);
            if answer.is_null() {
                send(task.tid);
                std::thread::sleep(Duration::from_micros(300));
                answer = ANSWER.swap(ptr::null_mut(), Ordering::SeqCst);
            }
            !answer.is_null()
        });
        ASKED.store(0, Ordering::SeqCst);
        // SAFETY: a pointer that is not null came from `Box::into_raw` in the
        // handler, and the swap took it out, so this is its only owner.
        (!answer.is_null()).then(|| *unsafe { Box::from_raw(answer) })
    }

    fn install() {
        // SAFETY: an all-zero `sigaction` is a valid value; every field that
        // matters is set below, and the handler keeps to the rules stated there.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = handler as *const () as usize;
            // Interrupted waits start again as if nothing had happened.
            action.sa_flags = libc::SA_RESTART;
            libc::sigaction(libc::SIGUSR2, &raw const action, ptr::null_mut());
        }
    }

    fn send(tid: Tid) {
        // SAFETY: `tgkill` takes plain numbers; a thread that has ended is an
        // error that may be ignored.
        unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), tid, libc::SIGUSR2) };
    }

    /// Runs on the interrupted thread. It allocates only when that thread is not
    /// itself inside the allocator, and leaves `errno` as it found it.
    extern "C" fn handler(_signal: libc::c_int) {
        // SAFETY: `__errno_location` returns the calling thread's own `errno`.
        let errno = unsafe { *libc::__errno_location() };
        let tid = crate::tasks::current_tid();
        let mine = ASKED
            .compare_exchange(tid, -tid, Ordering::SeqCst, Ordering::SeqCst)
            .is_ok();
        if mine && crate::alloc::is_inside() {
            ASKED.store(tid, Ordering::SeqCst);
        } else if mine {
            let trace = Box::into_raw(Box::new(Backtrace::force_capture()));
            ANSWER.store(trace, Ordering::SeqCst);
        }
        // SAFETY: as above.
        unsafe { *libc::__errno_location() = errno };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_read_with_file_and_line() {
        let text = "   0: std::sync::Condvar::wait\n             at /rustc/abc/library/std/src/sync/condvar.rs:11:9\n   1: bounded_queue::BoundedQueue<T>::pop\n             at ./src/lib.rs:44:25\n";
        let frames = frames(text);
        assert_eq!(frames.len(), 2);
        let pop = &frames[1];
        assert_eq!((pop.file.as_str(), pop.line), ("src/lib.rs", 44));
        assert_eq!(pop.function, "bounded_queue::BoundedQueue<T>::pop");
    }

    #[test]
    fn a_thread_at_the_records_own_lock_does_not_wait() {
        let frame = |function: &str, file: &str| Frame {
            function: function.to_owned(),
            file: file.to_owned(),
            line: 1,
        };
        let stack = |part: &str| {
            vec![
                frame("handler", "crates/wt-check/src/stacks.rs"),
                frame(
                    "lock_contended",
                    "/rustc/abc/library/std/src/sys/sync/mutex/futex.rs",
                ),
                frame("lock", &format!("crates/wt-sync/src/record/{part}.rs")),
                frame("try_lock", "crates/wt-sync/src/record/sync/mutex.rs"),
                frame("total", "exercises/01-adder/src/lib.rs"),
            ]
        };
        assert_eq!(waits_for(&stack("state")), None);
        assert!(is_recording(&stack("state")) && !is_recording(&stack("sync/mutex")));
        assert_eq!(
            waits_for(&stack("sync/mutex")),
            Some("a Mutex that another thread holds")
        );
    }

    #[test]
    fn a_call_is_known_by_its_own_name() {
        assert_eq!(own_name("std::sync::mpmc::Receiver<T>::recv"), "recv");
        assert_eq!(own_name("recv<u8>"), "recv");
        assert_eq!(
            own_name("crossbeam_channel::channel::Sender<T>::send::{{closure}}"),
            "send"
        );
        assert_eq!(own_name("<std::thread::thread::Thread>::park"), "park");
    }
}

#[cfg(all(test, target_os = "linux"))]
mod on_linux {
    use super::*;
    use std::sync::{Arc, Barrier, Condvar, Mutex, RwLock, mpsc};
    use std::thread;
    use std::time::Duration;
    use wt_sync::channel;

    /// Starts `f`, which blocks for ever, and says what its stack says.
    fn wait_of(f: impl FnOnce() + Send + 'static) -> Option<&'static str> {
        let blocked = crate::spawn("blocked", f);
        assert_eq!(blocked.wait_asleep(), crate::Activity::Asleep);
        let task = crate::tasks::task(blocked.tid()).unwrap();
        waits_for(&frames(
            &capture(&task, Duration::from_secs(5)).unwrap().to_string(),
        ))
    }

    /// One test, because a process asks its threads one after another.
    #[test]
    fn each_kind_of_wait_is_named() {
        let held = Arc::new((Mutex::new(()), RwLock::new(())));
        let (other, _guard, _writer) = (Arc::clone(&held), held.0.lock(), held.1.write());
        assert_eq!(
            wait_of(move || drop(other.0.lock())),
            Some("a Mutex that another thread holds")
        );
        let other = Arc::clone(&held);
        assert_eq!(
            wait_of(move || drop(other.1.read())),
            Some("a RwLock that a writer holds")
        );
        let other = Arc::clone(&held);
        assert_eq!(
            wait_of(move || drop(other.1.write())),
            Some("a RwLock that others hold")
        );
        let pair = (Mutex::new(()), Condvar::new());
        let condvar = move || drop(pair.1.wait(pair.0.lock().unwrap()));
        assert_eq!(wait_of(condvar), Some("a Condvar to be notified"));
        let pair = (Mutex::new(()), Condvar::new());
        let while_ = move || drop(pair.1.wait_while(pair.0.lock().unwrap(), |()| true));
        assert_eq!(wait_of(while_), Some("a Condvar to be notified"));
        let barrier = Barrier::new(2);
        assert_eq!(
            wait_of(move || _ = barrier.wait()),
            Some("the others at a Barrier")
        );
        assert_eq!(
            wait_of(|| thread::sleep(Duration::from_secs(600))),
            Some("time to pass")
        );
        assert_eq!(wait_of(thread::park), Some("an unpark"));
        let join = || drop(thread::spawn(|| thread::sleep(Duration::from_secs(600))).join());
        assert_eq!(wait_of(join), Some("another thread to end"));
        let scope =
            || thread::scope(|scope| drop(scope.spawn(|| thread::sleep(Duration::from_secs(600)))));
        assert_eq!(wait_of(scope), Some("the scope's threads to end"));
    }

    #[test]
    fn each_kind_of_channel_wait_is_named() {
        let (tx, rx) = channel::bounded(0);
        let kept = rx.clone();
        assert_eq!(
            wait_of(move || _ = tx.send(1)),
            Some("room in a channel, or a receiver")
        );
        drop(kept);
        let (_tx, receiver) = channel::unbounded::<u8>();
        assert_eq!(
            wait_of(move || _ = receiver.recv()),
            Some("a message to receive")
        );
        let (_tx, receiver) = mpsc::channel::<u8>();
        assert_eq!(
            wait_of(move || receiver.into_iter().for_each(drop)),
            Some("a message to receive")
        );
        let (tx, _rx) = mpsc::sync_channel(0);
        assert_eq!(
            wait_of(move || _ = tx.send(1)),
            Some("room in a channel, or a receiver")
        );
        drop(rx);
    }
}
