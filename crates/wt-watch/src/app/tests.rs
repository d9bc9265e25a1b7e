//! What watch does, event by event.

use super::*;
use crate::keys::{HELP, HELP_ON_A_PAGE};
use crate::screen::{Frame, Part};

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
            Event::Answered(Errand::Hint(level), lesson(FIRST), ended(code)),
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
fn an_answer_that_comes_late_does_not_hide_the_verdict() {
    let mut app = judged(1);
    for (key, errand) in [('h', Errand::Hint(1)), ('l', Errand::List)] {
        press(&mut app, key);
        press(&mut app, 'v');
        let late = Event::Answered(errand, lesson(FIRST), ended(0));
        assert_eq!(app.on(late, Instant::now()), []);
        assert_eq!(frame(&app).title, "watch · 01 pool");
    }
}

#[test]
fn a_save_brings_the_verdict_back_from_a_page() {
    let mut app = judged(1);
    press(&mut app, 'l');
    app.on(
        Event::Answered(Errand::List, lesson(FIRST), ended(0)),
        Instant::now(),
    );
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
    app.on(
        Event::Answered(Errand::Reset, lesson(FIRST), told),
        Instant::now(),
    );
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

/// As when it is moved away and back: the save is in the queue already when the
/// check finds nothing to begin with.
#[test]
fn a_folder_that_comes_back_at_once_is_checked() {
    let mut app = checking();
    assert_eq!(saved(&mut app, &[FIRST]), [Action::StopCheck]);
    let again = app.on(Event::Missing, Instant::now());
    assert_eq!(again, [Action::Check(lesson(FIRST))]);
}

#[test]
fn keys_that_come_faster_than_the_answers_ask_for_one_hint_after_the_other() {
    let mut app = judged(1);
    for level in 1..=3 {
        let asked = Action::Ask(Errand::Hint(level), lesson(FIRST));
        assert_eq!(press(&mut app, 'h'), [asked]);
    }
    // There is only one.
    for (level, code, again) in [(1, 0, None), (2, 2, Some(1)), (3, 2, Some(1))] {
        let answer = Event::Answered(Errand::Hint(level), lesson(FIRST), ended(code));
        let again = again.map(|level| Action::Ask(Errand::Hint(level), lesson(FIRST)));
        assert_eq!(app.on(answer, Instant::now()), Vec::from_iter(again));
    }
}

#[test]
fn a_hint_that_comes_late_does_not_cover_another_lesson() {
    let mut app = judged(1);
    press(&mut app, 'h');
    press(&mut app, 'n');
    let late = Event::Answered(Errand::Hint(1), lesson(FIRST), ended(0));
    app.on(late, Instant::now());
    assert_eq!(frame(&app).title, "watch · 03 queue");
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
fn a_report_shows_its_advice_and_rustcs_words_their_beginning() {
    let app = judged(1);
    assert_eq!(frame(&app).part, Part::Advice);
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
    assert_eq!(frame(&app).part, Part::Advice);
}
