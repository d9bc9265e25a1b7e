//! The journal: every verdict, on the disk before the next one is begun.
//!
//! A line is the number of its bytes, 16 characters of their SHA-256, and JSON. The first
//! line says what the journal is about, each other one is a graded submission. A line that
//! was cut short by a power cut or a full disk does not count, and is cut off before the
//! next one is written: what was whole stays whole. The idea is that of a write-ahead log.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use wt_grader::GradeError;

use crate::book::CheckVerdict;
use crate::digest::short;
use crate::identity::Identity;

/// A graded submission, as it is kept. What follows from rules that may change, such as
/// points, is not in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The submission's name.
    pub submission: String,
    /// Whose it is.
    pub learner: String,
    /// When it was handed in, in UTC; empty if the layout does not tell.
    pub handed_in: String,
    /// Whether the same learner has another one.
    pub duplicate: bool,
    /// SHA-256 of what was graded; empty if nothing could be read.
    pub source: String,
    /// `checked`, or the word for all checks.
    pub outcome: String,
    /// What a learner reads about that.
    pub said: String,
    /// In the lesson's order.
    pub verdicts: Vec<CheckVerdict>,
}

impl Entry {
    /// Whether the grader, and not the code, is the reason for a missing verdict. Such a
    /// submission is graded again by the next run.
    #[must_use]
    pub fn has_fault(&self) -> bool {
        let fault = wt_grader::Word::GraderFault.text();
        self.outcome == fault || self.verdicts.iter().any(|verdict| verdict.word == fault)
    }
}

/// Where a journal's bytes go: a file, or in tests one that fails.
pub trait Store {
    /// Adds bytes at the end; when it returns, they have survived a power cut.
    ///
    /// # Errors
    ///
    /// The system's reason. Some of the bytes may have been written.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Cuts everything off behind the first `length` bytes.
    ///
    /// # Errors
    ///
    /// The system's reason.
    fn cut(&mut self, length: u64) -> io::Result<()>;
}

impl Store for File {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.seek(SeekFrom::End(0))?;
        self.write_all(bytes)?;
        self.sync_data()
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)?;
        self.sync_data()
    }
}

/// A journal that can be added to.
#[derive(Debug)]
pub struct Journal<S> {
    path: PathBuf,
    store: S,
    /// How much of the store is whole.
    whole: u64,
}

impl Journal<File> {
    /// Opens the journal at `path`, or begins it, and returns what is in it. Held until it
    /// is dropped: nobody else can open it meanwhile.
    ///
    /// # Errors
    ///
    /// [`GradeError::Usage`] if it is about something else or is in use,
    /// [`GradeError::Fault`] if the disk does not work.
    pub fn open(path: &Path, identity: &Identity) -> Result<(Self, Vec<Entry>), GradeError> {
        let io = |error: io::Error| GradeError::io("open", path, &error);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(GradeError::Usage(format!(
                    "`{}` is in use: another `grade` works in this folder",
                    path.display()
                )));
            }
            Err(TryLockError::Error(error)) => return Err(io(error)),
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(io)?;
        Self::resume(path, file, &bytes, identity)
    }
}

impl<S: Store> Journal<S> {
    /// Continues a journal whose store holds `bytes`.
    fn resume(
        path: &Path,
        store: S,
        bytes: &[u8],
        identity: &Identity,
    ) -> Result<(Self, Vec<Entry>), GradeError> {
        let (first, entries, whole) = read(bytes);
        let mut journal = Self {
            path: path.to_owned(),
            store,
            whole,
        };
        match first {
            Some(was) => {
                if let Some(why) = was.differs_from(identity) {
                    return Err(GradeError::Usage(format!(
                        "`{}` belongs to {why}. Give another folder with `--out`",
                        path.display()
                    )));
                }
            }
            None if has_other_content(bytes) => {
                return Err(GradeError::Usage(format!(
                    "`{}` is no journal of this command. Give another folder with `--out`",
                    path.display()
                )));
            }
            None => journal.add_line(identity)?,
        }
        Ok((journal, entries))
    }

    /// Adds a graded submission. When it returns, the line has survived a power cut.
    ///
    /// # Errors
    ///
    /// [`GradeError::Fault`], as on a full disk. What was there before is still whole.
    pub fn add(&mut self, entry: &Entry) -> Result<(), GradeError> {
        self.add_line(entry)
    }

    fn add_line(&mut self, value: &impl Serialize) -> Result<(), GradeError> {
        let fault = |error: io::Error| {
            GradeError::Fault(format!(
                "cannot write `{}`: {error}. What was graded before is safe; run the same command again to go on",
                self.path.display()
            ))
        };
        let line = line(value).map_err(fault)?;
        // A part of an earlier line may be there.
        self.store.cut(self.whole).map_err(fault)?;
        self.store.append(&line).map_err(fault)?;
        self.whole += line.len() as u64;
        Ok(())
    }
}

/// What a journal's bytes say: what it is about, the entries of its whole lines, and how
/// many bytes those are.
#[must_use]
pub fn read(bytes: &[u8]) -> (Option<Identity>, Vec<Entry>, u64) {
    let mut whole = 0;
    let mut identity = None;
    let mut entries = Vec::new();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let Some(json) = checked(line) else { break };
        let understood = match &identity {
            None => serde_json::from_slice(json).map(|first| identity = Some(first)),
            Some(_) => serde_json::from_slice(json).map(|entry| entries.push(entry)),
        };
        if understood.is_err() {
            break;
        }
        whole += line.len();
    }
    (identity, entries, whole as u64)
}

/// Whether there is more than the beginning of a first line.
fn has_other_content(bytes: &[u8]) -> bool {
    bytes.contains(&b'\n') || !bytes.iter().all(|byte| (b' '..=b'~').contains(byte))
}

fn line(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let json = serde_json::to_string(value)?;
    Ok(format!("{} {} {json}\n", json.len(), short(json.as_bytes())).into_bytes())
}

/// The JSON of a line, if the line is whole.
fn checked(line: &[u8]) -> Option<&[u8]> {
    let line = line.strip_suffix(b"\n")?;
    let mut parts = line.splitn(3, |byte| *byte == b' ');
    let length: usize = std::str::from_utf8(parts.next()?).ok()?.parse().ok()?;
    let (said, json) = (parts.next()?, parts.next()?);
    (json.len() == length && said == short(json).as_bytes()).then_some(json)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::CHECKED;

    fn identity() -> Identity {
        Identity {
            format: 1,
            lesson: "queue".into(),
            checks: "c".into(),
            kit: "k".into(),
            compiler: "rustc".into(),
            seed: 0,
            count: None,
            missing: Vec::new(),
            defences: Vec::new(),
            shard: None,
            class: None,
        }
    }

    fn entry(n: usize) -> Entry {
        Entry {
            submission: format!("learner\n{n}"),
            learner: "ada".into(),
            handed_in: String::new(),
            duplicate: false,
            source: "s".into(),
            outcome: CHECKED.into(),
            said: String::new(),
            verdicts: Vec::new(),
        }
    }

    /// A disk in memory that breaks after so many bytes: what fits is written.
    #[derive(Debug, Default)]
    struct Small {
        bytes: Vec<u8>,
        room: usize,
    }

    impl Store for &mut Small {
        fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
            let fits = bytes.len().min(self.room);
            self.bytes.extend_from_slice(&bytes[..fits]);
            self.room -= fits;
            match fits == bytes.len() {
                true => Ok(()),
                false => Err(io::ErrorKind::StorageFull.into()),
            }
        }

        fn cut(&mut self, length: u64) -> io::Result<()> {
            let length = usize::try_from(length).unwrap();
            let freed = self.bytes.len().saturating_sub(length);
            self.room = self.room.saturating_add(freed);
            self.bytes.truncate(length);
            Ok(())
        }
    }

    fn grade(disk: &mut Small, all: usize) -> Result<Vec<Entry>, GradeError> {
        let bytes = disk.bytes.clone();
        let (mut journal, mut entries) =
            Journal::resume(Path::new("journal"), disk, &bytes, &identity())?;
        for n in entries.len()..all {
            journal.add(&entry(n))?;
            entries.push(entry(n));
        }
        Ok(entries)
    }

    #[test]
    fn a_disk_that_is_full_at_any_byte_loses_nothing_and_the_rest_is_the_same() {
        let mut roomy = Small {
            room: usize::MAX,
            ..Small::default()
        };
        let expected = grade(&mut roomy, 5).unwrap();
        for room in 0..roomy.bytes.len() {
            let mut disk = Small {
                room,
                ..Small::default()
            };
            let error = grade(&mut disk, 5).unwrap_err().to_string();
            assert!(error.contains("run the same command again"), "{error}");
            disk.room = usize::MAX;
            assert_eq!(
                grade(&mut disk, 5).unwrap(),
                expected,
                "full at byte {room}"
            );
            assert_eq!(disk.bytes, roomy.bytes, "full at byte {room}");
        }
    }

    #[test]
    fn a_line_cut_or_changed_anywhere_ends_the_reading_there() {
        let mut disk = Small {
            room: usize::MAX,
            ..Small::default()
        };
        grade(&mut disk, 3).unwrap();
        let (first, entries, whole) = read(&disk.bytes);
        assert_eq!(first, Some(identity()));
        assert_eq!((entries.len(), whole), (3, disk.bytes.len() as u64));
        for at in 0..disk.bytes.len() {
            let mut bytes = disk.bytes.clone();
            bytes[at] ^= 1;
            let (_, found, whole) = read(&bytes);
            assert!(whole <= at as u64, "a change at {at} is taken for whole");
            assert!(
                found
                    .iter()
                    .enumerate()
                    .all(|(n, found)| *found == entry(n))
            );
            let (_, found, _) = read(&disk.bytes[..at]);
            assert!(found.len() < 3);
        }
    }

    #[test]
    fn a_journal_of_something_else_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        drop(Journal::open(&path, &identity()).unwrap());
        let other = Identity {
            compiler: "another rustc".into(),
            ..identity()
        };
        let error = Journal::open(&path, &other).unwrap_err().to_string();
        assert!(error.contains("another compiler"), "{error}");
        std::fs::write(&path, "my diary\nday 1\n").unwrap();
        let error = Journal::open(&path, &identity()).unwrap_err().to_string();
        assert!(error.contains("no journal"), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "my diary\nday 1\n");
    }

    #[test]
    fn two_at_once_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let held = Journal::open(&path, &identity()).unwrap();
        let error = Journal::open(&path, &identity()).unwrap_err().to_string();
        assert!(error.contains("is in use"), "{error}");
        drop(held);
        Journal::open(&path, &identity()).unwrap();
    }
}
