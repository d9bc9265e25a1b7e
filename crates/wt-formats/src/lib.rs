//! What `cargo xtask check` found, for machines.
//!
//! A [`Format`] turns [`Graded`] lessons into one document. The chapter
//! `book/src/formats.md` describes each for its readers, and
//! `schema/check.v1.json` is the JSON's schema.
//!
//! A learner's first check never compiles this crate: `cargo xtask check --format`
//! has cargo build its program on first use.
//!
//! | Module | Its noun |
//! | --- | --- |
//! | [`graded`] | the lessons of one command, and its exit code |
//! | [`points`] | what they earned, what they lost, and what nobody could judge |
//! | [`text`] | a stranger's words, made harmless |
//! | [`json`], [`junit`], [`github`], [`gradescope`] | one format each |

pub mod github;
pub mod graded;
pub mod gradescope;
pub mod json;
pub mod junit;
pub mod points;
pub mod text;

pub use graded::Graded;
pub use points::Points;

/// A form of the report that a program reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Everything, in the schema of this course.
    Json,
    /// JUnit's XML, which most CI servers show.
    Junit,
    /// Workflow commands of GitHub Actions: annotations at the learner's lines.
    Github,
    /// The `results.json` of a Gradescope autograder.
    Gradescope,
}

impl Format {
    /// The format that `word` names.
    #[must_use]
    pub fn called(word: &str) -> Option<Self> {
        Some(match word {
            "json" => Self::Json,
            "junit" => Self::Junit,
            "github" => Self::Github,
            "gradescope" => Self::Gradescope,
            _ => return None,
        })
    }

    /// The document, with a newline at its end.
    ///
    /// `None` if the grader broke and the format has no way to say so: a
    /// `results.json` for Gradescope would be taken for a verdict.
    #[must_use]
    pub fn document(self, graded: &Graded) -> Option<String> {
        match self {
            Self::Json => Some(json::document(graded)),
            Self::Junit => Some(junit::document(graded)),
            Self::Github => Some(github::commands(graded)),
            Self::Gradescope => gradescope::document(graded),
        }
    }
}
