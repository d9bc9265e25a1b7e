//! Which file belongs to which lesson, and what the sources look like now.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Read;
use std::path::{Component, Path};
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode, CreateKind, EventKind, ModifyKind, RemoveKind};

/// After the last change of a save, this long nothing must happen: editors write
/// in several steps.
const QUIET: Duration = Duration::from_millis(50);
/// The event of a change that a look has found may still be on its way.
const LATE: Duration = Duration::from_millis(300);
/// A file that never rests is taken as it is after this time.
const RESTLESS: Duration = Duration::from_millis(500);
/// No source that is graded is larger.
const READ: u64 = 512 << 10;

/// The folder of the lesson whose sources an event touches; `path` is relative to
/// `exercises`.
///
/// A file counts if it is a `*.rs` below `src`; an editor's own files, whose names
/// begin with a dot, do not. A folder counts when it comes or goes.
pub(crate) fn touched(path: &Path, kind: &EventKind) -> Option<String> {
    let mut parts = path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name),
        _ => None,
    });
    let lesson = parts.next()?.to_str()?.to_owned();
    let inner: Vec<&OsStr> = parts.collect();
    let in_src = inner.first().is_none_or(|name| *name == "src");
    let counts = match inner.last().filter(|_| inner.len() > 1) {
        Some(name) if is_source(name) => writes(kind),
        Some(name) if is_hidden(name) => false,
        _ => moves_a_folder(kind),
    };
    (in_src && counts).then_some(lesson)
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

fn is_source(name: &OsStr) -> bool {
    !is_hidden(name) && Path::new(name).extension().is_some_and(|end| end == "rs")
}

fn writes(kind: &EventKind) -> bool {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) | EventKind::Modify(ModifyKind::Metadata(_)) => false,
        _ => true,
    }
}

fn moves_a_folder(kind: &EventKind) -> bool {
    match kind {
        EventKind::Create(CreateKind::File) | EventKind::Remove(RemoveKind::File) => false,
        EventKind::Create(_) | EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)) => {
            true
        }
        _ => false,
    }
}

/// The sources of every lesson, as one number each.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Snapshot(BTreeMap<String, u64>);

impl Snapshot {
    /// Reads every source below `exercises`.
    pub(crate) fn take(exercises: &Path) -> Self {
        let lessons = fs::read_dir(exercises).into_iter().flatten().flatten();
        let known = lessons.filter_map(|lesson| {
            let src = lesson.path().join("src");
            src.is_dir()
                .then(|| Some((lesson.file_name().to_str()?.to_owned(), stamp(&src))))?
        });
        Self(known.collect())
    }

    /// The lessons whose sources differ.
    pub(crate) fn differences(&self, newer: &Self) -> Vec<String> {
        let all = self.0.keys().chain(newer.0.keys());
        let mut changed: Vec<String> = all
            .filter(|lesson| self.0.get(*lesson) != newer.0.get(*lesson))
            .cloned()
            .collect();
        changed.sort();
        changed.dedup();
        changed
    }
}

fn stamp(src: &Path) -> u64 {
    let mut hasher = DefaultHasher::new();
    stamp_folder(src, &mut hasher);
    hasher.finish()
}

fn stamp_folder(folder: &Path, hasher: &mut DefaultHasher) {
    let mut entries: Vec<_> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        if kind.is_dir() {
            entry.file_name().hash(hasher);
            stamp_folder(&entry.path(), hasher);
        } else if is_source(&entry.file_name()) {
            entry.file_name().hash(hasher);
            // Neither links nor devices are followed, as `check` does not.
            kind.is_file().hash(hasher);
            if kind.is_file() {
                read(&entry.path()).hash(hasher);
            }
        }
    }
}

fn read(file: &Path) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = fs::File::open(file).ok()?;
    file.take(READ).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// A save that may not be complete yet.
#[derive(Debug, Default)]
pub(crate) struct Save {
    /// The lessons, and whether an event has told about them.
    lessons: BTreeMap<String, bool>,
    first: Option<Instant>,
    last: Option<Instant>,
}

impl Save {
    /// Adds a change: `told` by an event, or found by looking.
    pub(crate) fn add(&mut self, lesson: String, told: bool, now: Instant) {
        *self.lessons.entry(lesson).or_default() |= told;
        self.first.get_or_insert(now);
        self.last = Some(now);
    }

    /// When it counts as complete.
    pub(crate) fn due(&self) -> Option<Instant> {
        let quiet = if self.is_told() { QUIET } else { LATE };
        Some((self.last? + quiet).min(self.first? + RESTLESS))
    }

    fn is_told(&self) -> bool {
        self.lessons.values().all(|told| *told)
    }

    /// The lessons of a complete save, and whether events have told of all.
    pub(crate) fn complete(&mut self, now: Instant) -> Option<(Vec<String>, bool)> {
        if self.due()? > now {
            return None;
        }
        let save = std::mem::take(self);
        let told = save.is_told();
        Some((save.lessons.into_keys().collect(), told))
    }
}

#[cfg(test)]
mod tests {
    use notify::event::{DataChange, MetadataKind, RenameMode};

    use super::*;

    const WRITTEN: EventKind = EventKind::Access(AccessKind::Close(AccessMode::Write));
    const CHANGED: EventKind = EventKind::Modify(ModifyKind::Data(DataChange::Any));
    const RENAMED: EventKind = EventKind::Modify(ModifyKind::Name(RenameMode::To));

    fn touches(path: &str, kind: EventKind) -> bool {
        let lesson = touched(Path::new(path), &kind);
        assert!(lesson.as_deref().is_none_or(|lesson| lesson == "03-queue"));
        lesson.is_some()
    }

    #[test]
    fn every_way_of_saving_counts() {
        for kind in [
            WRITTEN,
            CHANGED,
            RENAMED,
            EventKind::Create(CreateKind::File),
        ] {
            assert!(touches("03-queue/src/lib.rs", kind), "{kind:?}");
            assert!(touches("03-queue/src/inner/ring.rs", kind), "{kind:?}");
        }
    }

    #[test]
    fn reading_counts_as_nothing() {
        for kind in [
            EventKind::Access(AccessKind::Open(AccessMode::Any)),
            EventKind::Access(AccessKind::Close(AccessMode::Read)),
            EventKind::Modify(ModifyKind::Metadata(MetadataKind::Any)),
        ] {
            assert!(!touches("03-queue/src/lib.rs", kind), "{kind:?}");
        }
    }

    #[test]
    fn an_editors_own_files_count_as_nothing() {
        for file in [".#lib.rs", ".lib.rs.swp", "lib.rs~", "4913", ".lib.rs.new"] {
            let path = format!("03-queue/src/{file}");
            assert!(
                !touches(&path, EventKind::Create(CreateKind::File)),
                "{file}"
            );
            assert!(!touches(&path, WRITTEN), "{file}");
        }
    }

    #[test]
    fn only_src_counts() {
        for file in ["README.md", "tests/visible.rs", "backup/1/lib.rs", "backup"] {
            let path = format!("03-queue/{file}");
            assert!(
                !touches(&path, EventKind::Create(CreateKind::Any)),
                "{file}"
            );
        }
    }

    #[test]
    fn a_folder_that_comes_or_goes_counts() {
        for path in ["03-queue", "03-queue/src", "03-queue/src/inner"] {
            assert!(
                touches(path, EventKind::Remove(RemoveKind::Folder)),
                "{path}"
            );
            assert!(
                touches(path, EventKind::Create(CreateKind::Folder)),
                "{path}"
            );
            assert!(touches(path, RENAMED), "{path}");
            assert!(!touches(path, CHANGED), "{path}");
        }
    }

    #[test]
    fn a_snapshot_tells_by_content_and_not_by_time() {
        let folder = tempfile::tempdir().unwrap();
        let src = folder.path().join("03-queue/src");
        fs::create_dir_all(&src).unwrap();
        fs::write(src.join("lib.rs"), "one").unwrap();
        let first = Snapshot::take(folder.path());

        fs::write(src.join("lib.rs"), "one").unwrap();
        fs::write(src.join(".#lib.rs"), "lock").unwrap();
        fs::write(src.join("notes.txt"), "note").unwrap();
        assert_eq!(Snapshot::take(folder.path()), first);

        fs::write(src.join("lib.rs"), "two").unwrap();
        let second = Snapshot::take(folder.path());
        assert_eq!(first.differences(&second), ["03-queue"]);

        fs::remove_dir_all(&src).unwrap();
        let third = Snapshot::take(folder.path());
        assert_eq!(second.differences(&third), ["03-queue"]);
    }

    #[test]
    fn a_save_in_steps_is_one_save() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut save = Save::default();
        assert_eq!(save.complete(at(0)), None);
        save.add("03-queue".into(), true, at(0));
        save.add("03-queue".into(), true, at(40));
        assert_eq!(save.complete(at(60)), None);
        assert_eq!(save.complete(at(90)), Some((vec!["03-queue".into()], true)));
        assert_eq!(save.due(), None);
    }

    #[test]
    fn a_file_that_never_rests_is_taken_all_the_same() {
        let start = Instant::now();
        let mut save = Save::default();
        for ms in (0..=500).step_by(20) {
            save.add("03-queue".into(), true, start + Duration::from_millis(ms));
        }
        assert!(save.complete(start + RESTLESS).is_some());
    }

    #[test]
    fn a_change_of_which_no_event_told_is_known() {
        let start = Instant::now();
        let mut save = Save::default();
        save.add("03-queue".into(), false, start);
        save.add("08-file".into(), true, start);
        assert_eq!(save.complete(start + QUIET), None);
        let (lessons, told) = save.complete(start + LATE).unwrap();
        assert_eq!((lessons.len(), told), (2, false));
        save.add("03-queue".into(), false, start);
        save.add("03-queue".into(), true, start);
        assert!(save.complete(start + QUIET).unwrap().1);
    }
}
