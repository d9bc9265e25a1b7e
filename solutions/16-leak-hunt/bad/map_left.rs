//! Must fail: answered_requests_leave_nothing (wrong), unwanted_answers_leave_nothing (wrong), failed_requests_leave_nothing (wrong), a_failed_request_is_told (wrong)
//! Hint: Your map still has an entry for each request that was ever answered. Which line could be the last one that needs it?
//!
//! The mistake: the answer's sender is copied out of the map, and the entry stays.

use std::collections::HashMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use wt_core::channel::{self, Receiver, Sender};
use wt_core::sync::{Arc, Condvar, Mutex, MutexGuard, Weak};
use wt_core::thread::{self, JoinHandle};

pub struct Service {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
    writer: Option<JoinHandle<()>>,
}

struct Shared {
    jobs: Mutex<Option<Sender<Job>>>,
    journal: Journal,
    subscribers: Mutex<Vec<Sender<u64>>>,
    sessions: Mutex<Vec<Weak<Session>>>,
    waiting: Mutex<Waiting>,
}

type Job = (u64, u64);

#[derive(Default)]
struct Waiting {
    requests: u64,
    answers: HashMap<u64, Sender<Vec<u8>>>,
}

#[derive(Default)]
struct Journal {
    state: Mutex<Lines>,
    changed: Condvar,
}

#[derive(Default)]
struct Lines {
    waiting: Vec<String>,
    closed: bool,
}

pub struct Session {
    name: String,
    _canvas: Vec<u8>,
    shared: Arc<Shared>,
}

#[must_use = "the picture is lost if nobody waits for it"]
pub struct Ticket {
    answer: Receiver<Vec<u8>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

impl Service {
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
        let writer = thread::spawn(move || {
            while let Some(lines) = journal.journal.next() {
                lines.into_iter().for_each(&mut write);
            }
        });
        Self {
            shared,
            workers,
            writer: Some(writer),
        }
    }

    pub fn open(&self, name: &str) -> Arc<Session> {
        let session = Arc::new(Session {
            name: name.to_owned(),
            _canvas: vec![0; 64 << 10],
            shared: Arc::clone(&self.shared),
        });
        let mut sessions = lock(&self.shared.sessions);
        sessions.retain(|session| session.strong_count() > 0);
        sessions.push(Arc::downgrade(&session));
        session
    }

    pub fn sessions(&self) -> Vec<String> {
        let sessions = lock(&self.shared.sessions);
        let open = sessions.iter().filter_map(Weak::upgrade);
        open.map(|session| session.name.clone()).collect()
    }

    pub fn events(&self) -> Receiver<u64> {
        let (tx, rx) = channel::unbounded();
        lock(&self.shared.subscribers).push(tx);
        rx
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        lock(&self.shared.jobs).take();
        for worker in self.workers.drain(..) {
            let _ = worker.join();
        }
        self.shared.journal.close();
        let _ = self.writer.take().map(JoinHandle::join);
        lock(&self.shared.subscribers).clear();
    }
}

impl Session {
    pub fn request(&self, picture: u64) -> Result<Ticket, Closed> {
        let jobs = lock(&self.shared.jobs);
        let jobs = jobs.as_ref().ok_or(Closed)?;
        let (tx, answer) = channel::bounded(1);
        let mut waiting = lock(&self.shared.waiting);
        waiting.requests += 1;
        let request = waiting.requests;
        waiting.answers.insert(request, tx);
        drop(waiting);
        let _ = jobs.send((request, picture));
        let line = format!("{} asked for picture {picture}", self.name);
        self.shared.journal.add(line);
        Ok(Ticket { answer })
    }
}

impl Ticket {
    pub fn wait(self) -> Option<Vec<u8>> {
        self.answer.recv().ok()
    }
}

impl Shared {
    fn make(&self, (request, picture): Job, render: &impl Fn(u64) -> Vec<u8>) {
        let answer = lock(&self.waiting).answers.get(&request).cloned();
        let Ok(pixels) = catch_unwind(AssertUnwindSafe(|| render(picture))) else {
            self.journal.add(format!("picture {picture} has failed"));
            return;
        };
        self.journal.add(format!("picture {picture} was made"));
        lock(&self.subscribers).retain(|subscriber| subscriber.send(picture).is_ok());
        if let Some(answer) = answer {
            let _ = answer.send(pixels);
        }
    }
}

impl Journal {
    fn add(&self, line: String) {
        lock(&self.state).waiting.push(line);
        self.changed.notify_one();
    }

    fn next(&self) -> Option<Vec<String>> {
        let mut state = lock(&self.state);
        while state.waiting.is_empty() {
            if state.closed {
                return None;
            }
            state = self.changed.wait(state).expect(UNPOISONED);
        }
        Some(std::mem::take(&mut state.waiting))
    }

    fn close(&self) {
        lock(&self.state).closed = true;
        self.changed.notify_all();
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
