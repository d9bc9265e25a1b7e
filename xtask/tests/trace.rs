//! `cargo xtask trace`: a timeline of a scenario, as text, SVG and JSON.
//!
//! The first of these tests to run has cargo build `wt-trace`. The files in `trace`
//! are what is printed and drawn; `WT_BLESS=1 cargo test -p xtask --test trace`
//! writes them anew.

mod course;

use std::path::Path;

use course::{Course, Ran};

/// Adds with a worker per part; the parts go through a channel, the sum is under a
/// lock.
const ADDER: &str = r#"//! Adds numbers with several workers.
use wt_core::sync::Mutex;
use wt_core::{channel, thread};

/// The sum of `numbers`, added up by `workers` threads.
pub fn total(numbers: Vec<u64>, workers: usize) -> u64 {
    let (parts, work) = channel::bounded(1);
    let sum = Mutex::new(0);
    thread::scope(|scope| {
        for n in 0..workers {
            let work = work.clone();
            let sum = &sum;
            let named = thread::Builder::new().name(format!("adder-{n}"));
            let adds = move || {
                for part in work {
                    *sum.lock().unwrap() += part;
                }
            };
            named.spawn_scoped(scope, adds).unwrap();
        }
        drop(work);
        for number in numbers {
            parts.send(number).unwrap();
        }
        drop(parts);
    });
    sum.into_inner().unwrap()
}
"#;

const SCENARIO: &str = r#"//! Four numbers, two workers.

use wt_check::trace::span;

pub fn scenario() {
    let sum = span("add", || adder::total(vec![1, 2, 3, 4], 2));
    assert_eq!(sum, 10, "the sum is wrong");
}
"#;

/// A course whose lesson 01 has a scenario, and this code.
fn with(source: &str) -> Course {
    let course = Course::new();
    course.write("solutions/01-adder/trace/scenario.rs", SCENARIO);
    course.solve(source);
    course
}

/// Such code, with this before the sum is returned.
fn that_also(body: &str) -> String {
    ADDER.replace(
        "    sum.into_inner",
        &format!("    {body}\n    sum.into_inner"),
    )
}

fn trace(course: &Course, words: &str) -> Ran {
    course.program(words).patiently().run()
}

/// The drawing that a page names.
fn drawing(course: &Course, ran: &Ran, ending: &str) -> String {
    let line = ran
        .stdout
        .lines()
        .find(|line| line.contains(&format!(".{ending}")));
    let path = line.unwrap_or_else(|| panic!("no {ending}\n{}", ran.text()));
    let path = path.split_whitespace().nth(1).unwrap();
    std::fs::read_to_string(course.root().join(path)).unwrap()
}

#[track_caller]
fn is_golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/trace")
        .join(name);
    if std::env::var_os("WT_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(golden == text, "{} differs:\n{text}", path.display());
}

/// The page without the paths, which depend on where the course is.
fn page(ran: &Ran) -> String {
    let is_path = |line: &&str| line.starts_with("svg    ") || line.starts_with("json   ");
    let lines = ran.stdout.lines().filter(|line| !is_path(line));
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn a_timeline_is_the_same_bytes_each_time() {
    let course = with(ADDER);
    let ran = trace(&course, "trace 01");
    ran.exits(0)
        .says("01 adder: Four numbers, two workers (your code)\n");
    is_golden("page.txt", &page(&ran));
    is_golden("drawing.svg", &drawing(&course, &ran, "svg"));
    is_golden("events.json", &drawing(&course, &ran, "json"));
    for _ in 0..5 {
        let again = trace(&course, "trace 01");
        assert_eq!(again.stdout, ran.stdout);
    }
}

#[test]
fn on_the_real_clock_the_times_are_measured() {
    let course = with(ADDER);
    trace(&course, "trace 01 --real")
        .exits(0)
        .says("time as the clock had it\n")
        .says("waits for the end of its scope's threads")
        .says("lock ")
        .says("https://ui.perfetto.dev");
}

#[test]
fn an_example_is_traced_from_its_main() {
    let course = with(ADDER);
    let main = "//! Two threads.\n\nuse wt_core::thread;\n\nfn main() {\n    \
                thread::spawn(|| println!(\"hello\")).join().unwrap();\n}\n";
    course.write("examples/01-adder/src/main.rs", main);
    trace(&course, "trace --example 01")
        .exits(0)
        .says("01 adder: Two threads (the example)\n")
        .says("main      starts thread 1, main.rs:6\n")
        .keeps_quiet_about("hello");
}

#[test]
fn a_deadlock_is_drawn_and_told() {
    let course = with(&that_also(
        "{ let _one = sum.lock(); let _two = sum.lock(); }",
    ));
    let ran = trace(&course, "trace 01");
    ran.exits(1)
        .says("what   deadlock: `main` waits for itself\n")
        .says("thread `main` waits for the Mutex made at lib.rs:8, which `main` holds\n");
    assert!(drawing(&course, &ran, "svg").contains("waits for the lock sum, for ever"));
}

#[test]
fn a_panic_is_told_with_its_line() {
    let course = with(&that_also("todo!(\"add\");"));
    trace(&course, "trace 01")
        .exits(1)
        .says("what   panicked: not yet implemented: add, exercises/01-adder/src/lib.rs:27\n");
}

#[test]
fn what_no_schedule_can_fix_runs_as_the_system_has_it() {
    let body = "let (tx, rx) = channel::bounded(1);
    thread::spawn(move || { thread::sleep(std::time::Duration::from_millis(9)); tx.send(1) });
    channel::select! { recv(rx) -> _ => {} }";
    trace(&with(&that_also(body)), "trace 01")
        .exits(0)
        .says("it cannot run under a fixed schedule: the thread whose turn it is waits")
        .says("time as the clock had it\n");
    let body = "let _ = channel::after(std::time::Duration::from_millis(20)).recv();";
    trace(&with(&that_also(body)), "trace 01")
        .exits(0)
        .says("`main` waits for something that is not watched")
        .says("time as the clock had it\n");
}

/// And times are those of the schedule: an hour passes at once.
#[test]
fn waits_with_a_timeout_take_no_time_under_a_fixed_schedule() {
    let body = "let hour = std::time::Duration::from_secs(3600);
    thread::sleep(hour);
    thread::park_timeout(hour);
    let (_tx, rx) = channel::bounded::<u8>(0);
    assert!(rx.recv_timeout(hour).is_err());
    let ready = wt_core::sync::Condvar::new();
    let waited = ready.wait_timeout(Mutex::new(0).lock().unwrap(), hour).unwrap().1.timed_out();
    assert!(waited);";
    let body = body.replace("Mutex::new(0).lock()", "sum.lock()");
    let ran = trace(&with(&that_also(&body)), "trace 01");
    ran.exits(0).says("14400");
}

#[test]
fn code_that_does_not_compile_has_no_timeline() {
    trace(&with("pub fn total() {}"), "trace 01")
        .exits(1)
        .says("01 adder: there is nothing to draw yet\n")
        .says("error[E0061]")
        .says("next   cargo xtask check 01\n");
}

#[test]
fn a_lesson_without_a_scenario_is_a_wrong_question() {
    trace(&with(ADDER), "trace 02")
        .exits(2)
        .says("`02-adding-aloud` has no scenario; these have: 01-adder\n")
        .says("cargo xtask trace --example 02");
}

#[test]
fn wrong_words_are_named() {
    let course = Course::new();
    course
        .run("trace")
        .exits(2)
        .says("which lesson? As in `cargo xtask trace 03`");
    course
        .run("trace 01 --pictures")
        .exits(2)
        .says("leave the lesson out");
    course.run("trace 77").exits(2);
    course
        .run("help trace")
        .exits(0)
        .says("cargo xtask trace [LESSON]: ");
}

#[test]
fn a_solution_is_shown_with_both_timelines() {
    let course = with(ADDER);
    let ran = course.program("solution 01 --spoil").patiently().run();
    ran.exits(0)
        .says("01 adder: Four numbers, two workers (your code)\n")
        .says("01 adder: Four numbers, two workers (the reference)\n");
    for line in ran
        .stdout
        .lines()
        .skip_while(|line| !line.contains("(your code)"))
    {
        let path = line.starts_with("svg ");
        assert!(path || line.chars().count() <= 80, "{line}");
    }
    Course::new()
        .run("solution 01 --spoil")
        .exits(0)
        .keeps_quiet_about("(the reference)");
}

#[test]
fn verify_names_a_scenario_that_does_not_hold() {
    let course = with(ADDER);
    let broken = |scenario: &str, why: &str| {
        course.write("solutions/01-adder/trace/scenario.rs", scenario);
        course
            .run("verify 01")
            .exits(1)
            .says("BROKEN  01 trace\n")
            .says(why);
    };
    broken(
        &SCENARIO.replace("10", "11"),
        "does not come to its end with the reference: panicked",
    );
    broken(
        &SCENARIO.replace("//! Four", "// Four"),
        "must be its title",
    );
    broken("//! Nothing.\n", "it does not build");
    let at_random = SCENARIO.replace(
        "span(\"add\"",
        "span(&format!(\"{:?}\", std::time::Instant::now())",
    );
    broken(&at_random, "its events are not the same each time");
}
