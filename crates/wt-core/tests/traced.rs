//! Spans that follow a job from its submitter to its worker.

mod deadline;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};

use deadline::within_patience;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{set_global_default, with_default};
use tracing::{Event, Metadata, Subscriber, info_span};
use wt_core::monitor::traced;
use wt_core::pool::Pool;

/// What was done, to which span, and on which thread.
type Note = (&'static str, u64, ThreadId);

#[derive(Clone, Default)]
struct Notes {
    next: Arc<AtomicU64>,
    list: Arc<Mutex<Vec<Note>>>,
}

impl Notes {
    fn note(&self, what: &'static str, id: u64) {
        let mut list = self.list.lock().unwrap();
        list.push((what, id, thread::current().id()));
    }
}

impl Subscriber for Notes {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        let id = self.next.fetch_add(1, Ordering::Relaxed) + 1;
        self.note("new", id);
        Id::from_u64(id)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {
        self.note("event", 0);
    }
    fn enter(&self, id: &Id) {
        self.note("enter", id.into_u64());
    }
    fn exit(&self, id: &Id) {
        self.note("exit", id.into_u64());
    }
    fn try_close(&self, id: Id) -> bool {
        self.note("close", id.into_u64());
        true
    }
}

#[test]
fn a_job_runs_inside_its_span_on_the_worker_also_when_it_panics() {
    within_patience(|| {
        let notes = Notes::default();
        set_global_default(notes.clone()).unwrap();
        let pool = Pool::new(1).unwrap();
        let worker = pool.submit(|| thread::current().id()).unwrap();
        let (here, there) = (thread::current().id(), worker.join().unwrap());

        let job = pool.submit(traced(info_span!("decode"), || {
            tracing::info!("begun");
            42
        }));
        assert_eq!(job.unwrap().join().unwrap(), 42);
        let job = pool.submit(traced(info_span!("fails"), || panic!("in a span")));
        assert!(job.unwrap().join().is_err());
        pool.shutdown();
        let seen = std::mem::take(&mut *notes.list.lock().unwrap());
        assert_eq!(
            seen,
            [
                ("new", 1, here),
                ("enter", 1, there),
                ("event", 0, there),
                ("exit", 1, there),
                ("close", 1, there),
                ("new", 2, here),
                ("enter", 2, there),
                ("exit", 2, there),
                ("close", 2, there),
            ]
        );
    });
}

#[test]
fn a_job_that_never_runs_closes_its_span() {
    let notes = Notes::default();
    with_default(notes.clone(), || drop(traced(info_span!("never"), || ())));
    let seen: Vec<_> = notes.list.lock().unwrap().iter().map(|n| n.0).collect();
    assert_eq!(seen, ["new", "close"]);
}
