//! The record finds what is stuck, names it, and says nothing of what is not.
//!
//! Each scenario runs in a process of its own, because a deadlock stays: the
//! process that has no argument starts one per scenario and looks at what it says.

use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use wt_sync::sync::{Arc, Barrier, Condvar, Mutex, OnceLock, RwLock};
use wt_sync::{channel, record, thread};

/// A scenario, and what must be said: the first line is why, then a line for each
/// thread. `L` stands for a line number. Nothing: it is never called stuck.
struct Scenario {
    name: &'static str,
    run: fn(),
    said: &'static [&'static str],
}

const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "two_locks_in_opposite_order",
        run: two_locks_in_opposite_order,
        said: &[
            "`left`, `right` wait for each other in a circle",
            "left: the Mutex made at record.rs:L, which `right` holds since record.rs:L",
            "right: the Mutex made at record.rs:L, which `left` holds since record.rs:L",
        ],
    },
    Scenario {
        name: "a_lock_taken_twice",
        run: a_lock_taken_twice,
        said: &[
            "`twice` waits for itself",
            "twice: the Mutex made at record.rs:L, which `twice` holds since record.rs:L",
        ],
    },
    Scenario {
        name: "a_reader_that_wants_to_write",
        run: a_reader_that_wants_to_write,
        said: &[
            ALL,
            "upgrades: the RwLock made at record.rs:L, which `upgrades` holds since record.rs:L",
        ],
    },
    Scenario {
        name: "threads_that_join_each_other",
        run: threads_that_join_each_other,
        said: &[
            "`first`, `second` wait for each other in a circle",
            "first: the end of `second`",
            "second: the end of `first`",
        ],
    },
    Scenario {
        name: "a_notification_that_never_comes",
        run: a_notification_that_never_comes,
        said: &[
            ALL,
            "scenario: the end of `sleeper`",
            "sleeper: a notification at the Condvar made at record.rs:L; nobody has ever notified it",
        ],
    },
    Scenario {
        name: "a_notification_that_came_too_early",
        run: a_notification_that_came_too_early,
        said: &[
            ALL,
            "scenario: a notification at the Condvar made at record.rs:L; last notified by `early` at record.rs:L, when nobody waited",
        ],
    },
    Scenario {
        name: "two_channels_that_are_both_full",
        run: two_channels_that_are_both_full,
        said: &[
            ALL,
            "scenario: the end of `a`",
            "a: room in the channel made at record.rs:L, which holds 1 message; its receiver: made at record.rs:L by `scenario`",
            "b: room in the channel made at record.rs:L, which holds 1 message; its receiver: made at record.rs:L by `scenario`",
        ],
    },
    Scenario {
        name: "two_full_channels_between_two_that_know_each_other",
        run: two_full_channels_between_two_that_know_each_other,
        said: &[
            "`a`, `b` wait for each other in a circle, through channels",
            "scenario: the end of `a`",
            "a: room in the channel made at record.rs:L, which holds 1 message; its receiver: made at record.rs:L, used by `b`",
            "b: room in the channel made at record.rs:L, which holds 1 message; its receiver: made at record.rs:L, used by `a`",
        ],
    },
    Scenario {
        name: "a_receiver_that_keeps_a_sender",
        run: a_receiver_that_keeps_a_sender,
        said: &[
            "`keeps` waits for what only it could send or take",
            "keeps: a message of the channel made at record.rs:L, which is empty and has 1 sender, made at record.rs:L by `keeps`",
        ],
    },
    Scenario {
        name: "traffic_before_the_last_message",
        run: traffic_before_the_last_message,
        said: &[
            "`keeps` waits for what only it could send or take",
            "keeps: a message of the channel made at record.rs:L, which is empty and has 1 sender, made at record.rs:L by `keeps`",
        ],
    },
    Scenario {
        name: "ten_thousand_threads_that_wait",
        run: ten_thousand_threads_that_wait,
        said: &[
            ALL,
            "scenario: the end of its scope's threads `one of many`, `one of many`, `one of many`, `one of many`, `one of many`, `one of many`, `one of many`, `one of many` and 9992 more",
            "one of many: a notification at the Condvar made at record.rs:L; nobody has ever notified it",
            "one of many: a notification at the Condvar made at record.rs:L; nobody has ever notified it",
            "... and 9998 more",
        ],
    },
    Scenario {
        name: "a_rendezvous_without_a_partner",
        run: a_rendezvous_without_a_partner,
        said: &[
            "`alone` waits for what only it could send or take",
            "alone: room in the channel made at record.rs:L, where nobody receives; its receiver: made at record.rs:L by `alone`",
        ],
    },
    Scenario {
        name: "a_barrier_that_misses_one",
        run: a_barrier_that_misses_one,
        said: &[
            ALL,
            "scenario: the end of its scope's threads `0`, `1`",
            "0: the Barrier made at record.rs:L, where others are missing",
            "1: the Barrier made at record.rs:L, where others are missing",
        ],
    },
    Scenario {
        name: "a_thread_parked_for_ever",
        run: a_thread_parked_for_ever,
        said: &[ALL, "parked: an unpark"],
    },
    Scenario {
        name: "a_cell_whose_value_needs_itself",
        run: a_cell_whose_value_needs_itself,
        said: &[
            "`needs-itself` waits for itself",
            "needs-itself: the OnceLock made at record.rs:L, which `needs-itself` initialises since record.rs:L",
        ],
    },
    Scenario {
        name: "a_lock_whose_guard_was_forgotten",
        run: a_lock_whose_guard_was_forgotten,
        said: &[
            ALL,
            "waits: the Mutex made at record.rs:L, which `forgets` holds since record.rs:L and took with it when it ended",
        ],
    },
    Scenario {
        name: "whatever_the_program_does",
        run: whatever_the_program_does,
        said: &["less than 64 MB"],
    },
    Scenario {
        name: "whatever_the_program_does_with_a_log",
        run: whatever_the_program_does_with_a_log,
        said: &["less than 64 MB"],
    },
    Scenario {
        name: "work_that_goes_on",
        run: work_that_goes_on,
        said: &[],
    },
    Scenario {
        name: "a_wait_with_a_timeout",
        run: a_wait_with_a_timeout,
        said: &[],
    },
    Scenario {
        name: "a_thread_outside_the_facade",
        run: a_thread_outside_the_facade,
        said: &[],
    },
    Scenario {
        name: "select_waits_for_another",
        run: select_waits_for_another,
        said: &[],
    },
];

const ALL: &str = "every thread waits, and none is left to wake another";

fn main() -> ExitCode {
    match std::env::args()
        .nth(1)
        .filter(|word| !word.starts_with('-'))
    {
        Some(name) => match SCENARIOS.iter().find(|scenario| scenario.name == name) {
            Some(scenario) => alone(scenario),
            None => ExitCode::SUCCESS,
        },
        None => all(),
    }
}

fn all() -> ExitCode {
    let program = std::env::current_exe().expect("this program has a path");
    let mut failed = 0;
    for scenario in SCENARIOS {
        let output = Command::new(&program)
            .arg(scenario.name)
            .output()
            .expect("this program starts");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut said: Vec<String> = said.lines().map(without_numbers).collect();
        let mut expected: Vec<&str> = scenario.said.to_vec();
        // In which order threads came to wait is chance.
        said.sort_unstable();
        expected.sort_unstable();
        let holds = output.status.success() && said == expected;
        println!(
            "{} {}",
            if holds { "ok    " } else { "FAILED" },
            scenario.name
        );
        if !holds {
            let errors = String::from_utf8_lossy(&output.stderr);
            println!("  said     {said:#?}\n  expected {expected:#?}\n{errors}");
            failed += 1;
        }
    }
    println!("\n{} scenarios, {failed} failed", SCENARIOS.len());
    ExitCode::from(u8::from(failed > 0))
}

/// `record.rs:123` as `record.rs:L`, and an unnamed thread's number as it is.
fn without_numbers(line: &str) -> String {
    let mut parts = line.split("record.rs:");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push_str("record.rs:L");
        text.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    text
}

/// Runs one scenario and prints who is stuck, once the same answer has come for a
/// while.
fn alone(scenario: &Scenario) -> ExitCode {
    // This thread is the watchdog; it keeps away from the façade.
    record::expect_unwatched(1);
    let builder = std::thread::Builder::new().name("scenario".into());
    let started = builder.spawn(scenario.run);
    let scenario_thread = started.expect("a thread starts");
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut same = 0;
    let mut last = None;
    while Instant::now() < deadline && same < 20 {
        std::thread::sleep(Duration::from_millis(5));
        let now = record::look();
        same = if now.is_some() && now == last {
            same + 1
        } else {
            0
        };
        last = now;
        let says_itself = scenario.said.len() <= 1;
        if scenario_thread.is_finished() && last.is_none() && says_itself {
            return ExitCode::SUCCESS;
        }
    }
    if let Some(stuck) = last {
        println!("{}", stuck.why);
        let count = stuck.threads.len();
        let told = if count > 9 { 3 } else { count };
        for thread in &stuck.threads[..told] {
            println!("{}: {}", thread.name, thread.waits_for);
        }
        if count > told {
            println!("... and {} more", count - told);
        }
    }
    ExitCode::SUCCESS
}

fn named(name: &str, f: impl FnOnce() + Send + 'static) -> thread::JoinHandle<()> {
    let builder = thread::Builder::new().name(name.into());
    builder.spawn(f).expect("a thread starts")
}

fn two_locks_in_opposite_order() {
    let (one, two) = (Arc::new(Mutex::new(())), Arc::new(Mutex::new(())));
    let both_have_one = Arc::new(Barrier::new(2));
    let take = |first: &Arc<Mutex<()>>, second: &Arc<Mutex<()>>| {
        let (first, second) = (Arc::clone(first), Arc::clone(second));
        let barrier = Arc::clone(&both_have_one);
        move || {
            let _first = first.lock();
            barrier.wait();
            let _second = second.lock();
        }
    };
    let left = named("left", take(&one, &two));
    let _right = named("right", take(&two, &one));
    let _ = left.join();
}

fn a_lock_taken_twice() {
    let twice = named("twice", || {
        let lock = Mutex::new(());
        let _first = lock.lock();
        let _second = lock.lock();
    });
    let _ = twice.join();
}

fn a_reader_that_wants_to_write() {
    drop(named("upgrades", || {
        let lock = RwLock::new(());
        let _reader = lock.read();
        let _writer = lock.write();
    }));
}

fn threads_that_join_each_other() {
    let (tx, rx) = channel::bounded::<thread::JoinHandle<()>>(1);
    let first = named("first", move || {
        let _ = rx.recv().expect("a handle comes").join();
    });
    let second = named("second", move || {
        let _ = first.join();
    });
    tx.send(second).expect("somebody receives");
}

fn a_notification_that_never_comes() {
    let sleeper = named("sleeper", || {
        let (lock, condition) = (Mutex::new(false), Condvar::new());
        let mut ready = lock.lock().expect("nobody panics");
        while !*ready {
            ready = condition.wait(ready).expect("nobody panics");
        }
    });
    let _ = sleeper.join();
}

fn a_notification_that_came_too_early() {
    let pair = Arc::new((Mutex::new(false), Condvar::new()));
    let other = Arc::clone(&pair);
    let early = named("early", move || other.1.notify_one());
    early.join().expect("it does not panic");
    let mut ready = pair.0.lock().expect("nobody panics");
    while !*ready {
        ready = pair.1.wait(ready).expect("nobody panics");
    }
}

fn two_channels_that_are_both_full() {
    let (to_a, from_b) = channel::bounded(1);
    let (to_b, from_a) = channel::bounded(1);
    let fill = |tx: channel::Sender<u8>, rx: channel::Receiver<u8>| {
        move || {
            for n in 0..2 {
                tx.send(n).expect("the other is there");
            }
            drop(rx);
        }
    };
    let a = named("a", fill(to_b, from_b));
    let _b = named("b", fill(to_a, from_a));
    let _ = a.join();
}

/// Each has received from the other before, so it is known who has which end.
fn two_full_channels_between_two_that_know_each_other() {
    let (to_a, from_b) = channel::bounded(1);
    let (to_b, from_a) = channel::bounded(1);
    let talk = |tx: channel::Sender<u8>, rx: channel::Receiver<u8>| {
        move || {
            tx.send(0).expect("the other is there");
            rx.recv().expect("the other has sent");
            for n in 1..3 {
                tx.send(n).expect("the other is there");
            }
            drop(rx);
        }
    };
    let a = named("a", talk(to_b, from_b));
    let _b = named("b", talk(to_a, from_a));
    let _ = a.join();
}

/// Receivers often write down a message before its sender has. The record must not
/// count it as one that is still there.
fn traffic_before_the_last_message() {
    let keeps = named("keeps", || {
        let (tx, rx) = channel::bounded(1);
        let other = tx.clone();
        let sender = named("sender", move || {
            for n in 0..20_000 {
                other.send(n).expect("somebody receives");
            }
        });
        assert_eq!(rx.iter().take(20_000).count(), 20_000);
        sender.join().expect("it does not panic");
        let _ = rx.recv();
        drop(tx);
    });
    drop(keeps);
}

fn ten_thousand_threads_that_wait() {
    let (lock, condition) = (Mutex::new(false), Condvar::new());
    thread::scope(|scope| {
        for _ in 0..10_000 {
            let builder = thread::Builder::new().name("one of many".into());
            let waits = || {
                let ready = lock.lock().expect("nobody panics");
                drop(condition.wait_while(ready, |ready| !*ready));
            };
            let started = builder.stack_size(64 << 10).spawn_scoped(scope, waits);
            started.expect("a thread starts");
        }
    });
}

fn a_receiver_that_keeps_a_sender() {
    drop(named("keeps", || {
        let (tx, rx) = channel::unbounded::<u8>();
        let own = tx.clone();
        drop(tx);
        assert_eq!(rx.iter().count(), 0);
        drop(own);
    }));
}

fn a_rendezvous_without_a_partner() {
    drop(named("alone", || {
        let (tx, _rx) = channel::bounded(0);
        let _ = tx.send(1);
    }));
}

fn a_barrier_that_misses_one() {
    let barrier = Barrier::new(3);
    thread::scope(|scope| {
        for n in 0..2 {
            let builder = thread::Builder::new().name(n.to_string());
            let started = builder.spawn_scoped(scope, || {
                barrier.wait();
            });
            started.expect("a thread starts");
        }
    });
}

fn a_thread_parked_for_ever() {
    drop(named("parked", || {
        // The first returns at once, the second never does.
        thread::current().unpark();
        thread::park();
        thread::park();
    }));
}

fn a_cell_whose_value_needs_itself() {
    let thread = named("needs-itself", || {
        let cell: OnceLock<u8> = OnceLock::new();
        cell.get_or_init(|| *cell.get_or_init(|| 1));
    });
    let _ = thread.join();
}

fn a_lock_whose_guard_was_forgotten() {
    let lock = Arc::new(Mutex::new(()));
    let forgets = Arc::clone(&lock);
    let thread = named("forgets", move || std::mem::forget(forgets.lock()));
    let _ = thread.join();
    drop(named("waits", move || {
        let _guard = lock.lock();
    }));
}

/// The record's memory is bounded: the whole process has less than 64 MB when it
/// has started a hundred thousand threads with long names, made as many locks and
/// channels, and taken a million steps.
fn whatever_the_program_does() {
    let name = "n".repeat(10_000);
    let mut kept = Vec::new();
    for n in 0..100_000 {
        let keeps = n % 10 == 0 && kept.len() < 200;
        // A handle has the whole name, and that is the program's own memory.
        let name = if keeps { "kept".into() } else { name.clone() };
        let builder = thread::Builder::new().name(name).stack_size(16 << 10);
        let thread = builder.spawn(|| ()).expect("a thread starts");
        if keeps {
            // Ended, and never joined.
            kept.push(thread);
        } else {
            thread.join().expect("it does not panic");
        }
        let lock = Mutex::new(channel::bounded(4));
        for step in 0..4 {
            let ends = lock.lock().expect("nobody panics");
            ends.0.send(step).expect("it has room");
            record::span("a part", || ends.1.recv().expect("there is one"));
        }
    }
    drop(kept);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = peak.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    match kib {
        Some(kib) if kib >= 64 << 10 => println!("{kib} KiB"),
        _ => {
            eprintln!("{kib:?} KiB");
            println!("less than 64 MB");
        }
    }
}

fn whatever_the_program_does_with_a_log() {
    record::keep_log();
    whatever_the_program_does();
}

/// Producers and consumers over each primitive; at any moment somebody can go on.
fn work_that_goes_on() {
    let end = Instant::now() + Duration::from_secs(2);
    let (tx, rx) = channel::bounded(0);
    let count = Arc::new((Mutex::new(0_u64), Condvar::new()));
    thread::scope(|scope| {
        for _ in 0..3 {
            let (tx, count) = (tx.clone(), Arc::clone(&count));
            scope.spawn(move || {
                while Instant::now() < end {
                    tx.send(()).expect("consumers are there");
                    let mut count = count.0.lock().expect("nobody panics");
                    *count += 1;
                }
            });
        }
        drop(tx);
        for _ in 0..2 {
            let (rx, count) = (rx.clone(), Arc::clone(&count));
            scope.spawn(move || {
                for () in &rx {
                    count.1.notify_one();
                }
                *count.0.lock().expect("nobody panics") = u64::MAX;
                count.1.notify_all();
            });
        }
        let mut seen = count.0.lock().expect("nobody panics");
        while *seen < u64::MAX {
            seen = count.1.wait(seen).expect("nobody panics");
        }
    });
}

fn a_wait_with_a_timeout() {
    let (_tx, rx) = channel::unbounded::<u8>();
    assert!(rx.recv_timeout(Duration::from_millis(400)).is_err());
    let (lock, condition) = (Mutex::new(()), Condvar::new());
    let guard = lock.lock().expect("nobody panics");
    let waited = condition.wait_timeout(guard, Duration::from_millis(400));
    assert!(waited.expect("nobody panics").1.timed_out());
    thread::park_timeout(Duration::from_millis(400));
}

/// A thread that std has started may wake one that the façade watches.
fn a_thread_outside_the_facade() {
    let lock = Arc::new((Mutex::new(false), Condvar::new()));
    let other = Arc::clone(&lock);
    let outside = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(600));
        *other.0.lock().expect("nobody panics") = true;
        other.1.notify_one();
    });
    let mut ready = lock.0.lock().expect("nobody panics");
    while !*ready {
        ready = lock.1.wait(ready).expect("nobody panics");
    }
    drop(ready);
    outside.join().expect("it does not panic");
}

fn select_waits_for_another() {
    let (tx, rx) = channel::bounded::<u8>(1);
    let (_never, silent) = channel::bounded::<u8>(1);
    let sender = named("sender", move || {
        thread::sleep(Duration::from_millis(400));
        tx.send(7).expect("somebody receives");
    });
    channel::select! {
        recv(rx) -> got => assert_eq!(got, Ok(7)),
        recv(silent) -> _ => unreachable!("nobody sends"),
    }
    sender.join().expect("it does not panic");
}
