//! One schedule again, as a story.

pub mod code;
mod story;

use std::path::PathBuf;

use crate::course::Course;
use crate::error::GradeError;
use crate::files::read_course_file;
use crate::judge::judge;
use crate::kit::fingerprint;
use crate::lesson::{CheckSpec, Lesson, Mode};
use crate::limits::TimeLimits;
use crate::session::{Asked, Session};
use crate::source::SourceSet;
use crate::transcript::{Place, Told};
use crate::verdict::{Verdict, Word};

use code::{Code, NoCode, hash};

pub use story::{Telling, text};

/// What came of a replay.
#[derive(Debug, Clone)]
pub struct Replay {
    /// The lesson.
    pub lesson: Lesson,
    /// The check that was replayed.
    pub spec: CheckSpec,
    /// The source it was replayed with.
    pub source: SourceSet,
    /// How it ended.
    pub verdict: Verdict,
    /// All that happened.
    pub story: Vec<Told>,
    /// Whether a second run took other steps.
    pub differs: Option<usize>,
    /// Whether the source is another than the one in which the schedule was found.
    pub edited: bool,
    /// The first step, from 0, that is another than when the schedule was found; as
    /// far as that is known on this machine.
    pub diverged_at: Option<Diverged>,
}

/// Where an edited source goes another way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Diverged {
    /// From this step on, counted from 0.
    At(usize),
    /// Nowhere: the steps are the same.
    Nowhere,
    /// What it was is not known here.
    Unknown,
}

/// The code of the schedule `name` of a check.
pub(crate) fn code_of(
    course: &Course,
    lesson: &Lesson,
    spec: &CheckSpec,
    source: &SourceSet,
    name: &str,
) -> Result<Code, GradeError> {
    let (letter, number) = name.split_at_checked(1).unwrap_or_default();
    let number = number.parse().map_err(|_| {
        GradeError::Fault(format!(
            "the harness named the schedule `{name}`, which is none"
        ))
    })?;
    let code = Code {
        lesson: hash([lesson.id.as_bytes()]),
        check: hash([spec.id.as_bytes()]),
        made: made(course, lesson)?,
        source: of_source(source),
        in_depth: letter == "d",
        number,
    };
    Ok(code.cut())
}

/// A number for what explores and what is asked.
fn made(course: &Course, lesson: &Lesson) -> Result<u64, GradeError> {
    let checks = read_course_file(&lesson.solution().join("hidden/checks.rs"))?;
    let kit = fingerprint(course)?.to_le_bytes();
    Ok(hash([kit.as_slice(), checks.as_bytes()]))
}

fn of_source(source: &SourceSet) -> u64 {
    let files = source.files.iter();
    let texts: Vec<(Vec<u8>, &[u8])> = files
        .map(|(path, text)| {
            (
                path.as_os_str().as_encoded_bytes().to_owned(),
                text.as_bytes(),
            )
        })
        .collect();
    hash(
        texts
            .iter()
            .flat_map(|(path, text)| [path.as_slice(), text]),
    )
}

/// The check that `code` belongs to.
///
/// # Errors
///
/// [`GradeError::Usage`] says why it is no code, or of what it is one.
pub fn understand<'l>(
    course: &Course,
    lesson: &'l Lesson,
    text: &str,
) -> Result<(&'l CheckSpec, Code), GradeError> {
    let no = |why: String| Err(GradeError::Usage(why));
    let code = match Code::parse(text) {
        Ok(code) => code,
        Err(NoCode::Form) => {
            return no(format!(
                "`{text}` is no replay code: one has 18 letters and digits, such as 1Z3K7Q-H2M4NP-08RSTV; \
                 `cargo xtask check {:02}` prints one when a property does not hold under some schedule",
                lesson.number
            ));
        }
        Err(NoCode::Mistyped) => {
            return no(format!(
                "`{text}` is mistyped: its letters and digits do not fit together; copy it once more"
            ));
        }
        Err(NoCode::Version(version)) => {
            return no(format!(
                "`{text}` is of version {version}, which this course does not know; \
                 `cargo xtask check {:02}` makes a new one",
                lesson.number
            ));
        }
    };
    let of = |lesson: &Lesson| hash([lesson.id.as_bytes()]);
    let short = |hash: u64| {
        Code {
            lesson: hash,
            check: hash,
            made: hash,
            ..code
        }
        .cut()
    };
    if short(of(lesson)).lesson != code.lesson {
        let mut others = course.lessons.iter();
        let owner = others.find(|other| short(of(other)).lesson == code.lesson);
        return no(match owner {
            Some(owner) => format!(
                "`{text}` belongs to lesson {}, not to {}: `cargo xtask replay {:02} {text}`",
                owner.label(),
                lesson.label(),
                owner.number
            ),
            None => format!("`{text}` belongs to a lesson that this course does not have"),
        });
    }
    let explored = lesson
        .checks
        .iter()
        .filter(|spec| spec.mode == Mode::Explore);
    let mut explored =
        explored.filter(|spec| short(hash([spec.id.as_bytes()])).check == code.check);
    let Some(spec) = explored.next() else {
        return no(format!(
            "`{text}` belongs to a check that lesson {} does not have any more; \
             `cargo xtask check {:02}` makes a new one",
            lesson.label(),
            lesson.number
        ));
    };
    if short(made(course, lesson)?).made != code.made {
        return no(format!(
            "`{text}` was made by another version of the course, in which the same number means another \
             schedule; `cargo xtask check {:02}` makes a new one",
            lesson.number
        ));
    }
    Ok((spec, code))
}

/// Runs the schedule twice, with the learner's source as it is on disk.
///
/// Blocks for a build if the kit has to be made.
///
/// # Errors
///
/// [`GradeError`] if the code is not one of this lesson, or there can be no verdict.
pub fn replay(session: &Session<'_>, lesson: &Lesson, text: &str) -> Result<Replay, GradeError> {
    let (spec, code) = understand(session.course, lesson, text)?;
    let src = lesson.exercise.join("src");
    let source = SourceSet::read(&src)
        .map_err(|rejected| GradeError::Usage(format!("{}", session.shown(rejected))))?;
    replay_source(session, lesson, spec, code, source)
}

/// The same for any source.
///
/// # Errors
///
/// As [`replay`].
pub fn replay_source(
    session: &Session<'_>,
    lesson: &Lesson,
    spec: &CheckSpec,
    code: Code,
    source: SourceSet,
) -> Result<Replay, GradeError> {
    let explorer = session.explorer()?;
    let done = |verdict: Verdict, other: Option<&Verdict>| {
        let story = story_of(&verdict);
        let second = other.map(story_of);
        let edited = of_source_cut(&source) != code.source;
        let found = kept_story(session.course, lesson, &code.to_string());
        Replay {
            lesson: lesson.clone(),
            spec: spec.clone(),
            edited,
            differs: second.and_then(|second| first_difference(&story, &second)),
            diverged_at: edited.then(|| match found {
                None => Diverged::Unknown,
                Some(found) => match first_difference(&without_places(&story), &found) {
                    None => Diverged::Nowhere,
                    Some(at) => Diverged::At(at),
                },
            }),
            verdict,
            story,
            source: source.clone(),
        }
    };
    let programs = match explorer.programs(lesson, &source)? {
        Ok(programs) => programs,
        Err(verdict) => return Ok(done(verdict, None)),
    };
    let compiler = programs.compiler(&explorer, lesson);
    let known = explorer.list_checks(&programs.program, compiler.folder)?;
    if !known
        .iter()
        .any(|known| known.id == spec.id && known.explored)
    {
        return Ok(done(crate::session::unknown_check(), None));
    }
    let letter = if code.in_depth { 'd' } else { 'm' };
    let name = format!("{letter}{}", code.number);
    let run = || {
        let asked = Asked {
            role: "check",
            seed: 0,
            limit: TimeLimits::default().of(&spec.id),
            schedule: &name,
        };
        let finished = explorer.ask(&compiler, &programs.program, spec, asked)?;
        Ok(judge(&finished))
    };
    let first = run()?;
    // Without a transcript to its end there is nothing to compare.
    let whole = first.word != Word::Crashed && first.word != Word::EndedEarly;
    let second = if whole { Some(run()?) } else { None };
    Ok(done(first, second.as_ref()))
}

fn of_source_cut(source: &SourceSet) -> u64 {
    let code = Code {
        lesson: 0,
        check: 0,
        made: 0,
        source: of_source(source),
        in_depth: false,
        number: 0,
    };
    code.cut().source
}

fn story_of(verdict: &Verdict) -> Vec<Told> {
    let schedule = verdict.schedule.as_ref();
    schedule.map_or_else(Vec::new, |schedule| schedule.story.clone())
}

fn first_difference<T: PartialEq>(one: &[T], other: &[T]) -> Option<usize> {
    let same = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    (same < one.len() || same < other.len()).then_some(same)
}

/// What happened, without the lines, which an edit moves.
fn without_places(story: &[Told]) -> Vec<String> {
    let steps = story.iter();
    let steps = steps.map(|step| format!("{}\t{}", step.thread, without_lines(&step.what)));
    steps.collect()
}

/// `the Mutex made at lib.rs:31` as `the Mutex made at lib.rs`.
fn without_lines(what: &str) -> String {
    let mut text = String::new();
    let mut rest = what;
    while let Some(at) = rest.find(".rs:") {
        let (head, tail) = rest.split_at(at + 3);
        text.push_str(head);
        rest = tail[1..].trim_start_matches(|c: char| c.is_ascii_digit());
    }
    text.push_str(rest);
    text
}

fn story_file(course: &Course, lesson: &Lesson, code: &str) -> PathBuf {
    let folder = course.work_folder().join("replay").join(&lesson.folder);
    folder.join(code)
}

/// Keeps what happened, so that a later replay can say where an edit goes another way.
/// Without it the replay says less, so nothing is lost if it cannot be kept.
pub(crate) fn keep_story(course: &Course, lesson: &Lesson, code: &str, story: &[Told]) {
    let text: String = (without_places(story).iter())
        .map(|step| format!("{step}\n"))
        .collect();
    let _ = crate::files::replace(&story_file(course, lesson, code), &text);
}

fn kept_story(course: &Course, lesson: &Lesson, code: &str) -> Option<Vec<String>> {
    let text = std::fs::read_to_string(story_file(course, lesson, code)).ok()?;
    Some(text.lines().map(str::to_owned).collect())
}

impl Replay {
    /// The line of source at `place`, if it is the learner's.
    pub(crate) fn line_of(&self, place: &Place) -> Option<&str> {
        let own = place.file.strip_prefix(&self.lesson.source_prefix())?;
        let path = own.trim_start_matches('/');
        let mut files = self.source.files.iter();
        let (_, text) = files.find(|(known, _)| known.as_os_str() == path)?;
        text.lines().nth(place.line.checked_sub(1)? as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_do_not_count_where_two_stories_are_compared() {
        assert_eq!(
            without_lines("waits for the Mutex made at lib.rs:31, which `B` holds since lib.rs:7"),
            "waits for the Mutex made at lib.rs, which `B` holds since lib.rs"
        );
    }

    #[test]
    fn the_first_difference_may_be_an_end() {
        assert_eq!(first_difference(&[1, 2], &[1, 2]), None);
        assert_eq!(first_difference(&[1, 2], &[1, 3]), Some(1));
        assert_eq!(first_difference(&[1], &[1, 3]), Some(1));
    }
}
