//! The course's own scenarios: the same each time, and the book's pictures are of
//! today. The first of these tests to run has cargo build the kit.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use wt_grader::trace::{Pace, Recorded, Whose, record, scenario};
use wt_grader::{Course, Session};
use wt_trace::pictures;

fn course() -> &'static Course {
    static COURSE: OnceLock<Course> = OnceLock::new();
    COURSE.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
        Course::find(root.unwrap()).unwrap()
    })
}

fn session() -> &'static Session<'static> {
    static SESSION: OnceLock<Session<'static>> = OnceLock::new();
    SESSION.get_or_init(|| Session::open(course(), false, || {}).unwrap())
}

/// A log without what the build puts into it: the names of files that are not the
/// course's.
fn recorded(folder: &str, whose: &Whose) -> String {
    let lesson = course().lesson(folder).unwrap();
    match record(session(), lesson, whose, Pace::Fixed).unwrap() {
        Recorded::Log(log, sources) => {
            let timeline = pictures::timeline(&log, &sources).unwrap();
            assert_eq!(
                timeline.outcome.word, "done",
                "{folder}: {:?}",
                timeline.outcome
            );
            log
        }
        other => panic!("{folder}: {other:?}"),
    }
}

#[test]
fn a_scenario_under_a_fixed_schedule_is_the_same_each_time() {
    for lesson in &course().lessons {
        if !scenario(lesson).is_file() {
            continue;
        }
        let first = recorded(&lesson.folder, &Whose::Reference);
        for _ in 0..2 {
            assert_eq!(
                first,
                recorded(&lesson.folder, &Whose::Reference),
                "{}",
                lesson.folder
            );
        }
    }
}

#[test]
fn an_example_can_be_traced() {
    for lesson in ["01", "03", "06", "08"] {
        let first = recorded(lesson, &Whose::Example);
        assert_eq!(first, recorded(lesson, &Whose::Example), "{lesson}");
    }
}

#[test]
fn the_books_pictures_are_of_today() {
    let stale = pictures::stale(session()).unwrap();
    let names: Vec<_> = stale.iter().map(|(picture, _)| &picture.file).collect();
    assert!(
        names.is_empty(),
        "these are out of date: {names:?}\nlook at what `cargo xtask trace --pictures` makes of them"
    );
}

/// Every picture is in its chapter, with words for who does not see it.
#[test]
fn every_picture_stands_in_the_book_with_words() {
    for lesson in &course().lessons {
        let chapter = std::fs::read_to_string(course().root.join(Course::chapter(lesson))).unwrap();
        for picture in pictures::of(lesson).unwrap() {
            let file = picture.file.strip_prefix("book/src").unwrap();
            let link = format!("]({})", file.display());
            let at = chapter
                .find(&link)
                .unwrap_or_else(|| panic!("no `{link}` in {}", lesson.folder));
            let alt = chapter[..at].rsplit("![").next().unwrap();
            assert!(
                alt.split_whitespace().count() >= 12,
                "{}: `{alt}` says too little",
                lesson.folder
            );
        }
    }
    let folder = course().root.join("book/src/pictures");
    let known: Vec<PathBuf> = (course().lessons.iter())
        .flat_map(|lesson| pictures::of(lesson).unwrap())
        .map(|picture| course().root.join(picture.file))
        .collect();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        assert!(
            known.contains(&path),
            "`{}` is nobody's picture",
            path.display()
        );
    }
}
