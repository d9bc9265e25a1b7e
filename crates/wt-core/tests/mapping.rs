//! Files as memory.
#![cfg(not(miri))]

mod deadline;

use std::fs::{self, File};
use std::path::PathBuf;
use std::thread;

use deadline::within_patience;
use tempfile::TempDir;
use wt_core::buffer::{Mapping, OpenError, SharedSlice};

fn file(content: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file.txt");
    fs::write(&path, content).unwrap();
    (folder, path)
}

#[test]
fn a_mapping_shows_the_file() {
    let content: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
    let (_folder, path) = file(&content);
    let mapping = Mapping::open(&path).unwrap();
    assert_eq!(mapping.len(), content.len());
    assert!(*mapping == content[..]);
    assert_eq!(format!("{mapping:?}"), "Mapping { len: 400000 }");
}

#[test]
fn an_empty_file_is_an_empty_mapping() {
    let (_folder, path) = file(b"");
    let mapping = Mapping::open(path).unwrap();
    assert!(mapping.is_empty());
    assert!(mapping.split_lines(4).is_empty());
    assert!(mapping.share().is_empty());
}

#[test]
fn parts_show_the_same_memory_and_outlive_the_mapping() {
    let (folder, path) = file(b"one\ntwo\nthree\nfour");
    let mapping = Mapping::open(path).unwrap();
    let start = mapping.as_ptr();
    assert!(mapping.share().ptr_eq(&mapping.clone().share()));
    let parts = mapping.split_lines(3);
    assert_eq!(parts[0].as_ptr(), start);
    drop(mapping);
    drop(folder);
    let threads: Vec<_> = parts
        .into_iter()
        .map(|part| thread::spawn(move || part.iter().filter(|&&b| b == b'\n').count()))
        .collect();
    let lines: usize = threads.into_iter().map(|t| t.join().unwrap()).sum();
    assert_eq!(lines, 3);
}

#[test]
fn split_lines_of_a_file_covers_it_once() {
    let content = b"a line of a log\n".repeat(5000);
    let (_folder, path) = file(&content);
    let mapping = Mapping::open(path).unwrap();
    for parts in [1, 2, 3, 100] {
        let parts = mapping.split_lines(parts);
        assert!(parts.concat() == content);
        assert!(parts.iter().all(|part| part.len() % 16 == 0));
    }
    assert!(SharedSlice::from(mapping).try_into_vec().is_err());
}

#[test]
fn what_is_not_a_file_is_an_error_that_names_the_path() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.log");
    let error = Mapping::open(&missing).unwrap_err();
    assert!(matches!(error, OpenError::NotFound(_)));
    assert_eq!(error.path(), missing);
    assert!(error.to_string().contains("missing.log"));

    let error = Mapping::open(folder.path()).unwrap_err();
    assert!(matches!(error, OpenError::Directory(_)));
    assert!(error.to_string().ends_with("is a directory, not a file"));

    let below_a_file = folder.path().join("plain");
    fs::write(&below_a_file, "x").unwrap();
    let error = Mapping::open(below_a_file.join("x")).unwrap_err();
    assert!(matches!(error, OpenError::Io { .. }), "{error:?}");
}

#[test]
#[cfg(unix)]
fn a_pipe_is_an_error_at_once() {
    within_patience(|| {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        let error = Mapping::open(&pipe).unwrap_err();
        assert!(matches!(error, OpenError::NotAFile(_)));
        let error = Mapping::open("/dev/null").unwrap_err();
        assert!(matches!(error, OpenError::NotAFile(_)));
    });
}

#[test]
fn the_lock_keeps_writers_that_ask_away_while_any_view_lives() {
    let (_folder, path) = file(b"one\ntwo\n");
    let writer = File::options().write(true).open(&path).unwrap();
    let first = Mapping::open(&path).unwrap();
    let second = Mapping::open(&path).unwrap();
    assert!(writer.try_lock().is_err());
    let part = first.split_lines(2).remove(1);
    drop((first, second));
    assert!(writer.try_lock().is_err(), "a part is still alive");
    drop(part);
    writer.try_lock().unwrap();
    let error = Mapping::open(&path).unwrap_err();
    assert!(matches!(error, OpenError::Locked(_)));
    writer.unlock().unwrap();
    assert!(Mapping::open(&path).is_ok());
}
