//! The few things that several modules do with files.

use std::hash::{DefaultHasher, Hash};
use std::io;
use std::path::{Path, PathBuf};

use crate::error::GradeError;

/// Reads a text file of the course.
///
/// # Errors
///
/// [`GradeError::Course`] with the path.
pub fn read_course_file(path: &Path) -> Result<String, GradeError> {
    std::fs::read_to_string(path)
        .map_err(|error| GradeError::Course(format!("cannot read `{}`: {error}", path.display())))
}

/// The entries of a folder, sorted by name; an absent folder is empty.
///
/// # Errors
///
/// [`GradeError::Course`] with the path.
pub fn sorted_entries(folder: &Path) -> Result<Vec<PathBuf>, GradeError> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            return Err(GradeError::Course(format!(
                "cannot list `{}`: {error}",
                folder.display()
            )));
        }
    };
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    paths.sort();
    Ok(paths)
}

/// Writes a file so that a reader sees the old text or the new, never a part.
///
/// # Errors
///
/// [`GradeError::Fault`] with the path.
pub fn replace(path: &Path, text: &str) -> Result<(), GradeError> {
    let folder = path.parent().unwrap_or(path);
    std::fs::create_dir_all(folder).map_err(|error| GradeError::io("create", folder, &error))?;
    let fresh = path.with_extension(format!("new-{}", std::process::id()));
    let replaced = std::fs::write(&fresh, text).and_then(|()| std::fs::rename(&fresh, path));
    replaced.map_err(|error| {
        // A part of it on a full disk is worth nothing to anybody.
        let _ = std::fs::remove_file(&fresh);
        GradeError::io("write", path, &error)
    })
}

/// Feeds the names and bytes of all files below `folder` to `hasher`.
pub(crate) fn hash_tree(folder: &Path, hasher: &mut DefaultHasher) -> Result<(), GradeError> {
    for path in sorted_entries(folder)? {
        if path.is_dir() {
            hash_tree(&path, hasher)?;
        } else {
            hash_file(&path, hasher)?;
        }
    }
    Ok(())
}

/// Feeds a file's name and bytes to `hasher`.
pub(crate) fn hash_file(path: &Path, hasher: &mut DefaultHasher) -> Result<(), GradeError> {
    let bytes = std::fs::read(path).map_err(|error| {
        GradeError::Course(format!("cannot read `{}`: {error}", path.display()))
    })?;
    path.file_name().hash(hasher);
    bytes.hash(hasher);
    Ok(())
}
