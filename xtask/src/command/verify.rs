//! `cargo xtask verify`

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};

use wt_grader::verify::{Finding, Options, verify};
use wt_grader::{Course, GradeError, Lesson};

use super::{course, session};
use crate::exit::{Exit, FAILED, PASSED};
use crate::given::Given;
use crate::spec::{Group, Opt, Spec, Value, Words};
use crate::terminal::Terminal;

pub(crate) const SPEC: Spec = Spec {
    name: "verify",
    group: Group::Instructor,
    words: Words::Lessons,
    summary: "prove that starters fail, solutions pass and known mistakes are caught",
    about: "\
For each lesson: its files, ids and links are complete; the starter builds
without warnings and fails; the solution and each file in `also` pass, with the
façade's record and on plain std; each file in `bad` fails exactly the checks
that its first line names, with those words and the stored text, and has a hint;
at least one of them passes the visible test.

What held the last time, and of which nothing has changed since, is not graded
again.",
    options: &[
        Opt::flag(
            None,
            "bless",
            "accept new verdict texts and a changed starter",
        ),
        Opt::flag(
            None,
            "snapshots",
            "let the solution write new snapshots, for `cargo insta review`",
        ),
        Opt {
            short: Some('j'),
            long: "jobs",
            value: Value::Number,
            about: "how many solutions are graded at once (default: the cores and one)",
        },
        Opt {
            short: None,
            long: "runs",
            value: Value::Number,
            about: "how often the checks of each source are run; all runs must agree",
        },
        Opt {
            short: None,
            long: "retries",
            value: Value::Number,
            about: "grade what does not hold again, alone, up to N times; what holds then is told as flaky",
        },
        Opt::flag(
            None,
            "force",
            "grade also what held the last time and has not changed since",
        ),
    ],
    examples: &[
        ("verify", "every lesson"),
        ("verify 03 08", "two lessons"),
        ("verify 03 --bless", "take what it says now for the truth"),
        (
            "verify 03 --runs 200",
            "run every check of every source 200 times",
        ),
    ],
    run,
};

fn run(given: &Given, terminal: Terminal) -> Result<Exit, GradeError> {
    let course = course()?;
    course.needs_solutions("verify")?;
    let lessons = chosen(&course, &given.words)?;
    let mut session = session(&course, terminal)?;
    session.color = false;
    session.new_snapshots = given.has("snapshots");
    let cores = std::thread::available_parallelism().map_or(2, NonZero::get);
    let options = Options {
        bless: given.has("bless"),
        // Some of them wait in vain for a while, as they must; one more fills the gaps.
        jobs: given.number("jobs").unwrap_or(cores + 1).max(1),
        runs: given.number("runs").unwrap_or(1).max(1),
        retries: given.number("retries").unwrap_or(0),
        force: given.has("force"),
    };
    let done = AtomicUsize::new(0);
    let announce = || terminal.tell("building the kit without the façade's record");
    let findings = verify(&session, &lessons, options, announce, |finding| {
        let n = done.fetch_add(1, Ordering::Relaxed) + 1;
        if !finding.unchanged {
            tell(finding, n, terminal);
        }
    })?;
    let broken = findings
        .iter()
        .filter(|finding| !finding.problems.is_empty())
        .count();
    let flaky = findings.iter().filter(|finding| !finding.flaky.is_empty());
    let unchanged = findings.iter().filter(|finding| finding.unchanged);
    terminal.print(&format!(
        "\nverify: {} of {} hold in {} {}{}{}{}\n",
        findings.len() - broken,
        findings.len(),
        lessons.len(),
        if lessons.len() == 1 {
            "lesson"
        } else {
            "lessons"
        },
        match options.runs {
            1 => String::new(),
            runs => format!(", each source run {runs} times"),
        },
        match flaky.count() {
            0 => String::new(),
            n => format!("; {n} of them flaky"),
        },
        match unchanged.count() {
            0 => String::new(),
            n => format!("; {n} have not changed since they did (`--force` runs them)"),
        }
    ));
    Ok(if broken == 0 { PASSED } else { FAILED })
}

fn chosen<'a>(course: &'a Course, names: &[String]) -> Result<Vec<&'a Lesson>, GradeError> {
    if names.is_empty() {
        return Ok(course.lessons.iter().collect());
    }
    names.iter().map(|name| course.lesson(name)).collect()
}

fn tell(finding: &Finding, n: usize, terminal: Terminal) {
    let state = match (finding.problems.is_empty(), finding.flaky.is_empty()) {
        (false, _) => "BROKEN",
        (true, false) => "FLAKY",
        (true, true) => "holds",
    };
    let mut text = format!("{n:>4}  {state:<7} {}\n", finding.subject);
    for problem in finding.problems.iter().chain(&finding.flaky) {
        for (line_number, line) in problem.lines().enumerate() {
            text.push_str(&format!(
                "              {}{line}\n",
                if line_number == 0 { "- " } else { "  " }
            ));
        }
    }
    terminal.print(&text);
}
