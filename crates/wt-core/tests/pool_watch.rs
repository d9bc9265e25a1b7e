//! Recorders, and what they must not cost or break.

mod deadline;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use deadline::{Gate, within_patience};
use wt_core::pool::{Pool, Recorder};

#[derive(Default)]
struct Book {
    waited: Mutex<Vec<Duration>>,
    ran: Mutex<Vec<Duration>>,
}

impl Recorder for Book {
    fn waited(&self, worker: usize, time: Duration) {
        assert_eq!(worker, 0);
        self.waited.lock().unwrap().push(time);
    }

    fn ran(&self, worker: usize, time: Duration) {
        assert_eq!(worker, 0);
        self.ran.lock().unwrap().push(time);
    }
}

#[test]
fn a_recorder_hears_of_its_share_of_the_jobs() {
    for (one_in, expected) in [(0, 0), (1, 101), (4, 26)] {
        within_patience(move || {
            let book = Arc::new(Book::default());
            let recorder = Arc::clone(&book) as Arc<dyn Recorder>;
            let pool = Pool::builder().workers(1).recorder(recorder, one_in);
            let pool = pool.build().unwrap();
            let gate = Gate::occupy(&pool);
            let jobs = (0..100).map(|_| || ());
            pool.submit_batch_detached(jobs).unwrap();
            gate.open();
            pool.shutdown();
            assert_eq!(book.waited.lock().unwrap().len(), expected);
            assert_eq!(book.ran.lock().unwrap().len(), expected);
        });
    }
}

#[test]
fn a_recorder_sees_how_long_a_job_waited_and_ran() {
    within_patience(|| {
        let book = Arc::new(Book::default());
        let recorder = Arc::clone(&book) as Arc<dyn Recorder>;
        let pool = Pool::builder().workers(1).recorder(recorder, 1);
        let pool = pool.build().unwrap();
        let gate = Gate::occupy(&pool);
        let begin = std::time::Instant::now();
        let job = pool.submit(|| ()).unwrap();
        while begin.elapsed() < Duration::from_millis(2) {
            std::thread::yield_now();
        }
        gate.open();
        job.join().unwrap();
        pool.shutdown();
        // The job behind the gate waited for as long as the one at the gate ran, or less.
        assert!(book.waited.lock().unwrap()[1] >= Duration::from_millis(2));
        assert!(book.ran.lock().unwrap()[0] >= Duration::from_millis(2));
    });
}

#[test]
fn a_recorder_that_panics_ends_no_worker_and_fails_no_job() {
    struct Broken;
    impl Recorder for Broken {
        fn waited(&self, _: usize, _: Duration) {
            std::panic::resume_unwind(Box::new("waited"));
        }
        fn ran(&self, _: usize, _: Duration) {
            std::panic::resume_unwind(Box::new("ran"));
        }
    }
    within_patience(|| {
        let pool = Pool::builder().workers(1).recorder(Arc::new(Broken), 1);
        let pool = pool.build().unwrap();
        for i in 0..10 {
            assert_eq!(pool.submit(move || i).unwrap().join().unwrap(), i);
        }
        assert_eq!((pool.stats().done, pool.stats().workers), (10, 1));
    });
}
