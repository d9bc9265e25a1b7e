//! JUnit's XML: a testsuite per lesson, a testcase per check.
//!
//! There is no standard; this keeps to what Jenkins' schema allows, which the
//! other readers understand as well.

use std::io;
use std::time::Duration;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use wt_grader::report::{self, Style};
use wt_grader::session::{CheckResult, Outcome};
use wt_grader::{GradeError, LessonReport, Word};

use crate::graded::{Graded, results};
use crate::text::{line, plain};

type Xml = Writer<Vec<u8>>;

/// What a testcase's child is called; none for a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Passed,
    /// The code was run, and the property does not hold.
    Failure,
    /// The check could not be run: by the source, or by the grader.
    Error,
    /// This machine cannot tell.
    Skipped,
}

impl Mark {
    fn of(word: Word) -> Self {
        match word {
            Word::Pass => Self::Passed,
            Word::Inconclusive => Self::Skipped,
            Word::DidNotCompile | Word::CompilerGaveUp | Word::Rejected | Word::GraderFault => {
                Self::Error
            }
            _ => Self::Failure,
        }
    }
}

/// One document for all lessons.
///
/// # Panics
///
/// Never: it writes to memory.
#[must_use]
pub fn document(graded: &Graded) -> String {
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    write(&mut xml, graded).expect("memory takes everything");
    let mut text = String::from_utf8(xml.into_inner()).expect("it was written from strings");
    text.push('\n');
    text
}

fn write(xml: &mut Xml, graded: &Graded) -> io::Result<()> {
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let marks: Vec<Mark> = graded.reports.iter().flat_map(marks).collect();
    let broke = usize::from(graded.error.is_some());
    let count = |wanted| marks.iter().filter(|mark| **mark == wanted).count();
    xml.create_element("testsuites")
        .with_attribute(("name", line(&graded.course).as_str()))
        .with_attribute(("tests", (marks.len() + broke).to_string().as_str()))
        .with_attribute(("failures", count(Mark::Failure).to_string().as_str()))
        .with_attribute(("errors", (count(Mark::Error) + broke).to_string().as_str()))
        .with_attribute(("time", seconds(graded.took).as_str()))
        .write_inner_content(|xml| {
            for report in &graded.reports {
                suite(xml, report)?;
            }
            graded
                .error
                .as_ref()
                .map_or(Ok(()), |error| grader(xml, error))
        })?;
    Ok(())
}

fn marks(report: &LessonReport) -> Vec<Mark> {
    let results = results(report);
    let words = results.iter().map(|result| result.verdict.word);
    words.map(Mark::of).collect()
}

fn suite(xml: &mut Xml, report: &LessonReport) -> io::Result<()> {
    let results = results(report);
    let marks = marks(report);
    let count = |wanted| {
        marks
            .iter()
            .filter(|mark| **mark == wanted)
            .count()
            .to_string()
    };
    let took: Duration = results.iter().map(|result| result.verdict.took).sum();
    xml.create_element("testsuite")
        .with_attribute(("name", report.lesson.label().as_str()))
        .with_attribute(("tests", marks.len().to_string().as_str()))
        .with_attribute(("failures", count(Mark::Failure).as_str()))
        .with_attribute(("errors", count(Mark::Error).as_str()))
        .with_attribute(("skipped", count(Mark::Skipped).as_str()))
        .with_attribute(("time", seconds(took).as_str()))
        .write_inner_content(|xml| {
            for result in results.iter() {
                case(xml, report, result)?;
            }
            let was_run = matches!(report.outcome, Outcome::Checked { .. });
            if was_run {
                return Ok(());
            }
            let text = report::lesson(report, None, Style::default());
            element(xml, "system-err", &text)
        })?;
    Ok(())
}

fn case(xml: &mut Xml, report: &LessonReport, result: &CheckResult) -> io::Result<()> {
    let verdict = &result.verdict;
    let mark = Mark::of(verdict.word);
    let class = format!("{}.{}", report.lesson.id, result.spec.look_at);
    let case = xml
        .create_element("testcase")
        .with_attribute(("name", result.spec.id.as_str()))
        .with_attribute(("classname", line(&class).as_str()))
        .with_attribute(("time", seconds(verdict.took).as_str()));
    if mark == Mark::Passed && verdict.output.is_empty() {
        case.write_empty()?;
        return Ok(());
    }
    case.write_inner_content(|xml| {
        said(xml, mark, report, result)?;
        if verdict.output.is_empty() {
            return Ok(());
        }
        element(xml, "system-out", &verdict.output)
    })?;
    Ok(())
}

fn said(xml: &mut Xml, mark: Mark, report: &LessonReport, result: &CheckResult) -> io::Result<()> {
    let verdict = &result.verdict;
    let name = match mark {
        Mark::Passed => return Ok(()),
        Mark::Failure => "failure",
        Mark::Error => "error",
        Mark::Skipped => {
            xml.create_element("skipped")
                .with_attribute(("message", line(&verdict.what).as_str()))
                .write_empty()?;
            return Ok(());
        }
    };
    let was_run = matches!(report.outcome, Outcome::Checked { .. });
    let (message, text) = if was_run {
        let text = report::failure(&report.lesson, result, Style::default());
        (format!("{}: {}", result.spec.claim, verdict.what), text)
    } else {
        (format!("{}: no check was run", verdict.word), String::new())
    };
    let element = xml
        .create_element(name)
        .with_attribute(("message", line(&message).as_str()))
        .with_attribute(("type", verdict.word.text()));
    if text.is_empty() {
        element.write_empty()?;
    } else {
        element.write_text_content(BytesText::new(&plain(&text)))?;
    }
    Ok(())
}

/// A suite of one testcase that says why the grader broke.
fn grader(xml: &mut Xml, error: &GradeError) -> io::Result<()> {
    xml.create_element("testsuite")
        .with_attribute(("name", "grader"))
        .with_attribute(("tests", "1"))
        .with_attribute(("failures", "0"))
        .with_attribute(("errors", "1"))
        .with_attribute(("skipped", "0"))
        .with_attribute(("time", "0.000"))
        .write_inner_content(|xml| {
            xml.create_element("testcase")
                .with_attribute(("name", "the_grader_does_its_work"))
                .with_attribute(("classname", "grader"))
                .with_attribute(("time", "0.000"))
                .write_inner_content(|xml| {
                    xml.create_element("error")
                        .with_attribute(("message", line(&error.to_string()).as_str()))
                        .with_attribute(("type", Word::GraderFault.text()))
                        .write_empty()?;
                    Ok(())
                })?;
            Ok(())
        })?;
    Ok(())
}

fn element(xml: &mut Xml, name: &str, text: &str) -> io::Result<()> {
    xml.create_element(name)
        .write_text_content(BytesText::new(&plain(text)))?;
    Ok(())
}

fn seconds(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64())
}
