//! The seam at which a stranger's code is shut in.
//!
//! The engine says what a program needs, and a [`Jail`] changes the command so that the
//! program has no more than that. `check` has none: it runs its user's own code. The
//! crate `wt-jail` has the one that `grade` uses.

use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::error::GradeError;

/// What one program may see and use.
#[derive(Debug, Clone)]
pub struct Room {
    /// Folders and files that it may read, at their own paths.
    pub reads: Vec<PathBuf>,
    /// The one folder that it may write to, at its own path.
    pub writes: Option<PathBuf>,
    /// Whether it may start other programs, as rustc starts the linker.
    pub starts_others: bool,
    /// The most memory, in bytes, of all its processes.
    pub memory: u64,
    /// The longest file that it may write, in bytes.
    pub file: u64,
    /// The most threads of all its processes.
    pub threads: usize,
    /// How long it may keep one processor busy, in all.
    pub cpu: Duration,
}

/// Encloses programs.
pub trait Jail: Debug + Send + Sync {
    /// Changes `command` so that its program runs in `room`.
    ///
    /// # Errors
    ///
    /// [`GradeError::Fault`] if the system refuses what the jail is made of.
    fn enclose(&self, command: &Command, room: &Room) -> Result<Box<dyn Enclosed>, GradeError>;

    /// The number under which every enclosed program has the kernel's folder of its own
    /// threads open; `None` if it has a `/proc`.
    fn tasks(&self) -> Option<i32>;
}

/// An enclosed command. Dropped when its program has ended, it leaves nothing behind.
pub trait Enclosed: Debug {
    /// What is to be started in place of the program.
    fn command(&mut self) -> &mut Command;

    /// How the program itself ended, once the command has: its code, or its signal.
    fn ended(&mut self) -> Option<ProgramEnd>;

    /// The limit that it came to, in words, once the command has ended.
    fn over_limit(&mut self) -> Option<String>;
}

/// How an enclosed program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProgramEnd {
    /// By itself, with this code.
    Exited(i32),
    /// By this signal.
    Signalled(i32),
}

/// A room for rustc. It may read `reads` and write to `folder`.
pub(crate) fn for_rustc(folder: &Path, reads: Vec<PathBuf>) -> Room {
    Room {
        reads,
        writes: Some(folder.to_owned()),
        starts_others: true,
        memory: 3 << 30,
        file: 256 << 20,
        threads: 512,
        cpu: Duration::from_secs(90),
    }
}
