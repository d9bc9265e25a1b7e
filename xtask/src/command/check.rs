//! `cargo xtask check`

use wt_grader::report::{self, Style};
use wt_grader::{Course, GradeError, Lesson, LessonReport};

use super::{course, session};
use crate::arguments::Check;
use crate::exit::{Exit, FAILED, FAULT, PASSED};
use crate::terminal::Terminal;

pub(crate) fn run(what: &Check, terminal: Terminal) -> Result<Exit, GradeError> {
    let course = course()?;
    let lessons = match &what.lesson {
        Some(name) => vec![course.lesson(name)?],
        None => course.lessons.iter().collect(),
    };
    let session = session(&course, terminal)?;
    let mut exit = PASSED;
    for (n, lesson) in lessons.iter().enumerate() {
        if n > 0 {
            terminal.print("\n");
        }
        let report = session.check(lesson)?;
        print(&report, &course, lesson, what, terminal);
        exit = worst(exit, exit_of(&report));
        if exit != PASSED && !what.all {
            break;
        }
    }
    Ok(exit)
}

fn print(
    report: &LessonReport,
    course: &Course,
    lesson: &Lesson,
    what: &Check,
    terminal: Terminal,
) {
    let style = Style {
        color: terminal.color,
        all: what.verbose,
    };
    terminal.print(&report::lesson(report, course.after(lesson), style));
}

fn exit_of(report: &LessonReport) -> Exit {
    if report.has_fault() {
        FAULT
    } else if report.passed() {
        PASSED
    } else {
        FAILED
    }
}

/// A fault of the grader outweighs a failure, a failure outweighs a pass.
fn worst(a: Exit, b: Exit) -> Exit {
    [FAULT, FAILED]
        .into_iter()
        .find(|exit| a == *exit || b == *exit)
        .unwrap_or(PASSED)
}
