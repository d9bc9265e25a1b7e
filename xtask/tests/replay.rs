//! A check that is run under thousands of schedules, the code of the one that goes
//! wrong, and its story.

mod course;

use course::{Course, Ran};

const TALLY: &str = "exercises/04-tally/src/lib.rs";

const LESSON: &str = r#"
id = "tally"
title = "Workers that count"
part = 2
track = "stretch"
minutes = 15
objectives = ["owning"]

[[check]]
id = "one_worker_counts_to_one"
claim = "one worker counts to one"
points = 1
mode = "run"
look_at = "tally"
ask = "what does a worker add?"

[[check]]
id = "no_count_is_lost"
claim = "no order of steps loses a count"
points = 2
mode = "explore"
look_at = "tally"
ask = "what may another worker do between two steps?"
"#;

const CHECKS: &str = r#"//! Hidden checks of lesson 04.

use tally::tally;
use wt_check::{check, explore};

fn main() -> std::process::ExitCode {
    wt_check::run(&[check!(one_worker_counts_to_one), explore!(no_count_is_lost).steps(3000)])
}

fn one_worker_counts_to_one() {
    assert!(tally(1) == 1, "one worker counted to {}", tally(1));
}

fn no_count_is_lost() {
    let counted = tally(2);
    assert!(counted == 2, "two workers counted to {counted}");
}
"#;

/// A course with a fourth lesson, in which the learner has written this.
fn with(source: &str) -> Course {
    add(Course::new(), source)
}

fn add(course: Course, source: &str) -> Course {
    course.write("exercises/04-tally/lesson.toml", LESSON);
    course.write(TALLY, source);
    course.write("solutions/04-tally/src/lib.rs", right());
    course.write(
        "solutions/04-tally/starter/lib.rs",
        tally_that("todo!(\"count\")"),
    );
    course.write("solutions/04-tally/hidden/checks.rs", CHECKS);
    course
}

/// Workers of which each runs `body` with `count`, an `&AtomicU32`, from line 8 on.
fn tally_that(body: &str) -> String {
    format!(
        "//! Counts with several workers.
#![allow(unused, clippy::all)]
use wt_core::sync::atomic::{{AtomicU32, Ordering::SeqCst}};
pub fn tally(workers: u32) -> u32 {{
    let count = AtomicU32::new(0);
    wt_core::thread::scope(|scope| {{
        for worker in 0..workers {{ let count = &count; scope.spawn(move || {{
            {body}
        }}); }}
    }});
    count.load(SeqCst)
}}
"
    )
}

fn right() -> String {
    tally_that("count.fetch_add(1, SeqCst);")
}

/// Another worker may read in between.
fn racy() -> String {
    tally_that("count.store(count.load(SeqCst) + 1, SeqCst);")
}

#[track_caller]
fn check(course: &Course) -> Ran {
    course.program("check 04").patiently().run()
}

/// The code in a report.
#[track_caller]
fn code(ran: &Ran) -> String {
    let text = ran.text();
    let (_, rest) = text
        .split_once("again  cargo xtask replay 04 ")
        .expect(&text);
    rest.split_whitespace().next().expect(&text).to_owned()
}

#[test]
fn a_right_solution_passes_and_hears_how_much_was_tried() {
    let ran = check(&with(&right()));
    ran.exits(0)
        .says("04 tally: done (2 of 2 properties hold)\n")
        .says("pass          no order of steps loses a count: ")
        .says(" of them distinct\n");
}

#[test]
fn a_lost_count_is_found_and_told_step_by_step_the_same_each_time() {
    let course = with(&racy());
    let ran = check(&course);
    ran.exits(1)
        .says("04 tally: not yet (1 of 2 properties hold)\n")
        .says("what   no_count_is_lost: two workers counted to 1\n")
        .says("where  exercises/04-tally/src/lib.rs:4, `tally`\n")
        .says("of them distinct\n");
    let code = code(&ran);
    // The search is decided by the source: it finds the same schedule again.
    assert_eq!(self::code(&check(&course)), code);
    let story = course.run(&format!("replay 04 {code}"));
    story
        .exits(1)
        .says(&format!(
            "04 tally: no order of steps loses a count, under schedule {code}\n"
        ))
        .says("started `thread 1`\n")
        .says("read 0 in `count`\n")
        .says("lib.rs:8  count.store(count.load(SeqCst) + 1, SeqCst);\n")
        .says("stored 1 in `count`\n")
        .says("end    wrong: two workers counted to 1\n")
        .keeps_quiet_about("has changed")
        .keeps_quiet_about("checks.rs");
    for _ in 0..3 {
        let typed = code.to_lowercase().replace('-', "");
        let again = course.run(&format!("replay 04 {typed}"));
        let steps = |ran: &Ran| {
            ran.stdout
                .split_once("\n\n")
                .map(|(_, steps)| steps.to_owned())
        };
        assert_eq!(steps(&again), steps(&story), "{}", again.text());
    }
}

#[test]
fn nothing_is_explored_while_another_property_does_not_hold() {
    let course = add(Course::apart(), &tally_that("count.fetch_add(2, SeqCst);"));
    check(&course)
        .exits(1)
        .says("04 tally: not yet (0 of 2 properties hold, 1 not tried yet)\n")
        .says("not yet       no order of steps loses a count; tried once all others hold\n")
        .keeps_quiet_about("tries every order of steps");
    assert!(!course.target().join("wt/kit-explore").exists());
    // The verdict is kept as one that the code decides.
    course.run("check --all").exits(1).says("unchanged");
}

#[test]
fn explore_does_not_wait_for_the_others_if_asked() {
    let course = with(&tally_that("count.fetch_add(2, SeqCst);"));
    let ran = course
        .program("check 04 --explore --verbose")
        .patiently()
        .run();
    ran.exits(1)
        .says("what   no_count_is_lost: two workers counted to 4\n")
        .says("tried  1 schedule, 1 of them distinct\n");
    code(&ran);
}

#[test]
fn a_deadlock_names_who_waits_for_what_and_who_has_it() {
    let course = with(&tally_that(
        "use wt_core::sync::Mutex;
            static LEFT: Mutex<()> = Mutex::new(());
            static RIGHT: Mutex<()> = Mutex::new(());
            let (one, two) = if worker == 0 { (&LEFT, &RIGHT) } else { (&RIGHT, &LEFT) };
            let _one = one.lock();
            let _two = two.lock();
            count.fetch_add(1, SeqCst);",
    ));
    let ran = check(&course);
    ran.exits(1)
        .says("what   no_count_is_lost: deadlock: every thread waits, and none is left to wake another\n")
        .says("thread `thread 1` waits for the Mutex made at lib.rs:10, which `thread 2` holds since lib.rs:12")
        .says("thread `thread 2` waits for the Mutex made at lib.rs:9, which `thread 1` holds since lib.rs:12");
    course
        .run(&format!("replay 04 {}", code(&ran)))
        .exits(1)
        .says("end    deadlock: every thread waits, and none is left to wake another\n")
        .says("waits for `RIGHT`, which `thread 2` holds since lib.rs:12, lib.rs:13\n")
        .says("waits for `LEFT`, which `thread 1` holds since lib.rs:12, lib.rs:13\n");
}

#[test]
fn a_loop_without_end_is_hung_and_says_who_runs() {
    let ran = check(&with(&tally_that(
        "count.fetch_add(1, SeqCst); while count.load(SeqCst) == 2 { wt_core::thread::yield_now(); }",
    )));
    ran.exits(1)
        .says("what   no_count_is_lost: hung: it goes on and on and comes to no end: `thread ")
        .says("where  exercises/04-tally/src/lib.rs:8, `tally`\n");
    code(&ran);
}

#[test]
fn a_panic_of_the_checked_code_is_told_with_its_line() {
    let ran = check(&with(&tally_that(
        "if count.fetch_add(1, SeqCst) == 1 { if worker == 0 { panic!(\"second, not first\") } }",
    )));
    ran.exits(1).says("thread 1").says("second, not first");
    code(&ran);
}

/// Two coroutines on one thread: the second waits for a lock that the first holds, and
/// the first will never go on.
#[test]
fn a_lock_of_stds_own_stops_everything_and_is_told() {
    let ran = check(&with(&tally_that(
        "static LOCK: std::sync::Mutex<()> = std::sync::Mutex::new(());
            let _guard = LOCK.lock();
            count.fetch_add(1, SeqCst);",
    )));
    ran.exits(1)
        .says("no_count_is_lost: hung: ")
        .says("std::sync")
        .says("wt_core");
}

#[test]
fn types_that_only_std_has_are_named_as_the_reason() {
    check(&with(&tally_that(
        "let at: std::time::Instant = wt_core::time::Instant::now(); count.fetch_add(1, SeqCst);",
    )))
    .exits(1)
    .says("no_count_is_lost: did not compile: ")
    .says("from `wt_core`, not from `std`");
}

#[test]
fn a_code_that_does_not_belong_here_says_why() {
    let course = with(&racy());
    let code = code(&check(&course));
    let no = |words: &str| {
        let ran = course.run(words);
        ran.exits(2);
        ran
    };
    no("replay 04").says("`replay` needs a LESSON CODE");
    no("replay 04 hello").says("`hello` is no replay code: one has 18 letters and digits");
    let mut typed: Vec<char> = code.chars().collect();
    typed[3] = if typed[3] == '7' { '8' } else { '7' };
    let typed: String = typed.into_iter().collect();
    no(&format!("replay 04 {typed}"))
        .says("is mistyped")
        .says("copy it once more");
    no(&format!("replay 01 {code}")).says(&format!(
        "`{code}` belongs to lesson 04 tally, not to 01 adder: `cargo xtask replay 04 {code}`"
    ));
    // The checks ask for something else now: the same number is another schedule.
    course.edit(
        "solutions/04-tally/hidden/checks.rs",
        "steps(3000)",
        "steps(4000)",
    );
    no(&format!("replay 04 {code}")).says("was made by another version of the course");
    course.edit(
        "exercises/04-tally/lesson.toml",
        "no_count_is_lost",
        "another_name",
    );
    course.edit(
        "solutions/04-tally/hidden/checks.rs",
        "no_count_is_lost",
        "another_name",
    );
    no(&format!("replay 04 {code}"))
        .says("belongs to a check that lesson 04 tally does not have any more");
    course.edit(
        "exercises/04-tally/lesson.toml",
        "id = \"tally\"",
        "id = \"other\"",
    );
    no(&format!("replay 04 {code}")).says("belongs to a lesson that this course does not have");
    no("replay 04 20000G-000000-000000").says("is mistyped");
}

#[test]
fn an_edited_source_still_runs_and_says_where_it_goes_another_way() {
    // Like no other test's source: what is kept of a schedule is shared.
    let course = with(&racy().replace("count", "sum"));
    let code = code(&check(&course));
    let words = format!("replay 04 {code}");
    // A comment changes no step.
    course.edit(TALLY, "//! Counts", "//!\n//! It counts");
    course
        .run(&words)
        .exits(1)
        .says("your source has changed since this code was made: it goes the same way as before, step for step\n")
        .says("next   a code for your source as it is now: cargo xtask check 04\n");
    course.write(TALLY, right());
    course
        .run(&words)
        .exits(0)
        .says("end    pass: under this schedule nothing goes wrong\n")
        .says("your source has changed since this code was made: up to step ")
        .says("cargo xtask check 04\n");
    // Elsewhere nobody knows what it was.
    let kept = course.target().join("wt/replay/04-tally").join(&code);
    std::fs::remove_file(kept).unwrap();
    course.run(&words).exits(0).says("is not known here");
    course.write(TALLY, "pub fn tally() {}");
    course.run(&words).exits(1).says("end    did not compile: ");
}

#[test]
fn what_depends_on_more_than_the_schedule_is_told() {
    let course = with(&racy());
    let code = code(&check(&course));
    course.write(
        TALLY,
        tally_that(
            "let odd = std::process::id() % 2 == 1;
            let times = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos() % 97;
            for _ in 0..times { count.load(SeqCst); }
            count.fetch_add(1, SeqCst);",
        ),
    );
    course
        .run(&format!("replay 04 {code}"))
        .says("your code depends on something that no schedule decides");
}

#[test]
fn a_report_for_programs_has_the_code() {
    let course = with(&racy());
    let ran = course.program("check 04 --format json").patiently().run();
    ran.exits(1).says("\"distinct\": ").says("\"code\": \"");
}
