//! What held the last time, so that `verify` need not prove it again.
//!
//! The file `held` in the work folder has a number per line, which stands for
//! everything that decides whether a source does what it must: the grader itself, the
//! kit and the compiler, the checks, the source. A lesson's other known mistakes count
//! with their headers, for what a learner reads depends on them.

use std::collections::HashSet;
use std::fs::{self, OpenOptions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::{Item, Subject};
use crate::error::GradeError;
use crate::files::{hash_file, hash_tree, read_course_file, sorted_entries};
use crate::session::Session;

/// Beyond this many lines the file begins anew.
const MOST: usize = 100_000;

/// The numbers in the file.
#[derive(Debug)]
pub(super) struct Held {
    path: PathBuf,
    known: Mutex<HashSet<u64>>,
}

impl Held {
    /// Reads the file; one that cannot be read counts as empty.
    pub(super) fn open(session: &Session<'_>) -> Self {
        let path = session.course.work_folder().join("held");
        let text = fs::read_to_string(&path).unwrap_or_default();
        let known: HashSet<u64> = text.lines().filter_map(|line| line.parse().ok()).collect();
        let known = match known.len() {
            0..MOST => known,
            _ => {
                let _ = fs::remove_file(&path);
                HashSet::new()
            }
        };
        Self {
            path,
            known: Mutex::new(known),
        }
    }

    pub(super) fn contains(&self, key: u64) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.contains(&key)
    }

    /// Adds a number, at once on the disk: what was proved before Ctrl-C stays so.
    pub(super) fn add(&self, key: u64) -> Result<(), GradeError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.insert(key) {
            return Ok(());
        }
        let mut open = OpenOptions::new();
        let file = open.create(true).append(true).open(&self.path);
        file.and_then(|mut file| file.write_all(format!("{key}\n").as_bytes()))
            .map_err(|error| GradeError::io("write", &self.path, &error))
    }
}

/// The number for an item, or `None` if it is so quick that it is done each time.
pub(super) fn key(session: &Session<'_>, item: &Item<'_>) -> Result<Option<u64>, GradeError> {
    let lesson = item.lesson;
    let mut hasher = DefaultHasher::new();
    let own = match &item.subject {
        // They look at files of the whole course.
        Subject::Files | Subject::Scenario => return Ok(None),
        Subject::Visible => Some(lesson.solution().join("bad")),
        Subject::Starter | Subject::Solution | Subject::Bench | Subject::Plain(None) => None,
        Subject::Also(path) | Subject::Bad(path) | Subject::Plain(Some(path)) => Some(path.clone()),
    };
    item.name().hash(&mut hasher);
    grader(&mut hasher);
    session.kit.stamp.hash(&mut hasher);
    for folder in ["src", "tests"] {
        hash_tree(&lesson.exercise.join(folder), &mut hasher)?;
    }
    hash_file(&lesson.exercise.join("lesson.toml"), &mut hasher)?;
    for path in sorted_entries(&lesson.solution())? {
        match path.file_name().and_then(|name| name.to_str()) {
            Some("also") => {}
            Some("bad") => known_mistakes(session, &path, &mut hasher)?,
            _ if path.is_dir() => hash_tree(&path, &mut hasher)?,
            _ => hash_file(&path, &mut hasher)?,
        }
    }
    match own {
        Some(path) if path.is_dir() => hash_tree(&path, &mut hasher)?,
        Some(path) => hash_file(&path, &mut hasher)?,
        None => {}
    }
    Ok(Some(hasher.finish()))
}

/// The program that runs now: with every change of it everything is proved again.
fn grader(hasher: &mut DefaultHasher) {
    let meta = std::env::current_exe().and_then(fs::metadata);
    if let Ok(meta) = meta {
        (meta.len(), meta.modified().ok()).hash(hasher);
    }
}

/// The headers of all known mistakes of a lesson, what a learner reads of each, and the
/// stories that they name.
fn known_mistakes(
    session: &Session<'_>,
    folder: &Path,
    hasher: &mut DefaultHasher,
) -> Result<(), GradeError> {
    for path in sorted_entries(folder)? {
        if path.is_dir() {
            hash_tree(&path, hasher)?;
            continue;
        }
        path.file_name().hash(hasher);
        let text = read_course_file(&path)?;
        for line in text.lines().take_while(|line| line.starts_with("//!")) {
            line.hash(hasher);
            if let Some(story) = line.strip_prefix(super::bad::STORY) {
                fs::read(session.course.root.join(story.trim()))
                    .ok()
                    .hash(hasher);
            }
        }
    }
    Ok(())
}
