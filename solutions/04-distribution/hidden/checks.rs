//! Hidden checks of lesson 04: strategies, and workers with a queue each.
//!
//! A strategy is asked without any thread. A dispatcher is given strategies of the
//! check's own, so that a fault in one part fails the checks about that part only.
//! Jobs report facts; every assertion runs on the check's own thread.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::panic::resume_unwind;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, ThreadId};

use distribution::{ByKey, Dispatcher, LeastLoaded, RoundRobin, Strategy};
use wt_check::fastrand::Rng;
use wt_check::{
    Activity, InFlight, Rendezvous, ThreadCount, Unjoined, assert_same, assert_snapshot, check,
    observe, observed, patience, rng, settle, wait_until,
};

fn main() -> ExitCode {
    wt_check::run(&[
        observed!(round_robin_takes_turns => every_worker_in_turn),
        observed!(least_loaded_picks_the_fewest_jobs => the_position_of_the_minimum),
        check!(ties_go_to_the_lowest_number),
        check!(least_loaded_beats_round_robin),
        check!(a_key_stays_with_its_worker),
        check!(keys_spread_over_all_workers),
        check!(one_worker_gets_every_job),
        check!(workers_run_at_the_same_time),
        check!(a_job_stays_with_its_worker),
        check!(submit_waits_for_no_job),
        check!(the_strategy_sees_the_load_of_this_moment),
        check!(a_panic_ends_its_job_only),
        check!(drop_finishes_every_queue),
    ])
}

/// A strategy at its beginning, with or without fields.
fn new<S: Strategy + Default>() -> S {
    S::default()
}

/// Three pools of different sizes; the loads are random, and must not matter.
fn round_robin_takes_turns() {
    for (round, (workers, mut rng)) in random_sizes().into_iter().enumerate() {
        let mut strategy = new::<RoundRobin>();
        let picks: Vec<usize> = (0..20)
            .map(|n| strategy.pick(&format!("job-{n}"), &random_loads(&mut rng, workers)))
            .collect();
        observe(&format!("the order of the workers in pool {round}"), picks);
    }
}

fn every_worker_in_turn() {
    for (round, (workers, _)) in random_sizes().into_iter().enumerate() {
        let picks: Vec<usize> = (0..20).map(|n| n % workers).collect();
        observe(&format!("the order of the workers in pool {round}"), picks);
    }
}

fn random_sizes() -> Vec<(usize, Rng)> {
    let mut rng = rng();
    (0..3).map(|_| (rng.usize(2..=9), rng.fork())).collect()
}

fn random_loads(rng: &mut Rng, workers: usize) -> Vec<usize> {
    (0..workers).map(|_| rng.usize(..100)).collect()
}

/// No two workers have the same load here; ties are the next check's question.
fn least_loaded_picks_the_fewest_jobs() {
    let mut strategy = new::<LeastLoaded>();
    for loads in different_loads() {
        let picked = strategy.pick("job", &loads);
        observe(&format!("the pick of least loaded for {loads:?}"), picked);
    }
}

fn the_position_of_the_minimum() {
    for loads in different_loads() {
        let least = loads.iter().enumerate().min_by_key(|(_, load)| **load);
        observe(
            &format!("the pick of least loaded for {loads:?}"),
            least.map_or(0, |(worker, _)| worker),
        );
    }
}

fn different_loads() -> Vec<Vec<usize>> {
    let mut rng = rng();
    let mut shuffled = || {
        let mut loads: Vec<usize> = (0..10).map(|load| load * 3 + 1).collect();
        rng.shuffle(&mut loads);
        loads.truncate(8);
        loads
    };
    (0..20).map(|_| shuffled()).collect()
}

/// A choice that can be foreseen can be replayed, and tested.
fn ties_go_to_the_lowest_number() {
    let mut strategy = new::<LeastLoaded>();
    let loads = [2, 1, 1, 3, 1];
    let picks: Vec<usize> = (0..100).map(|_| strategy.pick("job", &loads)).collect();
    let first = picks[0];
    if let Some(other) = picks.iter().find(|picked| **picked != first) {
        panic!(
            "with the loads {loads:?} least loaded picked worker {first} once and worker {other} another time"
        );
    }
    assert!(
        first == 1,
        "with the loads {loads:?} least loaded picked worker {first}, not worker 1"
    );
}

/// When a job arrives, and how many ticks it takes. Every third one is long. At no
/// arrival do two workers tie for the smallest load.
const SCRIPT: [(u32, u32); 12] = [
    (0, 8),
    (2, 2),
    (3, 2),
    (4, 8),
    (5, 1),
    (6, 1),
    (7, 8),
    (8, 1),
    (9, 1),
    (10, 8),
    (13, 3),
    (15, 3),
];

/// A clock of ticks instead of threads: a worker works off one tick of its first job,
/// and nobody has to wait. The other side is a round robin of the check's own.
fn least_loaded_beats_round_robin() {
    let in_turn = simulate(|job, loads| job % loads.len());
    let mut strategy = new::<LeastLoaded>();
    let yours = simulate(|job, loads| strategy.pick(&format!("job-{job}"), loads));
    let text = format!("round robin\n{in_turn}\n\nleast loaded\n{yours}");
    assert_snapshot!("assignments", text);
}

fn simulate(mut pick: impl FnMut(usize, &[usize]) -> usize) -> String {
    let mut queues: [VecDeque<u32>; 3] = [vec![].into(), vec![2].into(), vec![1, 2].into()];
    let mut script = SCRIPT.iter().enumerate().peekable();
    let mut log = String::from("job  at tick  takes  loads      worker\n");
    let mut tick = 0;
    while script.peek().is_some() || queues.iter().any(|queue| !queue.is_empty()) {
        while let Some((job, &(at, cost))) = script.next_if(|(_, (at, _))| *at == tick) {
            let loads: Vec<usize> = queues.iter().map(VecDeque::len).collect();
            let worker = pick(job, &loads);
            assert!(worker < 3, "least loaded picked worker {worker} of 3");
            queues[worker].push_back(cost);
            log += &format!("{job:>3}  {at:>7}  {cost:>5}  {loads:?}  {worker:>6}\n");
        }
        for queue in &mut queues {
            match queue.front_mut() {
                Some(1) => drop(queue.pop_front()),
                Some(left) => *left -= 1,
                None => {}
            }
        }
        tick += 1;
    }
    log + &format!("all done after {tick} ticks")
}

/// Other jobs come in between: first with the same loads, then with others.
fn a_key_stays_with_its_worker() {
    let mut rng = rng();
    let mut strategy = new::<ByKey>();
    let mut homes = BTreeMap::new();
    for round in 0..5 {
        for order in 0..200 {
            let key = format!("order-{order}");
            let (loads, when) = match round {
                0 | 1 => (vec![3; 5], "and found the same loads"),
                _ => (random_loads(&mut rng, 5), "and the loads had changed"),
            };
            let picked = strategy.pick(&key, &loads);
            let home = *homes.entry(key.clone()).or_insert(picked);
            assert!(
                picked == home,
                "two jobs had the key {key:?}, {when}: one went to worker {home}, another to worker {picked}"
            );
        }
    }
}

/// 1000 keys for each worker. A fair hash comes within some percent of that, and a
/// solution may be off by half.
fn keys_spread_over_all_workers() {
    for workers in [4, 7] {
        let mut strategy = new::<ByKey>();
        let mut counts = vec![0; workers];
        let keys = workers * 1000;
        for user in 0..keys {
            let key = format!("user-{user:05}");
            let picked = strategy.pick(&key, &vec![0; workers]);
            assert!(
                picked < workers,
                "for the key {key:?} worker {picked} was picked, and there are {workers} workers"
            );
            counts[picked] += 1;
        }
        let (least, most) = (counts.iter().min(), counts.iter().max());
        assert!(
            least >= Some(&500) && most <= Some(&1500),
            "{keys} different keys went to {workers} workers like this: {counts:?}"
        );
    }
}

/// The smallest pool: nothing is left to choose.
fn one_worker_gets_every_job() {
    let strategies: [(&str, Box<dyn Strategy>); 3] = [
        ("round robin", Box::new(new::<RoundRobin>())),
        ("least loaded", Box::new(new::<LeastLoaded>())),
        ("by key", Box::new(new::<ByKey>())),
    ];
    for (name, mut strategy) in strategies {
        for n in 0..50 {
            let picked = strategy.pick(&format!("key-{n}"), &[n]);
            assert!(
                picked == 0,
                "of one worker, {name} picked worker {picked}; the only one has number 0"
            );
        }
    }
}

/// Picks the worker whose number is the key, and notes the loads that it is shown.
#[derive(Clone, Default)]
struct KeyIsWorker {
    seen: Arc<Mutex<Vec<Vec<usize>>>>,
}

impl Strategy for KeyIsWorker {
    fn pick(&mut self, key: &str, loads: &[usize]) -> usize {
        self.seen.lock().unwrap().push(loads.to_vec());
        key.parse().unwrap_or(0)
    }
}

/// One job at each of three workers, and they wait for each other.
fn workers_run_at_the_same_time() {
    let (dispatcher, _) = dispatcher(3);
    let meeting = Rendezvous::new(3);
    let threads = Threads::default();
    let (place, seen) = (meeting.clone(), threads.clone());
    soon("`submit` of 3 jobs to 3 idle workers", move || {
        for worker in 0..3 {
            let (place, seen) = (place.clone(), seen.clone());
            submit(dispatcher, worker, move || {
                seen.note(worker);
                place.meet();
            });
        }
    });
    wait_until(|| meeting.met());
    let peak = meeting.peak();
    assert!(
        meeting.met(),
        "3 jobs were submitted to 3 different workers, and at most {peak} ran at the same time"
    );
}

/// Worker 0 is busy and has six more jobs, while both others have nothing to do. Nobody
/// may help: the jobs of one key would overtake each other.
fn a_job_stays_with_its_worker() {
    let (dispatcher, _) = dispatcher(3);
    let (gate, threads) = (Gate::default(), Threads::default());
    let (held, seen) = (gate.clone(), threads.clone());
    let caller = wt_check::spawn("caller", move || {
        let first = seen.clone();
        let mut picked = vec![submit(dispatcher, 0, {
            let held = held.clone();
            move || {
                first.note(0);
                held.pass();
            }
        })];
        // Only behind a job that runs is there something to steal.
        held.wait_for(1);
        picked.extend((1..7).map(|n| {
            let seen = seen.clone();
            submit(dispatcher, 0, move || seen.note(n))
        }));
        picked
    });
    gate.wait_for(1);
    // Until everybody has done all he can.
    settle();
    let early = threads.jobs().len().saturating_sub(1);
    gate.open();
    let picked = match caller.join_soon() {
        Ok(picked) => picked,
        Err(Unjoined::StillRunning) => panic!("`submit` to a busy worker did not return"),
        Err(Unjoined::Panicked(message)) => panic!("`submit` panicked: {message}"),
    };
    assert!(
        picked.iter().all(|worker| *worker == 0),
        "the strategy picked worker 0 for 7 jobs, and `submit` returned {picked:?}"
    );
    assert!(
        early == 0,
        "7 jobs were queued at worker 0, and {early} of them ran while the first was still running"
    );
    wait_until(|| threads.jobs().len() == 7);
    let order: Vec<usize> = threads.jobs().iter().map(|(job, _)| *job).collect();
    assert_same!(
        order,
        (0..7).collect::<Vec<_>>(),
        "jobs 0 to 6 were queued at one worker in this order, and ran in another"
    );
    let used: HashSet<ThreadId> = threads.jobs().iter().map(|(_, thread)| *thread).collect();
    assert!(
        used.len() == 1,
        "7 jobs were queued at worker 0, and ran on {} threads",
        used.len()
    );
}

/// The queue of a busy worker takes what the strategy sends there.
fn submit_waits_for_no_job() {
    let (dispatcher, _) = dispatcher(2);
    let gate = Gate::default();
    let held = gate.clone();
    let caller = wt_check::spawn("caller", move || {
        submit(dispatcher, 0, move || held.pass());
        for _ in 0..50 {
            submit(dispatcher, 0, || {});
        }
    });
    let joined = caller.join_soon();
    gate.open();
    match joined {
        Ok(()) => {}
        Err(Unjoined::StillRunning) => {
            panic!("`submit` of 50 jobs to a worker that was busy did not return")
        }
        Err(Unjoined::Panicked(message)) => panic!("`submit` panicked: {message}"),
    }
}

/// Each worker has a job that is held, so what it has is known at every pick.
fn the_strategy_sees_the_load_of_this_moment() {
    let (dispatcher, strategy) = dispatcher(3);
    let gates = [(); 3].map(|()| Gate::default());
    let submit_soon = |worker, job: Box<dyn FnOnce() + Send>| {
        soon("`submit`", move || submit(dispatcher, worker, job));
    };
    for (worker, gate) in gates.iter().enumerate() {
        submit_soon(worker, gate.job());
        gate.wait_for(1);
    }
    for _ in 0..3 {
        submit_soon(0, Box::new(|| {}));
    }
    let seen = strategy
        .seen
        .lock()
        .unwrap()
        .iter()
        .map(|loads| format!("{loads:?}"))
        .collect::<Vec<_>>();
    let expected = [
        [0, 0, 0],
        [1, 0, 0],
        [1, 1, 0],
        [1, 1, 1],
        [2, 1, 1],
        [3, 1, 1],
    ];
    assert_same!(
        seen,
        expected.map(|loads| format!("{loads:?}")).to_vec(),
        "workers 0, 1 and 2 got a long job each, then worker 0 got 3 more; the strategy was shown these loads"
    );
    gates[0].open();
    let load_of = |worker: usize| dispatcher.loads().get(worker).copied();
    wait_until(|| load_of(0) == Some(0));
    let loads = dispatcher.loads();
    gates.iter().for_each(Gate::open);
    assert!(
        loads == [0, 1, 1],
        "all 4 jobs of worker 0 had ended, the other workers still had 1 each, and `loads` returned {loads:?}"
    );
}

/// Two panics, one that the hook sees and one that skips it, and a job behind them.
fn a_panic_ends_its_job_only() {
    let (dispatcher, _) = dispatcher(1);
    let ran = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&ran);
    soon("`submit`", move || {
        submit(dispatcher, 0, || panic!("on purpose"));
        submit(dispatcher, 0, || resume_unwind(Box::new("on purpose")));
        submit(dispatcher, 0, move || {
            count.fetch_add(1, Ordering::SeqCst);
        });
    });
    assert!(
        wait_until(|| ran.load(Ordering::SeqCst) == 1),
        "two jobs panicked, and the job behind them in the same queue never ran"
    );
    wait_until(|| dispatcher.loads() == [0]);
    let loads = dispatcher.loads();
    assert!(
        loads == [0],
        "two jobs panicked and the third one ended, and `loads` returned {loads:?}"
    );
}

/// Both workers are busy, and five jobs wait behind each.
fn drop_finishes_every_queue() {
    let threads = ThreadCount::start();
    let (dispatcher, _) = fresh(2);
    let gate = Gate::default();
    let ran = Arc::new(AtomicUsize::new(0));
    let (held, count) = (gate.clone(), Arc::clone(&ran));
    let dispatcher = soon("`submit`", move || {
        for worker in [0, 1] {
            submit(&dispatcher, worker, held.job());
            for _ in 0..5 {
                let count = Arc::clone(&count);
                submit(&dispatcher, worker, move || {
                    count.fetch_add(1, Ordering::SeqCst);
                });
            }
        }
        dispatcher
    });
    gate.wait_for(2);
    let dropper = wt_check::spawn("dropper", move || drop(dispatcher));
    let activity = dropper.wait_asleep();
    gate.open();
    assert!(
        activity != Activity::Finished,
        "`drop` returned while both workers were still busy"
    );
    match dropper.join_soon() {
        Ok(()) => {}
        Err(Unjoined::StillRunning) => panic!("`drop` did not return"),
        Err(Unjoined::Panicked(message)) => panic!("`drop` panicked: {message}"),
    }
    let ran = ran.load(Ordering::SeqCst);
    assert!(
        ran == 10,
        "10 jobs were queued when the dispatcher was dropped, and {} of them never ran",
        10 - ran
    );
    let left = threads.left_behind();
    assert!(
        left.is_empty(),
        "{} threads outlived their dispatcher: {}",
        left.len(),
        left.join(", ")
    );
}

/// A dispatcher that is never dropped, not even while a failed assertion unwinds.
fn dispatcher(workers: usize) -> (&'static Dispatcher, KeyIsWorker) {
    let (dispatcher, strategy) = fresh(workers);
    (Box::leak(Box::new(dispatcher)), strategy)
}

fn fresh(workers: usize) -> (Dispatcher, KeyIsWorker) {
    let strategy = KeyIsWorker::default();
    match Dispatcher::new(workers, strategy.clone()) {
        Ok(dispatcher) => (dispatcher, strategy),
        Err(_) => panic!("`Dispatcher::new({workers}, …)` returned an error"),
    }
}

fn submit(dispatcher: &Dispatcher, worker: usize, job: impl FnOnce() + Send + 'static) -> usize {
    dispatcher.submit(&worker.to_string(), job)
}

/// Runs something that has no reason to wait.
fn soon<T: Send + 'static>(what: &str, f: impl FnOnce() -> T + Send + 'static) -> T {
    match wt_check::spawn("caller", f).join_soon() {
        Ok(value) => value,
        Err(Unjoined::StillRunning) => panic!("{what} did not return"),
        Err(Unjoined::Panicked(message)) => panic!("{what} panicked: {message}"),
    }
}

/// Which jobs ran, in which order, and on which threads.
#[derive(Clone, Default)]
struct Threads {
    seen: Arc<Mutex<Vec<(usize, ThreadId)>>>,
}

impl Threads {
    fn note(&self, job: usize) {
        let entry = (job, thread::current().id());
        self.seen.lock().unwrap().push(entry);
    }

    fn jobs(&self) -> Vec<(usize, ThreadId)> {
        self.seen.lock().unwrap().clone()
    }
}

/// Holds jobs back until it is opened, or until a failed check is long over.
#[derive(Clone, Default)]
struct Gate {
    state: Arc<(Mutex<bool>, Condvar)>,
    held: InFlight,
}

impl Gate {
    fn job(&self) -> Box<dyn FnOnce() + Send> {
        let gate = self.clone();
        Box::new(move || gate.pass())
    }

    fn pass(&self) {
        let _held = self.held.enter();
        let (open, opened) = &*self.state;
        let closed = open.lock().unwrap();
        drop(opened.wait_timeout_while(closed, patience() * 4, |open| !*open));
    }

    /// Waits until so many are held, or until it is of no use.
    fn wait_for(&self, count: usize) {
        wait_until(|| self.held.now() >= count);
    }

    fn open(&self) {
        let (open, opened) = &*self.state;
        *open.lock().unwrap() = true;
        opened.notify_all();
    }
}
