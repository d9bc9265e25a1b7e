//! Hidden checks of lesson 23.
//!
//! The check owns the clock and the work. A job is a number; the work can be held, and a
//! held job sees the mark to give up. Whoever may wait does so on a watched thread.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use graceful_shutdown::{Control, Phase, Report, Service, Stop};
use wt_check::{
    Activity, FakeClock, ThreadCount, Unjoined, Watched, assert_snapshot, check, observe, observed,
    patience, rng, wait_until,
};
use wt_core::channel::Receiver;
use wt_core::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
const GRACE: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    wt_check::run(&[
        observed!(every_job_is_done_handed_back_or_refused => every_job),
        check!(a_stopping_service_refuses_jobs),
        check!(the_first_interrupt_drains),
        check!(an_idle_service_stops),
        check!(results_close_last),
        check!(the_deadline_aborts),
        check!(the_second_interrupt_aborts_at_once),
        check!(no_job_starts_after_an_abort),
        check!(a_job_that_is_done_counts_as_done),
        check!(no_thread_is_left),
        check!(the_order_of_stopping),
    ])
}

/// Four threads submit while the service is stopped, and then stopped faster. Which job
/// meets which fate depends on the schedule; that each meets one does not. Two jobs hold
/// both workers until the second interrupt has come, so there is something to hand back.
fn every_job_is_done_handed_back_or_refused() {
    let moment = Arc::new(AtomicUsize::new(0));
    let calls = Arc::new(AtomicUsize::new(0));
    let (now, called) = (Arc::clone(&moment), Arc::clone(&calls));
    let work = move |job: &u32, stop: &Stop| {
        if [10, 11].contains(&called.fetch_add(1, Ordering::SeqCst)) {
            wait_until(|| now.load(Ordering::SeqCst) == 3);
        }
        (!stop.is_set()).then_some(*job)
    };
    let clock = Arc::new(FakeClock::new());
    let (service, control, results) = Service::start(2, GRACE, clock, work);
    let submitters: Vec<_> = random_jobs()
        .into_iter()
        .map(|mine| {
            let (control, moment) = (control.clone(), Arc::clone(&moment));
            wt_check::spawn("submitter", move || submit_all(&control, &mine, &moment))
        })
        .collect();
    wait_until(|| calls.load(Ordering::SeqCst) >= 12);
    // Each interrupt comes while the submitters go on.
    for _ in 0..2 {
        moment.fetch_add(1, Ordering::SeqCst);
        control.interrupt();
    }
    moment.fetch_add(1, Ordering::SeqCst);
    let mut refused: Vec<u32> = Vec::new();
    for submitter in submitters {
        refused.extend(joined(submitter, "`submit`"));
    }
    let report = joined(wait(service), "`wait`");
    let done: Vec<u32> = all(&results);
    assert!(
        report.done == done.len(),
        "240 jobs were submitted while the service stopped, and the report counts other jobs as done than those that have a result"
    );
    let sum = report.done + report.handed_back.len();
    assert!(
        report.accepted <= sum,
        "240 jobs were submitted while the service stopped, and some that it had accepted were neither done nor handed back"
    );
    assert!(
        report.accepted >= sum,
        "240 jobs were submitted while the service stopped, and more were done or handed back than it says it had accepted"
    );
    let mut fates = [done, report.handed_back, refused].concat();
    fates.sort_unstable();
    observe("every job, by number", fates);
}

/// Those that were refused. After a third of the jobs, and after two thirds, it waits for
/// the moment just before the next interrupt.
fn submit_all(control: &Control<u32>, jobs: &[u32], moment: &AtomicUsize) -> Vec<u32> {
    let mut refused = Vec::new();
    for (number, job) in jobs.iter().enumerate() {
        let third = 3 * number / jobs.len();
        wait_until(|| moment.load(Ordering::SeqCst) >= third);
        refused.extend(control.submit(*job).err().map(|back| back.0));
    }
    refused
}

fn every_job() {
    let mut jobs = random_jobs().concat();
    jobs.sort_unstable();
    observe("every job, by number", jobs);
}

fn random_jobs() -> Vec<Vec<u32>> {
    let mut rng = rng();
    (0..4)
        .map(|_| (0..60).map(|_| rng.u32(100_000..1_000_000)).collect())
        .collect()
}

fn a_stopping_service_refuses_jobs() {
    let mut bench = Bench::start(1);
    bench.hold(0);
    bench.submit(0);
    bench.until_held(0);
    bench.interrupt();
    let phase = bench.control.phase();
    assert!(
        phase == Phase::Draining,
        "one interrupt has come, and the service is {}",
        word(phase)
    );
    let back = refused(&bench.control, 7);
    assert!(
        back == Some(7),
        "job 7 was submitted to a draining service: {}",
        fate(back)
    );
    bench.interrupt();
    let phase = bench.control.phase();
    assert!(
        phase == Phase::Aborting,
        "two interrupts have come, and the service is {}",
        word(phase)
    );
    let back = refused(&bench.control, 8);
    assert!(
        back == Some(8),
        "job 8 was submitted to an aborting service: {}",
        fate(back)
    );
}

/// One job runs and four wait when the interrupt comes. The last one takes long.
fn the_first_interrupt_drains() {
    let mut bench = Bench::start(1);
    bench.hold(0);
    bench.hold(4);
    for job in 0..5 {
        bench.submit(job);
    }
    bench.until_held(0);
    bench.interrupt();
    bench.release(0);
    let end = bench.wait();
    wait_until(|| end.is_finished() || bench.started().contains(&4));
    let _ = end.wait_asleep();
    bench.release(4);
    let report = joined(end, "`wait`");
    let report = counts(&report);
    assert!(
        report == "5 accepted, 5 done, handed back []",
        "5 jobs had been taken when the only interrupt came, and the report does not say that all 5 are done"
    );
}

/// Three workers sleep at an empty queue.
fn an_idle_service_stops() {
    let mut bench = Bench::start(3);
    let end = bench.wait();
    let early = end.wait_asleep() == Activity::Finished;
    assert!(
        !early,
        "`wait` returned before anybody had stopped the service"
    );
    bench.interrupt();
    assert!(
        end.join_settled().is_ok(),
        "3 idle workers, one interrupt: `wait` did not return"
    );
}

/// The last result comes late, and the end of the results behind it.
fn results_close_last() {
    let mut bench = Bench::start(2);
    bench.hold(1);
    bench.submit(0);
    bench.submit(1);
    bench.until_held(1);
    bench.interrupt();
    let results = bench.results.clone();
    let reader = wt_check::spawn("reader", move || results.iter().collect::<Vec<u32>>());
    let early = reader.wait_asleep() == Activity::Finished;
    bench.release(1);
    bench.end();
    let mut got = joined(reader, "the end of the results");
    got.sort_unstable();
    assert!(
        !early,
        "the results ended before job 1 was let go; they were {got:?}"
    );
    assert!(
        got == [0, 1],
        "jobs 0 and 1 were done while the service was draining, and these results came: {got:?}"
    );
}

/// The service is an hour old when it is stopped, so that a grace that counts from
/// another moment shows.
fn the_deadline_aborts() {
    let mut bench = Bench::start(1);
    bench.clock.advance(3600 * SECOND);
    bench.hold(0);
    bench.submit(0);
    bench.submit(1);
    bench.until_held(0);
    bench.interrupt();
    bench.clock.advance(GRACE - Duration::from_millis(1));
    bench.control.tick();
    let phase = bench.control.phase();
    assert!(
        phase == Phase::Draining && !bench.told_to_stop(),
        "the service was asked to give up 1 ms before its deadline"
    );
    bench.clock.advance(Duration::from_millis(1));
    bench.control.tick();
    let phase = bench.control.phase();
    assert!(
        phase == Phase::Aborting,
        "a tick came at the deadline, and the service is {}",
        word(phase)
    );
    bench.gives_up(0, "a tick came at the deadline");
}

/// The clock stands still: only the second interrupt can be the reason.
fn the_second_interrupt_aborts_at_once() {
    let mut bench = Bench::start(1);
    bench.hold(0);
    bench.submit(0);
    bench.submit(1);
    bench.until_held(0);
    bench.interrupt();
    assert!(
        !bench.told_to_stop(),
        "the first interrupt asked the running job to give up"
    );
    bench.interrupt();
    bench.gives_up(0, "a second interrupt came");
}

/// Two jobs run, three wait. Those that wait must not even see the mark.
fn no_job_starts_after_an_abort() {
    let mut bench = Bench::start(2);
    bench.hold(0);
    bench.hold(1);
    for job in 0..5 {
        bench.submit(job);
    }
    bench.until_held(0);
    bench.until_held(1);
    bench.interrupt();
    bench.interrupt();
    // Whether they give up or are let go: the next job is not to begin.
    bench.release(0);
    bench.release(1);
    let report = bench.end();
    let mut started = bench.started();
    started.sort_unstable();
    assert!(
        started == [0, 1],
        "jobs 0 and 1 ran and 2 to 4 were queued when the service aborted, and these were started: {started:?}"
    );
    let never: Vec<u32> = report
        .handed_back
        .into_iter()
        .filter(|job| *job > 1)
        .collect();
    assert!(
        never == [2, 3, 4],
        "jobs 2 to 4 were queued when the service aborted, and of them these were handed back: {never:?}"
    );
}

/// The job is past the point where it could give up.
fn a_job_that_is_done_counts_as_done() {
    let mut bench = Bench::start(1);
    bench.hold(STUBBORN);
    bench.submit(STUBBORN);
    bench.until_held(STUBBORN);
    bench.interrupt();
    bench.interrupt();
    bench.release(STUBBORN);
    let report = bench.end();
    let report = counts(&report);
    assert!(
        report == "1 accepted, 1 done, handed back []",
        "job 99, the only one, finished in spite of the abort, and the report says: {report}"
    );
    let got: Vec<u32> = all(&bench.results);
    assert!(
        got == [STUBBORN],
        "the only job finished in spite of the abort, and there were {} results",
        got.len()
    );
}

/// One worker is busy, two are not.
fn no_thread_is_left() {
    let threads = ThreadCount::start();
    let mut bench = Bench::start(3);
    bench.hold(0);
    bench.submit(0);
    bench.until_held(0);
    bench.interrupt();
    let end = bench.wait();
    let early = end.wait_asleep() == Activity::Finished;
    bench.release(0);
    let _ = joined(end, "`wait`");
    assert!(!early, "`wait` returned before the running job was let go");
    let left = threads.left_behind();
    assert!(
        left.is_empty(),
        "{} thread(s) still lived after `wait`",
        left.len()
    );
}

fn the_order_of_stopping() {
    let mut log = String::new();
    // A String takes what it is given.
    let _ = script(&mut log);
    assert_snapshot!("order_of_stopping", log);
}

/// One worker, five jobs, a deadline that is over too soon.
fn script(log: &mut String) -> std::fmt::Result {
    let mut bench = Bench::start(1);
    bench.hold(1);
    bench.hold(2);
    for job in 1..=4 {
        bench.submit(job);
    }
    bench.until_held(1);
    writeln!(log, "jobs 1 to 4: accepted, 1 runs")?;
    bench.interrupt();
    writeln!(log, "interrupt: {}", word(bench.control.phase()))?;
    writeln!(log, "job 5: {}", fate(refused(&bench.control, 5)))?;
    bench.clock.advance(9 * SECOND);
    bench.control.tick();
    writeln!(log, "tick after 9 s: {}", word(bench.control.phase()))?;
    bench.release(1);
    bench.until_held(2);
    writeln!(log, "job 1 ends, 2 runs")?;
    bench.clock.advance(SECOND);
    bench.control.tick();
    writeln!(log, "tick after 10 s: {}", word(bench.control.phase()))?;
    if !bench.told_to_stop() {
        return writeln!(log, "job 2 was not asked to give up");
    }
    let report = bench.end();
    writeln!(log, "wait: {} accepted", report.accepted)?;
    writeln!(log, "      {} done", report.done)?;
    writeln!(log, "      handed back {:?}", report.handed_back)?;
    writeln!(log, "results: {:?}, then the end", all(&bench.results))
}

/// A job that does not look at the mark.
const STUBBORN: u32 = 99;

/// A service whose work does what the check says.
struct Bench {
    service: Option<Service<u32>>,
    control: Control<u32>,
    results: Receiver<u32>,
    clock: FakeClock,
    board: Arc<Mutex<Board>>,
}

/// What the check and the work tell each other.
#[derive(Default)]
struct Board {
    /// Jobs that wait inside the work until they are released.
    held: Vec<u32>,
    started: Vec<u32>,
    /// How often a held job has looked at the mark.
    looks: usize,
    told_to_stop: bool,
}

impl Bench {
    fn start(workers: usize) -> Self {
        let clock = FakeClock::new();
        let board = Arc::<Mutex<Board>>::default();
        let seen = Arc::clone(&board);
        let work = move |job: &u32, stop: &Stop| work(*job, stop, &seen);
        let (service, control, results) =
            Service::start(workers, GRACE, Arc::new(clock.clone()), work);
        Self {
            service: Some(service),
            control,
            results,
            clock,
            board,
        }
    }

    fn hold(&mut self, job: u32) {
        board(&self.board).held.push(job);
    }

    fn release(&mut self, job: u32) {
        board(&self.board).held.retain(|held| *held != job);
    }

    fn until_held(&self, job: u32) {
        let started = || board(&self.board).started.contains(&job);
        // Whoever aborts does not start it any more.
        wait_until(|| started() || self.control.phase() == Phase::Aborting);
        assert!(
            started(),
            "job {job} was accepted and its turn had come, and it was not started"
        );
    }

    fn started(&self) -> Vec<u32> {
        board(&self.board).started.clone()
    }

    /// Whether a job that is held has seen the mark, after it had time to look.
    fn told_to_stop(&self) -> bool {
        let before = board(&self.board).looks;
        wait_until(|| {
            let board = board(&self.board);
            board.looks >= before + 2 || board.told_to_stop
        });
        board(&self.board).told_to_stop
    }

    fn submit(&self, job: u32) {
        let back = refused(&self.control, job);
        assert!(
            back.is_none(),
            "job {job} was submitted to a service that nobody had stopped, and came back"
        );
    }

    fn interrupt(&self) {
        let control = self.control.clone();
        joined(
            wt_check::spawn("signal", move || control.interrupt()),
            "`interrupt`",
        );
    }

    fn wait(&mut self) -> Watched<Report<u32>> {
        wait(self.service.take().expect("a service is waited for once"))
    }

    fn end(&mut self) -> Report<u32> {
        joined(self.wait(), "`wait`")
    }

    /// The held job sees the mark, gives up and is handed back, with job 1 behind it.
    fn gives_up(&mut self, job: u32, why: &str) {
        let told = self.told_to_stop();
        self.release(job);
        assert!(told, "{why}, and the running job was not asked to give up");
        let end = self.wait();
        let report = joined(end, "`wait`");
        let report = counts(&report);
        let expected = format!("2 accepted, 0 done, handed back [{job}, 1]");
        assert!(
            report == expected,
            "{why} while job {job} was running and job 1 was queued, and the report says: {report}"
        );
    }
}

fn counts(report: &Report<u32>) -> String {
    let Report {
        accepted,
        done,
        handed_back,
    } = report;
    format!("{accepted} accepted, {done} done, handed back {handed_back:?}")
}

/// Waits while the job is held, and gives up when it is asked to. It looks again and again,
/// as a long job does; after twice the patience nobody holds it any more.
fn work(job: u32, stop: &Stop, shared: &Mutex<Board>) -> Option<u32> {
    board(shared).started.push(job);
    if stop.is_set() && job != STUBBORN {
        return None;
    }
    let deadline = Instant::now() + 2 * patience();
    while board(shared).held.contains(&job) && Instant::now() < deadline {
        if stop.is_set() && job != STUBBORN {
            board(shared).told_to_stop = true;
            return None;
        }
        board(shared).looks += 1;
        thread::sleep(Duration::from_millis(1));
    }
    Some(job)
}

fn board(board: &Mutex<Board>) -> std::sync::MutexGuard<'_, Board> {
    board.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wait(service: Service<u32>) -> Watched<Report<u32>> {
    wt_check::spawn("wait", move || service.wait())
}

/// The job, if it came back.
fn refused(control: &Control<u32>, job: u32) -> Option<u32> {
    let control = control.clone();
    let submitter = wt_check::spawn("submitter", move || control.submit(job));
    joined(submitter, "`submit`").err().map(|back| back.0)
}

fn fate(back: Option<u32>) -> String {
    back.map_or("accepted".into(), |job| {
        format!("refused, and job {job} came back")
    })
}

fn word(phase: Phase) -> &'static str {
    match phase {
        Phase::Running => "running",
        Phase::Draining => "draining",
        Phase::Aborting => "aborting",
    }
}

/// Every result, once all workers have ended. If the results do not end, at least those
/// that are there.
fn all(results: &Receiver<u32>) -> Vec<u32> {
    std::iter::from_fn(|| results.recv_timeout(patience()).ok()).collect()
}

/// The value of a thread that has no reason to wait any more.
fn joined<T>(thread: Watched<T>, what: &str) -> T {
    match thread.join_settled() {
        Ok(value) => value,
        Err(Unjoined::StillRunning) => panic!("{what} had no reason to wait, and did not return"),
        Err(Unjoined::Panicked(message)) => panic!("{what} panicked: {message}"),
    }
}
