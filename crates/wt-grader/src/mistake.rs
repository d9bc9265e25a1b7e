//! A known mistake: what its failure looks like, and what helps whoever made it.
//!
//! Every file in `solutions/NN-…/bad` begins with what this module reads:
//!
//! ```text
//! //! Must fail: push_waits_while_full (wrong), close_wakes_everyone (hung)
//! //! Redact: numbers
//! //! Hint: `pop` makes room and tells nobody. Who sleeps until there is room?
//! ```
//!
//! A learner whose checks fail like those of a known mistake, the same ones with the
//! same words and sentences, gets its hint. Where two mistakes look the same there is
//! none: a wrong hint is worse than a general question.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use crate::error::GradeError;
use crate::files::{read_course_file, sorted_entries};
use crate::lesson::Lesson;
use crate::session::CheckResult;
use crate::verdict::Word;

/// Where known-bad solutions are, below a lesson's solution.
const FOLDER: &str = "bad";
const MUST_FAIL: &str = "//! Must fail: ";
const REDACT: &str = "//! Redact: numbers";
const HINT: &str = "//! Hint: ";
/// Where the verdict texts are, below a lesson's solution.
const VERDICTS: &str = "bad/verdicts";
/// The field of a verdict text that says what happened, and the margin of its further
/// lines.
const WHAT: &str = "what   ";
const MARGIN: &str = "       ";

/// Which checks fail, and with which words.
pub(crate) type Signature = BTreeMap<String, Word>;

/// The header of a known-bad solution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mistake {
    /// The name of its file, without `.rs`.
    pub(crate) name: String,
    /// What it fails.
    pub(crate) signature: Signature,
    /// Whether the numbers in its verdicts differ from run to run.
    pub(crate) numbers_vary: bool,
    /// What helps a learner who made it.
    pub(crate) hint: Option<String>,
}

impl Mistake {
    /// Reads the header of a source.
    ///
    /// # Errors
    ///
    /// What is wrong with it, as one sentence.
    pub(crate) fn parse(name: &str, text: &str) -> Result<Self, String> {
        let header: Vec<&str> = (text.lines())
            .take_while(|line| line.starts_with("//!"))
            .collect();
        let hint = header.iter().find_map(|line| line.strip_prefix(HINT));
        Ok(Self {
            name: name.to_owned(),
            signature: signature(header.first().copied().unwrap_or_default())?,
            numbers_vary: header.contains(&REDACT),
            hint: hint.map(|hint| hint.trim().to_owned()),
        })
    }

    /// Reads no more of the file than its header; `None` if that cannot be read.
    fn read(path: &Path) -> Option<Self> {
        let lines = BufReader::with_capacity(2048, File::open(path).ok()?).lines();
        let header: Vec<String> = lines
            .map_while(Result::ok)
            .take_while(|line| line.starts_with("//!"))
            .collect();
        Self::parse(&stem(path), &header.join("\n")).ok()
    }
}

/// What a learner edition has of the known mistakes, with paths below the lesson's
/// solution: the lines that this module reads, and the verdict texts.
///
/// # Errors
///
/// [`GradeError::Course`] if one cannot be read.
pub(crate) fn without_sources(lesson: &Lesson) -> Result<Vec<(String, String)>, GradeError> {
    let mut files = Vec::new();
    for path in sources(lesson) {
        let name = stem(&path);
        let header = essence(&read_course_file(&path)?);
        files.push((format!("{FOLDER}/{name}.rs"), header));
        if let Ok(text) = std::fs::read_to_string(text_path(lesson, &name)) {
            files.push((format!("{VERDICTS}/{name}.txt"), text));
        }
    }
    Ok(files)
}

/// The file with the verdict text of a mistake.
pub(crate) fn text_path(lesson: &Lesson, name: &str) -> PathBuf {
    let folder = lesson.solution().join(VERDICTS);
    folder.join(format!("{name}.txt"))
}

/// The lines of a header that this module reads.
fn essence(text: &str) -> String {
    let read = |line: &&str| {
        let marks = [MUST_FAIL, REDACT, HINT];
        marks.iter().any(|mark| line.starts_with(mark))
    };
    text.lines()
        .take_while(|line| line.starts_with("//!"))
        .filter(read)
        .flat_map(|line| [line, "\n"])
        .collect()
}

fn sources(lesson: &Lesson) -> Vec<PathBuf> {
    let mut files = sorted_entries(&lesson.solution().join(FOLDER)).unwrap_or_default();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    files
}

/// The known mistakes of a lesson.
pub(crate) fn of(lesson: &Lesson) -> Vec<Mistake> {
    let files = sources(lesson);
    files
        .iter()
        .filter_map(|path| Mistake::read(path))
        .collect()
}

/// What the checks that did not pass come to. Those that wait for the others say
/// nothing yet.
pub(crate) fn failed(results: &[CheckResult]) -> Signature {
    let failed = results.iter().filter(|result| did_fail(result));
    failed
        .map(|result| (result.spec.id.clone(), result.verdict.word))
        .collect()
}

fn did_fail(result: &CheckResult) -> bool {
    !result.verdict.passed() && !result.verdict.postponed
}

/// Gives the first check that fails the hint of the one mistake that fails so: the
/// same checks, with the same words, saying the same.
pub(crate) fn diagnose(lesson: &Lesson, results: &mut [CheckResult]) {
    let signature = failed(results);
    // Half an answer is no mistake.
    if signature.is_empty() || results.iter().any(CheckResult::is_unwritten) {
        return;
    }
    let postponed = |id: &String| {
        let mut results = results.iter();
        results.any(|result| result.spec.id == *id && result.verdict.postponed)
    };
    // What would be explored is not known before all other checks pass.
    let known = of(lesson).into_iter().map(|mut mistake| {
        mistake.signature.retain(|id, _| !postponed(id));
        mistake
    });
    let fitting = known.filter(|mistake| {
        mistake.signature == signature && says_the_same(lesson, mistake, results)
    });
    let hint = only_hint(fitting.map(|mistake| mistake.hint));
    if let Some(first) = results.iter_mut().find(|result| did_fail(result)) {
        first.hint = hint;
    }
}

/// The hint of all of them.
fn only_hint(mut hints: impl Iterator<Item = Option<String>>) -> Option<String> {
    let first = hints.next()?;
    hints.all(|hint| hint == first).then_some(first)?
}

/// What stands behind `next` in the verdict text of `mistake`, once all texts are
/// written: its hint, if no other mistake of the lesson looks the same.
pub(crate) fn settled(mistake: &Mistake, texts: &[(Mistake, String)]) -> Option<String> {
    let said = |text: &str| Said::of_text(text, &mistake.signature);
    let (_, own) = texts.iter().find(|(other, _)| other.name == mistake.name)?;
    let alike = texts
        .iter()
        .filter(|(other, text)| other.signature == mistake.signature && said(text) == said(own));
    only_hint(alike.map(|(other, _)| other.hint.clone()))
}

/// Whether the checks said the same as with the known mistake.
fn says_the_same(lesson: &Lesson, mistake: &Mistake, results: &[CheckResult]) -> bool {
    match std::fs::read_to_string(text_path(lesson, &mistake.name)) {
        Ok(text) => {
            let said = Said::of_text(&text, &mistake.signature);
            said == Said::of_results(results, mistake.numbers_vary)
        }
        // While a lesson is written it has no texts; the signature must do.
        Err(_) => true,
    }
}

/// What the checks said that were `wrong`: their own sentences. With every other
/// word there is something of the learner's in it, such as a panic's message.
#[derive(Debug, PartialEq, Eq)]
struct Said(BTreeMap<String, String>);

impl Said {
    fn of_results(results: &[CheckResult], numbers_vary: bool) -> Self {
        let wrong = results
            .iter()
            .filter(|result| result.verdict.word == Word::Wrong);
        let said = wrong.map(|result| {
            let what = redact(&result.verdict.what, numbers_vary);
            (result.spec.id.clone(), trimmed(&what))
        });
        Self(said.collect())
    }

    /// From a verdict text, which names its check in each `what`.
    fn of_text(text: &str, signature: &Signature) -> Self {
        let mut said: Vec<String> = Vec::new();
        let mut inside = false;
        for line in text.lines() {
            if let Some(what) = line.strip_prefix(WHAT) {
                said.push(what.to_owned());
                inside = true;
            } else if inside && (line.starts_with(MARGIN) || line.is_empty()) {
                if let Some(what) = said.last_mut() {
                    what.push('\n');
                    what.push_str(line.get(MARGIN.len()..).unwrap_or_default());
                }
            } else {
                inside = false;
            }
        }
        let wrong = said.iter().filter_map(|what| {
            let (id, what) = what.split_once(": ")?;
            (signature.get(id) == Some(&Word::Wrong)).then(|| (id.to_owned(), trimmed(what)))
        });
        Self(wrong.collect())
    }
}

/// Without white space at the ends of lines, which a report does not keep.
fn trimmed(what: &str) -> String {
    let lines: Vec<&str> = what.lines().map(str::trim_end).collect();
    lines.join("\n").trim_end().to_owned()
}

/// Takes out what random input changes, and numbers where they vary.
pub(crate) fn redact(what: &str, numbers_vary: bool) -> String {
    let seeded = what.contains(" (seed ");
    let what = if seeded {
        what.lines().next().unwrap_or_default()
    } else {
        what
    };
    if seeded || numbers_vary {
        numbers_out(what)
    } else {
        what.to_owned()
    }
}

fn numbers_out(text: &str) -> String {
    let mut plain = String::new();
    for c in text.chars() {
        match c {
            '0'..='9' if plain.ends_with("[n]") => {}
            '0'..='9' => plain.push_str("[n]"),
            c => plain.push(c),
        }
    }
    plain
}

fn signature(line: &str) -> Result<Signature, String> {
    let wrong =
        || format!("its first line must be like `{MUST_FAIL}push_waits_while_full (wrong)`");
    let list = line.strip_prefix(MUST_FAIL).ok_or_else(wrong)?;
    let mut expected = Signature::new();
    for part in list.split(", ") {
        let (id, word) = part
            .trim()
            .trim_end_matches(')')
            .split_once(" (")
            .ok_or_else(wrong)?;
        let word = Word::parse(word).ok_or_else(|| format!("`{word}` is no verdict word"))?;
        expected.insert(id.to_owned(), word);
    }
    Ok(expected)
}

/// The name of a file without what follows its last dot.
pub(crate) fn stem(path: &Path) -> String {
    path.file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "//! Must fail: a (wrong), b (ended early)\n\
        //! Redact: numbers\n//! Hint: `a` does this. What follows?\n//!\n//! The mistake: x.\n\n\
        //! Hint: not of the header\nfn main() {}\n";

    #[test]
    fn a_header_names_checks_and_words_and_has_a_hint() {
        let mistake = Mistake::parse("x", HEADER).unwrap();
        let words: Vec<_> = mistake.signature.iter().collect();
        let a = String::from("a");
        let b = String::from("b");
        assert_eq!(words, [(&a, &Word::Wrong), (&b, &Word::EndedEarly)]);
        assert!(mistake.numbers_vary);
        assert_eq!(
            mistake.hint.as_deref(),
            Some("`a` does this. What follows?")
        );
        assert!(Mistake::parse("x", "//! It is bad\n").is_err());
        assert_eq!(
            Mistake::parse("x", "//! Must fail: a (bad)\n"),
            Err("`bad` is no verdict word".into())
        );
    }

    #[test]
    fn an_edition_gets_the_header_without_the_mistake() {
        let short = essence(HEADER);
        assert_eq!(short.lines().count(), 3);
        assert!(!short.contains("The mistake"));
        assert_eq!(Mistake::parse("x", &short), Mistake::parse("x", HEADER));
    }

    #[test]
    fn seeds_and_numbers_are_redacted() {
        assert_eq!(
            redact("sum 3 is wrong\n<41\n>42 (seed 7)", false),
            "sum [n] is wrong"
        );
        assert_eq!(redact("17 of 4 threads", true), "[n] of [n] threads");
    }

    #[test]
    fn a_verdict_text_says_what_its_results_said() {
        let text = "what   a: it is wrong\n         < yours\n\n       <1\nwhere  x.rs:3, `f`\n\
            next   why?\n\nwhat   b: ended early: code 0\nwhere  x.rs:9, `g`\n";
        let signature = Mistake::parse("x", HEADER).unwrap().signature;
        let expected = [("a".into(), "it is wrong\n  < yours\n\n<1".into())];
        assert_eq!(Said::of_text(text, &signature), Said(expected.into()));
    }

    #[test]
    fn mistakes_that_look_the_same_have_no_hint_unless_it_is_the_same() {
        let mistake = |name: &str, hint: &str| {
            let header = format!("//! Must fail: a (wrong)\n//! Hint: {hint}\n");
            Mistake::parse(name, &header).unwrap()
        };
        let text = |what: &str| format!("what   a: {what}\nwhere  x.rs:1\nnext   ?\n");
        let (one, two) = (mistake("one", "1?"), mistake("two", "2?"));
        let of_one = |texts: [&str; 2]| {
            let [a, b] = texts.map(text);
            settled(&one, &[(one.clone(), a), (two.clone(), b)])
        };
        assert_eq!(of_one(["3 items", "3 items"]), None);
        assert_eq!(of_one(["3 items", "4 items"]), Some("1?".into()));
        let alike = mistake("alike", "1?");
        let texts = [(one.clone(), text("x")), (alike, text("x"))];
        assert_eq!(settled(&one, &texts), Some("1?".into()));
    }
}
