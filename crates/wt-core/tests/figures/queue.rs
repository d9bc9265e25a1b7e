//! Jobs that are submitted to a pool of one busy worker, and what becomes of each.

use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use wt_core::pool::{JobError, JoinHandle, Pool, RejectionPolicy};

use crate::deadline::{spawn_asleep, wait_until};

const POLICIES: [RejectionPolicy; 4] = [
    RejectionPolicy::Block,
    RejectionPolicy::Reject,
    RejectionPolicy::CallerRuns,
    RejectionPolicy::DiscardOldest,
];

/// One letter per call: `p` pushes the next job, `c` consumes one. A `p` while a
/// producer waits, and a `c` on an empty queue, are left out.
const SCRIPTS: [&str; 3] = [
    "ppppppcpcppcccpppcpcpccccppppp",
    "pcpcpppcppcppcppcppppcccc",
    "pppccpppppccccppcpcpppppp",
];

pub(crate) fn records() -> Vec<String> {
    let mut records = Vec::new();
    for policy in POLICIES {
        for capacity in [1, 2, 4] {
            for script in SCRIPTS {
                records.push(record(policy, capacity, script));
            }
        }
    }
    records
}

fn record(policy: RejectionPolicy, capacity: usize, script: &str) -> String {
    let mut line = Line::new(policy, capacity);
    let mut did = Vec::new();
    for call in script.chars() {
        let outcome = match call {
            'p' if line.waiting.is_none() => line.push(),
            'c' if line.pool.stats().queued > 0 => line.consume(),
            _ => continue,
        };
        did.push(format!("[\"{call}\", {outcome}]"));
    }
    format!(
        "{{\"policy\": \"{policy:?}\", \"capacity\": {capacity}, \"did\": [{}]}}",
        did.join(", ")
    )
}

type Submitted = (usize, Result<JoinHandle<bool>, ()>);

/// A pool whose one worker ends a job only when it is told to.
struct Line {
    pool: Arc<Pool>,
    next: usize,
    /// Each job that is begun says its number, on whatever thread it is.
    begun: mpsc::Receiver<usize>,
    begin: mpsc::Sender<usize>,
    /// What ends the job in the worker's hand.
    end: mpsc::Sender<()>,
    ends: Arc<Mutex<mpsc::Receiver<()>>>,
    handles: Vec<(usize, JoinHandle<bool>)>,
    waiting: Option<thread::JoinHandle<Submitted>>,
}

impl Line {
    fn new(policy: RejectionPolicy, capacity: usize) -> Self {
        let pool = Pool::builder().workers(1).queue(capacity, policy).build();
        let (begin, begun) = mpsc::channel();
        let (end, ends) = mpsc::channel();
        let mut line = Self {
            pool: Arc::new(pool.unwrap()),
            next: 0,
            begun,
            begin,
            end,
            ends: Arc::new(Mutex::new(ends)),
            handles: Vec::new(),
            waiting: None,
        };
        // Job 0 is in the worker's hand when the script begins.
        line.push();
        assert_eq!(line.begun.recv().unwrap(), 0);
        line
    }

    /// What becomes of the next job, as JSON.
    fn push(&mut self) -> String {
        let number = self.next;
        self.next += 1;
        let producer = self.producer(number);
        if !producer.is_finished() {
            self.waiting = Some(producer);
            return String::from("{\"what\": \"waits\"}");
        }
        match producer.join().unwrap() {
            (_, Err(())) => String::from("{\"what\": \"rejected\"}"),
            (number, Ok(handle)) => self.queued(number, handle),
        }
    }

    /// A thread that submits job `number`; it has returned or sleeps for room.
    fn producer(&self, number: usize) -> thread::JoinHandle<Submitted> {
        let pool = Arc::clone(&self.pool);
        let begin = self.begin.clone();
        let ends = Arc::clone(&self.ends);
        spawn_asleep(move || {
            let caller = thread::current().id();
            let job = move || {
                if thread::current().id() == caller {
                    return true;
                }
                begin.send(number).unwrap();
                ends.lock().unwrap().recv().unwrap();
                false
            };
            (number, pool.submit(job).map_err(drop))
        })
    }

    fn queued(&mut self, number: usize, handle: JoinHandle<bool>) -> String {
        if handle.is_finished() {
            assert!(handle.join().unwrap(), "only the caller is that fast");
            return String::from("{\"what\": \"run by the caller\"}");
        }
        self.handles.push((number, handle));
        let out = self
            .handles
            .iter()
            .position(|(_, handle)| handle.is_finished());
        let Some(out) = out else {
            return String::from("{\"what\": \"queued\"}");
        };
        let (oldest, handle) = self.handles.remove(out);
        assert!(matches!(handle.join(), Err(JobError::Discarded)));
        format!("{{\"what\": \"discarded\", \"item\": {oldest}}}")
    }

    /// Ends the job in hand; the worker takes the next one. As JSON, its number.
    fn consume(&mut self) -> String {
        self.end.send(()).unwrap();
        let taken = self.begun.recv().unwrap();
        wait_until(|| self.handles[0].1.is_finished());
        let (_, ended) = self.handles.remove(0);
        assert!(!ended.join().unwrap());
        if let Some(producer) = self.waiting.take() {
            let (number, handle) = producer.join().unwrap();
            self.handles.push((number, handle.unwrap()));
        }
        taken.to_string()
    }
}

impl Drop for Line {
    /// Lets all jobs end, so that the pool can.
    fn drop(&mut self) {
        for _ in 0..=self.next {
            let _ = self.end.send(());
        }
        if let Some(producer) = self.waiting.take() {
            let _ = producer.join();
        }
        self.pool.shutdown();
    }
}
