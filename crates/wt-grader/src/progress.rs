//! What a learner has done, in a small text file that git can merge.
//!
//! One line per lesson, sorted by the lesson's id, which never changes:
//!
//! ```text
//! bounded-queue passed=2026-11-24 hints=2
//! ```
//!
//! Lines may be merged in any order. Where a lesson has two, or a merge has left
//! its markers, the better of both counts. What a later version writes, and
//! lessons that this course does not have, stay as they are.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::ErrorKind;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::course::Course;
use crate::error::GradeError;
use crate::files::replace;
use crate::lesson::Lesson;

/// The name of the file in the root of the course.
pub const FILE: &str = "progress.txt";

const HEADER: &str = "\
# Your progress, written by `cargo xtask`. Commit it if you like: the order of the
# lines does not matter.
";

/// What is known of one lesson.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// The day on which it passed, as `2026-11-24`, if the last check passed.
    pub passed: Option<String>,
    /// How many hints were shown.
    pub hints: usize,
    /// Words that this version does not know.
    other: Vec<String>,
}

/// What is known of all lessons.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    entries: BTreeMap<String, Entry>,
}

impl Progress {
    /// Reads the file; an absent one is no progress.
    ///
    /// # Errors
    ///
    /// [`GradeError::Course`] if it is there and cannot be read as text.
    pub fn read(course: &Course) -> Result<Self, GradeError> {
        let path = course.root.join(FILE);
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(Self::parse(&text)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(GradeError::Course(format!(
                "cannot read `{FILE}`: {error}; move it away to begin with no progress"
            ))),
        }
    }

    /// What is known of `lesson`.
    #[must_use]
    pub fn of(&self, lesson: &Lesson) -> Entry {
        self.entries.get(&lesson.id).cloned().unwrap_or_default()
    }

    /// Whether the last check of `lesson` passed.
    #[must_use]
    pub fn has_passed(&self, lesson: &Lesson) -> bool {
        self.of(lesson).passed.is_some()
    }

    /// Changes what is known of `lesson`, in the file, and returns it. A file that
    /// would stay as it is is not written.
    ///
    /// Blocks while another command does the same.
    ///
    /// # Errors
    ///
    /// [`GradeError`] if the file cannot be read or written.
    pub fn update(
        course: &Course,
        lesson: &Lesson,
        change: impl FnOnce(&mut Entry),
    ) -> Result<Entry, GradeError> {
        let _lock = lock(course)?;
        let mut progress = Self::read(course)?;
        let before = progress.clone();
        let mut entry = progress.of(lesson);
        change(&mut entry);
        progress.entries.insert(lesson.id.clone(), entry.clone());
        progress
            .entries
            .retain(|_, entry| *entry != Entry::default());
        if progress != before {
            replace(&course.root.join(FILE), &progress.text()).map_err(|_| {
                let root = course.root.display();
                GradeError::Fault(format!("`{FILE}` cannot be written in `{root}`"))
            })?;
        }
        Ok(entry)
    }

    fn parse(text: &str) -> Self {
        let mut progress = Self::default();
        for line in text.lines() {
            let mut words = line.split_whitespace();
            let Some(id) = words.next().filter(|word| is_id(word)) else {
                continue;
            };
            let found = Entry::parse(words);
            progress
                .entries
                .entry(id.to_owned())
                .or_default()
                .merge(found);
        }
        progress
    }

    fn text(&self) -> String {
        let mut text = HEADER.to_owned();
        for (id, entry) in &self.entries {
            text.push_str(id);
            entry.write(&mut text);
            text.push('\n');
        }
        text
    }
}

impl Entry {
    fn parse<'a>(words: impl Iterator<Item = &'a str>) -> Self {
        let mut entry = Self::default();
        for word in words {
            match word.split_once('=') {
                Some(("passed", day)) => entry.passed = Some(day.to_owned()),
                Some(("hints", count)) if count.parse::<usize>().is_ok() => {
                    entry.hints = count.parse().unwrap_or_default();
                }
                _ => entry.other.push(word.to_owned()),
            }
        }
        entry
    }

    /// The better of both: the first day, the most hints.
    fn merge(&mut self, other: Self) {
        let days = [self.passed.take(), other.passed];
        self.passed = days.into_iter().flatten().min();
        self.hints = self.hints.max(other.hints);
        for word in other.other {
            if !self.other.contains(&word) {
                self.other.push(word);
            }
        }
    }

    fn write(&self, text: &mut String) {
        if let Some(day) = &self.passed {
            text.push_str(&format!(" passed={day}"));
        }
        if self.hints > 0 {
            text.push_str(&format!(" hints={}", self.hints));
        }
        for word in &self.other {
            text.push_str(&format!(" {word}"));
        }
    }
}

/// Not a comment and not a marker of a merge.
fn is_id(word: &str) -> bool {
    let mut characters = word.chars();
    characters.next().is_some_and(char::is_alphanumeric)
        && characters.all(|c| c.is_alphanumeric() || c == '-' || c == '_')
}

fn lock(course: &Course) -> Result<File, GradeError> {
    let folder = course.work_folder().join("locks");
    std::fs::create_dir_all(&folder).map_err(|error| GradeError::io("create", &folder, &error))?;
    let path = folder.join("progress");
    let file = File::create(&path).map_err(|error| GradeError::io("create", &path, &error))?;
    file.lock()
        .map_err(|error| GradeError::io("lock", &path, &error))?;
    Ok(file)
}

/// Today in UTC, as `2026-11-24`.
#[must_use]
pub fn today() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    day(since.map_or(0, |since| since.as_secs() / 86_400))
}

/// The date `days` after 1970-01-01. Years are counted from March, so that the
/// day that leap years add is their last (Hinnant, "chrono-compatible low-level
/// date algorithms").
fn day(days: u64) -> String {
    let days = days + 719_468;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_back_as_they_were_written() {
        let text = format!(
            "{HEADER}bounded-queue passed=2026-11-24 hints=2\nworker-pool hints=1 mood=good\n"
        );
        assert_eq!(Progress::parse(&text).text(), text);
    }

    #[test]
    fn a_merge_with_its_markers_keeps_the_better_of_both() {
        let merged = "\
<<<<<<< HEAD
bounded-queue hints=3
=======
bounded-queue passed=2026-11-24 hints=1
>>>>>>> other
pipeline passed=2026-11-20
";
        let expected = "bounded-queue passed=2026-11-24 hints=3\npipeline passed=2026-11-20\n";
        assert_eq!(
            Progress::parse(merged).text(),
            format!("{HEADER}{expected}")
        );
    }

    #[test]
    fn days_are_dates() {
        assert_eq!(day(0), "1970-01-01");
        assert_eq!(day(11_016), "2000-02-29");
        assert_eq!(day(11_017), "2000-03-01");
        assert_eq!(day(20_781), "2026-11-24");
        assert_eq!(day(47_541), "2100-03-01");
    }
}
