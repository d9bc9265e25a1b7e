//! `cargo xtask bench`

use std::fmt::Write;
use std::num::NonZero;
use std::path::Path;
use std::time::Duration;

use wt_grader::bench::{Figure, Measured, Workload, measure};
use wt_grader::{Course, GradeError, Lesson};

use super::{course, session};
use crate::exit::{Exit, FAILED, PASSED};
use crate::given::Given;
use crate::spec::{Group, Spec, Words};
use crate::terminal::Terminal;

pub(crate) const SPEC: Spec = Spec {
    name: "bench",
    group: Group::Learner,
    words: Words::Lesson,
    summary: "your solution against the reference and a naive one, measured",
    about: "\
Measures three solutions with the same workload: yours, the reference, and one
that anybody would try first. Prints the median of each, how far the runs
spread, and how it compares with the reference; names the page with criterion's
plots.

Lesson 24 is measured on a log of 1 GiB, beside `wc -l` and ripgrep where these
are installed.

Your solution must pass its checks first. The first use fetches and builds
criterion, which takes a minute or two and needs the network; nothing of it is
built before. Close other programs: they are measured, too.",
    options: &[],
    examples: &[("bench 03", "measure lesson 03, in about half a minute")],
    run,
};

fn run(given: &Given, terminal: Terminal) -> Result<Exit, GradeError> {
    let course = course()?;
    course.needs_solutions("bench")?;
    let lesson = course.lesson(given.word().unwrap_or_default())?;
    let session = session(&course, terminal)?;
    if Workload::of(lesson).exists() && !session.check(lesson)?.passed() {
        // A solution that hangs would hang the measurement, and a wrong one is
        // not worth it.
        terminal.print(&format!(
            "{}: not yet; what is measured must pass its checks\n\
             next   cargo xtask check {:02}\n",
            lesson.label(),
            lesson.number
        ));
        return Ok(FAILED);
    }
    terminal.tell("building, then measuring for about half a minute");
    let measured = measure(&session, lesson)?;
    terminal.print(&text(&course, lesson, &measured));
    Ok(PASSED)
}

fn text(course: &Course, lesson: &Lesson, measured: &Measured) -> String {
    let mut text = format!("{}: {}\n\n", lesson.label(), measured.what);
    let reference = measured
        .figures
        .iter()
        .find(|figure| figure.who == "reference");
    let _ = writeln!(
        text,
        "{:<10} {:>10}  {:>7}  against the reference",
        "", "median", "spread"
    );
    for figure in &measured.figures {
        let _ = writeln!(
            text,
            "{:<10} {:>10}  {:>7}  {}",
            figure.who,
            time(figure.median),
            format!("± {:.0} %", 100.0 * share(figure.spread, figure.median)),
            reference.map_or_else(String::new, |reference| compared(figure, reference)),
        );
    }
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let shown = |path: &Path| {
        path.strip_prefix(&course.root)
            .unwrap_or(path)
            .display()
            .to_string()
    };
    let _ = write!(
        text,
        "\non     {cores} cores; the spread is the median distance from the median\n\
         plot   {}\n\
         page   {}\n",
        shown(&measured.plot),
        shown(&measured.page)
    );
    text
}

/// How many times as long as the reference it takes, and whether that may be noise.
fn compared(figure: &Figure, reference: &Figure) -> String {
    let ratio = share(figure.median, reference.median);
    let apart = figure.median.abs_diff(reference.median);
    let noise = figure.who != reference.who && apart <= figure.spread + reference.spread;
    let noise = if noise { ", within the spread" } else { "" };
    format!("{ratio:.2} x{noise}")
}

fn share(part: Duration, whole: Duration) -> f64 {
    part.as_secs_f64() / whole.as_secs_f64().max(f64::MIN_POSITIVE)
}

/// Three digits and a unit.
fn time(duration: Duration) -> String {
    let nanos = duration.as_secs_f64() * 1e9;
    let (value, unit) = match nanos {
        n if n < 1e3 => (n, "ns"),
        n if n < 1e6 => (n / 1e3, "µs"),
        n if n < 1e9 => (n / 1e6, "ms"),
        n => (n / 1e9, "s"),
    };
    let digits = match value {
        v if v < 10.0 => 2,
        v if v < 100.0 => 1,
        _ => 0,
    };
    format!("{value:.digits$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_within_the_spread_is_told_as_such() {
        let figure = |who: &str, median, spread| Figure {
            who: who.into(),
            median: Duration::from_micros(median),
            spread: Duration::from_micros(spread),
        };
        let reference = figure("reference", 100, 10);
        assert_eq!(compared(&reference, &reference), "1.00 x");
        assert_eq!(
            compared(&figure("yours", 115, 5), &reference),
            "1.15 x, within the spread"
        );
        assert_eq!(compared(&figure("naive", 300, 20), &reference), "3.00 x");
    }

    #[test]
    fn a_time_has_three_digits_and_its_unit() {
        for (nanos, shown) in [
            (7, "7.00 ns"),
            (12_345, "12.3 µs"),
            (123_456_789, "123 ms"),
            (9_876_543_210, "9.88 s"),
        ] {
            assert_eq!(time(Duration::from_nanos(nanos)), shown);
        }
    }
}
