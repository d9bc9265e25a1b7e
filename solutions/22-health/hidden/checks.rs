//! Hidden checks of lesson 22: health from heartbeats.
//!
//! The clock is fake, and what happens is a script: a worker's job is a closure of the
//! check, which moves the clock, beats, and looks at the report from inside the job or
//! from another thread. Whatever may wait runs on a thread of its own.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use health::{Alarm, Health, JobReport, Report, State, Status, WorkerReport};
use wt_check::{
    FakeClock, Unjoined, assert_same, assert_snapshot, check, observe, observed, rng, wait_until,
};

fn main() -> ExitCode {
    wt_check::run(&[
        check!(the_states_of_a_worker),
        check!(a_worker_without_a_job_is_never_stalled),
        check!(a_long_job_that_beats_is_working),
        check!(a_silent_job_stalls_exactly_at_the_threshold),
        check!(the_alarm_names_worker_and_job),
        check!(each_change_is_told_once),
        check!(a_caught_panic_leaves_the_worker_idle),
        check!(a_dead_worker_is_named),
        check!(a_worker_that_says_goodbye_is_gone),
        check!(a_report_waits_for_no_job),
        check!(the_status_is_of_all_workers),
        check!(the_report_is_json),
        observed!(json_holds_any_name => expected_json),
        check!(the_report_is_metrics),
    ])
}

/// A job that is silent for this long has stalled.
const THRESHOLD: Duration = Duration::from_secs(10);

/// One worker's life, told line by line.
fn the_states_of_a_worker() {
    let table = script(|health, clock| {
        let lines = RefCell::new(Vec::new());
        let mut last = 0;
        let mut passed = 0;
        let mut at = |seconds: u64, what: &str| {
            clock.advance(secs(seconds - last));
            passed += seconds - last;
            last = seconds;
            let line = format!("{passed:>4} s  {what:<22}{}", state_of(health, "w"));
            lines.borrow_mut().push(line);
        };
        let heart = health.worker("w");
        at(0, "registered");
        at(500, "no job for long");
        heart.run("first", |pulse| {
            at(500, "a job begins");
            at(509, "silent for 9 s");
            pulse.beat();
            at(509, "it beats");
            at(518, "silent for 9 s");
            at(519, "silent for 10 s");
            at(600, "silent for longer");
            pulse.beat();
            at(600, "it beats");
            at(611, "silent for 11 s");
        });
        at(611, "the job ends");
        heart.run("second", |_| {
            at(615, "the next one begins");
            at(625, "silent for 14 s");
        });
        drop(heart);
        at(625, "it says goodbye");
        lines.into_inner().join("\n")
    });
    assert_snapshot!("states", table);
}

fn state_of(health: &Health, name: &str) -> &'static str {
    let report = health.report();
    let worker = report.workers.iter().find(|worker| worker.name == name);
    worker.map_or("-", |worker| word(worker.state))
}

/// The words of the check's own: what the checked code prints is another check's affair.
fn word(state: State) -> &'static str {
    match state {
        State::Idle => "idle",
        State::Working => "working",
        State::Stalled => "stalled",
        State::Dead => "dead",
    }
}

fn a_worker_without_a_job_is_never_stalled() {
    let states = script(|health, clock| {
        let fresh = health.worker("fresh");
        let used = health.worker("used");
        used.run("a job", |_| ());
        clock.advance(secs(86_400));
        let states = ["fresh", "used"].map(|name| state_of(health, name));
        drop((fresh, used));
        states
    });
    assert_same!(
        states,
        ["idle", "idle"],
        "two workers had no job for a day, one of them never; their states"
    );
}

/// Ten hours, and a sign of life every nine seconds.
fn a_long_job_that_beats_is_working() {
    let ill = script(|health, clock| {
        let heart = health.worker("w");
        heart.run("long", |pulse| {
            let mut ill = 0;
            for _ in 0..4000 {
                clock.advance(secs(9));
                ill += usize::from(state_of(health, "w") != "working") + health.check().len();
                pulse.beat();
            }
            ill
        })
    });
    assert!(
        ill == 0,
        "a job of ten hours beat every 9 s, with a threshold of 10 s, and was found ill"
    );
}

fn a_silent_job_stalls_exactly_at_the_threshold() {
    let seen = script(|health, clock| {
        let heart = health.worker("w");
        heart.run("silent", |_| {
            let mut seen = Vec::new();
            let nano = Duration::from_nanos(1);
            for step in [THRESHOLD - nano, nano, nano] {
                clock.advance(step);
                seen.push((state_of(health, "w"), health.check().len()));
            }
            seen
        })
    });
    assert_same!(
        seen,
        vec![("working", 0), ("stalled", 1), ("stalled", 0)],
        "a job was silent for 1 ns less than the threshold, for the threshold, and 1 ns more; its worker's state, and how many alarms came"
    );
}

fn the_alarm_names_worker_and_job() {
    let alarms = script(|health, clock| {
        let hearts = ["w0", "w1", "w2"].map(|name| health.worker(name));
        hearts[0].run("resize 4", |pulse| {
            hearts[1].run("upload 7", |_| {
                clock.advance(THRESHOLD);
                pulse.beat();
                told(health.check())
            })
        })
    });
    assert_same!(
        alarms,
        vec!["w1 has stalled in upload 7".to_owned()],
        "of three workers w0 beats, w1 is silent and w2 has no job; the alarms"
    );
}

fn told(alarms: Vec<Alarm>) -> Vec<String> {
    let told = alarms.into_iter().map(|alarm| match alarm {
        Alarm::Stalled { worker, job } => format!("{worker} has stalled in {job}"),
        Alarm::Dead { worker } => format!("{worker} is dead"),
        Alarm::Recovered { worker } => format!("{worker} has recovered"),
    });
    told.collect()
}

/// A check every second, for as long as each phase lasts.
fn each_change_is_told_once() {
    let log = script(|health, clock| {
        let log = RefCell::new(Vec::new());
        let watch = |phase: &str, seconds: u64| {
            let mut alarms = Vec::new();
            for _ in 0..seconds {
                clock.advance(secs(1));
                alarms.extend(told(health.check()));
            }
            log.borrow_mut()
                .push(format!("{phase}: {}", counted(alarms)));
        };
        let heart = health.worker("w");
        heart.run("first", |pulse| {
            watch("silent for 60 s", 60);
            pulse.beat();
            watch("beats, then silent for 5 s", 5);
            watch("and for 60 s more", 60);
        });
        watch("no job for 60 s", 60);
        heart.run("second", |_| watch("silent for 60 s", 60));
        heart.run("third", |_| watch("ended unseen, a new job, 5 s", 5));
        log.into_inner()
    });
    let expected = [
        "silent for 60 s: w has stalled in first",
        "beats, then silent for 5 s: w has recovered",
        "and for 60 s more: w has stalled in first",
        "no job for 60 s: w has recovered",
        "silent for 60 s: w has stalled in second",
        "ended unseen, a new job, 5 s: w has recovered",
    ];
    assert_same!(
        log,
        expected.map(str::to_owned).to_vec(),
        "a check every second; the alarms of each phase"
    );
}

/// The alarms, and how often each came in a row.
fn counted(alarms: Vec<String>) -> String {
    let rows = alarms.chunk_by(|one, next| one == next);
    let rows = rows.map(|row| match row.len() {
        1 => row[0].clone(),
        times => format!("{} ({times} times)", row[0]),
    });
    rows.collect::<Vec<_>>().join(", ")
}

/// The pool catches what its jobs do, and gives the worker the next one.
fn a_caught_panic_leaves_the_worker_idle() {
    let states = script(|health, clock| {
        let heart = health.worker("w");
        let job = || heart.run("bad", |_| panic!("this job panics"));
        let _: Result<(), _> = catch_unwind(AssertUnwindSafe(job));
        clock.advance(secs(3600));
        [
            state_of(health, "w"),
            if health.check().is_empty() {
                "no alarm"
            } else {
                "an alarm"
            },
        ]
    });
    assert_same!(
        states,
        ["idle", "no alarm"],
        "a job panicked an hour ago, and the worker's thread caught it; state and alarms"
    );
}

/// A thread that ends by a panic drops what it owns, its heart as well.
fn a_dead_worker_is_named() {
    let seen = script(|health, clock| {
        let living = health.worker("living");
        let heart = health.worker("dying");
        let end = wt_check::spawn("dying", move || {
            heart.run("last", |_| panic!("the worker dies of this"));
        });
        let _ = end.join_soon();
        clock.advance(secs(1));
        let first = told(health.check());
        clock.advance(secs(100));
        let second = told(health.check());
        let states = ["living", "dying"].map(|name| state_of(health, name));
        drop(living);
        (first, second, states)
    });
    assert_same!(
        seen,
        (vec!["dying is dead".to_owned()], vec![], ["idle", "dead"]),
        "a worker's thread panicked, another worker is idle; the alarms at once, the alarms 100 s later, and both states"
    );
}

fn a_worker_that_says_goodbye_is_gone() {
    let seen = script(|health, clock| {
        let [first, second, third] = ["a", "b", "c"].map(|name| health.worker(name));
        drop(second);
        clock.advance(secs(100));
        let names = |report: Report| {
            report
                .workers
                .into_iter()
                .map(|worker| worker.name)
                .collect()
        };
        let two: Vec<String> = names(health.report());
        let new = health.worker("d");
        drop(third);
        new.run("a job", |_| ());
        let after: Vec<String> = names(health.report());
        let alarms = health.check().len();
        drop((first, new));
        (
            two.concat(),
            after.concat(),
            alarms,
            health.report().workers.len(),
        )
    });
    assert_same!(
        seen,
        ("ac".to_owned(), "ad".to_owned(), 0, 0),
        "of a, b and c b says goodbye, d comes and c goes, then all go; names, names, alarms, how many are left"
    );
}

/// Three workers sit in jobs that wait, and do not beat.
fn a_report_waits_for_no_job() {
    let clock = FakeClock::new();
    let health = Health::new(Arc::new(clock.clone()), THRESHOLD);
    let (inside, entered) = mpsc::channel();
    let mut gates = Vec::new();
    for name in ["w0", "w1", "w2"] {
        let (gate, wait) = mpsc::channel::<()>();
        let (inside, health) = (inside.clone(), health.clone());
        wt_check::spawn("worker", move || {
            let heart = health.worker(name);
            heart.run("waits", |_| {
                let _ = inside.send(());
                let _ = wait.recv();
            });
        });
        gates.push(gate);
    }
    let mut waiting = 0;
    let all = wait_until(|| {
        waiting += entered.try_iter().count();
        waiting == 3
    });
    assert!(
        all,
        "three workers began a job each, and {waiting} of these were run"
    );
    clock.advance(THRESHOLD);
    let asked = health.clone();
    let states = soon("`report`", move || {
        let report = asked.report();
        report
            .workers
            .iter()
            .map(|worker| word(worker.state))
            .collect::<Vec<_>>()
    });
    assert_same!(
        states,
        vec!["stalled"; 3],
        "three workers are in jobs that wait and do not beat; their states"
    );
    let alarms = soon("`check`", move || health.check().len());
    assert!(
        alarms == 3,
        "three jobs have stalled, and {alarms} alarms came"
    );
}

fn the_status_is_of_all_workers() {
    use State::{Dead, Idle, Stalled, Working};
    let word = |states: &[State]| match report(states).status() {
        Status::Ok => "ok",
        Status::Degraded => "degraded",
        Status::Down => "down",
    };
    let seen = [
        word(&[]),
        word(&[Idle]),
        word(&[Idle, Working]),
        word(&[Working, Stalled]),
        word(&[Dead, Idle, Dead]),
        word(&[Stalled]),
        word(&[Dead, Stalled]),
    ];
    assert_same!(
        seen,
        ["ok", "ok", "ok", "degraded", "degraded", "down", "down"],
        "no workers; idle; idle and working; working and stalled; two dead and one idle; stalled; dead and stalled: the status"
    );
}

fn the_report_is_json() {
    use State::{Dead, Idle, Stalled, Working};
    let json = report(&[Idle, Working, Stalled, Dead]).to_json();
    // One worker to a line, for whoever reads a difference.
    let lines = json.replace("{\"name\"", "\n{\"name\"");
    assert_snapshot!("json", format!("{lines}\n{}", report(&[]).to_json()));
}

fn the_report_is_metrics() {
    use State::{Dead, Idle, Stalled, Working};
    let mut report = report(&[Idle, Working, Stalled, Dead]);
    report.workers[1].name = "a \"b\" \\c\nd".into();
    assert_snapshot!("metrics", report.to_metrics());
}

fn json_holds_any_name() {
    for (worker, job) in names() {
        let mut report = report(&[State::Working]);
        report.workers[0].name = worker;
        if let Some(current) = &mut report.workers[0].job {
            current.name = job;
        }
        observe("json", decoded(&report.to_json()));
    }
}

fn expected_json() {
    for (worker, job) in names() {
        observe("json", Some([worker, "working".into(), job]));
    }
}

fn names() -> Vec<(String, String)> {
    let mut rng = rng();
    let alphabet: Vec<char> = "ab\"\\/\n\t\u{1}\u{1f} {}[],:é€🦀".chars().collect();
    let mut name = || {
        (0..12)
            .map(|_| alphabet[rng.usize(..alphabet.len())])
            .collect()
    };
    (0..30).map(|_| (name(), name())).collect()
}

/// The strings behind `"name"`, `"state"` and `"job"`; `None` if this is no JSON of the
/// form that the brief shows.
fn decoded(json: &str) -> Option<[String; 3]> {
    let mut rest = json.strip_prefix("{\"status\":\"ok\",\"workers\":[{\"name\":")?;
    let name = string(&mut rest)?;
    rest = rest.strip_prefix(",\"state\":")?;
    let state = string(&mut rest)?;
    rest = rest.strip_prefix(",\"jobs\":1,\"job\":")?;
    let job = string(&mut rest)?;
    (rest == ",\"age\":13.0,\"silent\":2.5}]}").then_some([name, state, job])
}

/// Reads one JSON string, by the grammar of RFC 8259.
fn string(rest: &mut &str) -> Option<String> {
    let mut chars = rest.strip_prefix('"')?.chars();
    let mut out = String::new();
    loop {
        match chars.next()? {
            '"' => break,
            '\0'..='\x1f' => return None,
            '\\' => out.push(match chars.next()? {
                c @ ('"' | '\\' | '/') => c,
                'b' => '\u{8}',
                'f' => '\u{c}',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'u' => {
                    let digits: String = chars.by_ref().take(4).collect();
                    char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?
                }
                _ => return None,
            }),
            c => out.push(c),
        }
    }
    *rest = chars.as_str();
    Some(out)
}

/// A report with a worker in each of these states.
fn report(states: &[State]) -> Report {
    let worker = |(n, &state): (usize, &State)| WorkerReport {
        name: format!("w{n}"),
        state,
        jobs: n as u64,
        job: matches!(state, State::Working | State::Stalled).then(|| JobReport {
            name: format!("resize {n}"),
            age: secs(12 + n as u64),
            silent: Duration::from_millis(2500),
        }),
    };
    let mut workers: Vec<_> = states.iter().enumerate().map(worker).collect();
    if let [only] = &mut workers[..] {
        // As `decoded` wants it.
        only.jobs = 1;
        only.job.iter_mut().for_each(|job| job.age = secs(13));
    }
    Report { workers }
}

/// Runs a script with a new `Health` and its clock. Nothing in it has a reason to wait.
fn script<T: Send + 'static>(f: impl FnOnce(&Health, &FakeClock) -> T + Send + 'static) -> T {
    soon("a script of beats and reports", move || {
        let clock = FakeClock::new();
        f(&Health::new(Arc::new(clock.clone()), THRESHOLD), &clock)
    })
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn soon<T: Send + 'static>(what: &str, f: impl FnOnce() -> T + Send + 'static) -> T {
    match wt_check::spawn("caller", f).join_soon() {
        Ok(value) => value,
        Err(Unjoined::StillRunning) => panic!("{what} had no reason to wait, and did not return"),
        Err(Unjoined::Panicked(message)) => panic!("{what} panicked: {message}"),
    }
}
