//! The grading engine: read, compile, run, judge, report.
//!
//! `check` and `verify` are the same road with other sources on it:
//!
//! ```text
//! SourceSet -> compile (rustc, private folder) -> run (a process per check)
//!           -> transcript -> judge -> LessonReport -> text
//! ```
//!
//! The engine never lets cargo decide whether a learner's code is fresh: a
//! submission is read once into memory and compiled by rustc in an empty folder,
//! so a stale artefact cannot be graded. Cargo builds only the *kit*, the
//! libraries that every lesson links.
//!
//! | Module | Its noun |
//! | --- | --- |
//! | [`course`], [`lesson`] | the folders, read and checked |
//! | [`source`] | a learner's code, as bytes in memory |
//! | [`toolchain`], [`kit`], [`scratch`], [`compile`] | from source to a program |
//! | [`process`], `errand`, [`cancel`], `orphans`, [`guard`] | a child with limits, work done ahead, Ctrl-C, and no survivors |
//! | [`jail`] | the seam at which a stranger's code is shut in |
//! | [`transcript`], [`verdict`], [`judge`] | from what it wrote to a word |
//! | [`session`], [`exploring`] | one lesson, graded; the checks that try every order of steps |
//! | `mistake` | what is known of a failure that others had before |
//! | [`report`], [`explain`] | what a person reads |
//! | [`replay`] | one schedule again, as a story |
//! | [`progress`], [`checked`] | what a learner has done, and the last verdicts |
//! | [`parallel`] | some threads, many items |
//! | [`files`], [`disk`] | what several modules do with files, and the room for them |
//! | [`pack`], [`export`] | the course without its solutions |
//! | [`mod@bench`] | a learner's solution against others, measured |
//! | [`book`] | the book's pages, and how long they take to read |
//! | [`coverage`] | which objective is taught and checked where |
//! | [`trace`] | a scenario, run with every event kept |
//! | [`verify`] | proof that the course holds together |

pub mod bench;
pub mod book;
pub mod cancel;
pub mod checked;
pub mod compile;
pub mod course;
pub mod coverage;
pub mod disk;
mod errand;
pub mod error;
pub mod explain;
pub mod exploring;
pub mod export;
mod fields;
pub mod files;
pub mod guard;
pub mod jail;
pub mod judge;
pub mod kit;
pub mod lesson;
pub mod limits;
mod mistake;
mod orphans;
pub mod pack;
mod pages;
pub mod parallel;
pub mod process;
pub mod progress;
pub mod replay;
pub mod report;
pub mod scratch;
pub mod session;
pub mod source;
pub mod toolchain;
pub mod trace;
pub mod transcript;
pub mod verdict;
pub mod verify;

pub use course::Course;
pub use error::GradeError;
pub use lesson::Lesson;
pub use session::{LessonReport, Session};
pub use verdict::Word;
