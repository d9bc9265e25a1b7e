//! A learner's solution against the reference and a naive one, with criterion.
//!
//! A lesson that can be measured has two files in `solutions/NN-…/bench`:
//! `bench.rs`, the workload, and `naive.rs`, a solution that anybody would try
//! first. The workload uses the lesson's library by its name and has
//!
//! ```text
//! pub const WHAT: &str          what is done, in one clause
//! pub fn prepare() -> Input     what is not measured
//! pub fn run(&Input) -> u64     what is; the answer must be the same for all
//! pub fn rivals(&Input) -> Vec<(&'static str, Command)>
//!                               optional: programs that do something like it
//! ```
//!
//! A rival that cannot be started is skipped, and that is said. A workload with rivals
//! takes seconds rather than milliseconds, so it is run fewer times.
//!
//! Criterion is large, so it is no part of the course: a workspace is made in the
//! work folder, and cargo builds it there at the first use.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::course::Course;
use crate::error::GradeError;
use crate::files::{read_course_file, sorted_entries};
use crate::lesson::Lesson;
use crate::process;
use crate::session::Session;
use crate::source::{Rejected, SourceSet};

/// Who is measured, in this order.
pub const WHO: [&str; 3] = ["naive", "reference", "yours"];

/// What one of them needs for the workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// One of [`WHO`], or a rival's name.
    pub who: String,
    /// The median time.
    pub median: Duration,
    /// The median distance from the median.
    pub spread: Duration,
}

/// What was measured.
#[derive(Debug, Clone)]
pub struct Measured {
    /// The workload, in one clause.
    pub what: String,
    /// In the order of [`WHO`]; then the rivals.
    pub figures: Vec<Figure>,
    /// Criterion's page.
    pub page: PathBuf,
    /// Criterion's drawing of the three.
    pub plot: PathBuf,
}

/// The files of a lesson that can be measured.
#[derive(Debug, Clone)]
pub struct Workload {
    /// `bench.rs`
    pub bench: PathBuf,
    /// `naive.rs`
    pub naive: PathBuf,
}

impl Workload {
    /// Those of `lesson`, whether they are there or not.
    #[must_use]
    pub fn of(lesson: &Lesson) -> Self {
        let folder = lesson.solution().join("bench");
        Self {
            bench: folder.join("bench.rs"),
            naive: folder.join("naive.rs"),
        }
    }

    /// Whether the lesson can be measured.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.bench.is_file()
    }
}

/// Measures the three, with all of them built by cargo in release mode.
///
/// Blocks for about half a minute, and the first time for criterion's build.
/// Another measurement in the same course is waited for.
///
/// # Errors
///
/// [`GradeError::Usage`] if the lesson has no workload, [`GradeError::Fault`] if
/// something does not build, as without a network at the first use.
pub fn measure(session: &Session<'_>, lesson: &Lesson) -> Result<Measured, GradeError> {
    let course = session.course;
    let workload = Workload::of(lesson);
    if !workload.exists() {
        let can: Vec<&str> = (course.lessons.iter())
            .filter(|lesson| Workload::of(lesson).exists())
            .map(|lesson| lesson.folder.as_str())
            .collect();
        return Err(GradeError::Usage(format!(
            "`{}` has nothing to measure; these have: {}",
            lesson.folder,
            can.join(", ")
        )));
    }
    let all = course.work_folder().join("bench");
    let _lock = lock(&all)?;
    let folder = all.join(&lesson.folder);
    write_workspace(course, lesson, &workload, &folder)?;
    let program = build(session, lesson, &all, &folder)?;
    let results = folder.join("criterion");
    let group = results.join(&lesson.folder);
    forget_rivals(&group)?;
    let mut command = Command::new(program);
    command
        .env("CRITERION_HOME", &results)
        .current_dir(&folder)
        .stdout(Stdio::null());
    if !process::run_visibly(command)? {
        return Err(GradeError::Fault(String::from(
            "the measurement did not end well; its message is above",
        )));
    }
    let all_of_them = WHO.into_iter().map(String::from).chain(rivals(&group)?);
    let figures: Result<_, GradeError> = all_of_them.map(|who| figure(&group, who)).collect();
    Ok(Measured {
        what: what(&read_course_file(&workload.bench)?),
        figures: figures?,
        page: group.join("report/index.html"),
        plot: group.join("report/violin.svg"),
    })
}

fn lock(all: &Path) -> Result<File, GradeError> {
    fs::create_dir_all(all).map_err(|error| GradeError::io("create", all, &error))?;
    let path = all.join("lock");
    let file = File::create(&path).map_err(|error| GradeError::io("create", &path, &error))?;
    file.lock()
        .map_err(|error| GradeError::io("lock", &path, &error))?;
    Ok(file)
}

/// The names of those that criterion has measured beside the three.
fn rivals(group: &Path) -> Result<Vec<String>, GradeError> {
    let names = sorted_entries(group)?
        .into_iter()
        .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()));
    let names = names.filter(|name| name != "report" && !WHO.contains(&name.as_str()));
    Ok(names.collect())
}

/// What was measured before may be of a program that is gone.
fn forget_rivals(group: &Path) -> Result<(), GradeError> {
    for name in rivals(group)? {
        let path = group.join(name);
        fs::remove_dir_all(&path).map_err(|error| GradeError::io("remove", &path, &error))?;
    }
    Ok(())
}

/// Writes everything anew, so that cargo sees no source as older than what was
/// built from it.
fn write_workspace(
    course: &Course,
    lesson: &Lesson,
    workload: &Workload,
    folder: &Path,
) -> Result<(), GradeError> {
    let core = course.kit_root.join("crates/wt-core");
    // The lock file of the course names versions that are there already.
    let locked = folder.join("Cargo.lock");
    let course_lock = course.kit_root.join("Cargo.lock");
    if !locked.is_file() && course_lock.is_file() {
        write(&locked, &read_course_file(&course_lock)?)?;
    }
    let bench = read_course_file(&workload.bench)?;
    let (rivals, samples) = match bench.contains("pub fn rivals(") {
        true => (include_str!("../templates/bench/rivals.rs"), "10"),
        false => ("", "30"),
    };
    let filled = |template: &str, who: &str| {
        template
            .replace("@RIVALS@", rivals)
            .replace("@SAMPLES@", samples)
            .replace("@FOLDER@", &lesson.folder)
            .replace("@CRATE@", &lesson.crate_name())
            .replace("@WHO@", who)
            .replace("@CORE@", &format!("{:?}", core.display().to_string()))
    };
    write(
        &folder.join("Cargo.toml"),
        &filled(include_str!("../templates/bench/Cargo.toml"), ""),
    )?;
    write(
        &folder.join("main.rs"),
        &filled(include_str!("../templates/bench/main.rs"), ""),
    )?;
    for who in WHO {
        let source = match who {
            "naive" => SourceSet::single(&workload.naive),
            "reference" => SourceSet::read(&lesson.solution().join("src")),
            _ => SourceSet::read(&lesson.exercise.join("src")),
        };
        let own = folder.join(who);
        // A file that the learner has removed must go here, too.
        let _ = fs::remove_dir_all(&own);
        source
            .map_err(|rejected: Rejected| GradeError::Course(rejected.to_string()))?
            .write(&own.join("src"))?;
        write(
            &own.join("Cargo.toml"),
            &filled(include_str!("../templates/bench/solution.toml"), who),
        )?;
        let using = folder.join(format!("{who}-workload"));
        write(&using.join("bench.rs"), &bench)?;
        write(
            &using.join("Cargo.toml"),
            &filled(include_str!("../templates/bench/workload.toml"), who),
        )?;
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<(), GradeError> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, text))
        .map_err(|error| GradeError::io("write", path, &error))
}

fn build(
    session: &Session<'_>,
    lesson: &Lesson,
    all: &Path,
    folder: &Path,
) -> Result<PathBuf, GradeError> {
    let target = all.join("target");
    let mut command = Command::new(&session.toolchain.cargo);
    command
        .args(["build", "--release", "--manifest-path"])
        .arg(folder.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(&target)
        .current_dir(folder);
    if !process::run_visibly(command)? {
        return Err(GradeError::Fault(String::from(
            "the measurement does not build; cargo's messages above say why. If criterion could not be \
             fetched, type the same again with a network: what was fetched once is kept",
        )));
    }
    let name = format!("bench-{}{}", lesson.folder, std::env::consts::EXE_SUFFIX);
    Ok(target.join("release").join(name))
}

fn figure(group: &Path, who: String) -> Result<Figure, GradeError> {
    let path = group.join(&who).join("new/estimates.json");
    let text = read_course_file(&path)?;
    let nanos = |name: &str| {
        estimate(&text, name)
            .ok_or_else(|| GradeError::Fault(format!("`{}` has no {name}", path.display())))
    };
    Ok(Figure {
        who,
        median: Duration::from_secs_f64(nanos("median")? / 1e9),
        spread: Duration::from_secs_f64(nanos("median_abs_dev")? / 1e9),
    })
}

/// The number behind `"name":{…"point_estimate":` in criterion's file.
fn estimate(text: &str, name: &str) -> Option<f64> {
    let (_, after) = text.split_once(&format!("\"{name}\":{{"))?;
    let (_, number) = after.split_once("\"point_estimate\":")?;
    let end = number.find([',', '}'])?;
    number[..end].trim().parse().ok()
}

/// The text of `WHAT`.
fn what(bench: &str) -> String {
    let value = bench
        .split_once("const WHAT: &str =")
        .map_or("", |(_, after)| after);
    let text = value.split('"').nth(1);
    text.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_estimate_of_the_name_is_found() {
        let text = r#"{"mean":{"confidence_interval":{"lower_bound":1.0},"point_estimate":2.5,"standard_error":0.1},"median":{"confidence_interval":{"lower_bound":1.0},"point_estimate":3.5},"median_abs_dev":{"point_estimate":4.0}}"#;
        assert_eq!(estimate(text, "median"), Some(3.5));
        assert_eq!(estimate(text, "median_abs_dev"), Some(4.0));
        assert_eq!(estimate(text, "slope"), None);
    }

    #[test]
    fn what_is_measured_may_stand_on_the_next_line() {
        assert_eq!(what("pub const WHAT: &str =\n    \"a, b\";\n"), "a, b");
    }
}
