//! The lessons, by the names of their folders. What else there is to know about
//! a lesson, the commands know that watch starts.

use std::path::Path;

/// One lesson.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Lesson {
    /// 3 in `03-bounded-queue`; the order of the lessons.
    number: u32,
    /// `03-bounded-queue`.
    pub(crate) folder: String,
}

impl Lesson {
    /// The lesson whose folder has this name; none if it is not a lesson's name.
    pub(crate) fn in_folder(folder: &str) -> Option<Self> {
        let (number, idea) = folder.split_once('-')?;
        let number = number.parse().ok()?;
        (!idea.is_empty()).then(|| Self {
            number,
            folder: folder.to_owned(),
        })
    }

    /// `03 bounded-queue`, as `check` calls it.
    pub(crate) fn label(&self) -> String {
        let (_, idea) = self.folder.split_once('-').unwrap_or_default();
        format!("{:02} {idea}", self.number)
    }

    /// The learner's sources, relative to the course.
    pub(crate) fn source(&self) -> String {
        format!("exercises/{}/src", self.folder)
    }
}

/// Every lesson in `exercises`, in order; none if the folder cannot be read.
pub(crate) fn all(exercises: &Path) -> Vec<Lesson> {
    let entries = std::fs::read_dir(exercises).into_iter().flatten().flatten();
    let mut lessons: Vec<Lesson> = entries
        .filter(|entry| entry.path().join("lesson.toml").is_file())
        .filter_map(|entry| Lesson::in_folder(entry.file_name().to_str()?))
        .collect();
    lessons.sort();
    lessons
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lesson_is_called_as_check_calls_it() {
        let lesson = Lesson::in_folder("03-bounded-queue").unwrap();
        assert_eq!(lesson.label(), "03 bounded-queue");
        assert_eq!(lesson.source(), "exercises/03-bounded-queue/src");
    }

    #[test]
    fn a_folder_of_another_name_is_no_lesson() {
        for folder in ["target", "03", "03-", "x-y", ""] {
            assert_eq!(Lesson::in_folder(folder), None, "{folder}");
        }
    }
}
