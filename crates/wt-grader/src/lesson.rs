//! A lesson's description: `lesson.toml`, the single source for `list`, `check`,
//! `verify` and grading.

use std::path::{Path, PathBuf};

use crate::error::GradeError;
use crate::fields::Fields;
use crate::files::read_course_file;

/// One lesson: a chapter, an example, an exercise and a solution of one name.
#[derive(Debug, Clone)]
pub struct Lesson {
    /// 3 in `03-bounded-queue`.
    pub number: u32,
    /// `bounded-queue` in `03-bounded-queue`.
    pub idea: String,
    /// `03-bounded-queue`.
    pub folder: String,
    /// Never changes, so that progress survives a new number.
    pub id: String,
    /// One line.
    pub title: String,
    /// From 1.
    pub part: u32,
    /// On which road through the course it lies.
    pub track: Track,
    /// How long a learner needs.
    pub minutes: u32,
    /// Ids of the curriculum.
    pub objectives: Vec<String>,
    /// In the order in which a learner should meet them.
    pub checks: Vec<CheckSpec>,
    /// The folder of the exercise.
    pub exercise: PathBuf,
    /// Where the course is.
    pub root: PathBuf,
    /// Where its solution and hidden checks are, as [`solution`](Self::solution) says.
    pub answers: PathBuf,
}

/// Core lessons are for everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Track {
    /// For everybody.
    Core,
    /// For those who want more.
    Stretch,
}

impl Track {
    /// As in `lesson.toml`.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::Stretch => "stretch",
        }
    }
}

/// One property that the hidden tests check.
#[derive(Debug, Clone)]
pub struct CheckSpec {
    /// The name of the function in `hidden/checks.rs`.
    pub id: String,
    /// The property, as one clause.
    pub claim: String,
    /// What it is worth.
    pub points: u32,
    /// How it is judged.
    pub mode: Mode,
    /// The learner's item to look at when it fails, such as `Queue::push`.
    pub look_at: String,
    /// The question that helps.
    pub ask: String,
    /// The most live memory it may use, in bytes.
    pub memory: u64,
    /// Which of the lesson's objectives it checks; the first if it does not say.
    pub objective: Option<String>,
}

/// How a check is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    /// By running it.
    Run,
    /// By running it under thousands of schedules, once all other checks pass.
    Explore,
    /// A program that uses the library wrongly must not compile, with this code.
    CompileFail {
        /// The one error code that rustc must give.
        error: String,
    },
}

const DEFAULT_MEMORY_MIB: u32 = 512;

impl Lesson {
    /// Reads `lesson.toml` in an exercise's folder.
    ///
    /// # Errors
    ///
    /// [`GradeError::Course`] names the file and the field.
    pub fn read(exercise: &Path) -> Result<Self, GradeError> {
        let path = exercise.join("lesson.toml");
        let bad = |why: String| GradeError::Course(format!("`{}`: {why}", path.display()));
        let folder = exercise
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let (number, idea) = folder
            .split_once('-')
            .and_then(|(number, idea)| Some((number.parse().ok()?, idea.to_owned())))
            .ok_or_else(|| {
                bad(format!(
                    "the folder `{folder}` is not named like `03-bounded-queue`"
                ))
            })?;
        let text = read_course_file(&path)?;
        let lesson = Fields::parse(&text).map_err(bad)?;
        let checks = lesson.tables("check").map_err(bad)?;
        let root = exercise.ancestors().nth(2).unwrap_or(exercise);
        Ok(Self {
            number,
            idea,
            id: lesson.text("id").map_err(bad)?,
            title: lesson.text("title").map_err(bad)?,
            part: lesson.number("part").map_err(bad)?,
            track: match lesson.text("track").map_err(bad)?.as_str() {
                "core" => Track::Core,
                "stretch" => Track::Stretch,
                other => {
                    return Err(bad(format!(
                        "`track` is `core` or `stretch`, not `{other}`"
                    )));
                }
            },
            minutes: lesson.number("minutes").map_err(bad)?,
            objectives: lesson.texts("objectives").map_err(bad)?,
            checks: checks
                .iter()
                .map(CheckSpec::read)
                .collect::<Result<_, _>>()
                .map_err(bad)?,
            answers: root.join("solutions").join(&folder),
            root: root.to_owned(),
            exercise: exercise.to_owned(),
            folder,
        })
    }

    /// The name of its library: `bounded_queue`.
    #[must_use]
    pub fn crate_name(&self) -> String {
        self.idea.replace('-', "_")
    }

    /// The folder of its solution. In a learner edition it is where the pack was
    /// unpacked, with the hidden checks and the starter alone.
    #[must_use]
    pub fn solution(&self) -> PathBuf {
        self.answers.clone()
    }

    /// The copy of its starter, from which `reset` brings it back.
    #[must_use]
    pub fn starter(&self) -> PathBuf {
        self.solution().join("starter/lib.rs")
    }

    /// Whether the exercise is not the starter any more.
    #[must_use]
    pub fn is_begun(&self) -> bool {
        let own = std::fs::read(self.exercise.join("src/lib.rs")).ok();
        own != std::fs::read(self.starter()).ok()
    }

    /// The checks that check `objective`: those that name it, and for the lesson's
    /// first objective also those that name none.
    pub fn checks_of<'a>(&'a self, objective: &'a str) -> impl Iterator<Item = &'a CheckSpec> {
        let first = self.objectives.first().map(String::as_str);
        self.checks
            .iter()
            .filter(move |check| check.objective.as_deref().or(first) == Some(objective))
    }

    /// The folder of its example.
    #[must_use]
    pub fn example(&self) -> PathBuf {
        self.root.join("examples").join(&self.folder)
    }

    /// The sources of its exercise, relative to the course:
    /// `exercises/03-bounded-queue/src`.
    #[must_use]
    pub fn source_prefix(&self) -> String {
        format!("exercises/{}/src", self.folder)
    }

    /// Its number in two digits and its name: `03 bounded-queue`.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{:02} {}", self.number, self.idea)
    }

    /// Whether `name` is one of its exact names.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        name.parse() == Ok(self.number)
            || [&self.idea, &self.folder, &self.id]
                .into_iter()
                .any(|own| own == name)
            || name == format!("ex{}", self.folder)
            || name == self.crate_name()
    }
}

impl CheckSpec {
    fn read(fields: &Fields<'_>) -> Result<Self, String> {
        let id = fields.text("id")?;
        let mode = match fields.text("mode")?.as_str() {
            "run" => Mode::Run,
            "explore" => Mode::Explore,
            "compile_fail" => Mode::CompileFail {
                error: fields.text("error")?,
            },
            other => return Err(format!("`check` `{id}` has the unknown mode `{other}`")),
        };
        Ok(Self {
            claim: fields.text("claim")?,
            points: fields.number("points")?,
            mode,
            look_at: fields.text("look_at")?,
            ask: fields.text("ask")?,
            memory: u64::from(fields.number_or("memory_mib", DEFAULT_MEMORY_MIB)?) << 20,
            objective: fields.text_if("objective")?,
            id,
        })
    }
}
