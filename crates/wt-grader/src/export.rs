//! The learner edition: the course without its solutions.
//!
//! Exercises begin with their starters. What `check` and `reset` need of a
//! solution's folder, what the reference took on this machine, and the headers of
//! the known mistakes with their hints go into a pack per lesson ([`pack`]).

use std::fs;
use std::path::{Path, PathBuf};

use crate::course::{Course, MARKER};
use crate::error::GradeError;
use crate::files::{read_course_file, sorted_entries};
use crate::lesson::Lesson;
use crate::limits::TimeLimits;
use crate::mistake;
use crate::pack::{self, Pack};
use crate::session::Session;

mod lock;

/// Copied as they are, if they are there.
const FILES: [&str; 6] = [
    MARKER,
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "rustfmt.toml",
    ".gitignore",
    ".gitattributes",
];
/// Copied with everything below them.
const FOLDERS: [&str; 8] = [
    ".cargo", ".helix", ".vscode", ".zed", "book", "crates", "examples", "xtask",
];
/// What is left out below them: what was built, and the tests of the grader, which
/// have a course of their own.
const LEFT_OUT: [&str; 4] = ["book/book", "xtask/tests", "target", "backup"];
/// Everything is written here first, inside the new folder.
const DRAFT: &str = ".unfinished";

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// How many files.
    pub files: usize,
    /// How large they are together.
    pub bytes: u64,
}

/// Writes the learner edition to `to`, which must be empty or absent.
///
/// Blocks while the references run, whose times go along. If something goes
/// wrong, `to` is as it was.
///
/// # Errors
///
/// [`GradeError::Usage`] if `to` cannot be the place, other errors if a file of
/// the course cannot be read, or on a full disk.
pub fn export(session: &Session<'_>, to: &Path) -> Result<Written, GradeError> {
    let course = session.course;
    course.needs_solutions("export")?;
    let is_new = check_place(course, to)?;
    fs::create_dir_all(to).map_err(|error| GradeError::io("create", to, &error))?;
    let draft = to.join(DRAFT);
    let mut writer = Writer {
        from: &course.root,
        to: draft.clone(),
        written: Written { files: 0, bytes: 0 },
    };
    let done = writer.course(session).and_then(|()| move_up(&draft, to));
    if let Err(error) = done {
        let _ = match is_new {
            true => fs::remove_dir_all(to),
            false => fs::remove_dir_all(&draft),
        };
        return Err(error);
    }
    Ok(writer.written)
}

/// Whether `to` has to be made.
fn check_place(course: &Course, to: &Path) -> Result<bool, GradeError> {
    let no = |why: &str| Err(GradeError::Usage(format!("`{}` {why}", to.display())));
    let existing = to.ancestors().find(|folder| folder.exists());
    let real = existing.and_then(|folder| folder.canonicalize().ok());
    let root = course.root.canonicalize().ok();
    if let (Some(real), Some(root)) = (real, root)
        && real.starts_with(root)
    {
        return no("is inside the course; name a folder outside of it");
    }
    match fs::read_dir(to) {
        Ok(mut entries) => match entries.next() {
            None => Ok(false),
            Some(_) => no("is not empty; name a new folder"),
        },
        Err(_) if fs::symlink_metadata(to).is_ok() => no("is not a folder that can be read"),
        Err(_) => Ok(true),
    }
}

fn move_up(draft: &Path, to: &Path) -> Result<(), GradeError> {
    let mut moved = Vec::new();
    for path in sorted_entries(draft)? {
        let target = to.join(path.file_name().unwrap_or_default());
        if let Err(error) = fs::rename(&path, &target) {
            for path in moved {
                let _ = fs::remove_dir_all(&path).or_else(|_| fs::remove_file(&path));
            }
            return Err(GradeError::io("write", &target, &error));
        }
        moved.push(target);
    }
    fs::remove_dir(draft).map_err(|error| GradeError::io("remove", draft, &error))
}

/// Writes the draft and counts.
struct Writer<'a> {
    from: &'a Path,
    to: PathBuf,
    written: Written,
}

impl Writer<'_> {
    fn course(&mut self, session: &Session<'_>) -> Result<(), GradeError> {
        let course = session.course;
        for name in FILES.iter().chain(&FOLDERS) {
            self.copy(Path::new(name))?;
        }
        self.changed("README.md", without_instructors)?;
        self.changed("Cargo.toml", |text| text.replace("\"solutions/*\", ", ""))?;
        let own: Vec<String> = (course.lessons.iter())
            .map(|lesson| format!("sol{}", lesson.folder))
            .collect();
        self.changed("Cargo.lock", |text| lock::without(text, &own))?;
        for lesson in &course.lessons {
            self.lesson(session, lesson)?;
        }
        Ok(())
    }

    fn lesson(&mut self, session: &Session<'_>, lesson: &Lesson) -> Result<(), GradeError> {
        let exercise = Path::new("exercises").join(&lesson.folder);
        for path in sorted_entries(&self.from.join(&exercise))? {
            let name = path.file_name().unwrap_or_default();
            // A learner begins with the starter, whatever stands there now.
            if name != "src" {
                self.copy(&exercise.join(name))?;
            }
        }
        let solution = lesson.solution();
        let starter = solution.join("starter/lib.rs");
        let text = read_course_file(&starter)?;
        self.write(&exercise.join("src/lib.rs"), text.as_bytes())?;
        let mut pack = Pack::default();
        pack.add("hidden", &solution.join("hidden"))?;
        pack.add("starter/lib.rs", &starter)?;
        for (name, text) in mistake::without_sources(lesson)? {
            pack.add_bytes(&name, text.into_bytes());
        }
        let scenario = crate::trace::scenario(lesson);
        if scenario.is_file() {
            pack.add("trace/scenario.rs", &scenario)?;
        }
        let times = TimeLimits::measured(session, lesson)?.to_ship();
        pack.add_bytes(TimeLimits::SHIPPED, times.into_bytes());
        self.write(&pack::path(lesson), pack.text(&lesson.folder).as_bytes())
    }

    /// Copies a file, or a folder with everything in it; links and devices are
    /// left out.
    fn copy(&mut self, path: &Path) -> Result<(), GradeError> {
        let from = self.from.join(path);
        let Ok(found) = fs::symlink_metadata(&from) else {
            return Ok(());
        };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let left_out = LEFT_OUT
            .iter()
            .any(|out| path == Path::new(out) || name == **out);
        if left_out || name.ends_with(".snap.new") || name.ends_with(".pending-snap") {
            return Ok(());
        }
        if found.is_dir() {
            for entry in sorted_entries(&from)? {
                self.copy(&path.join(entry.file_name().unwrap_or_default()))?;
            }
        } else if found.is_file() {
            let bytes = fs::read(&from).map_err(|error| GradeError::io("read", &from, &error))?;
            self.write(path, &bytes)?;
        }
        Ok(())
    }

    /// Copies a text file, changed, if it is there.
    fn changed(
        &mut self,
        name: &str,
        change: impl FnOnce(&str) -> String,
    ) -> Result<(), GradeError> {
        let from = self.from.join(name);
        if !from.is_file() {
            return Ok(());
        }
        let text = change(&read_course_file(&from)?);
        self.write(Path::new(name), text.as_bytes())
    }

    fn write(&mut self, path: &Path, bytes: &[u8]) -> Result<(), GradeError> {
        let path = self.to.join(path);
        let parent = path.parent().unwrap_or(&self.to);
        fs::create_dir_all(parent).map_err(|error| GradeError::io("create", parent, &error))?;
        fs::write(&path, bytes).map_err(|error| GradeError::io("write", &path, &error))?;
        self.written.files += 1;
        self.written.bytes += bytes.len() as u64;
        Ok(())
    }
}

/// The README without its section for instructors.
fn without_instructors(text: &str) -> String {
    let mut kept = String::new();
    let mut inside = false;
    for line in text.lines() {
        if line.starts_with("## ") {
            inside = line == "## For instructors";
        }
        if !inside {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_section_for_instructors_is_left_out_alone() {
        let text = "# A\n\n## Start\n\na\n\n## For instructors\n\nb\n\n### c\n\n## Licence\n\nd\n";
        assert_eq!(
            without_instructors(text),
            "# A\n\n## Start\n\na\n\n## Licence\n\nd\n"
        );
    }
}
