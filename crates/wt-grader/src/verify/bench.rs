//! The workload of `cargo xtask bench`: it compiles against the reference and the
//! naive solution, and both give the same answer.

use std::time::Duration;

use crate::bench::Workload;
use crate::compile::Compiled;
use crate::error::GradeError;
use crate::lesson::Lesson;
use crate::process::{self, End, Limits};
use crate::scratch::Scratch;
use crate::session::Session;
use crate::source::SourceSet;

const LIMITS: Limits = Limits {
    time: Duration::from_secs(60),
    output: 1 << 20,
    threads: 4096,
};

pub(super) fn problems(session: &Session<'_>, lesson: &Lesson) -> Result<Vec<String>, GradeError> {
    let workload = Workload::of(lesson);
    let sources = [
        (
            "the reference",
            SourceSet::read(&lesson.solution().join("src")),
        ),
        ("`bench/naive.rs`", SourceSet::single(&workload.naive)),
    ];
    let mut problems = Vec::new();
    let mut answers = Vec::new();
    for (who, source) in sources {
        let source = match source {
            Ok(source) => source,
            Err(rejected) => {
                problems.push(session.shown(rejected).to_string());
                continue;
            }
        };
        match answer(session, lesson, &workload, &source)? {
            Ok(answer) => answers.push(answer),
            Err(why) => problems.push(format!("with {who} {why}")),
        }
    }
    if let [reference, naive] = &answers[..]
        && reference != naive
    {
        problems.push(format!(
            "the answer of `run` is {reference} with the reference and {naive} with `bench/naive.rs`"
        ));
    }
    Ok(problems)
}

/// What `run` answers with `source`, or why there is no answer.
fn answer(
    session: &Session<'_>,
    lesson: &Lesson,
    workload: &Workload,
    source: &SourceSet,
) -> Result<Result<String, String>, GradeError> {
    let scratch = Scratch::new(&session.course.work_folder())?;
    let kept = session.kept(lesson, &scratch);
    let compiler = session.compiler(lesson, scratch.path(), &kept);
    let library = match compiler.library(source)? {
        Compiled::Done(library) => library,
        Compiled::Errors(said) => return Ok(Err(format!("it does not build:\n{}", said.rendered))),
        Compiled::GaveUp(why) => return Ok(Err(why)),
    };
    let program = match compiler.workload(&workload.bench, &library)? {
        Compiled::Done(program) => program,
        Compiled::Errors(said) => {
            return Ok(Err(format!(
                "`bench/bench.rs` does not build:\n{}",
                said.rendered
            )));
        }
        Compiled::GaveUp(why) => return Ok(Err(why)),
    };
    let mut command = std::process::Command::new(program);
    command
        .env_clear()
        .env("TMPDIR", scratch.path())
        .current_dir(scratch.path());
    let finished = process::run(command, b"", LIMITS)?;
    if finished.end == End::Exited(0) {
        return Ok(Ok(String::from_utf8_lossy(&finished.stdout)
            .trim()
            .to_owned()));
    }
    let said = String::from_utf8_lossy(&finished.stderr).into_owned();
    Ok(Err(format!(
        "`run` gives no answer: {:?}\n{said}",
        finished.end
    )))
}
