//! A deadlock over the façade is found at once and explained: who waits for what,
//! who has it, and how it came to that.

mod course;

use course::{Course, Ran, adder_that};

/// Runs the adder that does this when there is nothing to add.
#[track_caller]
fn checked(body: &str) -> Ran {
    let course = Course::new().with_kit();
    course.solve(adder_that(body));
    let ran = course.run("check 01");
    ran.exits(1).says("2 of 3 properties hold");
    ran
}

#[test]
fn two_locks_in_opposite_order_are_told_as_a_circle() {
    let ran = checked(
        "use wt_core::sync::{Arc, Barrier, Mutex};
         let (one, two) = (Arc::new(Mutex::new(0)), Arc::new(Mutex::new(0)));
         let start = Arc::new(Barrier::new(2));
         let workers = [(\"left\", one.clone(), two.clone()), (\"right\", two, one)].map(|(name, a, b)| {
             let start = start.clone();
             wt_core::thread::Builder::new().name(name.into()).spawn(move || {
                 let _a = a.lock();
                 start.wait();
                 let _b = b.lock();
             }).unwrap()
         });
         for worker in workers { worker.join().unwrap(); }",
    );
    ran.says("what   nothing_sums_to_zero: deadlock: `left`, `right` wait for each other in a circle\n")
        .says("where  exercises/01-adder/src/lib.rs:14, `total`\n")
        .says("thread `left` waits for the Mutex made at lib.rs:7, which `right` holds since lib.rs:12, exercises/01-adder/src/lib.rs:14\n")
        .says("thread `right` waits for the Mutex made at lib.rs:7, which `left` holds since lib.rs:12, exercises/01-adder/src/lib.rs:14\n")
        .says("before `")
        .says("`left` took the Mutex made at lib.rs:7, line 12\n")
        .within(4);
}

#[test]
fn a_message_that_nobody_will_send_leaves_everybody_waiting() {
    let ran = checked("let (_tx, rx) = wt_core::channel::unbounded(); return rx.recv().unwrap();");
    ran.says("deadlock: `check` waits for what only it could send or take\n")
        .says("thread `check` waits for a message of the channel made at lib.rs:6, which is empty and has 1 sender, made at lib.rs:6 by `check`, exercises/01-adder/src/lib.rs:6\n")
        .within(4);
}

/// What the façade does not see is found by the stall, later and with less to tell.
#[test]
fn a_deadlock_on_plain_std_is_a_hang_with_lines() {
    let ran = checked(
        "let lock = std::sync::Mutex::new(0); let _one = lock.lock(); let _two = lock.lock();",
    );
    ran.says("nothing_sums_to_zero: hung: ")
        .says("thread `check` waits for a Mutex that another thread holds, exercises/01-adder/src/lib.rs:6");
}

#[test]
fn threads_that_wait_in_vain_are_told_with_what_they_wait_for() {
    let course = Course::new();
    course.solve(
        "pub fn total(numbers: Vec<u64>, workers: usize) -> u64 {
             if workers > 1 && numbers.len() == 3 {
                 for _ in 0..2 {
                     let idle = wt_core::thread::Builder::new().name(\"idle\".into());
                     let (tx, rx) = wt_core::channel::bounded::<u64>(1);
                     idle.spawn(move || { let _tx = tx; rx.recv() }).unwrap();
                 }
             }
             numbers.iter().sum()
         }",
    );
    course
        .run("check 01")
        .exits(1)
        .says("what   no_thread_is_left: ")
        .says("thread `idle` (2 of this name) waits for a message of the channel made at lib.rs:5, which is empty and has 1 sender, made at lib.rs:5 by `check`, exercises/01-adder/src/lib.rs:6\n");
}
