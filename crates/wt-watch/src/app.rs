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

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::event::{Ended, Errand, Event};
use crate::keys::{HELP, HELP_ON_A_PAGE, Key};
use crate::lesson::Lesson;
use crate::screen::{Frame, Part, Place};
use crate::text::plain;

/// Something to be done outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    /// Start a check; none is in flight.
    Check(Lesson),
    /// Stop the check in flight; its end comes as an event.
    StopCheck,
    /// Run another command, instead of one that may still run.
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
    note: String,
    /// The last line of progress.
    said: String,
    /// Whether the next key answers the question about a reset.
    asking: bool,
    /// The last hint that was seen of each lesson.
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
            Event::Answered(errand, ended) => return self.answered(errand, ended),
            Event::Missing => {
                self.state = State::Gone;
                self.seeking = false;
                self.verdict = None;
                self.note = format!("`{}` is not there; waiting for it", self.current.source());
            }
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
        self.page = None;
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

    fn next(&self) -> Option<&Lesson> {
        self.lessons.iter().find(|lesson| **lesson > self.current)
    }

    fn answered(&mut self, errand: Errand, ended: Ended) -> Vec<Action> {
        let well = ended.code == Some(PASSED);
        let text = text_of(&ended);
        let level = self.hints.get(&self.current.folder).copied().unwrap_or(0);
        match errand {
            // Asked for one more than there are.
            Errand::Hint(asked) if !well && asked > 1 => {
                self.note = "this is the last hint".into();
                let last = Errand::Hint(asked - 1);
                return vec![Action::Ask(last, self.current.clone())];
            }
            Errand::Hint(asked) => {
                if well {
                    self.hints
                        .insert(self.current.folder.clone(), asked.max(level));
                }
                self.show("hint", text);
            }
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
                let seen = self.hints.get(&self.current.folder).copied().unwrap_or(0);
                vec![Action::Ask(Errand::Hint(seen + 1), self.current.clone())]
            }
            Key::Char('n') => self.go_on(now),
            Key::Char('l') => vec![Action::Ask(Errand::List, self.current.clone())],
            Key::Char('r') => {
                self.page = None;
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
                self.page = None;
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

    /// What the screen shows now.
    pub(crate) fn frame(&self, now: Instant) -> Frame {
        let polling = if self.polling { " (polling)" } else { "" };
        let (about, body, end_first) = match (&self.page, &self.verdict) {
            (Some(page), _) => {
                // The newest hint is the last.
                let end_first = page.name == "hint";
                (format!(" · {}", page.name), page.text.clone(), end_first)
            }
            (None, Some(verdict)) => {
                let advice = self.ends_with_advice(verdict);
                (String::new(), verdict.text.clone(), advice)
            }
            (None, None) => (String::new(), self.without_verdict(), false),
        };
        Frame {
            title: format!("watch{polling} · {}{about}", self.current.label()),
            state: self.state_text(now),
            body,
            stale: self.page.is_none() && self.verdict.is_some() && self.is_checking(),
            part: match self.part {
                Some(row) => Part::From(row),
                None if end_first => Part::End,
                None => Part::Beginning,
            },
            note: self.what_now(),
            keys: if self.page.is_some() {
                HELP_ON_A_PAGE
            } else {
                HELP
            },
        }
    }

    fn without_verdict(&self) -> String {
        let lesson = &self.current;
        if self.state == State::Gone {
            return format!(
                "`{}` is not there. It is checked as soon as it is back.\n\
                 If only this folder is gone, x brings the starter back.\n",
                lesson.source()
            );
        }
        format!(
            "read   exercises/{}/README.md\nedit   {}/lib.rs\n",
            lesson.folder,
            lesson.source()
        )
    }

    fn what_now(&self) -> String {
        let aside = self.aside();
        let passed = self
            .verdict
            .as_ref()
            .is_some_and(|verdict| verdict.code == Some(PASSED));
        match self.next() {
            _ if self.state == State::Gone => String::new(),
            _ if !aside.is_empty() || !passed || self.is_checking() => aside.to_owned(),
            Some(next) => format!("done: n goes on with {}", next.label()),
            None => "done: this is the last lesson".into(),
        }
    }

    /// A report that begins with its headline ends with what to do next; where
    /// rustc's words come first, the first error matters most.
    fn ends_with_advice(&self, verdict: &Verdict) -> bool {
        plain(&verdict.text).starts_with(&self.current.label())
    }

    fn state_text(&self, now: Instant) -> String {
        match (self.state, &self.verdict) {
            (State::Checking { since }, _) => {
                format!(
                    "checking, {} s",
                    now.saturating_duration_since(since).as_secs()
                )
            }
            (State::Stopping, _) => "checking again".into(),
            (State::Gone, _) => "waiting".into(),
            (State::Judged, Some(verdict)) => {
                let word = match verdict.code {
                    Some(PASSED) => "done",
                    Some(FAILED) => "not yet",
                    _ => "no verdict",
                };
                format!("{word}, {:.1} s", verdict.took.as_secs_f64())
            }
            (State::Judged, None) => String::new(),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "01-pool";
    const SECOND: &str = "03-queue";

    fn lesson(folder: &str) -> Lesson {
        Lesson::in_folder(folder).unwrap()
    }

    fn app(seek: bool) -> App {
        let lessons = vec![lesson(FIRST), lesson(SECOND)];
        App::new(lessons, lesson(FIRST), seek, false)
    }

    /// Watch with a check in flight.
    fn checking() -> App {
        let mut app = app(false);
        assert_eq!(app.begin(Instant::now()), [Action::Check(lesson(FIRST))]);
        app
    }

    /// Watch after a check that ended with `code`.
    fn judged(code: i32) -> App {
        let mut app = checking();
        assert_eq!(checked(&mut app, code), []);
        app
    }

    fn ended(code: i32) -> Ended {
        Ended {
            code: Some(code),
            stdout: "01 pool: not yet (1 of 2 properties hold)\n".into(),
            ..Ended::default()
        }
    }

    fn checked(app: &mut App, code: i32) -> Vec<Action> {
        app.on(Event::Checked(ended(code)), Instant::now())
    }

    fn saved(app: &mut App, folders: &[&str]) -> Vec<Action> {
        let folders = folders.iter().map(|folder| (*folder).to_owned()).collect();
        app.on(Event::Saved(folders), Instant::now())
    }

    fn press(app: &mut App, c: char) -> Vec<Action> {
        app.on(Event::Key(Key::Char(c)), Instant::now())
    }

    fn frame(app: &App) -> Frame {
        app.frame(Instant::now())
    }

    #[test]
    fn a_save_starts_a_check() {
        let mut app = judged(1);
        assert_eq!(saved(&mut app, &[FIRST]), [Action::Check(lesson(FIRST))]);
        assert!(frame(&app).stale);
    }

    #[test]
    fn a_newer_save_stops_the_check_in_flight_and_only_the_newest_is_judged() {
        let mut app = checking();
        assert_eq!(saved(&mut app, &[FIRST]), [Action::StopCheck]);
        assert_eq!(saved(&mut app, &[FIRST]), []);
        assert_eq!(checked(&mut app, 130), [Action::Check(lesson(FIRST))]);
        assert_eq!(app.verdict().0, 0);
        assert_eq!(checked(&mut app, 1), []);
        assert_eq!(app.verdict().0, 1);
    }

    #[test]
    fn a_check_that_ends_while_it_is_stopped_is_not_shown() {
        let mut app = checking();
        saved(&mut app, &[FIRST]);
        assert_eq!(checked(&mut app, 0), [Action::Check(lesson(FIRST))]);
        assert_eq!(app.verdict().1, None);
    }

    #[test]
    fn it_follows_the_file_that_was_saved() {
        let mut app = judged(1);
        assert_eq!(saved(&mut app, &[SECOND]), [Action::Check(lesson(SECOND))]);
        assert_eq!(
            app.verdict().1,
            None,
            "the old verdict is about another lesson"
        );
        assert_eq!(frame(&app).title, "watch · 03 queue");
    }

    #[test]
    fn it_stays_where_it_is_when_several_lessons_change_at_once() {
        let mut app = judged(1);
        assert_eq!(
            saved(&mut app, &[SECOND, FIRST]),
            [Action::Check(lesson(FIRST))]
        );
    }

    #[test]
    fn a_folder_that_is_no_lesson_changes_nothing() {
        let mut app = judged(1);
        assert_eq!(saved(&mut app, &["notes"]), []);
        assert_eq!(app.verdict().0, 1);
        assert!(!app.is_checking());
    }

    #[test]
    fn it_seeks_the_first_lesson_that_does_not_pass() {
        let mut app = app(true);
        app.begin(Instant::now());
        assert_eq!(checked(&mut app, 0), [Action::Check(lesson(SECOND))]);
        assert_eq!(checked(&mut app, 1), []);
        saved(&mut app, &[FIRST]);
        assert_eq!(checked(&mut app, 0), [], "it stays after it has found one");
    }

    #[test]
    fn after_a_pass_it_says_how_to_go_on_and_n_does() {
        let mut app = judged(0);
        assert_eq!(frame(&app).note, "done: n goes on with 03 queue");
        assert_eq!(press(&mut app, 'n'), [Action::Check(lesson(SECOND))]);
        checked(&mut app, 0);
        assert_eq!(frame(&app).note, "done: this is the last lesson");
        assert_eq!(press(&mut app, 'n'), []);
        assert_eq!(frame(&app).note, "03 queue is the last lesson");
    }

    #[test]
    fn n_during_a_check_stops_it_and_goes_on() {
        let mut app = checking();
        assert_eq!(press(&mut app, 'n'), [Action::StopCheck]);
        assert_eq!(checked(&mut app, 130), [Action::Check(lesson(SECOND))]);
    }

    #[test]
    fn each_h_is_one_hint_more_and_the_last_one_stays() {
        let mut app = judged(1);
        let ask = |level| vec![Action::Ask(Errand::Hint(level), lesson(FIRST))];
        let answer = |app: &mut App, level, code| {
            app.on(
                Event::Answered(Errand::Hint(level), ended(code)),
                Instant::now(),
            )
        };
        assert_eq!(press(&mut app, 'h'), ask(1));
        assert_eq!(answer(&mut app, 1, 0), []);
        assert_eq!(frame(&app).title, "watch · 01 pool · hint");
        assert_eq!(press(&mut app, 'h'), ask(2));
        assert_eq!(answer(&mut app, 2, 2), ask(1));
        assert_eq!(answer(&mut app, 1, 0), []);
        assert_eq!(frame(&app).note, "this is the last hint");
        assert_eq!(frame(&app).part, Part::End, "the newest is the last");
        assert_eq!(press(&mut app, 'v'), []);
        assert_eq!(frame(&app).title, "watch · 01 pool");
    }

    #[test]
    fn a_save_brings_the_verdict_back_from_a_page() {
        let mut app = judged(1);
        app.on(Event::Answered(Errand::List, ended(0)), Instant::now());
        assert_eq!(frame(&app).keys, HELP_ON_A_PAGE);
        saved(&mut app, &[FIRST]);
        assert_eq!(frame(&app).keys, HELP);
    }

    #[test]
    fn reset_asks_first() {
        let mut app = judged(1);
        for (key, actions) in [
            ('n', vec![]),
            ('x', vec![]),
            ('y', vec![Action::Ask(Errand::Reset, lesson(FIRST))]),
        ] {
            assert_eq!(press(&mut app, 'x'), []);
            assert!(frame(&app).note.starts_with("y resets 01 pool"));
            assert_eq!(press(&mut app, key), actions, "{key}");
        }
        assert_eq!(press(&mut app, 'y'), [], "the question was answered");
    }

    #[test]
    fn where_the_old_work_is_stays_to_be_read_after_a_reset() {
        let mut app = judged(1);
        let mut told = ended(0);
        told.stdout = "the starter is back\nyour work is in `backup/1`\n".into();
        app.on(Event::Answered(Errand::Reset, told), Instant::now());
        saved(&mut app, &[FIRST]);
        checked(&mut app, 1);
        assert_eq!(frame(&app).note, "your work is in `backup/1`");
    }

    #[test]
    fn a_folder_that_is_gone_is_waited_for() {
        let mut app = judged(1);
        saved(&mut app, &[FIRST]);
        assert_eq!(app.on(Event::Missing, Instant::now()), []);
        assert_eq!(frame(&app).state, "waiting");
        assert!(
            frame(&app)
                .body
                .contains("`exercises/01-pool/src` is not there")
        );
        assert_eq!(saved(&mut app, &[FIRST]), [Action::Check(lesson(FIRST))]);
        assert_eq!(frame(&app).note, "");
    }

    #[test]
    fn the_keys_that_end_it_have_the_right_codes() {
        assert_eq!(press(&mut checking(), 'q'), [Action::Quit(0)]);
        let mut app = checking();
        assert_eq!(
            app.on(Event::Key(Key::Interrupt), Instant::now()),
            [Action::Quit(INTERRUPTED)]
        );
        assert_eq!(
            app.on(Event::Stop(false), Instant::now()),
            [Action::Quit(INTERRUPTED)]
        );
        assert_eq!(app.on(Event::Broken, Instant::now()), [Action::Quit(FAULT)]);
    }

    #[test]
    fn progress_is_shown_while_it_checks_and_no_longer() {
        let mut app = checking();
        app.on(Event::Said("building the kit".into()), Instant::now());
        assert_eq!(frame(&app).note, "building the kit");
        checked(&mut app, 1);
        assert_eq!(frame(&app).note, "");
    }

    #[test]
    fn a_report_is_shown_from_its_end_and_rustcs_words_from_their_beginning() {
        let app = judged(1);
        assert_eq!(frame(&app).part, Part::End);
        let mut app = checking();
        let mut told = ended(1);
        told.stdout = "error[E0382]: use of moved value\n".into();
        app.on(Event::Checked(told), Instant::now());
        assert_eq!(frame(&app).part, Part::Beginning);
    }

    #[test]
    fn a_fault_of_the_grader_is_told_in_its_own_words() {
        let mut app = checking();
        let told = Ended {
            code: Some(3),
            stderr: "error: the disk is full\n".into(),
            ..Ended::default()
        };
        app.on(Event::Checked(told), Instant::now());
        assert_eq!(frame(&app).body, "error: the disk is full\n");
        let mut app = checking();
        app.on(Event::Checked(Ended::default()), Instant::now());
        assert!(frame(&app).body.contains("a signal"));
        assert_eq!(frame(&app).state, "no verdict, 0.0 s");
    }

    #[test]
    fn scrolling_goes_on_from_what_was_shown_and_a_save_begins_anew() {
        let mut app = judged(1);
        app.shown(Place {
            top: 4,
            room: 5,
            all: 20,
        });
        app.on(Event::Key(Key::PageDown), Instant::now());
        assert_eq!(frame(&app).part, Part::From(8));
        saved(&mut app, &[FIRST]);
        assert_eq!(frame(&app).part, Part::End);
    }
}
