//! Six planted hangs, each with the verdict and the report that a learner gets.
//!
//! The files in `hangs` are those reports, whole, without times and with the last
//! steps sorted, because which of two threads comes first is chance.
//! `WT_BLESS=1 cargo test -p xtask --test hangs` writes them anew.

mod course;

use std::path::Path;

use course::{Course, Ran, adder_that};

/// Checks the adder that does this when there is nothing to add.
#[track_caller]
fn checked(body: &str) -> Ran {
    let course = Course::new().with_kit();
    course.solve(adder_that(body));
    let ran = course.run("check 01");
    ran.exits(1).says("2 of 3 properties hold");
    ran
}

/// The report, such that it is the same each time.
fn report(ran: &Ran) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut steps: Vec<String> = Vec::new();
    let mut in_steps = false;
    for line in ran.stdout.lines() {
        in_steps = line.starts_with("before ") || (in_steps && line.starts_with("       "));
        if in_steps {
            let step = match line.split_once("again and again: ") {
                // Which of the threads ran last is chance, too.
                Some((before, _)) => format!("{before}again and again: ..."),
                None => line.to_owned(),
            };
            steps.push(format!("       {}", &step[7..]));
            continue;
        }
        if !steps.is_empty() {
            steps.sort();
            steps.dedup();
            lines.append(&mut steps);
        }
        lines.push(without_time(line));
    }
    lines.join("\n") + "\n"
}

/// `it was not done after 4.6s` without the time, which depends on the machine.
fn without_time(line: &str) -> String {
    let Some((before, after)) = line.split_once("not done after ") else {
        return line.to_owned();
    };
    let rest = after.split_once(':').map_or("", |(_, rest)| rest);
    format!("{before}not done after N s:{rest}")
}

#[track_caller]
fn is_golden(name: &str, ran: &Ran) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/hangs")
        .join(format!("{name}.txt"));
    let report = report(ran);
    if std::env::var_os("WT_BLESS").is_some() {
        std::fs::write(&path, &report).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(golden == report, "{} differs:\n{report}", path.display());
}

/// Starts a thread with a name.
const NAMED: &str =
    "fn named(name: &str, f: impl FnOnce() + Send + 'static) -> wt_core::thread::JoinHandle<()> {
            wt_core::thread::Builder::new().name(name.into()).spawn(f).unwrap()
        }";

#[test]
fn two_locks_in_opposite_order() {
    let ran = checked(&format!(
        "use wt_core::sync::{{Arc, Barrier, Mutex}};
        {NAMED}
        let accounts = Arc::new(Mutex::new(0));
        let journal = Arc::new(Mutex::new(0));
        let start = Arc::new(Barrier::new(2));
        let (a, j, s) = (accounts.clone(), journal.clone(), start.clone());
        let books = named(\"books\", move || {{
            let _accounts = a.lock();
            s.wait();
            let _journal = j.lock();
        }});
        let prints = named(\"prints\", move || {{
            let _journal = journal.lock();
            start.wait();
            let _accounts = accounts.lock();
        }});
        books.join().unwrap();"
    ));
    ran.says("deadlock: `books`, `prints` wait for each other in a circle");
    is_golden("two_locks_in_opposite_order", &ran);
}

#[test]
fn a_thread_that_joins_itself() {
    let ran = checked(&format!(
        "{NAMED}
        let (tx, rx) = wt_core::channel::bounded::<wt_core::thread::JoinHandle<()>>(1);
        let itself = named(\"itself\", move || {{
            let own = rx.recv().unwrap();
            own.join().unwrap();
        }});
        tx.send(itself).unwrap();
        loop {{ wt_core::thread::park(); }}"
    ));
    ran.says("deadlock: `itself` waits for itself");
    is_golden("a_thread_that_joins_itself", &ran);
}

#[test]
fn two_full_channels() {
    let ran = checked(&format!(
        "{NAMED}
        let (to_left, left) = wt_core::channel::bounded(1);
        let (to_right, right) = wt_core::channel::bounded(1);
        let first = named(\"left\", move || {{
            to_right.send(0).unwrap();
            left.recv().unwrap();
            for n in 1..9 {{ to_right.send(n).unwrap(); }}
            drop(left);
        }});
        let second = named(\"right\", move || {{
            to_left.send(0).unwrap();
            right.recv().unwrap();
            for n in 1..9 {{ to_left.send(n).unwrap(); }}
            drop(right);
        }});
        first.join().unwrap();"
    ));
    ran.says("deadlock: `left`, `right` wait for each other in a circle, through channels");
    is_golden("two_full_channels", &ran);
}

#[test]
fn a_sender_that_the_receiver_keeps() {
    let ran = checked(&format!(
        "{NAMED}
        let (tx, rx) = wt_core::channel::unbounded();
        let worker_tx = tx.clone();
        named(\"worker\", move || worker_tx.send(1).unwrap()).join().unwrap();
        let sum: i32 = rx.iter().sum();
        drop(tx);"
    ));
    ran.says("deadlock: `check` waits for what only it could send or take")
        .says("which is empty and has 1 sender, made at lib.rs:9 by `check`");
    is_golden("a_sender_that_the_receiver_keeps", &ran);
}

#[test]
fn a_lost_wake_up() {
    let ran = checked(&format!(
        "use wt_core::sync::{{Arc, Condvar, Mutex}};
        {NAMED}
        let ready = Arc::new((Mutex::new(false), Condvar::new()));
        let news = ready.clone();
        named(\"announces\", move || {{
            news.1.notify_one();
            *news.0.lock().unwrap() = false;
        }}).join().unwrap();
        let mut done = ready.0.lock().unwrap();
        while !*done {{
            done = ready.1.wait(done).unwrap();
        }}"
    ));
    ran.says("deadlock: every thread waits, and none is left to wake another")
        .says("last notified by `announces` at lib.rs:13, when nobody waited");
    is_golden("a_lost_wake_up", &ran);
}

#[test]
fn two_threads_that_give_way_to_each_other() {
    let ran = checked(&format!(
        "use wt_core::sync::{{Arc, Barrier, Mutex}};
        {NAMED}
        let fork = Arc::new(Mutex::new(0));
        let knife = Arc::new(Mutex::new(0));
        let start = Arc::new(Barrier::new(2));
        let eats = |name, first: &Arc<Mutex<i32>>, second: &Arc<Mutex<i32>>| {{
            let (first, second, start) = (first.clone(), second.clone(), start.clone());
            named(name, move || {{
                let mut mine = first.lock().unwrap();
                start.wait();
                while second.try_lock().is_err() {{}}
            }})
        }};
        let polite = eats(\"polite\", &fork, &knife);
        let kind = eats(\"kind\", &knife, &fork);
        polite.join().unwrap();"
    ));
    ran.says("hung: it was not done after ")
        .says("a livelock, the same steps come again and again\n")
        .says(" in vain, line 18\n");
    is_golden("two_threads_that_give_way_to_each_other", &ran);
}

#[test]
fn a_thread_that_spins_is_told_with_its_line() {
    let ran = checked(
        "use wt_core::sync::atomic::{AtomicBool, Ordering};
        let ready = AtomicBool::new(false);
        while !ready.load(Ordering::Relaxed) {}",
    );
    ran.says("1 thread is still running: a livelock, or a computation without end\n")
        .says("thread `check` is running, exercises/01-adder/src/lib.rs:8");
}

#[test]
fn a_lock_that_a_panic_has_poisoned_is_told() {
    let ran = checked(&format!(
        "use wt_core::sync::{{Arc, Mutex}};
        {NAMED}
        let total = Arc::new(Mutex::new(0));
        let other = total.clone();
        let _ = named(\"clumsy\", move || {{
            let _total = other.lock().unwrap();
            panic!(\"oh\");
        }}).join();
        *total.lock().unwrap() += 1;"
    ));
    ran.says("also   the Mutex made at lib.rs:10 is poisoned: `clumsy` panicked while it had it, since lib.rs:13\n")
        .says("thread `clumsy` panicked at exercises/01-adder/src/lib.rs:14: oh\n");
}

/// And what waits in the façade is told all the same.
#[test]
fn a_wait_in_std_itself_is_told_as_one_that_nobody_sees() {
    let ran = checked(&format!(
        "{NAMED}
        let lock = std::sync::Mutex::new(0);
        let (tx, rx) = wt_core::channel::bounded::<u8>(1);
        named(\"watched\", move || {{ let _ = rx.recv(); drop(rx); }});
        let _one = lock.lock();
        let _two = lock.lock();
        drop(tx);"
    ));
    ran.says("hung: no thread has run for 1.5 s")
        .says("thread `check` waits for a Mutex that another thread holds, exercises/01-adder/src/lib.rs:13, in ")
        .says("also   `check` waits in std's own types, which this report does not see into. With `wt_core::sync`")
        .keeps_quiet_about("`watched` waits in std's own");
}

/// More than the grader lets a check have.
#[test]
fn ten_thousand_threads_are_over_the_limit() {
    let ran = checked(&format!(
        "{NAMED}
        for _ in 0..10_000 {{ named(\"many\", || loop {{ wt_core::thread::park(); }}); }}"
    ));
    ran.says("over limit: ").within(30);
}

/// As many as it lets it have, in a deadlock: the report stays short.
#[test]
fn a_deadlock_of_many_threads_is_told_in_few_lines() {
    let ran = checked(&format!(
        "use wt_core::sync::{{Arc, Mutex}};
        {NAMED}
        let lock = Arc::new(Mutex::new(0));
        let _held = lock.lock();
        let all: Vec<_> = (0..900).map(|n| {{
            let lock = lock.clone();
            named(&format!(\"worker-{{n}}\"), move || drop(lock.lock()))
        }}).collect();
        for worker in all {{ worker.join().unwrap(); }}"
    ));
    ran.says("deadlock: `check`, `worker-0` wait for each other in a circle\n")
        .says("which `check` holds since lib.rs:11");
    assert!(ran.stdout.lines().count() < 120, "{}", ran.text());
}
