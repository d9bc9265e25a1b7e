//! Lesson 16: a picture service with four leaks. The brief is in `README.md`.

use std::collections::HashMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use wt_core::channel::{self, Receiver, Sender};
use wt_core::sync::{Arc, Condvar, Mutex, MutexGuard};
use wt_core::thread::{self, JoinHandle};

/// Makes pictures on worker threads. Sessions ask for them, subscribers hear of each,
/// and a journal gets a line for each.
///
/// Dropping the service makes what was asked for, and should leave nothing behind.
pub struct Service {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
}

struct Shared {
    /// `None` once the service is gone.
    jobs: Mutex<Option<Sender<Job>>>,
    journal: Journal,
    subscribers: Mutex<Vec<Sender<u64>>>,
    sessions: Mutex<Vec<Arc<Session>>>,
    /// Who waits for which request.
    waiting: Mutex<Waiting>,
}

/// What a worker gets: the number of the request, and which picture.
type Job = (u64, u64);

#[derive(Default)]
struct Waiting {
    requests: u64,
    answers: HashMap<u64, Sender<Vec<u8>>>,
}

/// Lines on their way to the journal's writer.
#[derive(Default)]
struct Journal {
    state: Mutex<Lines>,
    changed: Condvar,
}

#[derive(Default)]
struct Lines {
    waiting: Vec<String>,
}

/// Somebody who asks for pictures.
pub struct Session {
    name: String,
    /// Work space, so that a forgotten session is not overlooked.
    _canvas: Vec<u8>,
    shared: Arc<Shared>,
}

/// A picture that will come.
#[must_use = "the picture is lost if nobody waits for it"]
pub struct Ticket {
    answer: Receiver<Vec<u8>>,
}

/// The error of [`Session::request`]: the service has been dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

impl Service {
    /// Starts `workers` threads that make pictures with `render`, and one that gives
    /// the journal's lines to `write`.
    pub fn start(
        workers: usize,
        render: impl Fn(u64) -> Vec<u8> + Send + Sync + 'static,
        mut write: impl FnMut(String) + Send + 'static,
    ) -> Self {
        let (tx, rx) = channel::unbounded();
        let shared = Arc::new(Shared {
            jobs: Mutex::new(Some(tx)),
            journal: Journal::default(),
            subscribers: Mutex::default(),
            sessions: Mutex::default(),
            waiting: Mutex::default(),
        });
        let render = Arc::new(render);
        let start = |_| {
            let (shared, render, rx) = (Arc::clone(&shared), Arc::clone(&render), rx.clone());
            thread::spawn(move || rx.into_iter().for_each(|job| shared.make(job, &*render)))
        };
        let workers = (0..workers).map(start).collect();
        let journal = Arc::clone(&shared);
        thread::spawn(move || {
            loop {
                let lines = journal.journal.next();
                lines.into_iter().for_each(&mut write);
            }
        });
        Self { shared, workers }
    }

    /// Begins a session, which ends when its last owner drops it.
    pub fn open(&self, name: &str) -> Arc<Session> {
        let session = Arc::new(Session {
            name: name.to_owned(),
            _canvas: vec![0; 64 << 10],
            shared: Arc::clone(&self.shared),
        });
        let mut sessions = lock(&self.shared.sessions);
        sessions.push(Arc::clone(&session));
        session
    }

    /// The names of the sessions that are open, in the order in which they were opened.
    pub fn sessions(&self) -> Vec<String> {
        let sessions = lock(&self.shared.sessions);
        sessions
            .iter()
            .map(|session| session.name.clone())
            .collect()
    }

    /// The number of each picture that is made from now on, until the service is gone.
    pub fn events(&self) -> Receiver<u64> {
        let (tx, rx) = channel::unbounded();
        lock(&self.shared.subscribers).push(tx);
        rx
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // No more jobs: the workers make what is queued, and end.
        lock(&self.shared.jobs).take();
        for worker in self.workers.drain(..) {
            let _ = worker.join();
        }
    }
}

impl Session {
    /// Asks for picture `picture`.
    ///
    /// # Errors
    ///
    /// [`Closed`] if the service has been dropped.
    pub fn request(&self, picture: u64) -> Result<Ticket, Closed> {
        let jobs = lock(&self.shared.jobs);
        let jobs = jobs.as_ref().ok_or(Closed)?;
        let (tx, answer) = channel::bounded(1);
        let mut waiting = lock(&self.shared.waiting);
        waiting.requests += 1;
        let request = waiting.requests;
        waiting.answers.insert(request, tx);
        drop(waiting);
        let _ = jobs.send((request, picture)); // the workers stay as long as the sender
        let line = format!("{} asked for picture {picture}", self.name);
        self.shared.journal.add(line);
        Ok(Ticket { answer })
    }
}

impl Ticket {
    /// The picture; `None` if making it has failed.
    pub fn wait(self) -> Option<Vec<u8>> {
        self.answer.recv().ok()
    }
}

impl Shared {
    /// Makes one picture, answers, and tells everybody.
    fn make(&self, (request, picture): Job, render: &impl Fn(u64) -> Vec<u8>) {
        let answer = lock(&self.waiting).answers.get(&request).cloned();
        let Ok(pixels) = catch_unwind(AssertUnwindSafe(|| render(picture))) else {
            self.journal.add(format!("picture {picture} has failed"));
            return;
        };
        self.journal.add(format!("picture {picture} was made"));
        lock(&self.subscribers).retain(|subscriber| subscriber.send(picture).is_ok());
        if let Some(answer) = answer {
            let _ = answer.send(pixels); // nobody may be waiting any more
        }
    }
}

impl Journal {
    fn add(&self, line: String) {
        lock(&self.state).waiting.push(line);
        self.changed.notify_one();
    }

    /// Waits for lines, and takes them.
    fn next(&self) -> Vec<String> {
        let mut state = lock(&self.state);
        while state.waiting.is_empty() {
            state = self.changed.wait(state).expect(UNPOISONED);
        }
        std::mem::take(&mut state.waiting)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect(UNPOISONED)
}

const UNPOISONED: &str = "nothing panics under this lock";

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the service has been dropped")
    }
}

impl std::error::Error for Closed {}
