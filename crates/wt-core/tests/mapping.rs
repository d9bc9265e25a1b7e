//! Files as memory.
#![cfg(not(miri))]

mod deadline;

use std::fs::{self, File};
use std::path::PathBuf;
use std::thread;

#[cfg(unix)]
use deadline::within_patience;
use tempfile::TempDir;
use wt_core::buffer::{Advice, MapOptions, Mapping, OpenError, SharedSlice};

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

#[test]
fn a_range_need_not_begin_at_a_page() {
    let content: Vec<u8> = (0..20_000_u32).flat_map(u32::to_le_bytes).collect();
    let (_folder, path) = file(&content);
    let mut rng = fastrand::Rng::with_seed(3);
    for _ in 0..200 {
        let start = rng.usize(..=content.len());
        let end = rng.usize(start..=content.len());
        let range = start as u64..end as u64;
        let mapping = MapOptions::new().range(range).open(&path).unwrap();
        assert!(mapping[..] == content[start..end]);
        assert!(mapping.copy_range(..).unwrap() == content[start..end]);
        assert!(mapping.to_mut().unwrap()[..] == content[start..end]);
    }
    let all_but_two = MapOptions::new().range(1..=79_998).open(&path).unwrap();
    assert_eq!(all_but_two.len(), 79_998);
}

#[test]
fn a_range_beyond_the_end_is_an_error_that_says_so() {
    let (_folder, path) = file(b"ten bytes.");
    for (options, shown) in [
        (MapOptions::new().range(5..11), "5..11"),
        (MapOptions::new().range(11..), "11..11"),
        (MapOptions::new().range(20..30), "20..30"),
    ] {
        let error = options.open(&path).unwrap_err();
        assert!(matches!(error, OpenError::OutOfRange { len: 10, .. }));
        assert!(error.to_string().contains(shown), "{error}");
    }
    assert!(
        MapOptions::new()
            .range(10..)
            .open(&path)
            .unwrap()
            .is_empty()
    );
    let backwards = (std::ops::Bound::Included(2), std::ops::Bound::Excluded(1));
    assert!(std::panic::catch_unwind(|| MapOptions::new().range(backwards)).is_err());
}

#[test]
fn advice_changes_no_byte() {
    let content = b"a line of a log\n".repeat(5000);
    let (_folder, path) = file(&content);
    for advice in [
        Advice::Normal,
        Advice::Sequential,
        Advice::Random,
        Advice::WillNeed,
        Advice::Populate,
        Advice::HugePages,
    ] {
        let options = MapOptions::new().advice(advice).advice(Advice::Normal);
        let mapping = options.open(&path).unwrap();
        assert!(mapping[..] == content, "{advice:?}");
        // Huge pages are the file system's choice, populating the kernel's.
        let asked = mapping.advise_range(5000..9000, advice);
        let optional = matches!(advice, Advice::HugePages | Advice::Populate);
        assert!(asked.is_ok() || optional || cfg!(not(unix)), "{asked:?}");
        assert!(mapping[..] == content, "{advice:?}");
    }
    let mapping = Mapping::open(&path).unwrap();
    let beyond = || mapping.advise_range(..content.len() + 1, Advice::Normal);
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(beyond)).is_err());
    let (_folder, empty) = file(b"");
    Mapping::open(empty)
        .unwrap()
        .advise(Advice::WillNeed)
        .unwrap();
}

#[test]
fn a_private_copy_shares_what_was_not_written_to() {
    let content = vec![b'.'; 100_000];
    let (_folder, path) = file(&content);
    let mapping = Mapping::open(&path).unwrap();
    let mut mine = mapping.to_mut().unwrap();
    let mut yours = mapping.to_mut().unwrap();
    mine[50_000] = b'm';
    yours[50_001] = b'y';
    assert_eq!(mine[50_000..50_002], *b"m.");
    assert_eq!(yours[50_000..50_002], *b".y");
    assert!(mapping[..] == content);
    drop(mapping);
    // The lock lives as long as the copy, because the rest is still the file.
    let writer = File::options().write(true).open(&path).unwrap();
    assert!(writer.try_lock().is_err());
    let address = mine.as_ptr();
    let shared = SharedSlice::from(mine);
    assert_eq!(shared.as_ptr(), address);
    drop(yours);
    assert!(writer.try_lock().is_err());
    drop(shared);
    writer.try_lock().unwrap();
    assert!(fs::read(&path).unwrap() == content);

    let (_folder, empty) = file(b"");
    assert!(Mapping::open(empty).unwrap().to_mut().unwrap().is_empty());
}
