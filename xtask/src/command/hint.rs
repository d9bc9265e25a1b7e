//! `cargo xtask hint`

use wt_grader::GradeError;
use wt_grader::files::read_course_file;

use super::course;
use crate::exit::{Exit, PASSED};
use crate::terminal::Terminal;

pub(crate) fn run(
    lesson: &str,
    level: Option<usize>,
    terminal: Terminal,
) -> Result<Exit, GradeError> {
    let course = course()?;
    let lesson = course.lesson(lesson)?;
    let text = read_course_file(&lesson.exercise.join("HINTS.md"))?;
    let hints = sections(&text);
    let level = level.unwrap_or(1);
    if level == 0 || level > hints.len() {
        return Err(GradeError::Usage(format!(
            "there are hints 1 to {}, not {level}",
            hints.len()
        )));
    }
    let mut out = format!("{}: hint {level} of {}\n", lesson.label(), hints.len());
    for hint in &hints[..level] {
        out.push_str(&format!("\n{hint}\n"));
    }
    if level < hints.len() {
        out.push_str(&format!(
            "\nmore   cargo xtask hint {:02} --level {}\n",
            lesson.number,
            level + 1
        ));
    }
    terminal.print(&out);
    Ok(PASSED)
}

/// The text below each `## ` heading.
fn sections(text: &str) -> Vec<String> {
    let mut sections: Vec<String> = Vec::new();
    for line in text.lines() {
        if line.starts_with("## ") {
            sections.push(String::new());
        } else if let Some(section) = sections.last_mut() {
            section.push_str(line);
            section.push('\n');
        }
    }
    sections
        .iter()
        .map(|section| section.trim().to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_is_the_text_below_its_heading() {
        assert_eq!(
            sections("# Hints\n\n## 1\n\nWho waits?\n\n## 2\nA term.\n"),
            ["Who waits?", "A term."]
        );
    }
}
