//! Answers in the book's quizzes, computed: every order of steps is tried, and what can
//! come of it is compared with what `book/quizzes` says.
//!
//! A function between two lines `// quiz` is the code of the question, line by line.

use std::collections::BTreeSet;
use std::sync::Mutex;

use wt_sync::channel::{self, bounded};
use wt_sync::explore::{How, Options, explore};
use wt_sync::sync::atomic::{AtomicU32, Ordering::SeqCst};
use wt_sync::sync::{Arc, Condvar, Mutex as Lock};
use wt_sync::thread;

use super::{fault, holds, holds_always};

const POSSIBLE: &str = "0300c0de-0003-4003-8003-000000000004";
const LOST: &str = "0300c0de-0003-4003-8003-000000000003";
const COUNTERS: &str = "1400c0de-0014-4003-8003-000000000001";
const COUNTED_TWICE: &str = "1400c0de-0014-4003-8003-000000000004";
const REQUESTS: &str = "2000c0de-0020-4020-8020-000000000002";

/// The text of a question.
fn question(lesson: &str, id: &str) -> String {
    let file = format!(
        "{}/../../book/quizzes/{lesson}.toml",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
    let mut questions = text.split("[[questions]]");
    let found = questions.find(|question| question.contains(id));
    found
        .unwrap_or_else(|| panic!("{file} has no question {id}"))
        .to_owned()
}

/// Everything that `f` can return, with every order of steps.
fn outcomes(f: impl Fn() -> String + Send + Sync + 'static) -> BTreeSet<String> {
    static SEEN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _alone = ONE_AT_A_TIME.lock();
    SEEN.lock().unwrap().clear();
    holds_always(move || {
        let outcome = f();
        SEEN.lock().unwrap().insert(outcome);
    });
    let seen = SEEN.lock().unwrap();
    seen.clone()
}

/// The code of a question is that of the function here.
fn has_the_code(question: &str, name: &str) {
    let own = include_str!("quizzes.rs");
    let code = own
        .split("// quiz")
        .find(|part| part.contains(&format!("fn {name}(")));
    let code = code.expect("the function is between two lines `// quiz`");
    let body = code.lines().filter_map(|line| line.strip_prefix("    "));
    let body = body.collect::<Vec<_>>().join("\n");
    let block = format!("```rust\n{body}\n```");
    assert!(question.contains(&block), "its code is not\n{block}");
}

/// The right answers are those that are possible, and the wrong ones are not.
fn answers_are(question: &str, possible: &BTreeSet<String>) {
    let quoted: Vec<String> = possible.iter().map(|it| format!("\"`{it}`\"")).collect();
    let line = format!("answer.answer = [{}]", quoted.join(", "));
    assert!(question.contains(&line), "it is not `{line}`:{question}");
    let wrong = question
        .lines()
        .find(|line| line.starts_with("prompt.distractors"))
        .expect("there are wrong answers");
    for it in quoted {
        assert!(!wrong.contains(&it), "{it} is possible");
    }
}

// quiz
fn merged() -> String {
    let (tx, rx) = channel::unbounded();
    let main = tx.clone();
    thread::spawn(move || ["a", "b"].map(|letter| tx.send(letter).unwrap()));
    main.send("c").unwrap();
    drop(main);
    rx.iter().collect()
}
// quiz

#[test]
fn two_senders_keep_their_own_order_only() {
    let question = question("03-bounded-queue", POSSIBLE);
    has_the_code(&question, "merged");
    answers_are(&question, &outcomes(merged));
}

// quiz
fn counted() -> String {
    let jobs = Arc::new(AtomicU32::new(0));
    let threads = [1, 2].map(|_| {
        let jobs = Arc::clone(&jobs);
        thread::spawn(move || {
            let seen = jobs.load(SeqCst);
            jobs.store(seen + 1, SeqCst);
        })
    });
    for thread in threads {
        thread.join().unwrap();
    }
    jobs.load(SeqCst).to_string()
}
// quiz

#[test]
fn a_load_and_a_store_are_not_one_step() {
    let question = question("14-usage-monitor", COUNTED_TWICE);
    has_the_code(&question, "counted");
    answers_are(&question, &outcomes(counted));
}

/// A job goes from one counter to the other while somebody reads both: how many jobs are
/// seen.
fn jobs_seen(queued_first: bool) -> String {
    let (queued, running) = (Arc::new(AtomicU32::new(1)), Arc::new(AtomicU32::new(0)));
    let counters = (Arc::clone(&queued), Arc::clone(&running));
    let worker = thread::spawn(move || {
        counters.0.fetch_sub(1, SeqCst);
        counters.1.fetch_add(1, SeqCst);
    });
    let (first, second) = match queued_first {
        true => (&queued, &running),
        false => (&running, &queued),
    };
    let seen = first.load(SeqCst) + second.load(SeqCst);
    worker.join().unwrap();
    seen.to_string()
}

#[test]
fn a_job_on_its_way_is_seen_twice_or_not_at_all() {
    let seen = |queued_first| outcomes(move || jobs_seen(queued_first));
    assert_eq!(seen(false), ["0", "1"].map(String::from).into());
    assert_eq!(seen(true), ["0", "1", "2"].map(String::from).into());
    let question = question("14-usage-monitor", COUNTERS);
    assert!(question.contains("answer.answer = \"A job that is queued and running, or neither\""));
}

/// A queue of one place whose two sides sleep at one condition variable.
fn one_condition() {
    let queue = Arc::new((Lock::new(None), Condvar::new()));
    let push = |queue: &(Lock<Option<u8>>, Condvar)| {
        let mut item = queue.0.lock().unwrap();
        while item.is_some() {
            item = queue.1.wait(item).unwrap();
        }
        *item = Some(1);
        queue.1.notify_one();
    };
    let pop = |queue: &(Lock<Option<u8>>, Condvar)| {
        let mut item = queue.0.lock().unwrap();
        while item.is_none() {
            item = queue.1.wait(item).unwrap();
        }
        *item = None;
        queue.1.notify_one();
    };
    let threads: Vec<_> = (0..4)
        .map(|n| {
            let queue = Arc::clone(&queue);
            thread::spawn(move || {
                if n % 2 == 0 {
                    push(&queue)
                } else {
                    pop(&queue)
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

#[test]
fn a_wake_up_that_reaches_the_wrong_side_leaves_everybody_asleep() {
    let failure = fault(one_condition);
    assert!(matches!(failure.how, How::Deadlock), "{:?}", failure.how);
    let question = question("03-bounded-queue", LOST);
    assert!(question.contains("in the end everybody sleeps although there is an item"));
}

/// A client that sends all its requests and then reads the answers.
fn sends_all(requests: u32, capacity: usize) {
    let (to_server, inbox) = bounded(capacity);
    let (to_client, answers) = bounded(capacity);
    let server = thread::spawn(move || {
        for request in inbox {
            if to_client.send(request).is_err() {
                return;
            }
        }
    });
    for request in 0..requests {
        to_server.send(request).unwrap();
    }
    drop(to_server);
    assert_eq!(answers.iter().count(), requests as usize);
    server.join().unwrap();
}

#[test]
fn twice_the_places_and_one_fit_and_no_more() {
    holds(|| sends_all(7, 3));
    let mut options = Options::default();
    options.schedules = 500;
    let explored = explore(&options, || sends_all(8, 3));
    let failure = explored.failure.expect("the eighth finds no room");
    assert!(matches!(failure.how, How::Deadlock), "{:?}", failure.how);
    assert_eq!(explored.tried, 1, "whatever the order is");
    let question = question("20-deadlock-clinic", REQUESTS);
    assert!(question.contains("Both channels have 3 places."));
    assert!(question.contains("answer.answer = \"7: the eighth finds no room\""));
}
