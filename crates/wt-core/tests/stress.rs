//! Everything at once, in random order, with an account of every job and message.
//!
//! Each round builds a pool or a port of random settings, lets several threads do
//! random things with it, ends it in a random way, and then draws up the balance:
//! whatever was made was run or received once, or handed back, or dropped, and
//! nothing is left.
//!
//! With all other tests, a short version runs. `scripts/stress` runs the long one, for
//! 1, 2 and 8 workers, in debug and release. `WT_STRESS_SEED` repeats the choices of a
//! run, though not the order in which the system ran its threads.

mod deadline;

use std::env;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

use deadline::{block_on, within_patience};
use fastrand::Rng;
use wt_core::pool::{CancelToken, Idle, JoinHandle, Pool, Priority, RejectionPolicy, Strategy};
use wt_core::port::{self, Port};

const SUBMITTERS: u64 = 3;
const STEPS: usize = if cfg!(miri) { 10 } else { 150 };

/// Rounds for this long, of pools with so many workers.
struct Plan {
    workers: Vec<usize>,
    time: Duration,
    seed: u64,
}

impl Plan {
    fn from_env() -> Self {
        let number = |name| {
            env::var(name)
                .ok()
                .map(|value| value.parse::<u64>().unwrap())
        };
        Self {
            workers: number("WT_STRESS_WORKERS").map_or(vec![1, 2, 8], |n| vec![n as usize]),
            time: Duration::from_secs_f64(
                number("WT_STRESS_SECONDS").map_or(0.3, |seconds| seconds as f64),
            ),
            seed: number("WT_STRESS_SEED").unwrap_or_else(|| fastrand::u64(..)),
        }
    }

    /// Calls `round` for each number of workers, for as long as is planned.
    fn run(&self, what: &str, round: fn(usize, Rng) -> u64) {
        for &workers in &self.workers {
            let mut random = Rng::with_seed(self.seed);
            let start = Instant::now();
            let (mut rounds, mut things) = (0, 0);
            while rounds == 0 || start.elapsed() < self.time {
                let choices = random.fork();
                things += within_patience(move || round(workers, choices));
                rounds += 1;
            }
            println!(
                "{workers} workers: {rounds} rounds, {things} {what}, seed {}",
                self.seed
            );
        }
    }
}

/// What became of all that was made.
#[derive(Default)]
struct Account {
    made: AtomicU64,
    used: AtomicU64,
    handed_back: AtomicU64,
    dropped: AtomicU64,
}

/// One entry of the account, in a job or a message.
struct Entry(Arc<Account>);

impl Entry {
    fn new(account: &Arc<Account>) -> Self {
        account.made.fetch_add(1, SeqCst);
        Self(Arc::clone(account))
    }

    fn use_up(&self) {
        self.0.used.fetch_add(1, SeqCst);
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.0.dropped.fetch_add(1, SeqCst);
    }
}

impl Account {
    fn hand_back(&self, count: usize) {
        self.handed_back.fetch_add(count as u64, SeqCst);
    }

    /// Made, used, handed back and dropped.
    fn read(&self) -> [u64; 4] {
        let counts = [&self.made, &self.used, &self.handed_back, &self.dropped];
        counts.map(|count| count.load(SeqCst))
    }
}

#[test]
fn every_job_of_any_pool_is_accounted_for() {
    Plan::from_env().run("jobs", pool_round);
}

#[test]
fn every_message_of_any_port_is_accounted_for() {
    Plan::from_env().run("messages", port_round);
}

fn any_pool(workers: usize, random: &mut Rng) -> Pool {
    let policies = [
        RejectionPolicy::Block,
        RejectionPolicy::Reject,
        RejectionPolicy::CallerRuns,
        RejectionPolicy::DiscardOldest,
    ];
    let strategies = [
        Strategy::Shared,
        Strategy::RoundRobin,
        Strategy::LeastLoaded,
        Strategy::Stealing,
    ];
    let idles = [
        Idle::Park,
        Idle::Adaptive,
        Idle::Spin(Duration::from_micros(50)),
    ];
    let mut builder = Pool::builder()
        .workers(workers)
        .queue(
            *random.choice(&[1, 2, 16, 1024]).unwrap(),
            *random.choice(&policies).unwrap(),
        )
        .strategy(*random.choice(&strategies).unwrap())
        .idle(*random.choice(&idles).unwrap())
        .timing(random.bool());
    if random.bool() {
        builder = builder
            .min_workers(1)
            .idle_timeout(Duration::from_micros(random.u64(1..500)));
    }
    if random.u8(..4) == 0 {
        builder = builder.max_in_flight(random.usize(1..20));
    }
    builder.build().unwrap()
}

fn pool_round(workers: usize, mut random: Rng) -> u64 {
    let pool = Arc::new(any_pool(workers, &mut random));
    let account = Arc::new(Account::default());
    let is_over = AtomicBool::new(false);
    let ends_early = random.u8(..4) == 0;
    thread::scope(|s| {
        s.spawn(|| observe(&pool, workers, &is_over));
        let submitters: Vec<_> = (0..SUBMITTERS)
            .map(|_| {
                let random = random.fork();
                s.spawn(|| submit_at_random(&pool, &account, random))
            })
            .collect();
        if ends_early {
            end(&pool, &mut random);
        }
        for submitter in submitters {
            submitter.join().unwrap();
        }
        is_over.store(true, SeqCst);
    });
    end(&pool, &mut random);
    pool.shutdown();
    let stats = pool.stats();
    assert_eq!(stats.submitted, stats.finished(), "{stats:?}");
    assert_eq!((stats.queued, stats.running, stats.workers), (0, 0, 0));
    assert_eq!(Arc::strong_count(&pool), 1, "a job is still there");
    let [made, used, handed_back, dropped] = account.read();
    assert_eq!(made, dropped, "a job is leaked");
    assert_eq!(stats.submitted, made - handed_back, "{stats:?}");
    assert_eq!(stats.done + stats.failed, used, "{stats:?}");
    made
}

/// Looks at the pool, and changes its size, while others use it.
fn observe(pool: &Pool, workers: usize, is_over: &AtomicBool) {
    let mut size = workers;
    while !is_over.load(SeqCst) {
        let stats = pool.stats();
        assert_eq!(
            stats.submitted,
            stats.finished() + stats.queued + stats.running,
            "{stats:?}"
        );
        size = if size == 1 { workers } else { size - 1 };
        pool.resize(size);
        assert!(pool.worker_stats().len() <= 2 * workers);
        thread::yield_now();
    }
}

fn end(pool: &Pool, random: &mut Rng) {
    match random.u8(..4) {
        0 => pool.shutdown(),
        1 => drop(pool.shutdown_now()),
        2 => pool.close_and_take().into_iter().for_each(drop),
        _ => drop(pool.shutdown_timeout(Duration::from_micros(random.u64(..1000)))),
    }
}

fn submit_at_random(pool: &Arc<Pool>, account: &Arc<Account>, mut random: Rng) {
    let mut handles = Vec::new();
    let token = CancelToken::new();
    for step in 0..STEPS {
        match random.u8(..8) {
            0 => submit_batch(pool, account, &mut random, &mut handles),
            1 => scope(pool, account, &mut random),
            _ => handles.extend(submit_one(pool, account, &token, &mut random)),
        }
        if step == STEPS / 2 && random.bool() {
            token.cancel();
        }
        settle(&mut handles, &mut random);
    }
    for handle in handles {
        if random.bool() {
            let _ = handle.join();
        }
    }
}

fn submit_one(
    pool: &Arc<Pool>,
    account: &Arc<Account>,
    token: &CancelToken,
    random: &mut Rng,
) -> Option<JoinHandle<u64>> {
    let number = random.u64(..1000);
    let kind = random.u8(..10);
    let entry = Entry::new(account);
    let child = (kind == 9).then(|| (Arc::clone(pool), Arc::clone(account)));
    let job = move || {
        entry.use_up();
        if kind == 8 {
            resume_unwind(Box::new("as it should"));
        }
        if let Some((pool, account)) = child {
            nest(&pool, &account);
        }
        number
    };
    let accepted = match kind {
        0 => pool
            .submit_detached(move || {
                job();
            })
            .map(|()| None)
            .map_err(drop),
        1 => pool.try_submit(job).map(Some).map_err(drop),
        2 => pool
            .job()
            .priority(Priority::High)
            .submit(job)
            .map(Some)
            .map_err(drop),
        3 => pool
            .job()
            .priority(Priority::Low)
            .submit(job)
            .map(Some)
            .map_err(drop),
        4 => pool
            .job()
            .key(&(number % 5))
            .submit(job)
            .map(Some)
            .map_err(drop),
        5 => {
            let timeout = Duration::from_micros(number);
            pool.job()
                .timeout(timeout)
                .submit(job)
                .map(Some)
                .map_err(drop)
        }
        6 => pool.job().token(token).submit(job).map(Some).map_err(drop),
        7 => block_on(pool.job().submit_async(job))
            .map(Some)
            .map_err(drop),
        _ => pool.submit(job).map(Some).map_err(drop),
    };
    accepted.unwrap_or_else(|()| {
        account.hand_back(1);
        None
    })
}

/// What a job may do in its own pool: submit, and wait.
fn nest(pool: &Pool, account: &Arc<Account>) {
    let entry = Entry::new(account);
    match pool.submit(move || entry.use_up()) {
        Ok(child) => drop(child.join()),
        Err(refused) => {
            drop(refused);
            account.hand_back(1);
        }
    }
}

fn submit_batch(
    pool: &Pool,
    account: &Arc<Account>,
    random: &mut Rng,
    handles: &mut Vec<JoinHandle<u64>>,
) {
    let count = random.u64(..40);
    let jobs: Vec<_> = (0..count)
        .map(|number| {
            let entry = Entry::new(account);
            move || {
                entry.use_up();
                number
            }
        })
        .collect();
    match pool.submit_batch(jobs) {
        Ok(accepted) => handles.extend(accepted),
        Err(error) => {
            handles.extend(error.accepted);
            account.hand_back(error.refused.into_job().len());
        }
    }
}

fn scope(pool: &Pool, account: &Arc<Account>, random: &mut Rng) {
    let count = random.u64(1..5);
    let ran = AtomicU64::new(0);
    pool.scope(|s| {
        for _ in 0..count {
            let entry = Entry::new(account);
            let ran = &ran;
            s.spawn(move || {
                entry.use_up();
                ran.fetch_add(1, SeqCst);
            });
        }
    });
    assert_eq!(ran.into_inner(), count, "a scope loses no job");
}

/// Joins, cancels, asks or forgets.
fn settle(handles: &mut Vec<JoinHandle<u64>>, random: &mut Rng) {
    while handles.len() > 30 {
        let mut handle = handles.swap_remove(random.usize(..handles.len()));
        match random.u8(..5) {
            0 => drop(handle.join()),
            1 => drop(handle.cancel()),
            2 => drop(handle.join_timeout(Duration::from_micros(50))),
            3 => drop(handle.try_join()),
            _ => drop(block_on(handle)),
        }
    }
}

/// As many senders as receivers, `workers` in all and at least two.
fn port_round(workers: usize, mut random: Rng) -> u64 {
    let (left, right) = match random.u8(..4) {
        0 => port::pair(),
        capacity => port::bounded(usize::from(capacity - 1) * 3),
    };
    let (left, right) = (Arc::new(left), Arc::new(right));
    let account = Arc::new(Account::default());
    let pairs = workers.div_ceil(2);
    let hangs_up = random.u8(..4) == 0;
    thread::scope(|s| {
        for _ in 0..pairs {
            let (sender, receiver) = (Arc::clone(&left), Arc::clone(&right));
            let (mut sends, mut receives) = (random.fork(), random.fork());
            let account = &account;
            s.spawn(move || send_at_random(&sender, account, &mut sends));
            s.spawn(move || receive_at_random(&receiver, &mut receives, hangs_up));
        }
        // The last of these hangs up for all.
        drop((left, right));
    });
    let [made, used, handed_back, dropped] = account.read();
    assert_eq!(made, dropped, "a message is leaked");
    assert!(used + handed_back <= made);
    if !hangs_up {
        assert_eq!(used + handed_back, made, "a message is lost");
    }
    made
}

fn send_at_random(port: &Port<Entry, ()>, account: &Arc<Account>, random: &mut Rng) {
    for _ in 0..STEPS {
        let message = Entry::new(account);
        let timeout = Duration::from_micros(random.u64(..100));
        let unsent = match random.u8(..6) {
            0 => port.try_send(message).map_err(drop),
            1 => port.send_timeout(message, timeout).map_err(drop),
            2 => block_on(Box::pin(port.send_async(message))).map_err(drop),
            3 => match port.force_send(message) {
                Ok(None) => Ok(()),
                // In its place another one came back.
                Ok(Some(_)) | Err(_) => Err(()),
            },
            4 => {
                let mut batch = vec![message];
                batch.extend((0..random.usize(..5)).map(|_| Entry::new(account)));
                let _ = port.send_batch(&mut batch);
                account.hand_back(batch.len());
                Ok(())
            }
            _ => port.send(message).map_err(drop),
        };
        if unsent.is_err() {
            account.hand_back(1);
        }
    }
}

fn receive_at_random(port: &Port<(), Entry>, random: &mut Rng, hangs_up: bool) {
    let mut batch = Vec::new();
    let most = if hangs_up { STEPS / 2 } else { usize::MAX };
    for _ in 0..most {
        let timeout = Duration::from_micros(random.u64(..100));
        let is_over = match random.u8(..4) {
            0 => match port.recv_timeout(timeout) {
                Ok(message) => {
                    batch.push(message);
                    false
                }
                Err(error) => error == port::RecvTimeoutError::Disconnected,
            },
            1 => block_on(Box::pin(port.recv_async()))
                .map(|message| batch.push(message))
                .is_err(),
            2 => port.recv_batch(&mut batch, random.usize(1..9)).is_err(),
            _ => port.recv().map(|message| batch.push(message)).is_err(),
        };
        batch.drain(..).for_each(|message| message.use_up());
        if is_over {
            return;
        }
    }
}
