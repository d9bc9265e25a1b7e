//! Code that would run, wait, print or grow for ever.

mod course;

use course::{Course, RIGHT_ADDER, Ran, adder_that, wait_for};

/// The longest limit of a check is 10 s, and the verdict comes 250 ms later at
/// most. The rest is for the compiler on a machine that does other work, too.
const LIMIT_AND_MORE: u64 = 20;
/// A hang in which all threads sleep is found in 1.5 s.
const STALL_AND_MORE: u64 = 10;
const MIB: u64 = 1 << 20;

fn checked(body: &str) -> Ran {
    let course = Course::new().with_kit();
    course.solve(adder_that(body));
    let ran = course.run("check 01");
    ran.exits(1).says("2 of 3 properties hold");
    ran
}

#[test]
fn a_hang_ends_with_every_thread_named() {
    checked(
        "let (tx, rx) = std::sync::mpsc::channel::<u64>();
         let adding = std::thread::Builder::new().name(\"adding\".into()).spawn(move || {
             rx.recv().unwrap()
         });
         let sum = adding.unwrap().join().unwrap();
         drop(tx); return sum;",
    )
    .says("hung          no numbers sum to 0")
    .says("all threads are blocked")
    .says("where  exercises/01-adder/src/lib.rs:")
    .says("thread `check` waits for another thread to end, exercises/01-adder/src/lib.rs:10")
    .says("thread `adding` waits for a message to receive, exercises/01-adder/src/lib.rs:8")
    .within(STALL_AND_MORE);
}

#[test]
fn a_program_that_goes_to_another_folder_keeps_its_line_numbers() {
    for wait in [
        "loop { std::thread::park() }",
        "loop { std::hint::spin_loop() }",
    ] {
        checked(&format!(
            "std::env::set_current_dir(\"/\").unwrap(); {wait}"
        ))
        .says("nothing_sums_to_zero: hung")
        .says("where  exercises/01-adder/src/lib.rs:6, `total`")
        .says("thread `check`")
        .says("exercises/01-adder/src/lib.rs:6, in `total`");
    }
}

#[test]
fn two_locks_in_two_orders_are_a_hang_with_both_lines() {
    checked(
        "let (a, b) = (std::sync::Mutex::new(1), std::sync::Mutex::new(2));
         let both = std::sync::Barrier::new(2);
         std::thread::scope(|scope| {
             let named = |name: &str| std::thread::Builder::new().name(name.into());
             named(\"ab\").spawn_scoped(scope, || {
                 let first = a.lock().unwrap(); both.wait();
                 *first + *b.lock().unwrap()
             });
             named(\"ba\").spawn_scoped(scope, || {
                 let first = b.lock().unwrap(); both.wait();
                 *first + *a.lock().unwrap()
             });
         });",
    )
    .says("hung          no numbers sum to 0")
    .says(
        "thread `ab` waits for a Mutex that another thread holds, exercises/01-adder/src/lib.rs:12",
    )
    .says(
        "thread `ba` waits for a Mutex that another thread holds, exercises/01-adder/src/lib.rs:16",
    )
    .within(STALL_AND_MORE);
}

#[test]
fn a_lost_wake_up_is_a_hang() {
    checked(
        "let (lock, ready) = (std::sync::Mutex::new(false), std::sync::Condvar::new());
         ready.notify_one();
         let mut done = lock.lock().unwrap();
         while !*done { done = ready.wait(done).unwrap(); }",
    )
    .says("hung          no numbers sum to 0")
    .says("thread `check` waits for a Condvar to be notified, exercises/01-adder/src/lib.rs:9")
    .within(STALL_AND_MORE);
}

#[test]
fn a_loop_without_end_is_told_as_still_running_with_its_line() {
    checked("let mut n = 0_u64;\nloop { n = std::hint::black_box(n.wrapping_add(1)); }")
        .says("hung          no numbers sum to 0")
        .says("still running")
        .says("thread `check` is running, exercises/01-adder/src/lib.rs:7")
        .within(LIMIT_AND_MORE);
}

#[test]
fn two_threads_that_only_yield_to_each_other_are_hung() {
    checked(
        "use std::sync::atomic::{AtomicBool, Ordering};
         let polite = AtomicBool::new(true);
         std::thread::scope(|scope| {
             scope.spawn(|| while polite.load(Ordering::Relaxed) { std::thread::yield_now(); });
             while polite.load(Ordering::Relaxed) { std::thread::yield_now(); }
         });",
    )
    .says("hung          no numbers sum to 0")
    .says("2 threads are still running")
    .within(LIMIT_AND_MORE);
}

#[test]
fn a_loop_that_sleeps_between_its_turns_is_hung() {
    checked("loop { std::thread::sleep(std::time::Duration::from_millis(5)); }")
        .says("hung          no numbers sum to 0")
        .within(LIMIT_AND_MORE);
}

/// Nobody inside can answer, so the grader ends it from outside.
#[test]
fn a_process_that_stops_itself_is_hung() {
    checked(
        "let me = std::process::id().to_string();
         std::process::Command::new(\"kill\").args([\"-STOP\", &me]).status().unwrap();",
    )
    .says("hung          no numbers sum to 0")
    .says("did not answer")
    .within(LIMIT_AND_MORE);
}

#[test]
fn a_gigabyte_of_output_is_over_the_limit_and_the_grader_stays_small() {
    let ran = checked(
        "let line = \"x\".repeat(1023);
         for _ in 0..1 << 20 { println!(\"{line}\"); }",
    );
    ran.says("over limit    no numbers sum to 0")
        .says("output: it printed more than 8 MiB")
        .within(LIMIT_AND_MORE);
    assert!(
        ran.peak_memory > 0 && ran.peak_memory < 64 * MIB,
        "{} bytes",
        ran.peak_memory
    );
    assert!(
        ran.stdout.len() < 20_000,
        "the report itself has {} bytes",
        ran.stdout.len()
    );
}

#[test]
fn output_without_a_line_end_is_over_the_limit() {
    let ran = checked(
        "use std::io::Write; loop { std::io::stderr().write_all(&[b'y'; 4096]).unwrap(); }",
    );
    ran.says("over limit    no numbers sum to 0")
        .says("output: ")
        .within(LIMIT_AND_MORE);
    assert!(ran.peak_memory < 64 * MIB, "{} bytes", ran.peak_memory);
    assert!(
        ran.stdout.len() < 20_000,
        "the report itself has {} bytes",
        ran.stdout.len()
    );
}

#[test]
fn output_below_the_limit_is_no_failure() {
    let course = Course::new();
    course.solve(adder_that(
        "for _ in 0..1000 { println!(\"{}\", \"z\".repeat(1000)); }",
    ));
    course.run("check 01").exits(0);
}

#[test]
fn only_the_end_of_much_output_is_shown() {
    checked("for n in 0..1000 { println!(\"line {n}\"); } return 1;")
        .says("lines before this")
        .says("line 999")
        .keeps_quiet_about("line 900");
}

#[test]
fn a_transcript_without_end_is_no_pass_and_the_grader_stays_small() {
    let ran = checked(
        "std::panic::set_hook(Box::new(|_| ()));
         let file = (3..64).find_map(|fd| {
             std::fs::File::options().append(true).open(format!(\"/proc/self/fd/{fd}\")).ok()
         });
         let Some(mut file) = file else { return 1 };
         loop { use std::io::Write; file.write_all(&[b'\\n'; 65536]).unwrap(); }",
    );
    ran.keeps_quiet_about("pass          no numbers")
        .within(LIMIT_AND_MORE);
    assert!(ran.peak_memory < 64 * MIB, "{} bytes", ran.peak_memory);
}

#[test]
fn memory_without_end_is_over_the_limit() {
    checked("let mut all = Vec::new(); loop { all.push(vec![1_u8; 1 << 20]); }")
        .says("over limit    no numbers sum to 0")
        .says("memory: ")
        .says("the limit is 64 MiB")
        .within(LIMIT_AND_MORE);
}

#[test]
fn memory_on_a_worker_counts_too() {
    checked(
        "std::thread::spawn(|| { let mut all = Vec::new(); loop { all.push([1_u64; 1024]); } })
             .join().unwrap();",
    )
    .says("over limit    no numbers sum to 0")
    .says("memory: ");
}

#[test]
fn memory_that_is_given_back_does_not_count() {
    let course = Course::new();
    course.solve(adder_that(
        "for _ in 0..200 { drop(std::hint::black_box(vec![1_u8; 1 << 20])); }",
    ));
    course.run("check 01").exits(0);
}

#[test]
fn one_block_that_no_machine_has_is_no_pass() {
    checked("return std::hint::black_box(vec![0_u8; 1 << 46]).len() as u64;");
}

#[test]
fn threads_without_end_are_over_the_limit() {
    checked(
        "loop {
             let small = std::thread::Builder::new().stack_size(16 << 10);
             small.spawn(|| loop { std::thread::park() }).unwrap();
         }",
    )
    .says("over limit    no numbers sum to 0")
    .says("threads: ")
    .within(LIMIT_AND_MORE);
}

#[test]
fn a_hang_in_every_check_takes_no_longer_than_in_one() {
    let course = Course::new().with_kit();
    course.solve(
        "pub fn total(_: Vec<u64>, _: usize) -> u64 {
             let (_tx, rx) = std::sync::mpsc::channel(); rx.recv().unwrap()
         }",
    );
    let ran = course.run("check 01");
    ran.exits(1)
        .says("0 of 3 properties hold")
        .within(STALL_AND_MORE);
    assert_eq!(
        ran.stdout.matches("  hung          ").count(),
        3,
        "{}",
        ran.text()
    );
}

#[test]
fn checks_of_two_terminals_at_once_are_both_right() {
    let right = Course::new();
    right.solve(RIGHT_ADDER);
    let wrong = Course::new();
    wrong.solve(adder_that("return 1;"));
    let running: Vec<_> = [&right, &wrong, &right, &wrong]
        .map(|course| course.program("check 01").start())
        .into_iter()
        .collect();
    for (n, running) in running.into_iter().enumerate() {
        running.end().exits([0, 1][n % 2]);
    }
}

/// The source is read once, so an edit during a check changes nothing of it.
#[test]
fn an_edit_during_a_check_does_not_mix_two_sources() {
    let course = Course::apart().with_kit();
    course.solve(adder_that("return 1;"));
    let running = course.program("check 01").start();
    wait_for("the private copy of the source", || {
        !course.scratch().is_empty()
    });
    course.solve(RIGHT_ADDER);
    running
        .end()
        .exits(1)
        .says("the sum of no numbers is 1, not 0");
    course.run("check 01").exits(0);
}

/// What the check waited for in vain is often a thread that waits, too.
#[test]
fn a_wrong_verdict_names_the_threads_that_still_wait() {
    let course = Course::new();
    course.solve(course.read("solutions/01-adder/bad/leaves_a_thread.rs"));
    course
        .run("check 01")
        .exits(1)
        .says("what   no_thread_is_left: threads were left behind: idle")
        .says("where  exercises/01-adder/src/lib.rs:7, `total`\n")
        .says("thread `idle` waits for an unpark, exercises/01-adder/src/lib.rs:10");
}
