//! What `cargo xtask watch` hands over.

use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::{Arg, ValueExt};

use crate::lesson::Lesson;

/// How to watch.
#[derive(Debug)]
pub(crate) struct Options {
    /// The program behind `cargo xtask`.
    pub(crate) xtask: PathBuf,
    /// The folder of the course.
    pub(crate) root: PathBuf,
    pub(crate) color: bool,
    /// Look at the files instead of waiting for events.
    pub(crate) poll: bool,
    /// Go on to the first lesson that does not pass.
    pub(crate) seek: bool,
    /// The lesson to begin with.
    pub(crate) lesson: Lesson,
}

/// Reads the arguments after the program's name.
///
/// # Errors
///
/// What is missing or unknown.
pub(crate) fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Options, lexopt::Error> {
    let mut parser = lexopt::Parser::from_args(arguments);
    let (mut xtask, mut root, mut lesson) = (None, None, None);
    let (mut color, mut poll, mut seek) = (false, false, false);
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("xtask") => xtask = Some(PathBuf::from(parser.value()?)),
            Arg::Long("root") => root = Some(PathBuf::from(parser.value()?)),
            Arg::Long("color") => color = true,
            Arg::Long("poll") => poll = true,
            Arg::Long("seek") => seek = true,
            Arg::Value(folder) => lesson = Lesson::in_folder(&folder.string()?),
            other => return Err(other.unexpected()),
        }
    }
    let missing = || lexopt::Error::from("start it with `cargo xtask watch`");
    Ok(Options {
        xtask: xtask.ok_or_else(missing)?,
        root: root.ok_or_else(missing)?,
        lesson: lesson.ok_or_else(missing)?,
        color,
        poll,
        seek,
    })
}
