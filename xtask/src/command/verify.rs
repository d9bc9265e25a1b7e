//! `cargo xtask verify`

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};

use wt_grader::verify::{Finding, Options, verify};
use wt_grader::{Course, GradeError, Lesson};

use super::{course, session};
use crate::arguments::Verify;
use crate::exit::{Exit, FAILED, PASSED};
use crate::terminal::Terminal;

pub(crate) fn run(what: &Verify, terminal: Terminal) -> Result<Exit, GradeError> {
    let course = course()?;
    let lessons = chosen(&course, &what.lessons)?;
    let mut session = session(&course, terminal)?;
    session.color = false;
    session.new_snapshots = what.snapshots;
    let cores = std::thread::available_parallelism().map_or(2, NonZero::get);
    let options = Options {
        bless: what.bless,
        jobs: what.jobs.unwrap_or(cores).max(1),
        runs: what.runs.unwrap_or(1).max(1),
    };
    let done = AtomicUsize::new(0);
    let findings = verify(&session, &lessons, options, |finding| {
        let n = done.fetch_add(1, Ordering::Relaxed) + 1;
        tell(finding, n, terminal);
    })?;
    let broken = findings
        .iter()
        .filter(|finding| !finding.problems.is_empty())
        .count();
    terminal.print(&format!(
        "\nverify: {} of {} hold in {} {}{}\n",
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
    let state = if finding.problems.is_empty() {
        "holds"
    } else {
        "BROKEN"
    };
    let mut text = format!("{n:>4}  {state:<7} {}\n", finding.subject);
    for problem in &finding.problems {
        for (line_number, line) in problem.lines().enumerate() {
            text.push_str(&format!(
                "              {}{line}\n",
                if line_number == 0 { "- " } else { "  " }
            ));
        }
    }
    terminal.print(&text);
}
