//! `cargo xtask hint`

use wt_grader::GradeError;
use wt_grader::files::read_course_file;

use super::{course, progress};
use crate::exit::{Exit, PASSED};
use crate::given::Given;
use crate::markdown;
use crate::spec::{Group, Opt, Spec, Value, Words};
use crate::terminal::Terminal;

pub(crate) const SPEC: Spec = Spec {
    name: "hint",
    group: Group::Learner,
    words: Words::Lesson,
    summary: "a hint: first a question, then a term, then the shape",
    about: "\
There are three hints for each exercise: a question, the term to look up, and
the shape of the answer. None of them is the code. Each time you ask you get one
more.",
    options: &[Opt {
        short: None,
        long: "level",
        value: Value::Number,
        about: "the hints up to this one",
    }],
    examples: &[
        ("hint 03", "one more hint than last time"),
        ("hint 03 --level 1", "the first again"),
    ],
    run,
};

fn run(given: &Given, terminal: Terminal) -> Result<Exit, GradeError> {
    let course = course()?;
    let lesson = course.lesson(given.word().unwrap_or_default())?;
    let text = read_course_file(&lesson.exercise.join("HINTS.md"))?;
    let hints = sections(&text);
    let seen = progress::read(&course, terminal).hints(lesson);
    let level = given
        .number("level")
        .unwrap_or_else(|| (seen + 1).min(hints.len()));
    if level == 0 || level > hints.len() {
        return Err(GradeError::Usage(format!(
            "there are hints 1 to {}, not {level}",
            hints.len()
        )));
    }
    let mut out = format!("{}: hint {level} of {}\n", lesson.label(), hints.len());
    for hint in &hints[..level] {
        out.push('\n');
        out.push_str(&markdown::shown(&format!("{hint}\n"), terminal));
    }
    if level < hints.len() {
        out.push_str(&format!("\nmore   cargo xtask hint {:02}\n", lesson.number));
    }
    terminal.print(&out);
    progress::note_hints(&course, lesson, level, terminal);
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
