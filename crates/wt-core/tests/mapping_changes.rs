//! Files that change, shrink or vanish while they are mapped.
#![cfg(not(miri))]

mod deadline;

use std::fs::{self, File};
use std::io::{self, Seek, Write};
use std::path::PathBuf;
#[cfg(target_os = "linux")]
use std::process::Command;
use std::time::{Duration, SystemTime};

#[cfg(target_os = "linux")]
use deadline::within_patience;
use tempfile::TempDir;
use wt_core::buffer::{Advice, Change, Load, Lock, MapOptions, Mapping};

const PAGE: usize = 4096;

fn file(content: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file.bin");
    fs::write(&path, content).unwrap();
    (folder, path)
}

/// Opens the file as somebody who does not care about locks.
fn writer(path: &PathBuf) -> File {
    File::options().write(true).open(path).unwrap()
}

#[test]
#[cfg(unix)]
fn a_shortened_file_is_seen_and_read_as_an_error() {
    let (_folder, path) = file(&[7; 10 * PAGE]);
    let mapping = Mapping::open(&path).unwrap();
    assert_eq!(mapping.change().unwrap(), Change::Intact);
    writer(&path).set_len(PAGE as u64).unwrap();
    let len = PAGE as u64;
    assert_eq!(mapping.change().unwrap(), Change::Shrunk { len });
    // Pages that are still there may be touched.
    assert_eq!(mapping[PAGE - 1], 7);
    assert_eq!(mapping.copy_range(PAGE - 2..PAGE).unwrap(), [7, 7]);
    let error = mapping.copy_range(PAGE - 1..PAGE + 1).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
}

#[test]
#[cfg(target_os = "linux")]
fn populating_a_shortened_file_is_an_error_and_no_signal() {
    let (_folder, path) = file(&[7; 10 * PAGE]);
    let mapping = Mapping::open(&path).unwrap();
    mapping.advise(Advice::Populate).unwrap();
    writer(&path).set_len(0).unwrap();
    assert!(mapping.advise(Advice::Populate).is_err());
}

/// What the documentation warns of, done by a child of this process.
#[test]
#[cfg(target_os = "linux")]
fn touching_what_was_cut_off_ends_the_process_with_sigbus() {
    use std::os::unix::process::ExitStatusExt;

    const CHILD: &str = "WT_TEST_TOUCH_WHAT_WAS_CUT_OFF";
    if std::env::var_os(CHILD).is_some() {
        let (_folder, path) = file(&[7; 10 * PAGE]);
        let mapping = Mapping::open(&path).unwrap();
        writer(&path).set_len(0).unwrap();
        let byte = mapping[5 * PAGE];
        unreachable!("read {byte} from a file of no bytes");
    }
    within_patience(|| {
        let status = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "touching_what_was_cut_off_ends_the_process_with_sigbus",
            ])
            .env(CHILD, "1")
            // ThreadSanitizer would turn the signal into an exit code.
            .env("TSAN_OPTIONS", "handle_sigbus=0")
            .output()
            .unwrap()
            .status;
        assert_eq!(status.signal(), Some(libc::SIGBUS), "{status}");
    });
}

#[test]
fn a_written_file_is_seen_as_modified() {
    let (_folder, path) = file(b"before");
    let mapping = Mapping::open(&path).unwrap();
    // Set by hand, because the clock of a file system is coarse.
    let later = SystemTime::now() + Duration::from_secs(5);
    let mut writer = writer(&path);
    writer.write_all(b"change").unwrap();
    writer.set_modified(later).unwrap();
    assert_eq!(mapping.change().unwrap(), Change::Modified);
    // Nobody stopped this writer, because it did not ask. The mapping is the file.
    assert_eq!(mapping[..], *b"change");
}

#[test]
fn a_file_that_grows_keeps_its_mapping() {
    let (_folder, path) = file(b"before");
    let mapping = Mapping::open(&path).unwrap();
    let mut writer = File::options().append(true).open(&path).unwrap();
    writer.write_all(b" and after").unwrap();
    assert_eq!(mapping[..], *b"before");
    assert_eq!(mapping.change().unwrap(), Change::Modified);
    assert_eq!(mapping.copy_range(..).unwrap(), b"before");
}

#[test]
#[cfg(unix)]
fn a_deleted_file_stays_readable() {
    let (folder, path) = file(b"still here");
    let mapping = Mapping::open(&path).unwrap();
    fs::remove_file(&path).unwrap();
    drop(folder);
    assert_eq!(mapping[..], *b"still here");
    assert_eq!(mapping.copy_range(6..).unwrap(), b"here");
    assert_eq!(mapping.change().unwrap(), Change::Intact);
}

#[test]
fn a_copy_outlives_whatever_happens_to_the_file() {
    let content = [7; 3 * PAGE];
    for load in copying() {
        let (_folder, path) = file(&content);
        let mapping = MapOptions::new().load(load).open(&path).unwrap();
        let part = mapping.share().slice(PAGE..);
        let writer = writer(&path);
        // The lock is not needed any more, so it is not held.
        writer.try_lock().unwrap();
        writer.set_len(0).unwrap();
        assert_eq!(mapping[..], content, "{load:?}");
        assert_eq!(part[..], content[PAGE..]);
        assert_eq!(mapping.change().unwrap(), Change::Intact);
        assert_eq!(mapping.copy_range(1..3).unwrap(), [7, 7]);
        mapping.advise(Advice::WillNeed).unwrap();
    }
}

#[test]
fn files_below_the_bound_are_copied_and_others_mapped() {
    let (_folder, path) = file(b"ten bytes.");
    let options = |bound| MapOptions::new().load(Load::ReadBelow(bound));
    let mapped = options(10).open(&path).unwrap();
    let copied = options(11).open(&path).unwrap();
    let range = options(5).range(2..6).open(&path).unwrap();
    let mut writer = writer(&path);
    writer.write_all(b"TEN BYTES.").unwrap();
    assert_eq!(mapped[..], *b"TEN BYTES.");
    assert_eq!(copied[..], *b"ten bytes.");
    assert_eq!(range[..], *b"n by");
}

#[test]
#[cfg(target_os = "linux")]
fn a_file_of_proc_can_be_read_and_not_mapped() {
    let path = "/proc/self/status";
    assert!(
        MapOptions::new()
            .lock(Lock::None)
            .open(path)
            .unwrap()
            .is_empty()
    );
    let read = MapOptions::new().load(Load::ReadBelow(u64::MAX));
    let status = read.lock(Lock::None).open(path).unwrap();
    assert!(status.starts_with(b"Name:"));
}

#[test]
#[cfg(target_os = "linux")]
fn only_sealed_memory_counts_as_sealed() {
    let (_folder, path) = file(b"not sealed");
    assert!(Mapping::from_sealed(File::open(&path).unwrap()).is_err());

    let sealed = MapOptions::new().load(Load::Seal);
    let empty = file(b"");
    assert!(sealed.open(&empty.1).unwrap().is_empty());
    let mapping = sealed.range(4..).open(&path).unwrap();
    assert_eq!(mapping[..], *b"sealed");
    let mut mine = mapping.to_mut().unwrap();
    mine[0] = b'S';
    assert_eq!(mine[..], *b"Sealed");
    assert_eq!(mapping[..], *b"sealed");
}

#[test]
fn without_a_lock_writers_that_ask_are_let_in() {
    let (_folder, path) = file(b"one");
    let mapping = MapOptions::new().lock(Lock::None).open(&path).unwrap();
    let writer = writer(&path);
    writer.try_lock().unwrap();
    // And a locked file can be opened.
    let second = MapOptions::new().lock(Lock::None).open(&path).unwrap();
    assert_eq!(mapping[..], second[..]);
}

#[test]
fn a_file_larger_than_the_memory_is_mapped_and_cut() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("huge.bin");
    let mut huge = File::create(&path).unwrap();
    // A hole takes no space. Not every file system can hold so large a file.
    let len = 1_u64 << 40;
    if usize::BITS < 64 || huge.set_len(len).is_err() {
        return;
    }
    huge.seek(io::SeekFrom::Start(len - 4)).unwrap();
    huge.write_all(b"end\n").unwrap();
    let mapping = Mapping::open(&path).unwrap();
    assert_eq!(mapping.len() as u64, len);
    assert_eq!(
        (mapping[0], &mapping[mapping.len() - 4..]),
        (0, &b"end\n"[..])
    );
    let parts = mapping.share().split(7);
    assert_eq!(parts.iter().map(|part| part.len() as u64).sum::<u64>(), len);
    assert!(parts[6].ends_with(b"end\n"));

    let window = MapOptions::new().range(len - 3..).open(&path).unwrap();
    assert_eq!(window[..], *b"nd\n");
}

fn copying() -> Vec<Load> {
    let mut loads = vec![Load::ReadBelow(u64::MAX)];
    if cfg!(target_os = "linux") {
        loads.push(Load::Seal);
    }
    loads
}
