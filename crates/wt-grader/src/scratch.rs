//! A private, empty folder for one run, gone afterwards.
//!
//! Two checks at once never share one. A folder whose run was killed stays
//! behind; the next run sweeps it: the run's lock file tells, not its age.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::error::GradeError;

/// A folder that is removed when this is dropped.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
    lock_path: PathBuf,
    /// Held for as long as the folder is in use; the kernel lets go when we die.
    _lock: File,
}

static NEXT: AtomicU32 = AtomicU32::new(0);

impl Scratch {
    /// Makes a new folder below `work`.
    ///
    /// # Errors
    ///
    /// [`GradeError::Fault`] with the path and what to do, as on a read-only or
    /// full disk.
    pub fn new(work: &Path) -> Result<Self, GradeError> {
        let parent = work.join("scratch");
        fs::create_dir_all(&parent).map_err(|error| GradeError::io("create", &parent, &error))?;
        loop {
            let name = format!(
                "{}-{}",
                std::process::id(),
                NEXT.fetch_add(1, Ordering::Relaxed)
            );
            let path = parent.join(&name);
            let lock_path = parent.join(name + ".lock");
            let fault = |error| GradeError::io("create", &lock_path, &error);
            let lock = File::create(&lock_path).map_err(fault)?;
            lock.lock().map_err(fault)?;
            // A sweep may have removed the file between the two lines above.
            if lock_path.exists() {
                fs::create_dir_all(&path)
                    .map_err(|error| GradeError::io("create", &path, &error))?;
                return Ok(Self {
                    path,
                    lock_path,
                    _lock: lock,
                });
            }
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Removes what runs that were killed have left below `work`.
    pub fn sweep(work: &Path) {
        let Ok(entries) = fs::read_dir(work.join("scratch")) else {
            return;
        };
        for entry in entries.flatten() {
            let path = entry.path();
            if path
                .extension()
                .is_some_and(|extension| extension == "lock")
            {
                let free = File::open(&path).is_ok_and(|file| file.try_lock().is_ok());
                if free {
                    let _ = fs::remove_dir_all(path.with_extension(""));
                    let _ = fs::remove_file(&path);
                }
            }
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed now is swept by a later run.
        let _ = fs::remove_dir_all(&self.path);
        let _ = fs::remove_file(&self.lock_path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_in_use_survives_a_sweep_and_a_dead_one_does_not() {
        let work = std::env::temp_dir().join(format!("wt-scratch-test-{}", std::process::id()));
        let used = Scratch::new(&work).unwrap();
        let dead = work.join("scratch/1-1");
        fs::create_dir_all(&dead).unwrap();
        fs::write(work.join("scratch/1-1.lock"), "").unwrap();
        Scratch::sweep(&work);
        assert!(used.path().is_dir());
        assert!(!dead.exists());
        let path = used.path().to_owned();
        drop(used);
        assert!(!path.exists());
        fs::remove_dir_all(&work).unwrap();
    }
}
