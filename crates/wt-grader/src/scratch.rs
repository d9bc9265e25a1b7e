//! A private, empty folder for one run, gone afterwards.
//!
//! Folders are numbered. A run takes the lowest number that is free, which a lock
//! file tells, so that two checks at once never share one, and one check after
//! another works in the same place: rustc can only use again what it kept if the
//! paths are the same. A folder whose run was killed is removed by the guard, or else
//! taken or swept by the next run.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use crate::error::GradeError;
use crate::{guard, orphans};

/// A folder that is removed when this is dropped.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
    number: usize,
    /// Held for as long as the folder is in use; the kernel lets go when we die.
    _lock: File,
}

impl Scratch {
    /// Makes a new folder below `work`.
    ///
    /// # Errors
    ///
    /// [`GradeError::Fault`] with the path and what to do, as on a read-only or
    /// full disk.
    pub fn new(work: &Path) -> Result<Self, GradeError> {
        guard::look_after(work);
        let mut number = 0;
        loop {
            if let Some(scratch) = Self::take(work, number)? {
                return Ok(scratch);
            }
            number += 1;
        }
    }

    /// Takes the folder with this number, unless it is in use or cannot be emptied.
    fn take(work: &Path, number: usize) -> Result<Option<Self>, GradeError> {
        let path = work.join("scratch").join(number.to_string());
        let Some(lock) = lock(work, number)? else {
            return Ok(None);
        };
        if path.exists() && fs::remove_dir_all(&path).is_err() {
            return Ok(None);
        }
        fs::create_dir_all(&path).map_err(|error| GradeError::io("create", &path, &error))?;
        Ok(Some(Self {
            path,
            number,
            _lock: lock,
        }))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its number; no other folder below the same `work` has it meanwhile.
    #[must_use]
    pub fn number(&self) -> usize {
        self.number
    }

    /// Removes what runs that were killed have left below `work`, and ends what their
    /// solutions had started and nobody could end.
    pub fn sweep(work: &Path) {
        for (path, _lock) in left_behind(work) {
            orphans::end_inside(&path);
            let _ = fs::remove_dir_all(path);
        }
    }

    /// How many folders runs that were killed have left below `work`.
    #[must_use]
    pub fn count_left_behind(work: &Path) -> usize {
        left_behind(work).count()
    }
}

/// The folders that nobody uses, each with its lock.
fn left_behind(work: &Path) -> impl Iterator<Item = (PathBuf, File)> {
    let entries = fs::read_dir(work.join("scratch")).into_iter().flatten();
    entries.flatten().filter_map(move |entry| {
        let number = entry.file_name().to_str()?.parse().ok()?;
        let lock = lock(work, number).ok()??;
        Some((entry.path(), lock))
    })
}

/// The lock of a folder, or `None` while somebody holds it. Lock files are never
/// removed, so that all runs lock the same ones.
fn lock(work: &Path, number: usize) -> Result<Option<File>, GradeError> {
    let locks = work.join("locks");
    fs::create_dir_all(&locks).map_err(|error| GradeError::io("create", &locks, &error))?;
    let path = locks.join(number.to_string());
    let file = File::create(&path).map_err(|error| GradeError::io("create", &path, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(GradeError::io("lock", &path, &error)),
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed now is swept by a later run.
        let _ = fs::remove_dir_all(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_in_use_survives_a_sweep_and_a_dead_one_does_not() {
        let work = std::env::temp_dir().join(format!("wt-scratch-test-{}", std::process::id()));
        let used = Scratch::new(&work).unwrap();
        let dead = work.join("scratch/7");
        fs::create_dir_all(&dead).unwrap();
        assert_eq!(Scratch::count_left_behind(&work), 1);
        Scratch::sweep(&work);
        assert!(used.path().is_dir());
        assert!(!dead.exists());

        let second = Scratch::new(&work).unwrap();
        assert_eq!((used.number(), second.number()), (0, 1));
        let path = used.path().to_owned();
        drop(used);
        assert!(!path.exists());
        assert_eq!(
            Scratch::new(&work).unwrap().path(),
            path,
            "the lowest free number"
        );
        fs::remove_dir_all(&work).unwrap();
    }
}
