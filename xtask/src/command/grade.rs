//! `cargo xtask grade`

use std::ffi::OsString;
use std::path::PathBuf;

use wt_grader::GradeError;

use super::{course, on_first_use};
use crate::exit::Exit;
use crate::given::Given;
use crate::spec::{Group, Opt, Spec, Value, Words};
use crate::terminal::Terminal;

pub(crate) const SPEC: Spec = Spec {
    name: "grade",
    group: Group::Instructor,
    words: Words::One("SUBMISSIONS"),
    summary: "grade a class of strangers' code in a jail",
    about: "\
Grades every submission in a folder: one folder or one `.rs` file each, as
Gradescope exports them, as Moodle names them, as GitHub Classroom clones them,
or plain. Needs Linux and bubblewrap. Before it begins, programs try to get out
of the jail; if one does, nothing is graded.

Each verdict is on the disk before the next one begins. Run the same command
again after Ctrl-C, a power cut or a full disk, and it goes on where it stopped.
Writes to the folder --out: grades.csv, report/index.html with a page for each
learner, gradescope/*/results.json, junit.xml.

With --shard several machines grade a part each; `grade merge` makes one
gradebook of the parts. Exit codes: 0 graded, 3 the grader broke on a
submission, which costs no points.",
    options: &[
        text("lesson", "LESSON", "which lesson they are for"),
        text("out", "DIR", "where the gradebook is, and is written"),
        Opt {
            short: Some('j'),
            long: "jobs",
            value: Value::Number,
            about: "how many submissions are graded at once (default: two per core)",
        },
        text(
            "shard",
            "I/N",
            "grade part I of N; `auto` asks Slurm or Kubernetes",
        ),
        text(
            "deadline",
            "TIME",
            "what is handed in later is late, as in 2026-11-20T23:59:00+01:00",
        ),
        number(
            "late",
            "percent of the points that each begun day costs (default: 100)",
        ),
        number("late-days", "after so many days nothing counts"),
        text(
            "handed-in",
            "FILE",
            "a table `submission,time`: when each was handed in",
        ),
        text(
            "overrides",
            "FILE",
            "a table `submission,points,why`: what you have decided",
        ),
        number("seed", "another number, other random inputs of the checks"),
        Opt::flag(
            None,
            "accept-weak-isolation",
            "go on although the jail has gaps; the report says which",
        ),
    ],
    examples: &[
        (
            "grade ../class --lesson 03 --out ../grades",
            "the whole class",
        ),
        (
            "grade ../class --lesson 03 --out ../grades --deadline 2026-11-20T23:59:00+01:00 --late 10",
            "a tenth less for each late day",
        ),
        (
            "grade ../class --lesson 03 --out ../grades --shard 2/4",
            "the second quarter",
        ),
        (
            "grade merge --lesson 03 --out ../grades",
            "one gradebook of all quarters",
        ),
    ],
    run,
};

const fn text(long: &'static str, what: &'static str, about: &'static str) -> Opt {
    Opt {
        short: None,
        long,
        value: Value::Text(what),
        about,
    }
}

const fn number(long: &'static str, about: &'static str) -> Opt {
    Opt {
        short: None,
        long,
        value: Value::Number,
        about,
    }
}

/// The word in place of a folder that puts parts together. A folder of that name is
/// `./merge`.
const MERGE: &str = "merge";

fn run(given: &Given, terminal: Terminal) -> Result<Exit, GradeError> {
    let course = course()?;
    let (Some(lesson), Some(_)) = (given.value("lesson"), given.value("out")) else {
        return Err(GradeError::Usage(
            "which lesson, and where does the gradebook go? As in \
             `cargo xtask grade ../class --lesson 03 --out ../grades`"
                .into(),
        ));
    };
    let lesson = course.lesson(lesson)?;
    let word = given.word().unwrap_or_default();
    let mut arguments: Vec<OsString> = match word {
        MERGE => vec![MERGE.into()],
        folder => vec!["grade".into(), PathBuf::from(".").join(folder).into()],
    };
    for option in SPEC.options {
        let Some(value) = given.value(option.long) else {
            continue;
        };
        arguments.push(format!("--{}", option.long).into());
        match option.long {
            "lesson" => arguments.push(lesson.folder.clone().into()),
            _ if option.value == Value::Flag => {}
            _ => arguments.push(value.into()),
        }
    }
    on_first_use(
        &course,
        "wt-class",
        "the class grader",
        &arguments,
        terminal,
    )
}
