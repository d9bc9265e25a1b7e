//! Runs every check without the grader, as `cargo test` wants it.
//!
//! This is for whoever writes checks: it proves the solution beside them with
//! plain cargo. It knows no learners, reports and limits; the grader does.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use crate::check::Check;
use crate::request::{MARKER, Request, Role};

/// What one process said.
struct Heard {
    verdict: String,
    observed: Vec<String>,
}

pub(crate) fn run(checks: &[Check]) -> ExitCode {
    let checks: Vec<&Check> = checks.iter().filter(|check| is_here(check)).collect();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        for check in &checks {
            println!("{}: test", check.name);
        }
        return ExitCode::SUCCESS;
    }
    let filter = arguments.iter().find(|argument| !argument.starts_with('-'));
    let chosen = checks
        .iter()
        .filter(|check| filter.is_none_or(|part| check.name.contains(part.as_str())));
    let (mut passed, mut failed) = (0, 0);
    for check in chosen {
        let verdict = run_one(check).unwrap_or_else(|error| format!("grader fault: {error}"));
        if verdict == "pass" {
            passed += 1;
        } else {
            failed += 1;
        }
        println!(
            "check {} ... {}",
            check.name,
            verdict.replace("\\n", "\n    ")
        );
    }
    println!("\n{passed} passed, {failed} failed");
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Whether this program has the check: one that explores has only what is explored, and
/// one that records has the others.
fn is_here(check: &Check) -> bool {
    match (cfg!(feature = "explore"), cfg!(feature = "record")) {
        (true, _) => check.explored.is_some(),
        (false, true) => check.explored.is_none(),
        (false, false) => true,
    }
}

fn run_one(check: &Check) -> io::Result<String> {
    let seed = fastrand::u64(..);
    let heard = ask(check, Role::Check, seed)?;
    if heard.verdict != "pass" || check.oracle.is_none() {
        return Ok(heard.verdict);
    }
    let expected = ask(check, Role::Oracle, seed)?;
    if expected.verdict != "pass" {
        return Ok(format!("grader fault: the oracle: {}", expected.verdict));
    }
    if expected.observed.is_empty() {
        return Ok(String::from("grader fault: the oracle observed nothing"));
    }
    let differs = heard
        .observed
        .iter()
        .zip(&expected.observed)
        .find(|(got, want)| got != want);
    Ok(match differs {
        Some((got, want)) => format!("wrong: seed {seed}: observed {got}, expected {want}"),
        None if heard.observed.len() != expected.observed.len() => {
            format!(
                "wrong: seed {seed}: {} observations, expected {}",
                heard.observed.len(),
                expected.observed.len()
            )
        }
        None => heard.verdict,
    })
}

fn ask(check: &Check, role: Role, seed: u64) -> io::Result<Heard> {
    let lesson =
        std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from("."), PathBuf::from);
    let request = Request {
        check: check.name.to_owned(),
        role,
        seed,
        snapshots: lesson.join("hidden/snapshots"),
        ..Request::default()
    };
    let mut child = Command::new(std::env::current_exe()?)
        .env(MARKER, "1")
        .env("INSTA_WORKSPACE_ROOT", &lesson)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(request.render().as_bytes())?;
    }
    let output = child.wait_with_output()?;
    Ok(read(
        &String::from_utf8_lossy(&output.stdout),
        output.status.code(),
    ))
}

/// Reads a transcript as far as this mode needs it.
fn read(text: &str, code: Option<i32>) -> Heard {
    let lines: Vec<&str> = text.lines().collect();
    let observed = lines
        .iter()
        .filter_map(|line| line.strip_prefix("observe\t"))
        .map(str::to_owned)
        .collect();
    let whole = match lines.as_slice() {
        [.., last] => *last == format!("done\t{}\t", lines.len() - 1),
        [] => false,
    };
    let verdict = lines
        .iter()
        .find_map(|line| line.strip_prefix("verdict\t"))
        .filter(|_| whole);
    let verdict = match (verdict, code) {
        (Some(verdict), _) => plain(verdict),
        (None, Some(code)) => format!("ended early: exit code {code}"),
        (None, None) => String::from("crashed"),
    };
    Heard { verdict, observed }
}

/// `word`, or `word: what (file:line)`, of a verdict's fields.
fn plain(verdict: &str) -> String {
    let fields: Vec<&str> = verdict.split('\t').collect();
    match fields.as_slice() {
        [word, "", ..] => (*word).to_owned(),
        [word, what, "", ..] => format!("{word}: {what}"),
        [word, what, file, line, ..] => format!("{word}: {what} ({file}:{line})"),
        _ => verdict.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transcript_without_its_end_is_no_pass() {
        assert_eq!(
            read("wt-check\t1\nverdict\tpass\t\t\t0\n", Some(0)).verdict,
            "ended early: exit code 0"
        );
        assert_eq!(
            read("wt-check\t1\nverdict\tpass\t\t\t0\ndone\t2\t\n", Some(0)).verdict,
            "pass"
        );
    }
}
