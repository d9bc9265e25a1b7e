//! The links of a lesson's pages, and the code that its chapter includes.

use std::path::{Path, PathBuf};

use crate::course::Course;
use crate::lesson::Lesson;

pub(super) fn problems(course: &Course, lesson: &Lesson) -> Vec<String> {
    let pages = [
        lesson.exercise.join("README.md"),
        lesson.exercise.join("HINTS.md"),
        lesson.solution().join("NOTES.md"),
        course.root.join(Course::chapter(lesson)),
    ];
    let mut problems = Vec::new();
    for page in pages {
        // A page that is missing is named elsewhere.
        let Ok(text) = std::fs::read_to_string(&page) else {
            continue;
        };
        let name = page
            .strip_prefix(&course.root)
            .unwrap_or(&page)
            .display()
            .to_string();
        let folder = page.parent().unwrap_or(&course.root);
        for target in link_targets(&text) {
            if !folder.join(&target).exists() {
                problems.push(format!(
                    "`{name}` links to `{target}`, which does not exist"
                ));
            }
        }
        for include in includes(&text) {
            problems.extend(
                include
                    .problem(folder)
                    .map(|problem| format!("`{name}` includes {problem}")),
            );
        }
    }
    problems
}

/// The relative targets of `[text](target)` outside code blocks.
fn link_targets(text: &str) -> Vec<String> {
    let mut targets = Vec::new();
    let mut in_code = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        for (at, _) in line.match_indices("](") {
            let Some(target) = line[at + 2..].split(')').next() else {
                continue;
            };
            let target = target.split(['#', ' ']).next().unwrap_or_default();
            if !target.is_empty() && !target.contains("://") && !target.starts_with("mailto:") {
                targets.push(target.to_owned());
            }
        }
    }
    targets
}

/// mdBook's `{{#include path:anchor}}`.
struct Include {
    path: PathBuf,
    part: Option<String>,
}

fn includes(text: &str) -> Vec<Include> {
    text.match_indices("{{#include ")
        .filter_map(|(at, mark)| text[at + mark.len()..].split("}}").next())
        .map(|inside| match inside.trim().split_once(':') {
            Some((path, part)) => Include {
                path: path.into(),
                part: Some(part.to_owned()),
            },
            None => Include {
                path: inside.trim().into(),
                part: None,
            },
        })
        .collect()
}

impl Include {
    fn problem(&self, folder: &Path) -> Option<String> {
        let path = self.path.display();
        let Ok(text) = std::fs::read_to_string(folder.join(&self.path)) else {
            return Some(format!("`{path}`, which does not exist"));
        };
        let part = self.part.as_ref()?;
        if part.starts_with(|c: char| c.is_ascii_digit() || c == ':') {
            return None;
        }
        let both = ["ANCHOR: ", "ANCHOR_END: "].iter().all(|mark| {
            text.lines()
                .any(|line| line.trim_end().ends_with(&format!("{mark}{part}")))
        });
        (!both).then(|| format!("the anchor `{part}` of `{path}`, which does not exist"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_links_outside_code_are_found() {
        let text =
            "[a](x.md#part) [b](https://e.org) [c](#here)\n```\n[d](no.md)\n```\n[e](../y.rs)\n";
        assert_eq!(link_targets(text), ["x.md", "../y.rs"]);
    }
}
