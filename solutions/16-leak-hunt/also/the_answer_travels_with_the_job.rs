//! Also right: no map, as the job carries the answer's sender; no list of owners, as a
//! session takes its own name off the list; and the journal is a channel that ends with
//! its last sender.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use wt_core::channel::{self, Receiver, Sender};
use wt_core::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wt_core::thread::{self, JoinHandle};

pub struct Service {
    open: Arc<Mutex<Option<Open>>>,
    subscribers: Arc<Mutex<Vec<Sender<u64>>>>,
    names: Arc<Mutex<Names>>,
    threads: Vec<JoinHandle<()>>,
}

/// What the service needs to take requests. It is dropped as a whole.
struct Open {
    jobs: Sender<(u64, Sender<Vec<u8>>)>,
    journal: Sender<String>,
}

#[derive(Default)]
struct Names {
    next: u64,
    open: BTreeMap<u64, String>,
}

pub struct Session {
    number: u64,
    name: String,
    _canvas: Vec<u8>,
    names: Arc<Mutex<Names>>,
    service: Arc<Mutex<Option<Open>>>,
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
        write: impl FnMut(String) + Send + 'static,
    ) -> Self {
        let (jobs, queue) = channel::unbounded();
        let (journal, lines) = channel::unbounded();
        let subscribers = Arc::<Mutex<Vec<Sender<u64>>>>::default();
        let render = Arc::new(render);
        let mut threads = vec![thread::spawn(move || lines.into_iter().for_each(write))];
        for _ in 0..workers {
            let (queue, journal): (Receiver<(u64, Sender<Vec<u8>>)>, _) =
                (queue.clone(), Sender::clone(&journal));
            let (render, subscribers) = (Arc::clone(&render), Arc::clone(&subscribers));
            threads.push(thread::spawn(move || {
                for (picture, answer) in queue {
                    let made = catch_unwind(AssertUnwindSafe(|| render(picture)));
                    let word = if made.is_ok() {
                        "was made"
                    } else {
                        "has failed"
                    };
                    let _ = journal.send(format!("picture {picture} {word}"));
                    let Ok(pixels) = made else { continue };
                    lock(&subscribers).retain(|to| to.send(picture).is_ok());
                    let _ = answer.send(pixels);
                }
            }));
        }
        Self {
            open: Arc::new(Mutex::new(Some(Open { jobs, journal }))),
            subscribers,
            names: Arc::default(),
            threads,
        }
    }

    pub fn open(&self, name: &str) -> Arc<Session> {
        let mut names = lock(&self.names);
        names.next += 1;
        let number = names.next;
        names.open.insert(number, name.to_owned());
        Arc::new(Session {
            number,
            name: name.to_owned(),
            _canvas: vec![0; 64 << 10],
            names: Arc::clone(&self.names),
            service: Arc::clone(&self.open),
        })
    }

    pub fn sessions(&self) -> Vec<String> {
        lock(&self.names).open.values().cloned().collect()
    }

    pub fn events(&self) -> Receiver<u64> {
        let (tx, rx) = channel::unbounded();
        lock(&self.subscribers).push(tx);
        rx
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(lock(&self.open).take());
        // The writer was started first and ends last.
        for thread in self.threads.drain(..).rev() {
            let _ = thread.join();
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        lock(&self.names).open.remove(&self.number);
    }
}

impl Session {
    pub fn request(&self, picture: u64) -> Result<Ticket, Closed> {
        let open = lock(&self.service);
        let open = open.as_ref().ok_or(Closed)?;
        let (tx, answer) = channel::bounded(1);
        let line = format!("{} asked for picture {picture}", self.name);
        let _ = open.journal.send(line);
        let _ = open.jobs.send((picture, tx));
        Ok(Ticket { answer })
    }
}

impl Ticket {
    pub fn wait(self) -> Option<Vec<u8>> {
        self.answer.recv().ok()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the service has been dropped")
    }
}

impl std::error::Error for Closed {}
