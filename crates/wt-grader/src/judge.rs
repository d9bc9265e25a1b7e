//! From what a process wrote and how it ended to a verdict.

use crate::compile::HIDDEN;
use crate::process::{End, Finished};
use crate::transcript::{Claimed, Transcript};
use crate::verdict::{Schedule, Tier, Verdict, Word};

/// The signal to a process that makes a file too long.
const SIGXFSZ: i32 = 25;

/// The verdict of a process that ran a check.
#[must_use]
pub fn judge(finished: &Finished) -> Verdict {
    let transcript = Transcript::read(&finished.stdout, &finished.secret);
    let output = String::from_utf8_lossy(&finished.stderr).into_owned();
    let mut verdict = match (&finished.end, transcript.verdict) {
        // What passes a limit of the outside was killed, whatever it claimed.
        (End::TooMuchOutput, _) => {
            Verdict::new(Word::OverLimit, "output: it printed more than 8 MiB")
        }
        (End::TooManyThreads(n), _) => {
            Verdict::new(Word::OverLimit, format!("threads: {n} were alive at once"))
        }
        (End::OverLimit(what), _) => Verdict::new(Word::OverLimit, what),
        (_, Some(claimed)) => believe(claimed),
        (End::TimedOut(threads), None) => {
            let mut verdict = Verdict::new(
                Word::Hung,
                "it was not done in time and did not answer any more",
            );
            verdict.notes = threads
                .iter()
                .map(|thread| format!("thread {thread}"))
                .collect();
            verdict
        }
        (End::Signalled(SIGXFSZ), None) => Verdict::new(
            Word::OverLimit,
            "disk: it wrote more than one file may have",
        ),
        (End::Signalled(signal), None) => match failed_allocation(&output) {
            Some(line) => Verdict::new(Word::OverLimit, format!("memory: {line}")),
            None => Verdict::new(Word::Crashed, crash(*signal, &output)),
        },
        (End::Exited(code), None) => Verdict::new(
            Word::EndedEarly,
            format!("the process ended with code {code} before the check was over"),
        ),
    };
    for panic in transcript.panics {
        let told = verdict.what == panic.message;
        if !told && !panic.place.file.starts_with(HIDDEN) {
            verdict.notes.push(format!(
                "thread `{}` panicked at {}:{}: {}",
                panic.thread, panic.place.file, panic.place.line, panic.message
            ));
        }
    }
    verdict.notes.extend(transcript.notes);
    verdict.threads = transcript.threads;
    verdict.steps = transcript.steps;
    verdict.count = transcript.count;
    verdict.schedule = transcript.schedule.map(|name| Schedule {
        name,
        code: String::new(),
        story: transcript.story,
    });
    verdict.output = output;
    verdict.took = finished.took;
    verdict
}

/// The verdict of a check whose answers the oracle's process must have, too.
#[must_use]
pub fn compare(checked: &Finished, oracle: &Finished, seed: u64) -> Verdict {
    let mut verdict = judge(checked);
    verdict.tier = Tier::A;
    if !verdict.passed() {
        return verdict;
    }
    let trusted = judge(oracle);
    let expected = Transcript::read(&oracle.stdout, &oracle.secret).observed;
    if !trusted.passed() || expected.is_empty() {
        verdict.word = Word::GraderFault;
        verdict.what = format!(
            "the check's oracle did not answer: {} {}",
            trusted.word, trusted.what
        );
        return verdict;
    }
    let observed = Transcript::read(&checked.stdout, &checked.secret).observed;
    if let Some(what) = difference(&observed, &expected) {
        verdict.word = Word::Wrong;
        verdict.what = format!("{what} (seed {seed})");
    }
    verdict
}

fn difference(observed: &[(String, String)], expected: &[(String, String)]) -> Option<String> {
    for (n, (key, want)) in expected.iter().enumerate() {
        match observed.get(n) {
            Some((_, got)) if got == want => {}
            Some((_, got)) => {
                return Some(format!(
                    "{key} is wrong\n  < yours   > expected\n<{}\n>{}",
                    cut(got),
                    cut(want)
                ));
            }
            None => return Some(format!("there is no answer for {key}")),
        }
    }
    (observed.len() > expected.len()).then(|| {
        format!(
            "there are {} answers too many",
            observed.len() - expected.len()
        )
    })
}

/// At most 400 characters of a value.
fn cut(value: &str) -> String {
    match value.char_indices().nth(400) {
        Some((at, _)) => format!("{} ...", &value[..at]),
        None => value.to_owned(),
    }
}

fn believe(claimed: Claimed) -> Verdict {
    let Claimed { word, what, place } = claimed;
    match Word::parse(&word) {
        Some(word) => {
            let place = place.filter(|place| !place.file.starts_with(HIDDEN));
            Verdict {
                place,
                ..Verdict::new(word, what)
            }
        }
        None => Verdict::new(
            Word::GraderFault,
            format!("the harness gave the unknown verdict `{word}`"),
        ),
    }
}

fn crash(signal: i32, output: &str) -> String {
    let name = match signal {
        4 => "SIGILL",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        _ => "",
    };
    let signal = if name.is_empty() {
        format!("signal {signal}")
    } else {
        name.to_owned()
    };
    let why = if let Some(line) = output
        .lines()
        .find(|line| line.contains("has overflowed its stack"))
    {
        format!("stack overflow: {}", without_number(line.trim()))
    } else if output.contains("panic in a destructor during cleanup") {
        String::from("a `drop` panicked while another panic was unwinding")
    } else if output.contains("panic in a function that cannot unwind") {
        String::from("a panic reached code that cannot unwind")
    } else if signal == "SIGBUS" {
        String::from("memory that is mapped from a file was no longer there")
    } else {
        String::from("the process aborted")
    };
    format!("{why} ({signal})")
}

/// What std says before it aborts because there is no memory.
fn failed_allocation(output: &str) -> Option<&str> {
    let line = output
        .lines()
        .find(|line| line.starts_with("memory allocation of "))?;
    line.ends_with(" bytes failed").then_some(line)
}

/// `thread 'check' (123) has` as `thread 'check' has`: the number differs from run
/// to run.
fn without_number(line: &str) -> String {
    match (line.find("' ("), line.find(") has")) {
        (Some(from), Some(to)) if from < to => format!("{}{}", &line[..=from], &line[to + 1..]),
        _ => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn finished(end: End, stdout: &str, stderr: &str) -> Finished {
        Finished {
            end,
            stdout: stdout.into(),
            stderr: stderr.into(),
            took: Duration::ZERO,
            secret: String::from("s"),
        }
    }

    const PASS: &str = "wt-check\t1\nverdict\tpass\t\t\t0\ndone\t2\ts\n";

    #[test]
    fn an_exit_code_is_no_verdict() {
        assert_eq!(
            judge(&finished(End::Exited(0), "", "")).word,
            Word::EndedEarly
        );
        assert_eq!(
            judge(&finished(End::Exited(0), "test result: ok. 1 passed", "")).word,
            Word::EndedEarly
        );
        assert_eq!(judge(&finished(End::Exited(1), PASS, "")).word, Word::Pass);
    }

    #[test]
    fn a_stack_overflow_is_named() {
        let verdict = judge(&finished(
            End::Signalled(6),
            "",
            "\nthread 'check' (77) has overflowed its stack\n",
        ));
        assert_eq!(verdict.word, Word::Crashed);
        assert_eq!(
            verdict.what,
            "stack overflow: thread 'check' has overflowed its stack (SIGABRT)"
        );
    }

    #[test]
    fn an_answer_is_compared_with_the_oracles() {
        let with = |value: &str| {
            finished(
                End::Exited(0),
                &format!("wt-check\t1\nobserve\tsum\t{value}\nverdict\tpass\t\t\t0\ndone\t3\ts\n"),
                "",
            )
        };
        assert_eq!(compare(&with("42"), &with("42"), 1).word, Word::Pass);
        let wrong = compare(&with("41"), &with("42"), 1);
        assert_eq!((wrong.word, wrong.tier), (Word::Wrong, Tier::A));
        assert_eq!(
            wrong.what,
            "sum is wrong\n  < yours   > expected\n<41\n>42 (seed 1)"
        );
    }

    #[test]
    fn an_oracle_without_an_answer_is_the_graders_fault() {
        let silent = finished(End::Exited(0), PASS, "");
        assert_eq!(compare(&silent, &silent, 1).word, Word::GraderFault);
    }

    #[test]
    fn a_pass_does_not_outweigh_a_limit() {
        assert_eq!(
            judge(&finished(End::TooMuchOutput, PASS, "")).word,
            Word::OverLimit
        );
    }
}
