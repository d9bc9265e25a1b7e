//! An interleaving, told step by step beside the lines of the source.

use std::fmt::Write;

use super::{Diverged, Replay};
use crate::report::{Style, harmless, threads};
use crate::transcript::Told;

/// The most steps that are told; from the middle of a longer story some are left out.
const MOST: usize = 160;

/// How to tell it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Telling<'a> {
    /// Colours and width.
    pub style: Style<'a>,
    /// What the learner typed; empty where the story is kept in a file, in which it
    /// would change with every version of the course.
    pub code: &'a str,
}

/// The whole text of a replay.
#[must_use]
pub fn text(replay: &Replay, telling: Telling<'_>) -> String {
    let style = telling.style;
    let mut text = format!(
        "{}: {}{}\n\n",
        replay.lesson.label(),
        replay.spec.claim,
        match telling.code {
            "" => String::new(),
            code => format!(", under schedule {code}"),
        }
    );
    steps(&mut text, replay);
    let verdict = &replay.verdict;
    let end = match verdict.word {
        crate::Word::Pass => "pass: under this schedule nothing goes wrong".to_owned(),
        word => format!("{word}: {}", harmless(&verdict.what)),
    };
    style.field(&mut text, "end", &end);
    let sources = format!("{}/", replay.lesson.source_prefix());
    for line in threads(&replay.lesson, &verdict.threads) {
        let line = line.replace(&sources, "");
        style.field(&mut text, "", &named(replay, &line));
    }
    for note in &verdict.notes {
        style.field(&mut text, "also", &harmless(note));
    }
    remarks(&mut text, replay, telling);
    text
}

fn steps(text: &mut String, replay: &Replay) {
    let story = &replay.story;
    let width = story.iter().map(|step| step.thread.chars().count()).max();
    let width = width.unwrap_or(0).clamp(4, 16);
    let digits = story.len().to_string().len().max(2);
    let (head, tail) = if story.len() > MOST {
        (MOST / 4, story.len() - MOST * 3 / 4)
    } else {
        (story.len(), story.len())
    };
    let mut before: Option<&Told> = None;
    for (n, step) in story.iter().enumerate() {
        if n == head {
            let _ = writeln!(text, "{:digits$}  [... {} steps ...]", "", tail - head);
        }
        if (head..tail).contains(&n) {
            continue;
        }
        // A thread's name only where it changes: that is where another goes on.
        let same_thread = before.is_some_and(|before| before.thread == step.thread);
        let name = match (same_thread, step.thread.as_str()) {
            (true, _) => "",
            (false, "") => "time",
            (false, name) => name,
        };
        let name: String = harmless(name).chars().take(width).collect();
        let what = named(replay, &harmless(&step.what));
        let _ = writeln!(text, "{:>digits$}  {name:<width$}  {what}", n + 1);
        let same_line = same_thread && before.is_some_and(|before| before.place == step.place);
        if let Some(line) = replay.line_of(&step.place).filter(|_| !same_line) {
            let file = step.place.file.rsplit('/').next().unwrap_or_default();
            let place = format!("{file}:{}", step.place.line);
            let code = harmless(line.trim());
            let _ = writeln!(text, "{:digits$}  {:width$}    {place}  {code}", "", "");
        }
        before = Some(step);
    }
    if !story.is_empty() {
        text.push('\n');
    }
}

fn remarks(text: &mut String, replay: &Replay, telling: Telling<'_>) {
    let style = telling.style;
    if let Some(at) = replay.differs {
        style.field(
            text,
            "note",
            &format!(
                "run again, step {} was another: your code depends on something that no schedule decides, \
                 such as real time, a thread of std's own, or the order of a HashMap",
                at + 1
            ),
        );
    }
    let Some(diverged) = replay.diverged_at else {
        return;
    };
    let same_end = match diverged {
        Diverged::At(at) => {
            format!("up to step {at} it goes the same way as before, and then another",)
        }
        Diverged::Nowhere => "it goes the same way as before, step for step".into(),
        Diverged::Unknown => "whether it goes the same way as before is not known here".into(),
    };
    style.field(
        text,
        "note",
        &format!("your source has changed since this code was made: {same_end}"),
    );
    let next = match replay.verdict.passed() {
        true => format!(
            "no schedule is the same after an edit, so one that passes proves little: cargo xtask check {:02}",
            replay.lesson.number
        ),
        false => format!(
            "a code for your source as it is now: cargo xtask check {:02}",
            replay.lesson.number
        ),
    };
    style.field(text, "next", &next);
}

/// `the Mutex made at lib.rs:31` by its name in the source, as far as line 31 gives it
/// one.
fn named(replay: &Replay, what: &str) -> String {
    let mut text = String::new();
    let mut rest = what;
    while let Some(at) = rest.find("the ") {
        let (head, tail) = rest.split_at(at);
        text.push_str(head);
        match object(replay, tail) {
            Some((name, after)) => {
                text.push_str(&name);
                rest = after;
            }
            None => {
                text.push_str("the ");
                rest = &tail[4..];
            }
        }
    }
    text.push_str(rest);
    text
}

/// Reads `the Mutex made at lib.rs:31, and more`.
fn object<'w>(replay: &Replay, text: &'w str) -> Option<(String, &'w str)> {
    let (kind, tail) = text.strip_prefix("the ")?.split_once(" made at ")?;
    if kind.contains(' ') {
        return None;
    }
    let (file, after) = tail.split_once(':')?;
    let end = after
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(after.len());
    let (line, after) = after.split_at(end);
    if file == "checks.rs" {
        return Some((format!("a {kind} of the check"), after));
    }
    let mut files = replay.source.files.iter();
    let (_, source) = files.find(|(path, _)| path.file_name().is_some_and(|own| own == file))?;
    let source = source
        .lines()
        .nth(line.parse::<usize>().ok()?.checked_sub(1)?)?;
    Some((format!("`{}`", name_in(source)?), after))
}

/// The name that a line gives to what it makes: of a field, a variable or a static.
fn name_in(line: &str) -> Option<&str> {
    let line = line.trim();
    let line = ["pub ", "static ", "let ", "mut "]
        .iter()
        .fold(line, |line, word| line.strip_prefix(word).unwrap_or(line));
    let end = line.find(|c: char| !c.is_alphanumeric() && c != '_')?;
    let (name, rest) = line.split_at(end);
    let is_named = rest.starts_with(':') && !rest.starts_with("::") || rest.starts_with(" =");
    (is_named && !name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_taken_from_the_line_that_makes_the_object() {
        for (line, name) in [
            ("            not_full: Condvar::new(),", Some("not_full")),
            ("let mut lock = Mutex::new(0);", Some("lock")),
            (
                "static COUNT: AtomicU32 = AtomicU32::new(0);",
                Some("COUNT"),
            ),
            ("Mutex::new(State {", None),
            ("let (tx, rx) = channel::bounded(1);", None),
        ] {
            assert_eq!(name_in(line), name, "{line}");
        }
    }
}
