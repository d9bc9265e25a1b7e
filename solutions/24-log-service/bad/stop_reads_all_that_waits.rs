//! Must fail: stop_hands_back_what_waits (wrong)
//! Hint: After `stop` the service reads every file that waited. How long may a stop take, and who decides that?
//!
//! The mistake: it drains. For a queue of jobs that is right; here a file may take an hour.

use std::error::Error;
use std::fmt;
use std::ops::AddAssign;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use wt_core::buffer::Mapping;
use wt_core::channel::{Receiver, Sender, bounded, unbounded};
use wt_core::limits::Budget;
use wt_core::pool::Pool;
use wt_core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use wt_core::sync::{Arc, Mutex, MutexGuard};
use wt_core::thread::{self, JoinHandle};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Error,
    Warn,
    Info,
    Debug,
}

#[derive(Debug, Clone, Copy)]
pub struct Config {
    pub workers: usize,
    pub queue: usize,
    pub piece: usize,
    pub in_flight: usize,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    pub levels: [u64; 4],
    pub bad: u64,
    pub lost: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoReport {
    Unreadable(String),
    HandedBack(PathBuf),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Health {
    pub waiting: usize,
    pub in_flight: usize,
    pub done: usize,
    pub panics: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stopped(pub PathBuf);

#[derive(Debug)]
pub struct Ticket {
    report: Receiver<Result<Report, NoReport>>,
}

struct Order {
    path: PathBuf,
    reply: Sender<Result<Report, NoReport>>,
}

type Parse = dyn Fn(&[u8]) -> Option<Level> + Send + Sync;

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

    pub fn health(&self) -> Health {
        Health {
            waiting: self.shared.waiting.load(Ordering::SeqCst),
            in_flight: self.shared.budget.stats().in_use,
            done: self.shared.done.load(Ordering::SeqCst),
            panics: self.shared.panics.load(Ordering::SeqCst),
        }
    }

    pub fn stop(&self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        drop(self.orders().take());
        let reader = self.reader().take();
        if let Some(reader) = reader {
            reader.join().expect("the reader does not panic");
        }
        self.shared.pool.shutdown();
    }

    fn orders(&self) -> MutexGuard<'_, Option<Sender<Order>>> {
        self.orders.lock().expect(UNPOISONED)
    }

    fn reader(&self) -> MutexGuard<'_, Option<JoinHandle<()>>> {
        self.reader.lock().expect(UNPOISONED)
    }
}

const UNPOISONED: &str = "nothing panics under this lock";

impl Drop for Service {
    fn drop(&mut self) {
        if !thread::panicking() {
            self.stop();
        }
    }
}

impl Shared {
    fn serve(self: &Arc<Self>, orders: &Receiver<Order>) {
        for Order { path, reply } in orders {
            self.waiting.fetch_sub(1, Ordering::SeqCst);
            let answer = self.read(&path);
            if answer.is_ok() {
                self.done.fetch_add(1, Ordering::SeqCst);
            }
            // Whoever has dropped the ticket does not want the report.
            let _ = reply.send(answer);
        }
    }

    fn read(self: &Arc<Self>, path: &Path) -> Result<Report, NoReport> {
        let file = Mapping::open(path).map_err(|error| NoReport::Unreadable(error.to_string()))?;
        let (sender, counted) = unbounded();
        for piece in file.split_lines(file.len().div_ceil(self.config.piece).max(1)) {
            let bytes = piece.len().min(self.config.in_flight);
            let permit = self.budget.acquire(bytes).expect("it fits the budget");
            let (own, sender) = (Arc::clone(self), sender.clone());
            let job = move || {
                let count = || own.count(&piece);
                let report = catch_unwind(AssertUnwindSafe(count)).unwrap_or_else(|_| {
                    own.panics.fetch_add(1, Ordering::SeqCst);
                    Report {
                        lost: piece.len() as u64,
                        ..Report::default()
                    }
                });
                // The bytes are free before anybody hears of the result.
                drop((piece, permit));
                let _ = sender.send(report);
            };
            (self.pool.submit_detached(job)).expect("the pool is open");
        }
        drop(sender);
        let mut report = Report::default();
        counted.iter().for_each(|part| report += part);
        Ok(report)
    }

    fn count(&self, text: &[u8]) -> Report {
        let mut report = Report::default();
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            match (self.parse)(line) {
                Some(level) => report.levels[level as usize] += 1,
                None => report.bad += 1,
            }
        }
        report
    }
}

impl Level {
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
