use wt_sync::explore::{How, Options, Search, explore, replay};
use wt_sync::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use wt_sync::sync::{Arc, Condvar, Mutex};
use wt_sync::thread;

use super::{fault, story};

fn lost_update() {
    let count = AtomicU32::new(0);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| count.store(count.load(SeqCst) + 1, SeqCst));
        }
    });
    assert_eq!(count.load(SeqCst), 2, "an update was lost");
}

fn opposite_order() {
    let locks = Arc::new((Mutex::new(()), Mutex::new(())));
    let own = Arc::clone(&locks);
    let other = thread::Builder::new().name("other".into()).spawn(move || {
        let _second = own.1.lock().unwrap();
        let _first = own.0.lock().unwrap();
    });
    let first = locks.0.lock().unwrap();
    drop((locks.1.lock().unwrap(), first));
    other.unwrap().join().unwrap();
}

/// The news comes before the store, and the sleeper asks once too early.
fn notify_before_the_store() {
    let pair = Arc::new((Mutex::new(false), Condvar::new()));
    let own = Arc::clone(&pair);
    let waiter = thread::spawn(move || {
        let mut ready = own.0.lock().unwrap();
        while !*ready {
            ready = own.1.wait(ready).unwrap();
        }
    });
    pair.1.notify_one();
    *pair.0.lock().unwrap() = true;
    waiter.join().unwrap();
}

fn spins_for_ever() {
    let flag = Arc::new(AtomicBool::new(false));
    let own = Arc::clone(&flag);
    let spinner = thread::Builder::new()
        .name("spinner".into())
        .spawn(move || {
            while !own.load(SeqCst) {
                thread::yield_now();
            }
        });
    spinner.unwrap().join().unwrap();
}

#[test]
fn a_lost_update_is_found_with_its_steps() {
    let failure = fault(lost_update);
    let told = story(&failure);
    assert!(told.contains("an update was lost"), "{told}");
    let stored = (failure.steps.iter()).filter(|step| {
        step.what
            .starts_with("stored 1 in the AtomicU32 made at faults.rs:")
    });
    assert_eq!(stored.count(), 2, "{told}");
}

#[test]
fn a_deadlock_names_who_waits_for_what_and_who_has_it() {
    let failure = fault(opposite_order);
    assert!(matches!(failure.how, How::Deadlock), "{}", story(&failure));
    let text = story(&failure);
    let waits: Vec<_> = failure
        .threads
        .iter()
        .map(|t| t.waits_for.clone().unwrap())
        .collect();
    assert!(
        waits[0].contains("which `other` holds since faults.rs:"),
        "{text}"
    );
    assert!(
        waits[1].contains("which `main` holds since faults.rs:"),
        "{text}"
    );
    assert!(
        failure
            .threads
            .iter()
            .all(|thread| thread.file.ends_with("faults.rs"))
    );
}

#[test]
fn a_wake_up_that_comes_too_early_is_a_deadlock() {
    let failure = fault(notify_before_the_store);
    assert!(matches!(failure.how, How::Deadlock), "{}", story(&failure));
    let told = story(&failure);
    assert!(
        told.contains("nobody slept there, so nothing happened"),
        "{told}"
    );
}

#[test]
fn a_loop_without_end_is_a_livelock_and_says_who_spins() {
    let failure = fault(spins_for_ever);
    assert!(matches!(failure.how, How::Livelock), "{}", story(&failure));
    let spinner = failure
        .threads
        .iter()
        .find(|thread| thread.name == "spinner")
        .unwrap();
    assert_eq!(spinner.waits_for, None);
    assert!(spinner.file.ends_with("faults.rs") && spinner.line > 0);
}

#[test]
fn a_spin_that_another_thread_ends_is_no_livelock() {
    super::holds(|| {
        let flag = Arc::new(AtomicBool::new(false));
        let own = Arc::clone(&flag);
        // Without any word to the scheduler.
        let spinner = thread::spawn(move || while !own.load(SeqCst) {});
        flag.store(true, SeqCst);
        spinner.join().unwrap();
    });
}

#[test]
fn a_schedule_is_the_same_each_time() {
    for program in [lost_update, opposite_order, notify_before_the_store] {
        for search in [Search::Mixed, Search::Depth] {
            let mut options = Options::default();
            options.search = search;
            options.shorten = 20;
            let found = explore(&options, program).failure.unwrap();
            let times = if search == Search::Depth { 3 } else { 100 };
            for _ in 0..times {
                let again = replay(&options, found.schedule, program);
                let again = again.failure.expect("it goes wrong again");
                assert_eq!(again.steps, found.steps);
                assert_eq!(again.threads, found.threads);
            }
        }
    }
}

#[test]
fn a_search_is_the_same_each_time_and_another_with_another_seed() {
    let with_seed = |seed| {
        let mut options = Options::default();
        options.seed = seed;
        let explored = explore(&options, lost_update);
        (explored.tried, explored.failure.unwrap().schedule)
    };
    assert_eq!(with_seed(1), with_seed(1));
    assert_ne!(with_seed(1).1, with_seed(2).1);
}

#[test]
fn a_mended_program_passes_under_the_schedule_that_was_wrong() {
    let found = fault(notify_before_the_store);
    let again = replay(&Options::default(), found.schedule, || {
        let pair = Arc::new((Mutex::new(false), Condvar::new()));
        let own = Arc::clone(&pair);
        let waiter = thread::spawn(move || {
            let mut ready = own.0.lock().unwrap();
            while !*ready {
                ready = own.1.wait(ready).unwrap();
            }
        });
        *pair.0.lock().unwrap() = true;
        pair.1.notify_one();
        waiter.join().unwrap();
    });
    assert!(again.failure.is_none());
    assert!(again.steps.iter().any(|step| step.what == "ended"));
}

#[test]
fn the_number_of_distinct_schedules_is_told() {
    let mut options = Options::default();
    options.schedules = 300;
    let one_way = explore(&options, || drop(Mutex::new(1).lock()));
    assert_eq!((one_way.tried, one_way.distinct), (300, 1));
    options.search = Search::Depth;
    let all = explore(&options, || drop(Mutex::new(1).lock()));
    assert_eq!((all.tried, all.complete), (1, true));
}
