//! A thread of the check itself, whose state the check can ask for.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::panics;
use crate::tasks::{self, Task, Tid};
use crate::wait::{patience, wait_until};

static OWN: Mutex<BTreeSet<Tid>> = Mutex::new(BTreeSet::new());

/// The thread that watches over the check; 0 while there is none.
static WATCHDOG: AtomicI32 = AtomicI32::new(0);

/// Says that the calling thread looks at the others all the time, and never wakes one.
///
/// On a machine with more to do than it can, such a thread waits for a processor at
/// almost every look, and would make each sleeper seem to be in company.
pub(crate) fn i_only_watch() {
    WATCHDOG.store(tasks::current_tid(), Ordering::Release);
}

/// The kernel's numbers of all watched threads.
pub(crate) fn tids() -> BTreeSet<Tid> {
    OWN.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Starts a thread that belongs to the check.
///
/// `name` appears in a hang report; the kernel keeps its first 15 bytes.
///
/// # Panics
///
/// Panics if the thread cannot be started.
///
/// # Examples
///
/// ```
/// use wt_check::Activity;
///
/// let (tx, rx) = std::sync::mpsc::channel();
/// let reader = wt_check::spawn("reader", move || rx.recv());
/// assert_eq!(reader.wait_asleep(), Activity::Asleep);
/// tx.send(7).unwrap();
/// assert_eq!(reader.join_soon().unwrap(), Ok(7));
/// ```
pub fn spawn<T: Send + 'static>(name: &str, f: impl FnOnce() -> T + Send + 'static) -> Watched<T> {
    #[cfg(feature = "explore")]
    crate::explored::refuse("`wt_check::spawn`");
    let tid = Arc::new(AtomicI32::new(0));
    let announced = Arc::clone(&tid);
    let body = move || {
        let me = tasks::current_tid();
        OWN.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(me);
        announced.store(me, Ordering::Release);
        f()
    };
    let thread = thread::Builder::new().name(name.to_owned()).spawn(body);
    Watched {
        thread: thread.expect("a check's thread starts"),
        tid,
    }
}

/// A running thread of the check; made by [`spawn`]. Dropping it detaches the
/// thread.
#[derive(Debug)]
pub struct Watched<T> {
    thread: JoinHandle<T>,
    /// 0 until the thread has said its number.
    tid: Arc<AtomicI32>,
}

/// What a [`Watched`] thread is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// Blocked in the kernel: it waits and uses no processor.
    Asleep,
    /// Its function has returned or panicked.
    Finished,
    /// Neither, even after [`patience`]: it spins or polls.
    Running,
}

/// Why [`Watched::join_soon`] has no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unjoined {
    /// It had not finished after [`patience`].
    StillRunning,
    /// It panicked, with this message.
    Panicked(String),
}

impl<T> Watched<T> {
    /// Waits until the thread sleeps or has finished, and says which; after
    /// [`patience`] it is [`Activity::Running`].
    ///
    /// A thread counts as asleep when it did not run at all over several looks
    /// while no other thread of the process was running either, so a short wait
    /// for a lock is not mistaken for a long one. Outside Linux, where the kernel
    /// does not tell, a thread that has not finished after 50 ms counts as asleep.
    #[must_use]
    pub fn wait_asleep(&self) -> Activity {
        if !tasks::available() {
            thread::sleep(Duration::from_millis(50));
            return if self.is_finished() {
                Activity::Finished
            } else {
                Activity::Asleep
            };
        }
        let mut settled = Settled::new();
        let mut activity = Activity::Running;
        wait_until(|| {
            if self.is_finished() {
                activity = Activity::Finished;
            } else if settled.look(self.tid.load(Ordering::Acquire)) {
                activity = Activity::Asleep;
            }
            activity != Activity::Running
        });
        activity
    }

    #[cfg(all(test, target_os = "linux"))]
    pub(crate) fn tid(&self) -> Tid {
        self.tid.load(Ordering::Acquire)
    }

    /// Whether the thread's function has returned or panicked.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.thread.is_finished()
    }

    /// The thread's result, waiting at most [`patience`] for it.
    ///
    /// # Errors
    ///
    /// [`Unjoined`] says whether it still runs or has panicked. A thread that
    /// still runs is left alone.
    pub fn join_soon(self) -> Result<T, Unjoined> {
        if !wait_until(|| self.thread.is_finished()) {
            return Err(Unjoined::StillRunning);
        }
        self.thread.join().map_err(|payload| {
            let message = panics::message(&*payload);
            // A payload may panic when it is dropped.
            std::mem::forget(payload);
            Unjoined::Panicked(message)
        })
    }

    /// The thread's result, or [`Unjoined::StillRunning`] as soon as it sleeps while
    /// nothing is left to wake it.
    ///
    /// Unlike [`join_soon`](Self::join_soon) it does not wait for [`patience`] to be over,
    /// so use it where all that could wake the thread is in this process.
    ///
    /// # Errors
    ///
    /// As [`join_soon`](Self::join_soon).
    pub fn join_settled(self) -> Result<T, Unjoined> {
        match self.wait_asleep() {
            Activity::Asleep => Err(Unjoined::StillRunning),
            Activity::Finished | Activity::Running => self.join_soon(),
        }
    }
}

impl fmt::Display for Unjoined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StillRunning => write!(f, "it was still waiting after {:?}", patience()),
            Self::Panicked(message) => write!(f, "it panicked: {message}"),
        }
    }
}

impl std::error::Error for Unjoined {}

/// Tells a thread that has gone to sleep from one that is between two steps.
struct Settled {
    last: Option<Task>,
    still: u32,
    alone: u32,
    looked: Instant,
}

impl Settled {
    /// Looks in which it must not have run, 2 ms apart.
    const LOOKS: u32 = 5;
    /// The same when other threads keep running, so that nobody can rule out that
    /// one of them is about to wake it.
    const LOOKS_IN_COMPANY: u32 = 100;

    fn new() -> Self {
        Self {
            last: None,
            still: 0,
            alone: 0,
            looked: Instant::now(),
        }
    }

    fn look(&mut self, tid: Tid) -> bool {
        if tid == 0 || self.looked.elapsed() < Duration::from_millis(2) {
            return false;
        }
        self.looked = Instant::now();
        let now = tasks::task(tid);
        let unmoved = now.as_ref().is_some_and(|task| task.asleep) && now == self.last;
        self.still = if unmoved { self.still + 1 } else { 0 };
        self.alone = if unmoved && others_sleep(tid) {
            self.alone + 1
        } else {
            0
        };
        self.last = now;
        self.alone >= Self::LOOKS || self.still >= Self::LOOKS_IN_COMPANY
    }
}

/// Waits until every other thread of the process sleeps or has ended, so that nothing
/// more happens by itself, and says whether that came about within [`patience`].
///
/// It looks several times in a row, 2 ms apart, and no thread must have run between. A
/// thread that spins or polls prevents it. Outside Linux, where the kernel does not
/// tell, it waits 50 ms and says yes.
///
/// # Examples
///
/// ```
/// let (tx, rx) = std::sync::mpsc::channel::<u8>();
/// let reader = wt_check::spawn("reader", move || rx.iter().count());
/// tx.send(1).unwrap();
/// assert!(wt_check::settle());
/// assert!(!reader.is_finished(), "it waits for more");
/// ```
pub fn settle() -> bool {
    if !tasks::available() {
        thread::sleep(Duration::from_millis(50));
        return true;
    }
    let bystanders = [tasks::current_tid(), WATCHDOG.load(Ordering::Acquire)];
    let deadline = Instant::now() + patience();
    let (mut last, mut still, mut looks) = (Vec::new(), 0, 0);
    // On a crowded machine patience may be over after a handful of looks.
    while still < Settled::LOOKS && (looks < 25 || Instant::now() < deadline) {
        thread::sleep(Duration::from_millis(2));
        looks += 1;
        let mut now = tasks::all();
        now.retain(|task| !bystanders.contains(&task.tid));
        now.sort_by_key(|task| task.tid);
        let unmoved = now == last && now.iter().all(|task| task.asleep);
        still = if unmoved { still + 1 } else { 0 };
        last = now;
    }
    still >= Settled::LOOKS
}

/// Whether every thread sleeps that could be about to wake `tid`.
fn others_sleep(tid: Tid) -> bool {
    let bystanders = [tid, tasks::current_tid(), WATCHDOG.load(Ordering::Acquire)];
    tasks::all()
        .iter()
        .all(|task| task.asleep || bystanders.contains(&task.tid))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicBool;

    #[test]
    fn a_thread_that_spins_is_running() {
        let stop = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&stop);
        let spinner = spawn("spinner", move || {
            while !seen.load(Ordering::Relaxed) {
                std::hint::spin_loop();
            }
        });
        assert_eq!(spinner.wait_asleep(), Activity::Running);
        stop.store(true, Ordering::Relaxed);
        assert_eq!(spinner.join_soon(), Ok(()));
    }

    #[test]
    fn a_panic_is_told_with_its_message() {
        let failed = spawn("failing", || panic!("no {}", "luck"));
        assert_eq!(
            failed.join_soon(),
            Err::<(), _>(Unjoined::Panicked("no luck".into()))
        );
    }

    #[test]
    fn a_thread_that_waits_is_not_joined() {
        let (tx, rx) = std::sync::mpsc::channel::<()>();
        let waiting = spawn("waiting", move || rx.recv().is_ok());
        assert_eq!(waiting.wait_asleep(), Activity::Asleep);
        assert_eq!(waiting.join_soon(), Err(Unjoined::StillRunning));
        drop(tx);
    }

    #[test]
    fn a_thread_that_sleeps_for_good_is_not_waited_for() {
        let (tx, rx) = std::sync::mpsc::channel::<()>();
        let waiting = spawn("waiting", move || rx.recv().is_ok());
        assert_eq!(waiting.join_settled(), Err(Unjoined::StillRunning));
        drop(tx);
        let busy = spawn("busy", || (0..1000).map(|n: u64| n * n).sum::<u64>());
        assert!(busy.join_settled().is_ok());
    }
}
