//! The book as a whole: its pages, how long they take to read, and what is wrong
//! with them.

use std::path::{Path, PathBuf};

use crate::course::Course;
use crate::error::GradeError;
use crate::files::{read_course_file, sorted_entries};
use crate::pages;

/// Words of prose that a reader of technical text gets through in a minute, and
/// lines of code.
const WORDS_PER_MINUTE: f64 = 220.0;
const LINES_PER_MINUTE: f64 = 30.0;

/// A page of the book.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// Relative to `book/src`.
    pub path: String,
    /// As in the table of contents.
    pub title: String,
    /// Of prose, tables included.
    pub words: usize,
    /// Of code, output and pictures made of text, those that it includes, too.
    pub lines: usize,
}

impl Page {
    /// How long it takes to read.
    #[must_use]
    pub fn minutes(&self) -> f64 {
        self.words as f64 / WORDS_PER_MINUTE + self.lines as f64 / LINES_PER_MINUTE
    }
}

/// The pages in the order of the table of contents.
///
/// # Errors
///
/// [`GradeError::Course`] if the table of contents or a page cannot be read.
pub fn pages(course: &Course) -> Result<Vec<Page>, GradeError> {
    let summary = read_course_file(&course.root.join(Course::SUMMARY))?;
    let folder = source(course);
    entries(&summary)
        .map(|(title, path)| {
            let text = read_course_file(&folder.join(path))?;
            let (words, lines) = count(&text, &folder);
            Ok(Page {
                path: path.to_owned(),
                title: title.to_owned(),
                words,
                lines,
            })
        })
        .collect()
}

/// What is wrong with the pages that belong to no lesson and with the book as a
/// whole, each as a sentence.
///
/// # Errors
///
/// [`GradeError::Course`] if the table of contents or the folder cannot be read.
pub fn problems(course: &Course) -> Result<Vec<String>, GradeError> {
    let folder = source(course);
    let summary = read_course_file(&course.root.join(Course::SUMMARY))?;
    let mut problems = pages::problems(course, &course.root.join(Course::SUMMARY));
    for path in sorted_entries(&folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.extension().is_none_or(|extension| extension != "md") || name == "SUMMARY.md" {
            continue;
        }
        if !entries(&summary).any(|(_, entry)| entry == name) {
            problems.push(format!(
                "`{}` does not name the page `{name}`",
                Course::SUMMARY
            ));
        }
        problems.extend(pages::problems(course, &path));
    }
    Ok(problems)
}

fn source(course: &Course) -> PathBuf {
    course.root.join("book/src")
}

/// Title and path of each line `- [title](path)`.
fn entries(summary: &str) -> impl Iterator<Item = (&str, &str)> {
    summary.lines().filter_map(|line| {
        let (title, rest) = line.split_once('[')?.1.split_once("](")?;
        let path = rest.split(')').next()?;
        (!path.is_empty()).then_some((title, path))
    })
}

/// Words of prose and lines of code. Markup in angle brackets is neither.
fn count(text: &str, folder: &Path) -> (usize, usize) {
    let (mut words, mut lines) = (0, 0);
    let mut in_code = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if in_code {
            lines += match included(line, folder) {
                Some(included) => included,
                None => usize::from(!line.trim().is_empty()),
            };
        } else if !line.trim_start().starts_with('<') {
            words += line
                .split_whitespace()
                .filter(|word| word.contains(char::is_alphanumeric))
                .count();
        }
    }
    (words, lines)
}

fn included(line: &str, folder: &Path) -> Option<usize> {
    let lines = pages::included_lines(line, folder)?;
    Some(lines.iter().filter(|line| !line.trim().is_empty()).count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_counted_outside_code_and_lines_inside() {
        let text = "# A title\n\nSome *short* words. - | ---\n```rust\nlet a = 1;\n\nlet b = 2;\n```\n<div>no</div>\n";
        assert_eq!(count(text, Path::new(".")), (5, 2));
    }

    #[test]
    fn an_include_counts_as_long_as_what_it_includes() {
        let folder = std::env::temp_dir().join(format!("wt-book-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let code = "//! x\n// ANCHOR: a\nfn a() {\n\n}\n// ANCHOR_END: a\nfn b() {}\n";
        std::fs::write(folder.join("a.rs"), code).unwrap();
        for (include, lines) in [("a.rs:a", 2), ("a.rs", 4), ("a.rs:7:", 1), ("a.rs:1:3", 2)] {
            let text = format!("```rust\n{{{{#include {include}}}}}\n```\n");
            assert_eq!(count(&text, &folder), (0, lines), "{include}");
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn the_table_of_contents_names_titles_and_pages() {
        let summary = "# Summary\n\n[Intro](intro.md)\n\n# Part\n\n- [One](1.md)\n  - [Draft]()\n";
        let found: Vec<_> = entries(summary).collect();
        assert_eq!(found, [("Intro", "intro.md"), ("One", "1.md")]);
    }
}
