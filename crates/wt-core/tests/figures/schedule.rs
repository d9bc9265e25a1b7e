//! Jobs on a pool whose workers share cores, in a time that this test makes.
//!
//! A core is a permit of a budget. A job says when it has begun and when it has a
//! core, and goes on when it is told; so the library decides who is next, and
//! the test decides how long everything takes.

use std::collections::BTreeSet;
use std::sync::mpsc;

use wt_core::limits::Budget;
use wt_core::pool::{Pool, Priority};

use crate::deadline::wait_until;

/// Ticks with a core, then ticks without.
type Job = (u64, u64);

pub(crate) fn records() -> Vec<String> {
    let even: Vec<Job> = vec![(4, 4); 12];
    let compute: Vec<Job> = vec![(8, 0); 7];
    let waits: Vec<Job> = vec![(1, 7); 16];
    let mixed: Vec<Job> = (0..20).map(|n| (n * 7 % 5, n * 3 % 7)).collect();
    let mut records = Vec::new();
    for jobs in [&even, &compute, &waits, &mixed] {
        for (workers, cores) in [(1, 1), (2, 2), (3, 2), (6, 2), (5, 4), (4, 1)] {
            let bars: Vec<String> = Run::new(workers, cores, jobs)
                .run_to_the_end()
                .iter()
                .map(|times| format!("{times:?}"))
                .collect();
            let jobs: Vec<String> = (jobs.iter())
                .map(|(compute, wait)| format!("[{compute}, {wait}]"))
                .collect();
            records.push(format!(
                "{{\"workers\": {workers}, \"cores\": {cores}, \"jobs\": [{}], \"times\": [{}]}}",
                jobs.join(", "),
                bars.join(", ")
            ));
        }
    }
    records
}

/// What a job says after it has begun.
enum Word {
    HasCore(usize),
    Released,
    Ended,
}

/// What happens next in the test's time; the earlier, and of the same time the
/// lesser, first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Computed(usize),
    Waited(usize),
}

struct Run<'a> {
    jobs: &'a [Job],
    workers: usize,
    cores: Budget,
    /// Dropped last: its jobs need the channels.
    pool: Pool,
    /// A free worker begins the next job at once, and says its number here.
    begins: mpsc::Receiver<usize>,
    words: mpsc::Receiver<Word>,
    go: Vec<mpsc::Sender<()>>,
    now: u64,
    events: BTreeSet<(u64, Event)>,
    /// Begun, core taken, core given back, ended.
    times: Vec<[u64; 4]>,
    running: usize,
    begun: usize,
}

impl<'a> Run<'a> {
    fn new(workers: usize, cores: usize, jobs: &'a [Job]) -> Self {
        let pool = Pool::new(workers).unwrap();
        let budget = Budget::new(cores);
        let (begin, begins) = mpsc::channel();
        let (say, words) = mpsc::channel();
        let mut go = Vec::new();
        for (number, &(compute, _)) in jobs.iter().enumerate() {
            let (tx, rx) = mpsc::channel::<()>();
            go.push(tx);
            let (begin, say, budget) = (begin.clone(), say.clone(), budget.clone());
            // One level of priority: jobs are taken one by one, and in order.
            let job = pool.job().priority(Priority::High);
            job.submit_detached(move || {
                begin.send(number).unwrap();
                rx.recv().unwrap();
                if compute > 0 {
                    let core = budget.acquire(1).unwrap();
                    say.send(Word::HasCore(number)).unwrap();
                    rx.recv().unwrap();
                    drop(core);
                    say.send(Word::Released).unwrap();
                }
                rx.recv().unwrap();
                say.send(Word::Ended).unwrap();
            })
            .unwrap();
        }
        Self {
            jobs,
            workers,
            cores: budget,
            pool,
            begins,
            words,
            go,
            now: 0,
            events: BTreeSet::new(),
            times: vec![[0; 4]; jobs.len()],
            running: 0,
            begun: 0,
        }
    }

    fn run_to_the_end(mut self) -> Vec<[u64; 4]> {
        self.begin_jobs();
        while let Some((at, event)) = self.events.pop_first() {
            self.now = at;
            match event {
                Event::Computed(job) => self.give_core_back(job),
                Event::Waited(job) => self.end(job),
            }
            // All that happens now comes before what begins now.
            if self.events.first().is_none_or(|&(next, _)| next > at) {
                self.begin_jobs();
            }
        }
        assert_eq!(self.begun, self.jobs.len());
        self.pool.shutdown();
        self.times
    }

    /// Every free worker takes a job, if there is one; in the order of their
    /// numbers they ask for a core.
    fn begin_jobs(&mut self) {
        let free = self.workers - self.running;
        let mut numbers: Vec<usize> = (0..free.min(self.jobs.len() - self.begun))
            .map(|_| self.begins.recv().unwrap())
            .collect();
        numbers.sort_unstable();
        for number in numbers {
            self.running += 1;
            self.begun += 1;
            self.times[number][0] = self.now;
            self.ask_for_core(number);
        }
    }

    fn ask_for_core(&mut self, job: usize) {
        if self.jobs[job].0 == 0 {
            self.times[job][1..3].fill(self.now);
            self.go[job].send(()).unwrap();
            return self.then_wait(job);
        }
        let before = self.cores.stats();
        self.go[job].send(()).unwrap();
        if before.in_use < before.total {
            self.core_taken();
        } else {
            wait_until(|| self.cores.stats().waiting > before.waiting);
        }
    }

    /// The job that the library gave a core to says so.
    fn core_taken(&mut self) {
        let Word::HasCore(job) = self.words.recv().unwrap() else {
            panic!("nobody has taken the core");
        };
        self.times[job][1] = self.now;
        self.events
            .insert((self.now + self.jobs[job].0, Event::Computed(job)));
    }

    fn give_core_back(&mut self, job: usize) {
        let waits = self.cores.stats().waiting > 0;
        self.times[job][2] = self.now;
        self.go[job].send(()).unwrap();
        let mut said = 0;
        while said < 1 + usize::from(waits) {
            match self.words.recv().unwrap() {
                Word::Released => {}
                Word::HasCore(next) => {
                    self.times[next][1] = self.now;
                    self.events
                        .insert((self.now + self.jobs[next].0, Event::Computed(next)));
                }
                _ => panic!("a job has gone on without being told"),
            }
            said += 1;
        }
        self.then_wait(job);
    }

    fn then_wait(&mut self, job: usize) {
        self.events
            .insert((self.now + self.jobs[job].1, Event::Waited(job)));
    }

    fn end(&mut self, job: usize) {
        self.times[job][3] = self.now;
        self.running -= 1;
        self.go[job].send(()).unwrap();
        match self.words.recv().unwrap() {
            Word::Ended => {}
            _ => panic!("a job has gone on without being told"),
        }
    }
}
