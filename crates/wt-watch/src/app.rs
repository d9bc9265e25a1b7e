//! What to do when something happens: the state of watch, without any process,
//! file or terminal.
//!
//! ```text
//!            saved            the check's end
//! Judged ------------> Checking ------------> Judged
//!                       |    ^
//!                 saved |    | the check's end
//!                       v    |
//!                      Stopping (the newest save is checked next)
//! ```

mod frame;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::event::{Ended, Errand, Event};
use crate::keys::Key;
use crate::lesson::Lesson;
use crate::screen::Place;

/// Something to be done outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    /// Start a check; none is in flight.
    Check(Lesson),
    /// Stop the check in flight; its end comes as an event.
    StopCheck,
    /// Run another command, after those that were asked for before.
    Ask(Errand, Lesson),
    /// Open the lesson's file in the editor.
    Open(Lesson),
    /// Stop as Ctrl-Z does.
    Suspend,
    /// End watch with this code.
    Quit(u8),
}

/// The exit codes of `check` that come with a verdict.
const PASSED: i32 = 0;
const FAILED: i32 = 1;
/// The exit code after Ctrl-C and the signals that mean the same.
pub(crate) const INTERRUPTED: u8 = 130;
/// The exit code when watch itself broke.
pub(crate) const FAULT: u8 = 3;

/// What `check` said about a lesson.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) text: String,
    /// The exit code of `check`.
    code: Option<i32>,
    took: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Checking {
        since: Instant,
    },
    Stopping,
    Judged,
    /// The folder of the sources is not there.
    Gone,
}

/// A text that is shown instead of the verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Page {
    name: &'static str,
    text: String,
}

/// The state of watch.
#[derive(Debug)]
pub(crate) struct App {
    lessons: Vec<Lesson>,
    current: Lesson,
    state: State,
    /// Whether it still looks for the first lesson that does not pass.
    seeking: bool,
    polling: bool,
    verdict: Option<Verdict>,
    /// How many verdicts there were, so that each is printed once.
    verdicts: usize,
    page: Option<Page>,
    /// Whether the page that was asked for is still wanted: an answer that comes late must
    /// not hide what the learner has gone to.
    wants_page: bool,
    note: String,
    /// The last line of progress.
    said: String,
    /// Whether the next key answers the question about a reset.
    asking: bool,
    /// The last hint that was asked for of each lesson.
    hints: BTreeMap<String, usize>,
    part: Option<usize>,
    place: Place,
}

impl App {
    /// Watches `current` first. With `seek` it goes on by itself to the first
    /// lesson that does not pass.
    pub(crate) fn new(lessons: Vec<Lesson>, current: Lesson, seek: bool, poll: bool) -> Self {
        Self {
            lessons,
            current,
            state: State::Judged,
            seeking: seek,
            polling: poll,
            verdict: None,
            verdicts: 0,
            page: None,
            wants_page: false,
            note: String::new(),
            said: String::new(),
            asking: false,
            hints: BTreeMap::new(),
            part: None,
            place: Place::default(),
        }
    }

    /// The last verdict on the current lesson, and how many there were before it
    /// and with it.
    pub(crate) fn verdict(&self) -> (usize, Option<&Verdict>) {
        (self.verdicts, self.verdict.as_ref())
    }

    /// What a person should know beside the verdict: a note, or else progress.
    pub(crate) fn aside(&self) -> &str {
        if self.note.is_empty() && self.is_checking() {
            &self.said
        } else {
            &self.note
        }
    }

    /// Whether time itself changes what is shown.
    pub(crate) fn is_checking(&self) -> bool {
        matches!(self.state, State::Checking { .. } | State::Stopping)
    }

    /// Which rows of the body were shown: where scrolling goes on from.
    pub(crate) fn shown(&mut self, place: Place) {
        self.place = place;
    }

    /// Begins the first check.
    pub(crate) fn begin(&mut self, now: Instant) -> Vec<Action> {
        self.check(now)
    }

    /// What to do after this event.
    pub(crate) fn on(&mut self, event: Event, now: Instant) -> Vec<Action> {
        match event {
            Event::Key(key) => return self.key(key, now),
            Event::Saved(folders) => return self.saved(&folders, now),
            Event::Checked(ended) => return self.checked(ended, now),
            Event::Answered(errand, lesson, ended) => {
                return self.answered(errand, &lesson, &ended);
            }
            Event::Missing => return self.missing(now),
            Event::Polling(why) => {
                self.polling = true;
                self.note = format!("looking every 0.2 s: {why}");
            }
            Event::Said(line) => self.said = line,
            Event::Note(text) | Event::EditorClosed(Some(text)) => self.note = text,
            Event::EditorClosed(None) | Event::Resized => {}
            Event::Stop(_) => return vec![Action::Quit(INTERRUPTED)],
            Event::Broken => return vec![Action::Quit(FAULT)],
        }
        Vec::new()
    }

    /// Follows the file that was saved: to its lesson, unless the current one is
    /// among those that changed.
    fn saved(&mut self, folders: &[String], now: Instant) -> Vec<Action> {
        self.seeking = false;
        if !folders.contains(&self.current.folder) {
            let known = |folder: &String| self.lessons.iter().find(|own| own.folder == *folder);
            let Some(lesson) = folders.iter().find_map(known).cloned() else {
                return Vec::new();
            };
            self.turn_to(lesson);
        }
        self.leave_page();
        self.check(now)
    }

    fn turn_to(&mut self, lesson: Lesson) {
        self.current = lesson;
        self.verdict = None;
        self.page = None;
        self.note.clear();
    }

    fn check(&mut self, now: Instant) -> Vec<Action> {
        self.part = None;
        self.said.clear();
        match self.state {
            State::Checking { .. } => {
                self.state = State::Stopping;
                vec![Action::StopCheck]
            }
            State::Stopping => Vec::new(),
            State::Judged | State::Gone => {
                if self.state == State::Gone {
                    self.note.clear();
                }
                self.state = State::Checking { since: now };
                vec![Action::Check(self.current.clone())]
            }
        }
    }

    fn checked(&mut self, ended: Ended, now: Instant) -> Vec<Action> {
        let newer = self.state == State::Stopping;
        self.state = State::Judged;
        self.said.clear();
        if newer {
            return self.check(now);
        }
        self.verdicts += 1;
        self.verdict = Some(Verdict {
            text: text_of(&ended),
            code: ended.code,
            took: ended.took,
        });
        match self.next().filter(|_| ended.code == Some(PASSED)).cloned() {
            Some(next) if self.seeking => {
                self.turn_to(next);
                self.check(now)
            }
            _ => {
                self.seeking = false;
                Vec::new()
            }
        }
    }

    fn missing(&mut self, now: Instant) -> Vec<Action> {
        if self.state == State::Stopping {
            // It may have come back since.
            self.state = State::Judged;
            return self.check(now);
        }
        self.state = State::Gone;
        self.seeking = false;
        self.verdict = None;
        self.note = format!("`{}` is not there; waiting for it", self.current.source());
        Vec::new()
    }

    fn next(&self) -> Option<&Lesson> {
        self.lessons.iter().find(|lesson| **lesson > self.current)
    }

    fn answered(&mut self, errand: Errand, lesson: &Lesson, ended: &Ended) -> Vec<Action> {
        let well = ended.code == Some(PASSED);
        let text = text_of(ended);
        match errand {
            Errand::Hint(asked) if !well => {
                let seen = self.hints.entry(lesson.folder.clone()).or_default();
                *seen = asked.saturating_sub(1).min(*seen);
                let last = *seen;
                if !self.wants_page {
                    return Vec::new();
                }
                if last > 0 {
                    // Asked for one more than there are.
                    self.note = "this is the last hint".into();
                    return vec![Action::Ask(Errand::Hint(last), lesson.clone())];
                }
                self.show("hint", text);
            }
            // The learner has gone on to another lesson, or back to the verdict.
            Errand::Hint(_) if *lesson != self.current => {}
            Errand::Hint(_) | Errand::List if !self.wants_page => {}
            Errand::Hint(_) => self.show("hint", text),
            Errand::List => self.show("list", text),
            Errand::Reset if well => {
                self.note = text.lines().last().unwrap_or_default().to_owned();
            }
            Errand::Reset => self.show("reset", text),
        }
        Vec::new()
    }

    fn show(&mut self, name: &'static str, text: String) {
        self.page = Some(Page { name, text });
        self.part = None;
    }

    /// Back to the verdict.
    fn leave_page(&mut self) {
        self.page = None;
        self.wants_page = false;
    }

    fn key(&mut self, key: Key, now: Instant) -> Vec<Action> {
        if matches!(key, Key::Interrupt) {
            return vec![Action::Quit(INTERRUPTED)];
        }
        self.note.clear();
        if std::mem::take(&mut self.asking) {
            return match key {
                Key::Char('y') => vec![Action::Ask(Errand::Reset, self.current.clone())],
                _ => Vec::new(),
            };
        }
        let page = isize::try_from(self.place.room.max(2) - 1).unwrap_or(1);
        match key {
            Key::Char('h') => {
                self.wants_page = true;
                let seen = self.hints.entry(self.current.folder.clone()).or_default();
                *seen += 1;
                vec![Action::Ask(Errand::Hint(*seen), self.current.clone())]
            }
            Key::Char('n') => self.go_on(now),
            Key::Char('l') => {
                self.wants_page = true;
                vec![Action::Ask(Errand::List, self.current.clone())]
            }
            Key::Char('r') => {
                self.leave_page();
                self.check(now)
            }
            Key::Char('x') => {
                self.asking = true;
                self.note = format!(
                    "y resets {} (your file is copied first), any other key does not",
                    self.current.label()
                );
                Vec::new()
            }
            Key::Char('o') => vec![Action::Open(self.current.clone())],
            Key::Char('v') | Key::Escape => {
                self.leave_page();
                self.part = None;
                Vec::new()
            }
            Key::Char('q') => vec![Action::Quit(0)],
            Key::Suspend => vec![Action::Suspend],
            Key::Up => self.scroll(-1),
            Key::Down => self.scroll(1),
            Key::PageUp => self.scroll(-page),
            Key::PageDown => self.scroll(page),
            Key::Home => self.scroll(isize::MIN),
            Key::End => self.scroll(isize::MAX),
            Key::Char(_) | Key::Interrupt => Vec::new(),
        }
    }

    fn go_on(&mut self, now: Instant) -> Vec<Action> {
        self.seeking = false;
        let Some(next) = self.next().cloned() else {
            self.note = format!("{} is the last lesson", self.current.label());
            return Vec::new();
        };
        self.turn_to(next);
        self.check(now)
    }

    fn scroll(&mut self, rows: isize) -> Vec<Action> {
        self.part = Some(self.place.moved(rows));
        Vec::new()
    }
}

/// What a command had to say: its answer, or else why it has none.
fn text_of(ended: &Ended) -> String {
    let mut text = ended.stdout.clone();
    if !matches!(ended.code, Some(PASSED | FAILED)) {
        text.push_str(&ended.stderr);
    }
    if text.is_empty() {
        let code = ended
            .code
            .map_or("a signal".into(), |code| format!("code {code}"));
        text = format!("the command ended with {code} and said nothing; r runs it again\n");
    }
    text
}
