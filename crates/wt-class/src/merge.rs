//! From the parts of a class, graded on several machines, to one gradebook.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use wt_grader::GradeError;
use wt_grader::files::sorted_entries;

use crate::identity::Identity;
use crate::journal::{self, Entry};
use crate::shard::Shard;

/// The journal of a class, or of a part of it.
#[must_use]
pub fn journal_path(out: &Path, shard: Option<Shard>) -> PathBuf {
    match shard {
        None => out.join("journal.txt"),
        Some(Shard { index, of }) => out.join(format!("journal-{index}-of-{of}.txt")),
    }
}

/// Reads the journals of all parts in `out`: what they are about, and their entries.
///
/// # Errors
///
/// [`GradeError::Usage`] names the part that is missing, unfinished, there twice, or of
/// another class.
pub fn parts(out: &Path) -> Result<(Identity, Vec<Entry>), GradeError> {
    let mut found: BTreeMap<usize, (PathBuf, Identity, Vec<Entry>)> = BTreeMap::new();
    for path in sorted_entries(out)? {
        let name = path.file_name().and_then(|name| name.to_str());
        let is_part = name.is_some_and(|name| {
            name.starts_with("journal-") && path.extension().is_some_and(|end| end == "txt")
        });
        if !is_part {
            continue;
        }
        let (identity, entries) = part(&path)?;
        let Some(shard) = identity.shard else {
            return Err(no(&path, "is no part of a class"));
        };
        if let Some((other, ..)) = found.get(&shard.index) {
            let why = format!("is part {shard}, and so is `{}`", other.display());
            return Err(no(&path, &why));
        }
        found.insert(shard.index, (path, identity, entries));
    }
    whole(out, found)
}

fn part(path: &Path) -> Result<(Identity, Vec<Entry>), GradeError> {
    let bytes = std::fs::read(path).map_err(|error| GradeError::io("read", path, &error))?;
    let (identity, entries, whole) = journal::read(&bytes);
    let identity = identity.ok_or_else(|| no(path, "is no journal of this command"))?;
    let entries = latest(entries);
    let count = identity.count.unwrap_or(0);
    if entries.len() < count || whole < bytes.len() as u64 {
        let why = format!(
            "is not finished: it has {} of {count} submissions. Run that part again; it goes on where it stopped",
            entries.len()
        );
        return Err(no(path, &why));
    }
    Ok((identity, entries))
}

/// All of them, of one class.
fn whole(
    out: &Path,
    found: BTreeMap<usize, (PathBuf, Identity, Vec<Entry>)>,
) -> Result<(Identity, Vec<Entry>), GradeError> {
    let Some((_, (first_path, first, _))) = found.first_key_value() else {
        return Err(GradeError::Usage(format!(
            "`{}` has no parts: `grade --shard 1/4` and the others write `journal-1-of-4.txt` there",
            out.display()
        )));
    };
    let (first_path, first) = (first_path.clone(), first.clone());
    let of = first.shard.map_or(0, |shard| shard.of);
    for (path, identity, _) in found.values() {
        let same_number = identity.shard.is_some_and(|shard| shard.of == of);
        if !same_number || !identity.is_part_of_the_same(&first) {
            let why = format!(
                "and `{}` are parts of different runs: another class, course, compiler or jail",
                first_path.display()
            );
            return Err(no(path, &why));
        }
    }
    let missing: Vec<String> = (1..=of)
        .filter(|index| !found.contains_key(index))
        .map(|index| format!("`--shard {index}/{of}`"))
        .collect();
    if !missing.is_empty() {
        return Err(GradeError::Usage(format!(
            "`{}` lacks {} of {of} parts; run {}",
            out.display(),
            missing.len(),
            missing.join(", ")
        )));
    }
    let entries = found.into_values().flat_map(|(_, _, entries)| entries);
    let identity = Identity {
        shard: None,
        count: None,
        class: None,
        ..first
    };
    Ok((identity, latest(entries.collect())))
}

/// The last entry of each submission, sorted by name.
#[must_use]
pub fn latest(entries: Vec<Entry>) -> Vec<Entry> {
    let by_name: BTreeMap<String, Entry> = entries
        .into_iter()
        .map(|entry| (entry.submission.clone(), entry))
        .collect();
    by_name.into_values().collect()
}

fn no(path: &Path, why: &str) -> GradeError {
    GradeError::Usage(format!("`{}` {why}", path.display()))
}
