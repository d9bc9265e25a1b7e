//! Runs a lesson's scenario and draws it. `cargo xtask trace` starts it:
//!
//! ```text
//! wt-trace [--example] [--real] [--whose learner|reference] [--twin] LESSON
//! wt-trace --pictures
//! ```
//!
//! `--twin` prints the lanes alone and one path. `--pictures` writes the drawings of
//! the book anew.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lexopt::{Arg, ValueExt};
use wt_grader::trace::{Pace, Recorded, Whose, lessons_with_scenario, record, scenario, title};
use wt_grader::{Course, GradeError, Lesson, Session, cancel};
use wt_trace::timeline::Timeline;
use wt_trace::{chrome, contention, pictures, svg, text};

const PASSED: u8 = 0;
const FAILED: u8 = 1;
const USAGE: u8 = 2;
const FAULT: u8 = 3;
const INTERRUPTED: u8 = 130;

/// What was typed.
struct Given {
    lesson: Option<String>,
    whose: Whose,
    pace: Pace,
    twin: bool,
    pictures: bool,
}

fn main() -> ExitCode {
    let _guard = wt_grader::guard::Guard::start();
    ExitCode::from(run().unwrap_or_else(|error| {
        tell(&format!("error: {error}"));
        match error {
            GradeError::Usage(_) => USAGE,
            GradeError::Course(_) | GradeError::Fault(_) => FAULT,
            GradeError::Cancelled => INTERRUPTED,
        }
    }))
}

fn run() -> Result<u8, GradeError> {
    let given = parse().map_err(|error| GradeError::Usage(error.to_string()))?;
    if let Err(error) = cancel::listen() {
        tell(&format!("error: cannot listen for Ctrl-C: {error}"));
    }
    let here = std::env::current_dir().map_err(|error| {
        GradeError::Usage(format!("the current folder cannot be used: {error}"))
    })?;
    let course = Course::find(&here)?;
    if given.pictures {
        let session = open(&course)?;
        return write_pictures(&session);
    }
    let lesson = course.lesson(given.lesson.as_deref().unwrap_or_default())?;
    if given.whose != Whose::Example && !scenario(lesson).is_file() {
        return Err(no_scenario(&course, lesson));
    }
    let session = open(&course)?;
    draw(&session, lesson, &given)
}

fn open(course: &Course) -> Result<Session<'_>, GradeError> {
    Session::open(course, false, || {
        tell("building the kit; this happens once, and after an update");
    })
}

fn parse() -> Result<Given, lexopt::Error> {
    let mut given = Given {
        lesson: None,
        whose: Whose::Learner,
        pace: Pace::Fixed,
        twin: false,
        pictures: false,
    };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("example") => given.whose = Whose::Example,
            Arg::Long("real") => given.pace = Pace::Real,
            Arg::Long("twin") => given.twin = true,
            Arg::Long("pictures") => given.pictures = true,
            Arg::Long("whose") => {
                given.whose = match parser.value()?.string()?.as_str() {
                    "learner" => Whose::Learner,
                    "reference" => Whose::Reference,
                    other => return Err(format!("nobody is called `{other}`").into()),
                };
            }
            Arg::Value(word) if given.lesson.is_none() => given.lesson = Some(word.string()?),
            other => return Err(other.unexpected()),
        }
    }
    if given.lesson.is_none() && !given.pictures {
        return Err("which lesson? As in `cargo xtask trace 03`".into());
    }
    Ok(given)
}

fn no_scenario(course: &Course, lesson: &Lesson) -> GradeError {
    let names = lessons_with_scenario(&course.lessons).join(", ");
    let number = lesson.number;
    GradeError::Usage(format!(
        "`{}` has no scenario; these have: {}\n       its example can be traced: cargo xtask trace --example {number:02}",
        lesson.folder,
        if names.is_empty() { "none" } else { &names }
    ))
}

/// Runs it, draws it, and says where the drawings are.
fn draw(session: &Session<'_>, lesson: &Lesson, given: &Given) -> Result<u8, GradeError> {
    let heading = heading(lesson, &given.whose)?;
    let mut pace = given.pace;
    let timeline = loop {
        let timeline = match record(session, lesson, &given.whose, pace)? {
            Recorded::Log(log, sources) => pictures::timeline(&log, &sources)?,
            Recorded::Rejected(rejected) => return Ok(refused(lesson, &rejected.to_string())),
            Recorded::DoesNotCompile(said) => return Ok(refused(lesson, said.rendered.trim_end())),
            Recorded::GaveUp(why) => return Ok(refused(lesson, &why)),
        };
        if timeline.outcome.word != "unfixed" || pace == Pace::Real {
            break timeline;
        }
        tell(&format!(
            "it cannot run under a fixed schedule: {}\nso it runs as the system has it, as with --real",
            timeline.outcome.what
        ));
        pace = Pace::Real;
    };
    let [svg, json] = write(session.course, lesson, given, &heading, &timeline)?;
    let mut page = format!("{heading}\ntime {}\n\n", contention::unit(timeline.unit));
    if given.twin {
        page.push_str(&text::lanes(&timeline));
        page.push_str(&text::ending(&timeline));
        page.push_str(&format!("svg    {svg}\n"));
    } else {
        page.push_str(&text::page(&timeline));
        page.push_str(&format!(
            "\nsvg    {svg}\njson   {json}   open it at https://ui.perfetto.dev\n"
        ));
    }
    print(&page);
    Ok(if timeline.outcome.word == "done" {
        PASSED
    } else {
        FAILED
    })
}

fn refused(lesson: &Lesson, why: &str) -> u8 {
    print(&format!(
        "{}: there is nothing to draw yet\n{why}\nnext   cargo xtask check {:02}\n",
        lesson.label(),
        lesson.number
    ));
    FAILED
}

/// Such as `03 bounded-queue: A fast producer, … (your code)`.
fn heading(lesson: &Lesson, whose: &Whose) -> Result<String, GradeError> {
    let (path, who) = match whose {
        Whose::Example => (lesson.example().join("src/main.rs"), "the example"),
        Whose::Reference => (scenario(lesson), "the reference"),
        _ => (scenario(lesson), "your code"),
    };
    let source = wt_grader::files::read_course_file(&path)?;
    Ok(format!("{}: {} ({who})", lesson.label(), title(&source)))
}

/// Writes both files, and returns their paths as they are told.
fn write(
    course: &Course,
    lesson: &Lesson,
    given: &Given,
    heading: &str,
    timeline: &Timeline,
) -> Result<[String; 2], GradeError> {
    let folder = course.work_folder().join("trace");
    let suffix = match given.whose {
        Whose::Example => "-example",
        Whose::Reference => "-reference",
        _ => "",
    };
    let file = |ending: &str| folder.join(format!("{}{suffix}.{ending}", lesson.folder));
    let svg = file("svg");
    let json = file("json");
    save(&svg, &svg::titled(timeline, heading))?;
    save(&json, &chrome::document(timeline))?;
    let shown = |path: PathBuf| {
        let path = path.strip_prefix(&course.root).unwrap_or(&path);
        path.display().to_string()
    };
    Ok([shown(svg), shown(json)])
}

fn save(path: &Path, text: &str) -> Result<(), GradeError> {
    let folder = path.parent().unwrap_or(path);
    std::fs::create_dir_all(folder).map_err(|error| GradeError::io("create", folder, &error))?;
    wt_grader::files::replace(path, text)
}

/// Writes the book's drawings that are not as they would be drawn now.
fn write_pictures(session: &Session<'_>) -> Result<u8, GradeError> {
    let stale = pictures::stale(session)?;
    for (picture, drawn) in &stale {
        save(&session.course.root.join(&picture.file), drawn)?;
        print(&format!("wrote  {}\n", picture.file.display()));
    }
    if stale.is_empty() {
        print("every picture is as it would be drawn now\n");
    }
    Ok(PASSED)
}

fn print(text: &str) {
    use std::io::Write;
    // A closed pipe, as in `| head`, is no error.
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

fn tell(text: &str) {
    eprintln!("{text}");
}
