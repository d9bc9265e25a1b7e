//! What a gradebook is about. Two runs may share one only if all of this is the same.

use std::process::Command;

use serde::{Deserialize, Serialize};
use wt_grader::files::sorted_entries;
use wt_grader::toolchain::Toolchain;
use wt_grader::{Course, GradeError, Lesson, kit};

use crate::digest::Sum;
use crate::shard::Shard;

/// The first line of a journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Of the journal's format.
    pub format: u32,
    /// The lesson's id.
    pub lesson: String,
    /// A number for `lesson.toml`, the hidden checks and the known mistakes.
    pub checks: String,
    /// A number for the libraries that are linked.
    pub kit: String,
    /// The compiler, as it names itself.
    pub compiler: String,
    /// What the random seeds follow from.
    pub seed: u64,
    /// What is missing of the jail; empty on a machine that is fit for it.
    pub missing: Vec<String>,
    /// What encloses the submissions.
    pub defences: Vec<String>,
    /// The part of the class, if it is graded in parts.
    pub shard: Option<Shard>,
    /// A number for the names of all submissions, if it is graded in parts.
    pub class: Option<String>,
    /// How many submissions the part has.
    pub count: Option<usize>,
}

/// The format that this version writes.
pub const FORMAT: u32 = 1;

impl Identity {
    /// Whether two parts belong together.
    #[must_use]
    pub fn is_part_of_the_same(&self, other: &Self) -> bool {
        let alone = |one: &Self| Self {
            shard: None,
            count: None,
            ..one.clone()
        };
        alone(self) == alone(other)
    }

    /// Of a lesson, on this machine.
    ///
    /// # Errors
    ///
    /// [`GradeError`] if the course cannot be read, or rustc does not start.
    pub fn of(course: &Course, lesson: &Lesson) -> Result<Self, GradeError> {
        Ok(Self {
            format: FORMAT,
            lesson: lesson.id.clone(),
            checks: checks(lesson)?,
            kit: format!("{:016x}", kit::fingerprint(course)?),
            compiler: compiler()?,
            seed: 0,
            missing: Vec::new(),
            defences: Vec::new(),
            shard: None,
            class: None,
            count: None,
        })
    }

    /// Why a journal that begins with `self` cannot be continued by `now`; `None` if it can.
    #[must_use]
    pub fn differs_from(&self, now: &Self) -> Option<String> {
        let pairs = [
            ("lesson", &self.lesson, &now.lesson),
            ("version of the hidden checks", &self.checks, &now.checks),
            ("version of the libraries", &self.kit, &now.kit),
            ("compiler", &self.compiler, &now.compiler),
        ];
        let differs = pairs.into_iter().find(|(_, was, is)| was != is);
        if let Some((what, was, is)) = differs {
            return Some(format!("another {what}: it was {was} and is {is} now"));
        }
        if self.format != now.format {
            return Some(format!(
                "another format, {} and not {}",
                self.format, now.format
            ));
        }
        if self.seed != now.seed {
            return Some(format!("another seed, {} and not {}", self.seed, now.seed));
        }
        if (&self.missing, &self.defences) != (&now.missing, &now.defences) {
            return Some("another jail".into());
        }
        if self.shard != now.shard {
            return Some("another part of the class".into());
        }
        (self.class != now.class).then(|| "another class".into())
    }
}

/// A number for the names.
#[must_use]
pub fn class_of<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let mut sum = Sum::default();
    names.for_each(|name| sum.part(name.as_bytes()));
    sum.short()
}

fn checks(lesson: &Lesson) -> Result<String, GradeError> {
    let mut sum = Sum::default();
    let read = |path: &std::path::Path| {
        std::fs::read(path).map_err(|error| GradeError::io("read", path, &error))
    };
    sum.part(&read(&lesson.exercise.join("lesson.toml"))?);
    let mut folders = vec![
        lesson.solution().join("hidden"),
        lesson.solution().join("bad"),
    ];
    while let Some(folder) = folders.pop() {
        for path in sorted_entries(&folder)? {
            if path.is_dir() {
                folders.push(path);
            } else {
                sum.part(path.file_name().unwrap_or_default().as_encoded_bytes());
                sum.part(&read(&path)?);
            }
        }
    }
    Ok(sum.short())
}

fn compiler() -> Result<String, GradeError> {
    let rustc = Toolchain::find().rustc;
    let output = Command::new(&rustc)
        .arg("--version")
        .output()
        .map_err(|error| GradeError::io("start", &rustc, &error))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
