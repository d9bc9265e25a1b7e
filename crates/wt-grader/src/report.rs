//! What a person reads in the terminal.
//!
//! The form is fixed: a headline, the properties, then what happened, where, and
//! what to do next, for the first property that does not hold.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use crate::compile::Diagnostics;
use crate::explain;
use crate::lesson::Lesson;
use crate::session::{CheckResult, LessonReport, Outcome};
use crate::transcript::{Count, Thread};
use crate::verdict::Word;

/// How to draw.
#[derive(Debug, Clone, Copy, Default)]
pub struct Style<'a> {
    /// Whether to colour.
    pub color: bool,
    /// Whether to explain every property that does not hold, not only the first.
    pub all: bool,
    /// The columns to stay within, if the text goes to a terminal.
    pub width: Option<usize>,
    /// The course's folder, if places may be links (OSC 8) to files in it.
    pub links: Option<&'a Path>,
}

const GREEN: &str = "32";
const RED: &str = "31";
const YELLOW: &str = "33";
const BOLD: &str = "1";
const DIM: &str = "2";

/// The columns of a terminal that does not say how many it has.
const USUAL_WIDTH: usize = 80;
/// The most lines of a learner's output that are shown.
const OUTPUT_LINES: usize = 12;
/// The most lines of rustc's output that are shown.
const RUSTC_LINES: usize = 120;
/// The most characters of one line.
const LINE: usize = 300;

impl Style<'_> {
    fn paint(self, code: &str, text: &str) -> String {
        if self.color {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    fn word(self, word: Word) -> String {
        let code = match word {
            Word::Pass => GREEN,
            Word::Inconclusive | Word::GraderFault => YELLOW,
            _ => RED,
        };
        self.paint(code, &format!("{word:<12}"))
    }

    /// `what   first line`, further lines below the first.
    pub(crate) fn field(self, text: &mut String, name: &str, value: &str) {
        self.lines(text, &format!("{name:<6} "), value);
    }

    /// `value` behind `head`; what is too long for the terminal, and further lines,
    /// go below the first.
    fn lines(self, text: &mut String, head: &str, value: &str) {
        let margin = visible_width(head);
        let room = self
            .width
            .map_or(usize::MAX, |width| width.saturating_sub(margin));
        let lines = value.lines().flat_map(|line| wrapped(line, room));
        for (n, line) in lines.enumerate() {
            let line = match n {
                0 => format!("{head}{line}"),
                _ => format!("{:margin$}{line}", ""),
            };
            let _ = writeln!(text, "{}", line.trim_end());
        }
    }

    /// `text` as a link to a file of the course.
    fn link(self, file: &str, text: &str) -> String {
        let Some(root) = self.links else {
            return text.to_owned();
        };
        let path = root.join(file);
        let url: String = path
            .as_os_str()
            .as_encoded_bytes()
            .iter()
            .map(escaped)
            .collect();
        format!("\u{1b}]8;;file://{url}\u{1b}\\{text}\u{1b}]8;;\u{1b}\\")
    }
}

/// One byte of a path in a URL.
fn escaped(byte: &u8) -> String {
    match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => {
            char::from(*byte).to_string()
        }
        other => format!("%{other:02X}"),
    }
}

/// How many columns `text` takes: escape sequences take none.
fn visible_width(text: &str) -> usize {
    let mut width = 0;
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        if c != '\u{1b}' {
            width += 1;
            continue;
        }
        // A link ends with ESC \, all others that are written here with a letter.
        if characters.next() == Some(']') {
            characters.by_ref().find(|c| *c == '\\');
        } else {
            characters.by_ref().find(char::is_ascii_alphabetic);
        }
    }
    width
}

/// `line` cut at spaces into lines of at most `room` columns, as far as it has
/// spaces.
#[must_use]
pub fn wrapped(line: &str, room: usize) -> Vec<String> {
    if visible_width(line) <= room {
        return vec![line.to_owned()];
    }
    let mut lines = Vec::new();
    let mut current = String::new();
    for word in line.split_inclusive(' ') {
        let full = visible_width(&current) + visible_width(word.trim_end()) > room;
        if full && !current.trim().is_empty() {
            lines.push(std::mem::take(&mut current).trim_end().to_owned());
        }
        current.push_str(word);
    }
    lines.push(current.trim_end().to_owned());
    lines
}

/// The whole text of a lesson's report; `next` is the lesson after it.
#[must_use]
pub fn lesson(report: &LessonReport, next: Option<&Lesson>, style: Style<'_>) -> String {
    let lesson = &report.lesson;
    match &report.outcome {
        Outcome::Rejected(rejected) => {
            let mut text = headline(lesson, "not yet", "the source was not accepted", style);
            style.field(
                &mut text,
                "what",
                &format!("{}: {rejected}", Word::Rejected),
            );
            style.field(
                &mut text,
                "next",
                &format!("mend the file, or `cargo xtask reset {:02}`", lesson.number),
            );
            text
        }
        Outcome::DidNotCompile(diagnostics) => did_not_compile(lesson, diagnostics, style),
        Outcome::DoesNotFit(diagnostics) => does_not_fit(lesson, diagnostics, style),
        Outcome::GaveUp(why) => {
            let mut text = headline(
                lesson,
                "not yet",
                "the compiler gave up on this source",
                style,
            );
            style.field(
                &mut text,
                "what",
                &format!("{}: {}", Word::CompilerGaveUp, harmless(why)),
            );
            style.field(
                &mut text,
                "next",
                "take back your last change; a loop in a constant or a macro can do this",
            );
            text
        }
        Outcome::Checked { results, warnings } => checked(report, results, warnings, next, style),
    }
}

/// What happened, where, and what next, for one check: also the text that
/// `verify` keeps of every known-bad solution.
#[must_use]
pub fn failure(lesson: &Lesson, result: &CheckResult, style: Style<'_>) -> String {
    let mut text = String::new();
    let verdict = &result.verdict;
    let what = match verdict.word {
        Word::Wrong => format!("{}: {}", result.spec.id, verdict.what),
        word => format!("{}: {word}: {}", result.spec.id, verdict.what),
    };
    style.field(&mut text, "what", &style.paint(BOLD, &harmless(&what)));
    let place = match &result.place {
        Some(place) => style.link(&place.file, &format!("{}:{}", place.file, place.line)),
        None => {
            let file = format!("{}/lib.rs", lesson.source_prefix());
            style.link(&file, &file)
        }
    };
    let item = result.item.as_ref().map(|item| format!(", `{item}`"));
    style.field(&mut text, "where", &(place + &item.unwrap_or_default()));
    for line in threads(lesson, &verdict.threads) {
        style.field(&mut text, "", &line);
    }
    for (n, step) in verdict.steps.iter().enumerate() {
        let name = if n == 0 { "before" } else { "" };
        style.field(&mut text, name, &harmless(step));
    }
    if let Some(tried) = verdict.count {
        style.field(&mut text, "tried", &counted(tried));
    }
    if let Some(schedule) = &verdict.schedule {
        let again = format!("cargo xtask replay {:02} {}", lesson.number, schedule.code);
        style.field(&mut text, "again", &again);
    }
    for note in &verdict.notes {
        style.field(&mut text, "also", &harmless(note));
    }
    let output = shown_output(&verdict.output);
    if !output.is_empty() {
        style.field(&mut text, "output", &output.join("\n"));
    }
    text.push_str(&next(&result.advice(lesson), lesson, style));
    text
}

/// The field with the question that leads on.
pub(crate) fn next(question: &str, lesson: &Lesson, style: Style<'_>) -> String {
    let mut text = String::new();
    let command = format!("cargo xtask hint {:02}", lesson.number);
    let more = format!("more: {command}");
    // Colours without a width are for watch, which breaks lines by itself.
    let room = style.width.or(style.color.then_some(USUAL_WIDTH));
    let long = visible_width(question) + more.len() + "next      ".len();
    if room.is_some_and(|room| long > room) {
        style.field(&mut text, "next", question);
        style.field(&mut text, "more", &style.paint(DIM, &command));
    } else {
        let value = format!("{question}   {}", style.paint(DIM, &more));
        style.field(&mut text, "next", &value);
    }
    text
}

fn checked(
    report: &LessonReport,
    results: &[CheckResult],
    warnings: &str,
    next: Option<&Lesson>,
    style: Style<'_>,
) -> String {
    let lesson = &report.lesson;
    let held = results
        .iter()
        .filter(|result| result.verdict.passed())
        .count();
    let state = if report.passed() { "done" } else { "not yet" };
    let unjudged = results
        .iter()
        .filter(|result| result.verdict.word == Word::Inconclusive && !result.verdict.postponed)
        .count();
    let mut count = format!("{held} of {} properties hold", results.len());
    if unjudged > 0 {
        let _ = write!(count, ", {unjudged} cannot be judged on this machine");
    }
    if report.postponed() > 0 {
        let _ = write!(count, ", {} not tried yet", report.postponed());
    }
    let mut text = headline(lesson, state, &count, style);
    for result in results {
        let verdict = &result.verdict;
        let word = match verdict.postponed {
            true => style.paint(DIM, &format!("{:<12}", "not yet")),
            false => style.word(verdict.word),
        };
        let claim = match (verdict.postponed, verdict.count) {
            (true, _) => format!("{}; tried once all others hold", result.spec.claim),
            (false, Some(tried)) if verdict.passed() => {
                format!("{}: {}", result.spec.claim, counted(tried))
            }
            _ => result.spec.claim.clone(),
        };
        style.lines(&mut text, &format!("  {word}  "), &claim);
    }
    text.push('\n');
    if report.passed() {
        if !warnings.trim().is_empty() {
            let _ = writeln!(text, "{}\n", cut_lines(warnings, RUSTC_LINES).trim_end());
        }
        text.push_str(&after_passing(lesson, next, style));
        return text;
    }
    let failures = results.iter().filter(|result| result.verdict.failed());
    let shown = if style.all { results.len() } else { 1 };
    let failures: Vec<String> = failures
        .take(shown)
        .map(|result| failure(lesson, result, style))
        .collect();
    text.push_str(&failures.join("\n"));
    text
}

/// Such as `5,000 schedules, 4,873 of them distinct`.
fn counted(tried: Count) -> String {
    let schedules = match tried.tried {
        1 => "1 schedule".to_owned(),
        n => format!("{} schedules", thousands(n)),
    };
    match tried.complete {
        true => format!("{schedules}, which are all there are"),
        false => format!(
            "{schedules}, {} of them distinct",
            thousands(tried.distinct)
        ),
    }
}

/// `12345` as `12,345`.
fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn after_passing(lesson: &Lesson, next: Option<&Lesson>, style: Style<'_>) -> String {
    let mut text = String::new();
    // A learner edition has none to show.
    if lesson.solution().join("src").is_dir() {
        style.field(
            &mut text,
            "read",
            &format!(
                "how we did it, and why: cargo xtask solution {:02}",
                lesson.number
            ),
        );
    }
    match next {
        Some(next) => {
            let line = format!(
                "{} ({} minutes): exercises/{}/README.md",
                next.label(),
                next.minutes,
                next.folder
            );
            style.field(&mut text, "next", &line);
        }
        None => style.field(&mut text, "next", "you have done every lesson"),
    }
    text
}

fn did_not_compile(lesson: &Lesson, diagnostics: &Diagnostics, style: Style<'_>) -> String {
    let mut text = cut_lines(&diagnostics.rendered, RUSTC_LINES);
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(&headline(lesson, "not yet", "it does not compile", style));
    let codes: Vec<&str> = diagnostics.codes.iter().map(String::as_str).collect();
    let codes = if diagnostics.is_forbidden() {
        String::from("`unsafe` and what needs it")
    } else if codes.is_empty() {
        String::from("a syntax error")
    } else {
        codes.join(", ")
    };
    style.field(
        &mut text,
        "what",
        &format!("{}: {codes}, see rustc's words above", diagnostics.word()),
    );
    for sentence in sentences(diagnostics) {
        style.field(&mut text, "why", &sentence);
    }
    let advice = match diagnostics.is_forbidden() {
        true => "every exercise can be solved in safe Rust; the library has what you need",
        false => "mend the first error; the others often go with it",
    };
    text.push_str(&next(advice, lesson, style));
    text
}

fn does_not_fit(lesson: &Lesson, diagnostics: &Diagnostics, style: Style<'_>) -> String {
    let mut text = headline(
        lesson,
        "not yet",
        "the checks cannot use your library",
        style,
    );
    let said = cut_lines(&diagnostics.rendered, 12);
    style.field(
        &mut text,
        "what",
        &format!("{}: {}", Word::DidNotCompile, said.trim_end()),
    );
    for sentence in sentences(diagnostics) {
        style.field(&mut text, "why", &sentence);
    }
    style.field(
        &mut text,
        "where",
        &format!(
            "exercises/{}/README.md lists the names and signatures",
            lesson.folder
        ),
    );
    style.field(
        &mut text,
        "next",
        "does every public item still have the signature of the brief?",
    );
    text
}

fn sentences(diagnostics: &Diagnostics) -> Vec<String> {
    let said: BTreeSet<(&str, &str)> = diagnostics
        .codes
        .iter()
        .filter_map(|code| {
            Some((
                explain::sentence(code, &diagnostics.rendered)?,
                code.as_str(),
            ))
        })
        .collect();
    said.into_iter()
        .map(|(sentence, code)| format!("{code}: {sentence}"))
        .collect()
}

fn headline(lesson: &Lesson, state: &str, count: &str, style: Style<'_>) -> String {
    let code = if state == "done" { GREEN } else { YELLOW };
    format!(
        "{}: {} ({count})\n",
        style.paint(BOLD, &lesson.label()),
        style.paint(code, state)
    )
}

/// The threads of a hang, a line each; those that do the same share one.
pub(crate) fn threads(lesson: &Lesson, threads: &[Thread]) -> Vec<String> {
    let mut lines: Vec<(&str, String, usize)> = Vec::new();
    for thread in threads {
        let rest = format!("{}, {}", doing(thread), place_of(lesson, thread));
        let same =
            |(name, told, _): &&mut (&str, String, usize)| *name == thread.name && *told == rest;
        match lines.iter_mut().find(same) {
            Some((_, _, count)) => *count += 1,
            None => lines.push((&thread.name, rest, 1)),
        }
    }
    lines
        .into_iter()
        .map(|(name, rest, count)| {
            let times = match count {
                1 => String::new(),
                _ => format!(" ({count} of this name)"),
            };
            format!("thread `{}`{times} {rest}", harmless(name))
        })
        .collect()
}

fn doing(thread: &Thread) -> String {
    match (thread.state.as_str(), thread.waits_for.as_str()) {
        ("running", _) => String::from("is running"),
        (_, "") => String::from("is asleep"),
        (_, waits) => format!("waits for {}", harmless(waits)),
    }
}

/// The innermost line in the learner's code, if there is one.
fn place_of(lesson: &Lesson, thread: &Thread) -> String {
    let prefix = lesson.source_prefix();
    let within = |prefix: &str| {
        let mut frames = thread.frames.iter();
        frames.find(|frame| frame.place.file.starts_with(prefix))
    };
    match within(&prefix) {
        Some(frame) if frame.function.is_empty() => {
            format!("{}:{}", frame.place.file, frame.place.line)
        }
        Some(frame) => format!(
            "{}:{}, in {}",
            frame.place.file,
            frame.place.line,
            function(&frame.function)
        ),
        None if within("hidden").is_some() => String::from("in the check itself"),
        None => String::from("outside your code"),
    }
}

/// A function by its name, or `a closure` if it has none.
fn function(path: &str) -> String {
    match short(path) {
        name if name.is_empty() => String::from("a closure"),
        name => format!("`{name}`"),
    }
}

/// A function's path without closures and type arguments.
fn short(function: &str) -> String {
    let mut depth = 0_usize;
    let plain: String = function
        .chars()
        .filter(|c| {
            match c {
                '<' => depth += 1,
                '>' => {
                    depth = depth.saturating_sub(1);
                    return false;
                }
                _ => {}
            }
            depth == 0
        })
        .collect();
    let parts: Vec<&str> = plain
        .split("::")
        .filter(|part| !part.is_empty() && !part.starts_with('{'))
        .collect();
    parts[parts.len().saturating_sub(2)..].join("::")
}

/// The end of what the program printed, without the lines that repeat a panic.
fn shown_output(output: &str) -> Vec<String> {
    let lines: Vec<String> = output
        .lines()
        .filter(|line| !(line.starts_with("thread '") && line.contains("panicked at ")))
        .filter(|line| !line.trim().is_empty())
        .map(|line| harmless(line).chars().take(LINE).collect())
        .collect();
    let skipped = lines.len().saturating_sub(OUTPUT_LINES);
    let mut shown = Vec::new();
    if skipped > 0 {
        shown.push(format!("[... {skipped} lines before this ...]"));
    }
    shown.extend(lines.into_iter().skip(skipped));
    shown
}

fn cut_lines(text: &str, most: usize) -> String {
    let count = text.lines().count();
    if count <= most {
        return text.to_owned();
    }
    let kept: Vec<&str> = text.lines().take(most).collect();
    format!(
        "{}\n[... {} more lines ...]\n",
        kept.join("\n"),
        count - most
    )
}

/// Text of a stranger, with control characters made visible.
#[must_use]
pub fn harmless(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' => String::from("\n"),
            '\t' => String::from("    "),
            c if c.is_control() || is_bidi(c) => c.escape_unicode().to_string(),
            c => c.to_string(),
        })
        .collect()
}

/// Characters that reorder the text around them.
fn is_bidi(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_of_a_program_do_nothing() {
        assert_eq!(harmless("a\u{1b}[2Jb\u{7}"), "a\\u{1b}[2Jb\\u{7}");
        assert_eq!(harmless("\u{202e}abc"), "\\u{202e}abc");
    }

    #[test]
    fn a_function_is_shown_by_its_last_two_names() {
        assert_eq!(
            short("bounded_queue::BoundedQueue<T>::push"),
            "BoundedQueue::push"
        );
        assert_eq!(
            short("<worker_pool::Pool as core::ops::drop::Drop>::drop"),
            "drop"
        );
        assert_eq!(short("worker_pool::Pool::new::{{closure}}"), "Pool::new");
        assert_eq!(function("{closure#0}<u8>"), "a closure");
    }

    #[test]
    fn a_long_line_is_cut_at_spaces_and_goes_on_below() {
        let style = Style {
            width: Some(20),
            ..Style::default()
        };
        let mut text = String::new();
        style.field(
            &mut text,
            "what",
            "one two three \u{1b}[1mfour\u{1b}[0m five",
        );
        assert_eq!(
            text,
            "what   one two three\n       \u{1b}[1mfour\u{1b}[0m five\n"
        );
        assert_eq!(wrapped("noSpaceAtAllInHere", 5), ["noSpaceAtAllInHere"]);
    }

    #[test]
    fn a_place_is_a_link_where_the_terminal_can_show_one() {
        let style = Style {
            links: Some(Path::new("/my course")),
            ..Style::default()
        };
        let link = style.link("src/lib.rs", "src/lib.rs:3");
        assert_eq!(
            link,
            "\u{1b}]8;;file:///my%20course/src/lib.rs\u{1b}\\src/lib.rs:3\u{1b}]8;;\u{1b}\\"
        );
        assert_eq!(visible_width(&link), 12);
    }

    #[test]
    fn only_the_end_of_long_output_is_shown() {
        let output: String = (0..100).map(|n| format!("line {n}\n")).collect();
        let shown = shown_output(&output);
        assert_eq!(shown.len(), OUTPUT_LINES + 1);
        assert_eq!(shown[0], "[... 88 lines before this ...]");
        assert_eq!(shown[12], "line 99");
    }
}
