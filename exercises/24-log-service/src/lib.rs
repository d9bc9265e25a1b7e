//! Lesson 24: a log service. The brief is in `README.md`.

use std::error::Error;
use std::fmt;
use std::ops::AddAssign;
use std::path::{Path, PathBuf};

use wt_core::channel::{Receiver, Sender, bounded};
use wt_core::limits::Budget;
use wt_core::pool::Pool;
use wt_core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use wt_core::sync::{Arc, Mutex, MutexGuard};
use wt_core::thread::{self, JoinHandle};

/// The level of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// `ERROR`
    Error,
    /// `WARN`
    Warn,
    /// `INFO`
    Info,
    /// `DEBUG`
    Debug,
}

/// How large the service is.
#[derive(Debug, Clone, Copy)]
pub struct Config {
    /// Threads that count.
    pub workers: usize,
    /// Files that may wait.
    pub queue: usize,
    /// About how many bytes are counted at a time, cut at line ends.
    pub piece: usize,
    /// How many bytes may be with the workers, or wait for one. A piece that is larger is
    /// counted alone.
    pub in_flight: usize,
}

/// What is known of a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    /// Lines with a level: errors, warnings, infos, debugs.
    pub levels: [u64; 4],
    /// Lines without a level.
    pub bad: u64,
    /// Bytes of pieces that nobody knows anything of, because counting them panicked.
    pub lost: u64,
}

/// Why there is no report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoReport {
    /// The file could not be opened; the system's reason.
    Unreadable(String),
    /// The service was stopped before the file's turn came: here it is again.
    HandedBack(PathBuf),
}

/// How the service is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Health {
    /// Files that wait.
    pub waiting: usize,
    /// Bytes that are with the workers, or wait for one.
    pub in_flight: usize,
    /// Files that have got a report.
    pub done: usize,
    /// Pieces whose counting panicked.
    pub panics: usize,
}

/// The service takes no more files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stopped(pub PathBuf);

/// A file that was submitted.
#[derive(Debug)]
pub struct Ticket {
    report: Receiver<Result<Report, NoReport>>,
}

/// A file that waits.
struct Order {
    path: PathBuf,
    reply: Sender<Result<Report, NoReport>>,
}

/// Finds the level of a line.
type Parse = dyn Fn(&[u8]) -> Option<Level> + Send + Sync;

/// Counts the levels of log files.
///
/// A reader takes one file after the other, cuts it at line ends, and gives the pieces to
/// a pool. All of it is bounded: the files that wait, and the bytes that are under way.
pub struct Service {
    orders: Mutex<Option<Sender<Order>>>,
    reader: Mutex<Option<JoinHandle<()>>>,
    shared: Arc<Shared>,
}

struct Shared {
    config: Config,
    parse: Box<Parse>,
    pool: Pool,
    budget: Budget,
    stopping: AtomicBool,
    waiting: AtomicUsize,
    done: AtomicUsize,
    panics: AtomicUsize,
}

impl Service {
    /// Starts the threads. `parse` finds the level of a line, which comes without its line end.
    ///
    /// # Panics
    ///
    /// Panics if a number in `config` is 0, or if the system cannot start a thread.
    pub fn start(
        config: Config,
        parse: impl Fn(&[u8]) -> Option<Level> + Send + Sync + 'static,
    ) -> Self {
        let sizes = [config.workers, config.queue, config.piece, config.in_flight];
        assert!(!sizes.contains(&0), "a number in {config:?} is 0");
        let shared = Arc::new(Shared {
            config,
            parse: Box::new(parse),
            pool: Pool::new(config.workers).expect("threads start"),
            budget: Budget::new(config.in_flight),
            stopping: AtomicBool::new(false),
            waiting: AtomicUsize::new(0),
            done: AtomicUsize::new(0),
            panics: AtomicUsize::new(0),
        });
        let (orders, queue) = bounded::<Order>(config.queue);
        let own = Arc::clone(&shared);
        let reader = thread::Builder::new().name("reader".into());
        let reader = reader.spawn(move || own.serve(&queue));
        Self {
            orders: Mutex::new(Some(orders)),
            reader: Mutex::new(Some(reader.expect("a thread starts"))),
            shared,
        }
    }

    /// Hands a file in. Waits while the queue is full.
    ///
    /// # Errors
    ///
    /// [`Stopped`] gives the path back once the service has been stopped.
    pub fn submit(&self, path: impl Into<PathBuf>) -> Result<Ticket, Stopped> {
        let path = path.into();
        // A clone, so that nobody waits for room with the lock in hand.
        let Some(orders) = self.orders().clone() else {
            return Err(Stopped(path));
        };
        let (reply, report) = bounded(1);
        self.shared.waiting.fetch_add(1, Ordering::SeqCst);
        match orders.send(Order { path, reply }) {
            Ok(()) => Ok(Ticket { report }),
            Err(refused) => {
                self.shared.waiting.fetch_sub(1, Ordering::SeqCst);
                Err(Stopped(refused.into_inner().path))
            }
        }
    }

    /// How the service is, at once, however busy it is.
    pub fn health(&self) -> Health {
        Health {
            waiting: self.shared.waiting.load(Ordering::SeqCst),
            in_flight: self.shared.budget.stats().in_use,
            done: self.shared.done.load(Ordering::SeqCst),
            panics: self.shared.panics.load(Ordering::SeqCst),
        }
    }

    /// Stops the service: no more files; the one that was begun is counted to its end, those
    /// that wait are handed back through their tickets. Waits for the end of all threads.
    ///
    /// # Panics
    ///
    /// Panics if the reader has panicked.
    pub fn stop(&self) {
        let _ = (self.orders(), self.reader(), &self.shared.stopping);
        todo!("let nothing in, let the reader come to its end, and then the workers")
    }

    fn orders(&self) -> MutexGuard<'_, Option<Sender<Order>>> {
        self.orders.lock().expect(UNPOISONED)
    }

    fn reader(&self) -> MutexGuard<'_, Option<JoinHandle<()>>> {
        self.reader.lock().expect(UNPOISONED)
    }
}

/// Why the locks are never poisoned.
const UNPOISONED: &str = "nothing panics under this lock";

impl Drop for Service {
    /// Stops it, unless a panic is on its way.
    fn drop(&mut self) {
        if !thread::panicking() {
            self.stop();
        }
    }
}

impl Shared {
    /// The life of the reader.
    fn serve(self: &Arc<Self>, orders: &Receiver<Order>) {
        for Order { path, reply } in orders {
            self.waiting.fetch_sub(1, Ordering::SeqCst);
            // Is that right once the service is being stopped?
            let answer = self.read(&path);
            if answer.is_ok() {
                self.done.fetch_add(1, Ordering::SeqCst);
            }
            // Whoever has dropped the ticket does not want the report.
            let _ = reply.send(answer);
        }
    }

    /// Cuts the file, has the pieces counted, and adds up what comes back.
    fn read(self: &Arc<Self>, path: &Path) -> Result<Report, NoReport> {
        let _ = (path, self.config.piece, &self.pool, Self::count);
        todo!("map the file, have its pieces counted within the budget, and add up what comes back")
    }

    /// Counts the lines of a piece.
    fn count(&self, text: &[u8]) -> Report {
        let _ = (text, &self.parse);
        todo!("find the level of each line")
    }
}

impl Level {
    /// The level of a line such as `10:15:00 WARN the disk is slow`: its second word.
    pub fn of(line: &[u8]) -> Option<Self> {
        match line.split(|byte| *byte == b' ').nth(1)? {
            b"ERROR" => Some(Self::Error),
            b"WARN" => Some(Self::Warn),
            b"INFO" => Some(Self::Info),
            b"DEBUG" => Some(Self::Debug),
            _ => None,
        }
    }
}

impl AddAssign for Report {
    fn add_assign(&mut self, other: Self) {
        for (sum, level) in self.levels.iter_mut().zip(other.levels) {
            *sum += level;
        }
        self.bad += other.bad;
        self.lost += other.lost;
    }
}

impl Ticket {
    /// Waits for the report.
    ///
    /// # Errors
    ///
    /// [`NoReport`] says why there is none.
    ///
    /// # Panics
    ///
    /// Panics if the service has lost the file.
    pub fn wait(self) -> Result<Report, NoReport> {
        self.report
            .recv()
            .expect("every file is answered, also when the service stops")
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [errors, warnings, infos, debugs] = self.levels;
        write!(
            f,
            "{errors} errors, {warnings} warnings, {infos} infos, {debugs} debugs, {} bad lines, {} bytes lost",
            self.bad, self.lost
        )
    }
}

impl fmt::Display for NoReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(why) => f.write_str(why),
            Self::HandedBack(path) => write!(f, "{} was not begun", path.display()),
        }
    }
}

impl Error for NoReport {}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the service takes no more files, nor {}",
            self.0.display()
        )
    }
}

impl Error for Stopped {}
