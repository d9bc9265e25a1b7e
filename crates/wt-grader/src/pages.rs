//! Pages in Markdown: where their links lead, and the code that they include.

use std::path::{Path, PathBuf};

use crate::course::Course;

/// What is wrong with the links and includes of one page, each as a sentence.
/// Nothing if the page is missing: others say so.
pub(crate) fn problems(course: &Course, page: &Path) -> Vec<String> {
    let Ok(text) = std::fs::read_to_string(page) else {
        return Vec::new();
    };
    let name = page
        .strip_prefix(&course.root)
        .unwrap_or(page)
        .display()
        .to_string();
    let folder = page.parent().unwrap_or(&course.root);
    let mut problems = Vec::new();
    for target in link_targets(&text) {
        if !target.leads_somewhere(page, folder) {
            problems.push(format!(
                "`{name}` links to `{}`, which does not exist",
                target.text
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
    problems
}

/// Where `[text](target)` leads, within the course.
struct Target<'a> {
    text: &'a str,
    path: &'a str,
    /// The part behind `#`.
    heading: Option<&'a str>,
}

impl Target<'_> {
    fn leads_somewhere(&self, page: &Path, folder: &Path) -> bool {
        let file = match self.path {
            "" => page.to_owned(),
            path => folder.join(path),
        };
        let is_page = file.extension().is_some_and(|extension| extension == "md");
        match self.heading {
            Some(heading) if is_page => std::fs::read_to_string(&file)
                .is_ok_and(|text| heading_ids(&text).any(|id| id == heading)),
            _ => file.exists(),
        }
    }
}

/// The ids that mdBook and GitHub give to a page's headings.
fn heading_ids(text: &str) -> impl Iterator<Item = String> {
    text.lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| {
            line.trim_start_matches('#')
                .trim()
                .chars()
                .filter_map(|c| match c {
                    ' ' => Some('-'),
                    '-' | '_' => Some(c),
                    c if c.is_alphanumeric() => Some(c.to_ascii_lowercase()),
                    _ => None,
                })
                .collect()
        })
}

/// The targets of `[text](target)` within the course, outside code blocks.
fn link_targets(text: &str) -> Vec<Target<'_>> {
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
            let target = line[at + 2..].split([')', ' ']).next().unwrap_or_default();
            if target.is_empty() || target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (path, heading) = match target.split_once('#') {
                Some((path, heading)) => (path, Some(heading)),
                None => (target, None),
            };
            targets.push(Target {
                text: target,
                path,
                heading,
            });
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

/// The lines that an include in this line brings, if it has one that can be read.
pub(crate) fn included_lines(line: &str, folder: &Path) -> Option<Vec<String>> {
    let include = includes(line).into_iter().next()?;
    let text = std::fs::read_to_string(folder.join(&include.path)).ok()?;
    let part = include.part.as_deref().unwrap_or_default();
    let (from, to) = if part.starts_with(|c: char| c.is_ascii_digit() || c == ':') {
        // `5`, `5:`, `:5`, `5:9`; `5::` is like `5:`.
        let mut bounds = part.split(':');
        let from: usize = bounds.next()?.parse().unwrap_or(1);
        match bounds.next() {
            None => (from, from),
            Some(to) => (from, to.parse().unwrap_or(usize::MAX)),
        }
    } else if part.is_empty() {
        (1, usize::MAX)
    } else {
        let line_of = |mark: &str| text.lines().position(|line| is_anchor(line, mark, part));
        (line_of("ANCHOR: ")? + 2, line_of("ANCHOR_END: ")?)
    };
    Some(
        (1..)
            .zip(text.lines())
            .filter(|(n, line)| (from..=to).contains(n) && !line.contains("ANCHOR"))
            .map(|(_, line)| line.to_owned())
            .collect(),
    )
}

/// Whether a line of code, or a comment of a page, marks the begin or the end of a part.
fn is_anchor(line: &str, mark: &str, part: &str) -> bool {
    let line = line.trim_end().trim_end_matches("-->").trim_end();
    line.strip_suffix(part)
        .is_some_and(|before| before.ends_with(mark))
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
            let mut lines = text.lines();
            lines.any(|line| is_anchor(line, mark, part))
        });
        (!both).then(|| format!("the anchor `{part}` of `{path}`, which does not exist"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_within_the_course_are_found_outside_code() {
        let text =
            "[a](x.md#part) [b](https://e.org) [c](#here)\n```\n[d](no.md)\n```\n[e](../y.rs)\n";
        let found: Vec<_> = link_targets(text)
            .iter()
            .map(|target| (target.path, target.heading))
            .collect();
        assert_eq!(
            found,
            [
                ("x.md", Some("part")),
                ("", Some("here")),
                ("../y.rs", None)
            ]
        );
    }

    #[test]
    fn an_anchor_is_in_a_comment_of_code_or_of_a_page() {
        for line in [
            "    // ANCHOR: main",
            "<!-- ANCHOR: main -->",
            "# ANCHOR: main ",
        ] {
            assert!(is_anchor(line, "ANCHOR: ", "main"), "{line}");
            assert!(!is_anchor(line, "ANCHOR: ", "ain"), "{line}");
            assert!(!is_anchor(line, "ANCHOR_END: ", "main"), "{line}");
        }
    }

    #[test]
    fn a_heading_has_the_id_that_a_link_to_it_uses() {
        let ids: Vec<_> = heading_ids("# `Arc`, and why?\ntext\n## A-b c\n").collect();
        assert_eq!(ids, ["arc-and-why", "a-b-c"]);
    }
}
