//! `cargo xtask export`

use std::path::PathBuf;

use wt_grader::export::export;
use wt_grader::{GradeError, pack};

use super::{course, session};
use crate::exit::{Exit, PASSED};
use crate::given::Given;
use crate::spec::{Group, Spec, Words};
use crate::terminal::Terminal;

pub(crate) const SPEC: Spec = Spec {
    name: "export",
    group: Group::Instructor,
    words: Words::One("DIR"),
    summary: "write the learner edition: the course without its solutions",
    about: "\
Writes exercises with their starters, examples, the book, the libraries and this
command line to DIR, which must be new or empty and outside the course. In place
of the solutions it has a pack of hidden checks for each lesson, in which nobody
reads by accident; they are not encrypted. `check` gives the same verdicts
there.

The references run first: what they took on this machine sets the time limits of
the edition. Run `cargo xtask verify` before. On an error DIR is left as it was.",
    options: &[],
    examples: &[("export ../worker-threads", "write it to a new folder")],
    run,
};

fn run(given: &Given, terminal: Terminal) -> Result<Exit, GradeError> {
    let course = course()?;
    course.needs_solutions("export")?;
    let to = PathBuf::from(given.word().unwrap_or_default());
    let to = std::path::absolute(&to)
        .map_err(|error| GradeError::Usage(format!("`{}` is no path: {error}", to.display())))?;
    let session = session(&course, terminal)?;
    let written = export(&session, &to)?;
    terminal.print(&format!(
        "the learner edition is in {}\n\n\
         lessons  {}\n\
         files    {}, {} KiB\n\
         packs    {}/*.pack: the hidden checks, not encrypted\n\n\
         next     cd {} && cargo xtask check 01\n",
        to.display(),
        course.lessons.len(),
        written.files,
        written.bytes.div_ceil(1024),
        pack::FOLDER,
        to.display(),
    ));
    Ok(PASSED)
}
