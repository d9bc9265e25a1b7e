//! Sees saves: by the system's events, and by looking at the content.
//!
//! Events come at once, but not everywhere: a network file system or a mounted
//! folder of a virtual machine sends none. So the content is looked at as well,
//! now and then. When a look finds what no event has told, the looks become
//! frequent, and the state of the watcher never matters for what is seen.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use notify::{Config, RecommendedWatcher, RecursiveMode, Watcher as _};

use crate::event::{self, Event};
use crate::files::{Save, Snapshot, touched};

/// How often to look where events come.
const SELDOM: Duration = Duration::from_secs(1);
/// How often to look where they do not.
const OFTEN: Duration = Duration::from_millis(200);

/// Reports every save below `exercises`, from a thread of its own. With `poll` it
/// does not ask for events.
pub(crate) fn start(exercises: PathBuf, poll: bool, events: Sender<Event>) -> std::io::Result<()> {
    // Some systems report the path without links, whatever was asked for.
    let exercises = exercises.canonicalize()?;
    // Before the first check begins, so that a save from now on is seen.
    let seen = Snapshot::take(&exercises);
    let (told, tells) = mpsc::channel();
    let mut files = Files {
        exercises,
        seen,
        told,
        source: None,
        interval: if poll { OFTEN } else { SELDOM },
        stale: false,
    };
    if !poll && let Err(error) = files.listen() {
        files.interval = OFTEN;
        let _ = events.send(Event::Polling(error.to_string()));
    }
    event::spawn("files", events, move |events| files.follow(&tells, events))
}

type Told = notify::Result<notify::Event>;

struct Files {
    exercises: PathBuf,
    seen: Snapshot,
    told: Sender<Told>,
    /// Sends events for as long as it lives.
    source: Option<RecommendedWatcher>,
    interval: Duration,
    /// Whether the source may watch a folder that is gone.
    stale: bool,
}

impl Files {
    fn listen(&mut self) -> notify::Result<()> {
        let config = Config::default().with_follow_symlinks(false);
        let mut source = RecommendedWatcher::new(self.told.clone(), config)?;
        source.watch(&self.exercises, RecursiveMode::Recursive)?;
        self.source = Some(source);
        self.stale = false;
        Ok(())
    }

    /// Runs until nobody wants to know any more.
    fn follow(mut self, tells: &Receiver<Told>, events: &Sender<Event>) {
        let mut save = Save::default();
        let mut look = Instant::now() + self.interval;
        loop {
            let until = save.due().map_or(look, |due| due.min(look));
            match tells.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(told) => self.hear(told, &mut save),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            if Instant::now() >= look {
                self.look(&mut save);
                look = Instant::now() + self.interval;
            }
            if let Some((lessons, told)) = save.complete(Instant::now()) {
                self.seen = Snapshot::take(&self.exercises);
                if !told {
                    self.interval = OFTEN;
                    let why = String::from("this file system does not tell about every save");
                    let _ = events.send(Event::Polling(why));
                }
                if events.send(Event::Saved(lessons)).is_err() {
                    return;
                }
            }
        }
    }

    fn hear(&mut self, told: Told, save: &mut Save) {
        let Ok(event) = told else {
            // What was lost, the next look finds.
            self.stale = true;
            return;
        };
        self.stale |= event.need_rescan();
        for path in &event.paths {
            let Ok(inner) = path.strip_prefix(&self.exercises) else {
                continue;
            };
            if inner == Path::new("") {
                self.stale |= event.kind.is_remove() || event.kind.is_modify();
            } else if let Some(lesson) = touched(inner, &event.kind) {
                save.add(lesson, true, Instant::now());
            }
        }
    }

    fn look(&mut self, save: &mut Save) {
        let now = Snapshot::take(&self.exercises);
        let is_there = self.exercises.is_dir();
        // Nobody tells of what happened while the folder was not there, and nobody
        // is expected to where looking is the rule.
        let expected = self.stale || !is_there || self.interval == OFTEN;
        for lesson in self.seen.differences(&now) {
            save.add(lesson, expected, Instant::now());
        }
        self.seen = now;
        self.stale |= !is_there;
        if self.stale && is_there && self.source.is_some() {
            // If it fails, the next look tries again.
            let _ = self.listen();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);

    /// `exercises` with one lesson.
    fn exercises() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let exercises = folder.path().canonicalize().unwrap().join("exercises");
        save(&exercises, "starter");
        (folder, exercises)
    }

    fn save(exercises: &Path, text: &str) {
        let src = exercises.join("03-queue/src");
        fs::create_dir_all(&src).unwrap();
        fs::write(src.join("lib.rs"), text).unwrap();
    }

    /// The next event; it must be a save of the lesson.
    fn saved(inbox: &Receiver<Event>) {
        match inbox.recv_timeout(PATIENCE) {
            Ok(Event::Saved(lessons)) => assert_eq!(lessons, ["03-queue"]),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_save_is_one_event() {
        for poll in [false, true] {
            let (_folder, exercises) = exercises();
            let (events, inbox) = mpsc::channel();
            start(exercises.clone(), poll, events).unwrap();
            for text in ["one", "two", "three"] {
                save(&exercises, text);
                saved(&inbox);
            }
        }
    }

    #[test]
    fn where_no_event_comes_looking_becomes_the_rule() {
        let (_folder, exercises) = exercises();
        let (told, tells) = mpsc::channel();
        let (events, inbox) = mpsc::channel();
        // A source that never tells: there is none.
        let files = Files {
            seen: Snapshot::take(&exercises),
            exercises: exercises.clone(),
            told,
            source: None,
            interval: SELDOM,
            stale: false,
        };
        event::spawn("files", events, move |events| files.follow(&tells, events)).unwrap();
        save(&exercises, "one");
        let first = inbox.recv_timeout(PATIENCE);
        assert!(matches!(first, Ok(Event::Polling(_))), "{first:?}");
        saved(&inbox);
        save(&exercises, "two");
        saved(&inbox);
    }

    #[test]
    fn when_another_folder_takes_the_place_its_events_are_heard() {
        let (_folder, exercises) = exercises();
        let (events, inbox) = mpsc::channel();
        start(exercises.clone(), false, events).unwrap();
        fs::rename(&exercises, exercises.with_file_name("old")).unwrap();
        saved(&inbox);
        save(&exercises, "one");
        saved(&inbox);
        // Were they not heard, the look that finds this save would say so first.
        save(&exercises, "two");
        saved(&inbox);
    }
}
