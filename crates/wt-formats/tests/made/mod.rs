//! Reports that were made by hand, so that no time and no thread can change them.

#![allow(dead_code, reason = "each file of tests uses a part of this")]

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use wt_formats::Graded;
use wt_grader::compile::Diagnostics;
use wt_grader::lesson::{CheckSpec, Mode, Track};
use wt_grader::session::{CheckResult, Outcome};
use wt_grader::source::Rejected;
use wt_grader::transcript::{Count, Frame, Place, Thread};
use wt_grader::verdict::{Schedule, Tier, Verdict};
use wt_grader::{GradeError, Lesson, LessonReport, Word};

/// What a stranger's program may print: sequences that move the cursor, rename the
/// window and reorder text, ends of XML, JSON, fences and commands, and bytes that
/// were no UTF-8.
pub(crate) const HOSTILE: &str = "\u{1b}[2J\u{1b}]0;title\u{7}\u{9b}31m\u{202e}txet\u{2066}\u{61c}\0\u{8}\r\n\
    ::error file=lib.rs::forged\n::stop-commands::x\n##[error]forged\n\
    ]]></system-out></failure><failure>&amp;&lt;\"',:%0A\n```\n</details><script>alert(1)</script>\n\
    \u{fffe}\u{ffff}\u{fffd}\u{10ffff}\\u{1b}\t|a|b|\n";

/// Every case by its name.
pub(crate) fn cases() -> Vec<(&'static str, Graded)> {
    let fault = || GradeError::Fault("cannot write `target/wt`: the disk is full".into());
    vec![
        ("pass", graded(vec![passing()])),
        ("wrong", graded(vec![wrong()])),
        ("hang", graded(vec![hang()])),
        ("explored", graded(vec![explored(), postponed()])),
        ("compile_error", graded(vec![compile_error()])),
        ("does_not_fit", graded(vec![does_not_fit()])),
        ("gave_up", graded(vec![gave_up()])),
        ("rejected", graded(vec![rejected()])),
        ("not_judged", graded(vec![not_judged()])),
        ("hostile", graded(vec![saying_in_checks(HOSTILE)])),
        (
            "several",
            graded(vec![passing(), wrong(), hang(), rejected()]),
        ),
        (
            "fault",
            Graded {
                error: Some(fault()),
                ..graded(vec![passing()])
            },
        ),
    ]
}

/// The case called `name`.
pub(crate) fn case(name: &str) -> Graded {
    let mut cases = cases().into_iter();
    let found = cases.find(|(own, _)| *own == name);
    found.expect("a case has this name").1
}

fn graded(reports: Vec<LessonReport>) -> Graded {
    Graded {
        course: String::from("A course of <threads> & queues"),
        reports,
        error: None,
        took: Duration::from_millis(1234),
        prefix: String::from("courses/threads/"),
    }
}

fn passing() -> LessonReport {
    let results = [Tier::A, Tier::B, Tier::B].map(|tier| Verdict {
        tier,
        took: Duration::from_micros(2_600),
        ..Verdict::new(Word::Pass, "")
    });
    checked(1, "worker-pool", results, "warning: unused variable: `n`\n")
}

fn wrong() -> LessonReport {
    let wrong = Verdict {
        place: Some(place(57)),
        notes: vec![String::from(
            "thread `producer` panicked at exercises/03-bounded-queue/src/lib.rs:60: full",
        )],
        output: String::from("push 1\npush 2\n"),
        took: Duration::from_millis(2_004),
        ..Verdict::new(
            Word::Wrong,
            "a producer was still waiting 2 s after a slot became free\n< yours > expected",
        )
    };
    let pass = || Verdict::new(Word::Pass, "");
    let mut report = checked(3, "bounded-queue", [pass(), wrong, pass()], "");
    if let Outcome::Checked { results, .. } = &mut report.outcome {
        results[1].hint = Some(String::from("who would hear of the free slot, and how?"));
    }
    report
}

fn hang() -> LessonReport {
    let own = |function: &str, line| Frame {
        function: function.into(),
        place: place(line),
    };
    let check = Frame {
        function: String::from("checks::push_waits_while_full"),
        place: Place {
            file: String::from("hidden/checks.rs"),
            line: 88,
        },
    };
    let thread = |name: &str, state: &str, waits_for: &str, frames| Thread {
        name: name.into(),
        state: state.into(),
        waits_for: waits_for.into(),
        frames,
    };
    let hung = Verdict {
        place: Some(place(57)),
        threads: vec![
            thread("check", "asleep", "a thread to end", vec![check]),
            thread(
                "producer",
                "asleep",
                "a condition variable",
                vec![
                    Frame {
                        function: String::from("std::sync::Condvar::wait"),
                        place: Place {
                            file: String::from("/rustc/59807616/library/std/src/sync/condvar.rs"),
                            line: 49,
                        },
                    },
                    own("bounded_queue::BoundedQueue<T>::push", 57),
                ],
            ),
            thread("spinner", "running", "", vec![]),
        ],
        steps: vec![String::from(
            "`producer` took the Mutex made at lib.rs:31, line 55",
        )],
        took: Duration::from_millis(1_512),
        ..Verdict::new(
            Word::Hung,
            "no thread has run for 1.5 s, and all are asleep",
        )
    };
    let pass = || Verdict::new(Word::Pass, "");
    checked(3, "bounded-queue", [pass(), hung, pass()], "")
}

/// One schedule of many is a deadlock; another check saw all there are.
fn explored() -> LessonReport {
    let count = |tried, distinct, complete| {
        Some(Count {
            tried,
            distinct,
            complete,
        })
    };
    let deadlock = Verdict {
        place: Some(place(57)),
        count: count(1204, 1187, false),
        schedule: Some(Schedule {
            name: String::from("m7"),
            code: String::from("1Z3K7Q-H2M4NP-08RSTV"),
            story: Vec::new(),
        }),
        ..Verdict::new(
            Word::Deadlock,
            "every thread waits, and none is left to wake another",
        )
    };
    let all = Verdict {
        count: count(252, 252, true),
        ..Verdict::new(Word::Pass, "")
    };
    let pass = Verdict::new(Word::Pass, "");
    checked(3, "bounded-queue", [pass, deadlock, all], "")
}

fn postponed() -> LessonReport {
    let wrong = Verdict::new(Word::Wrong, "3 items came out, not 4");
    let pass = Verdict::new(Word::Pass, "");
    checked(4, "distribution", [wrong, pass, Verdict::postponed()], "")
}

fn not_judged() -> LessonReport {
    let verdicts = [
        Verdict::new(Word::Pass, ""),
        Verdict::new(Word::Inconclusive, "this machine cannot count threads"),
        Verdict::new(
            Word::GraderFault,
            "`lesson.toml` names a check that is not there",
        ),
    ];
    checked(6, "move-the-buffer", verdicts, "")
}

/// A lesson in which everything that a learner can choose is `text`.
fn saying_in_checks(text: &str) -> LessonReport {
    let panicked = Verdict {
        place: Some(Place {
            file: format!("exercises/01-worker-pool/src/a,b:c%{text}.rs"),
            line: 1,
        }),
        threads: vec![Thread {
            name: text.into(),
            state: text.into(),
            waits_for: text.into(),
            frames: vec![Frame {
                function: text.into(),
                place: Place {
                    file: format!("exercises/01-worker-pool/src/{text}"),
                    line: 1,
                },
            }],
        }],
        notes: vec![text.into()],
        output: text.into(),
        ..Verdict::new(Word::Panicked, text)
    };
    let printing = Verdict {
        output: text.into(),
        ..Verdict::new(Word::Pass, "")
    };
    let skipped = Verdict {
        output: text.into(),
        ..Verdict::new(Word::Inconclusive, text)
    };
    checked(1, "worker-pool", [panicked, printing, skipped], text)
}

/// Lessons whose program, source and compiler say `text`.
pub(crate) fn saying(text: &str) -> Graded {
    let why = || diagnostics(text, &[text]);
    let rejected = Rejected {
        file: PathBuf::from(text),
        why: text.into(),
    };
    let outcomes = [
        Outcome::DidNotCompile(why()),
        Outcome::DoesNotFit(why()),
        Outcome::GaveUp(text.into()),
        Outcome::Rejected(rejected),
    ];
    let mut reports = vec![saying_in_checks(text)];
    reports.extend(outcomes.map(|outcome| unrun(3, "bounded-queue", outcome)));
    Graded {
        error: Some(GradeError::Fault(text.into())),
        ..graded(reports)
    }
}

fn compile_error() -> LessonReport {
    let rendered = "error[E0382]: use of moved value: `tx`\n   \
        --> exercises/03-bounded-queue/src/lib.rs:12:5\n    |\n\
        11  |     thread::spawn(move || drop(tx));\n12  |     drop(tx);\n    |          ^^ value used here after move\n\n\
        error: aborting due to 1 previous error\n";
    let said = diagnostics(rendered, &["E0382"]);
    unrun(3, "bounded-queue", Outcome::DidNotCompile(said))
}

fn does_not_fit() -> LessonReport {
    let said = diagnostics(
        "error[E0599]: no method named `close` found for struct `BoundedQueue<T>` in the current scope",
        &["E0599"],
    );
    unrun(3, "bounded-queue", Outcome::DoesNotFit(said))
}

fn gave_up() -> LessonReport {
    let why = Outcome::GaveUp("time: rustc was not done after 60s".into());
    unrun(3, "bounded-queue", why)
}

fn rejected() -> LessonReport {
    let rejected = Rejected {
        file: PathBuf::from("exercises/08-mapped-file/src/lib.rs"),
        why: String::from("is not UTF-8: save it as UTF-8"),
    };
    unrun(8, "mapped-file", Outcome::Rejected(rejected))
}

fn diagnostics(rendered: &str, codes: &[&str]) -> Diagnostics {
    Diagnostics {
        rendered: rendered.into(),
        codes: codes
            .iter()
            .map(|code| (*code).to_owned())
            .collect::<BTreeSet<_>>(),
    }
}

fn place(line: u32) -> Place {
    Place {
        file: String::from("exercises/03-bounded-queue/src/lib.rs"),
        line,
    }
}

fn unrun(number: u32, idea: &str, outcome: Outcome) -> LessonReport {
    LessonReport {
        lesson: lesson(number, idea),
        outcome,
    }
}

fn checked(number: u32, idea: &str, verdicts: [Verdict; 3], warnings: &str) -> LessonReport {
    let lesson = lesson(number, idea);
    let results = lesson
        .checks
        .iter()
        .zip(verdicts)
        .map(|(spec, verdict)| CheckResult {
            spec: spec.clone(),
            item: Some(spec.look_at.clone()),
            place: verdict.place.clone(),
            verdict,
            hint: None,
        });
    LessonReport {
        outcome: Outcome::Checked {
            results: results.collect(),
            warnings: warnings.into(),
        },
        lesson,
    }
}

fn lesson(number: u32, idea: &str) -> Lesson {
    let folder = format!("{number:02}-{idea}");
    let checks = [
        ("items_come_out_in_order", "items come out in order", 1),
        (
            "push_waits_while_full",
            "push waits while the queue is full",
            2,
        ),
        ("no_thread_is_left", "every thread is joined", 1),
    ];
    Lesson {
        number,
        idea: idea.into(),
        id: idea.into(),
        title: String::from("A title with <brackets> & \"quotes\""),
        part: 1,
        track: Track::Core,
        minutes: 30,
        objectives: Vec::new(),
        checks: checks.map(check).to_vec(),
        exercise: PathBuf::from("/course/exercises").join(&folder),
        root: PathBuf::from("/course"),
        answers: PathBuf::from("/course/solutions").join(&folder),
        folder,
    }
}

fn check((id, claim, points): (&str, &str, u32)) -> CheckSpec {
    CheckSpec {
        id: id.into(),
        claim: claim.into(),
        points,
        mode: Mode::Run,
        look_at: String::from("Queue<T>::push"),
        ask: String::from("who waits, and who wakes it?"),
        memory: 64 << 20,
        objective: None,
    }
}
