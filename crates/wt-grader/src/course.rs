//! The course: where it is, and which lessons it has.

use std::path::{Path, PathBuf};

use crate::error::GradeError;
use crate::fields::Fields;
use crate::files::{read_course_file, sorted_entries};
use crate::lesson::Lesson;
use crate::pack;

/// The file that marks the root of a course.
pub const MARKER: &str = "course.toml";

/// A course on disk.
#[derive(Debug, Clone)]
pub struct Course {
    /// The folder that holds `exercises`, `solutions` and `course.toml`.
    pub root: PathBuf,
    /// The workspace that holds the kit: `wt-core` and `wt-check`.
    pub kit_root: PathBuf,
    /// Its title.
    pub title: String,
    /// The titles of the parts; part 1 first.
    pub parts: Vec<String>,
    /// The ids that a lesson may name as its objectives.
    pub objectives: Vec<String>,
    /// In the order of their numbers.
    pub lessons: Vec<Lesson>,
    /// Whether the hidden checks came from packs, as there are no solutions.
    pub is_edition: bool,
}

impl Course {
    /// Finds the course that `from` is in, and reads it.
    ///
    /// # Errors
    ///
    /// [`GradeError`] if no folder above has a `course.toml`, or a lesson's
    /// description cannot be understood.
    pub fn find(from: &Path) -> Result<Self, GradeError> {
        let root = from
            .ancestors()
            .find(|folder| folder.join(MARKER).is_file())
            .ok_or_else(|| {
                GradeError::Usage(format!(
                    "`{}` is not inside the course: no folder above it has a `{MARKER}`",
                    from.display()
                ))
            })?;
        Self::read(root)
    }

    fn read(root: &Path) -> Result<Self, GradeError> {
        let path = root.join(MARKER);
        let text = read_course_file(&path)?;
        let bad = |why: String| GradeError::Course(format!("`{}`: {why}", path.display()));
        let fields = Fields::parse(&text).map_err(bad)?;
        let mut course = Self {
            root: root.to_owned(),
            kit_root: root.join(fields.text_or("kit", ".").map_err(bad)?),
            title: fields.text("title").map_err(bad)?,
            parts: fields.texts("parts").map_err(bad)?,
            objectives: fields.texts("objectives").map_err(bad)?,
            lessons: Vec::new(),
            is_edition: false,
        };
        for folder in sorted_entries(&root.join("exercises"))? {
            if folder.join("lesson.toml").is_file() {
                course.lessons.push(Lesson::read(&folder)?);
            }
        }
        course.lessons.sort_by_key(|lesson| lesson.number);
        for n in 0..course.lessons.len() {
            if let Some(unpacked) = pack::open(&course, &course.lessons[n])? {
                course.lessons[n].answers = unpacked;
                course.is_edition = true;
            }
        }
        Ok(course)
    }

    /// An error for a command that a learner edition does not have.
    ///
    /// # Errors
    ///
    /// [`GradeError::Usage`] if this course has no solutions.
    pub fn needs_solutions(&self, command: &str) -> Result<(), GradeError> {
        if self.is_edition {
            return Err(GradeError::Usage(format!(
                "`{command}` needs the full course; this is the learner edition, which has no solutions"
            )));
        }
        Ok(())
    }

    /// The one lesson that `name` means: its number with or without zeros, its
    /// name, its folder, its id, or a part of its name that only one has.
    ///
    /// # Errors
    ///
    /// [`GradeError::Usage`] names the nearest lesson when none fits, and the
    /// candidates when several do.
    pub fn lesson(&self, name: &str) -> Result<&Lesson, GradeError> {
        let wanted = name.trim().trim_end_matches('/').to_lowercase();
        let wanted = wanted.rsplit('/').next().unwrap_or_default();
        if let Some(exact) = self.lessons.iter().find(|lesson| lesson.is_called(wanted)) {
            return Ok(exact);
        }
        // `2` is a number, and no part of `12-…`.
        let is_name = wanted.contains(char::is_alphabetic);
        let close: Vec<&Lesson> = self
            .lessons
            .iter()
            .filter(|lesson| is_name && lesson.folder.contains(wanted))
            .collect();
        match close.as_slice() {
            [one] => Ok(one),
            [] => Err(GradeError::Usage(self.no_such_lesson(name, wanted))),
            several => {
                let names: Vec<&str> = several
                    .iter()
                    .map(|lesson| lesson.folder.as_str())
                    .collect();
                Err(GradeError::Usage(format!(
                    "`{name}` means {} lessons: {}; type more of the name, or the number",
                    names.len(),
                    names.join(", ")
                )))
            }
        }
    }

    fn no_such_lesson(&self, name: &str, wanted: &str) -> String {
        let likeness = |lesson: &Lesson| {
            strsim::jaro_winkler(&lesson.idea, wanted)
                .max(strsim::jaro_winkler(&lesson.folder, wanted))
        };
        let nearest = self
            .lessons
            .iter()
            .max_by(|a, b| likeness(a).total_cmp(&likeness(b)))
            .filter(|lesson| likeness(lesson) > 0.7 && !wanted.chars().all(|c| c.is_ascii_digit()));
        match nearest {
            Some(lesson) => {
                format!(
                    "there is no lesson `{name}`; the nearest is `{}`",
                    lesson.folder
                )
            }
            None => format!("there is no lesson `{name}`; `cargo xtask list` shows them all"),
        }
    }

    /// The lesson after this one, in the order of the numbers.
    #[must_use]
    pub fn after(&self, lesson: &Lesson) -> Option<&Lesson> {
        self.lessons
            .iter()
            .find(|other| other.number > lesson.number)
    }

    /// The folder for everything that grading leaves on disk.
    #[must_use]
    pub fn work_folder(&self) -> PathBuf {
        self.target().join("wt")
    }

    /// Cargo's target folder.
    #[must_use]
    pub fn target(&self) -> PathBuf {
        let target = std::env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| self.root.join("target"), PathBuf::from);
        if target.is_absolute() {
            target
        } else {
            self.root.join(target)
        }
    }

    /// The book's table of contents, relative to the course.
    pub const SUMMARY: &str = "book/src/SUMMARY.md";

    /// The chapter of a lesson, relative to the course.
    #[must_use]
    pub fn chapter(lesson: &Lesson) -> PathBuf {
        Path::new("book/src").join(format!("{}.md", lesson.folder))
    }
}
