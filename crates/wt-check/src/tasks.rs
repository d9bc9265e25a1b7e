//! The threads of this process as the kernel sees them.
//!
//! Linux tells all of it under `/proc/self/task`. A jail has no `/proc`, for there a
//! program can read and write its own memory; it passes on that one folder, open. No
//! safe code can use what is open without having it. Elsewhere the lists are empty and
//! [`available`] says so.

/// A thread's number in the kernel.
pub(crate) type Tid = i32;

/// One thread at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Task {
    pub(crate) tid: Tid,
    /// At most 15 bytes: the kernel cuts longer names.
    pub(crate) name: String,
    /// Waits in the kernel, so it runs again only when something wakes it. A wait
    /// for the disk, which ends by itself, does not count.
    pub(crate) asleep: bool,
    /// How often it has left the processor. Equal twice: it did not run between.
    pub(crate) switches: u64,
}

#[cfg(target_os = "linux")]
pub(crate) fn current_tid() -> Tid {
    // SAFETY: `gettid` takes no arguments and cannot fail.
    unsafe { libc::gettid() }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn current_tid() -> Tid {
    0
}

/// `/proc/self/task`, opened by the jail before `/proc` went away.
#[cfg(target_os = "linux")]
static FOLDER: std::sync::OnceLock<std::fs::File> = std::sync::OnceLock::new();

/// From now on the threads are looked up in the folder that is open as `descriptor`.
///
/// # Safety
///
/// It is open, and nobody else uses it.
#[cfg(target_os = "linux")]
pub(crate) unsafe fn look_in(descriptor: i32) {
    use std::os::fd::FromRawFd;

    // SAFETY: the caller says so.
    let folder = unsafe { std::fs::File::from_raw_fd(descriptor) };
    #[cfg(all(feature = "record", not(feature = "explore")))]
    if let Ok(folder) = folder.try_clone() {
        wt_sync::record::count_threads_by(folder);
    }
    let _ = FOLDER.set(folder);
}

pub(crate) fn available() -> bool {
    !tids().is_empty()
}

pub(crate) fn tids() -> Vec<Tid> {
    #[cfg(target_os = "linux")]
    if let Some(folder) = FOLDER.get() {
        return jailed::names(folder);
    }
    let Ok(entries) = std::fs::read_dir("/proc/self/task") else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect()
}

fn read_status(tid: Tid) -> Option<String> {
    #[cfg(target_os = "linux")]
    if let Some(folder) = FOLDER.get() {
        return jailed::read(folder, &format!("{tid}/status"));
    }
    std::fs::read_to_string(format!("/proc/self/task/{tid}/status")).ok()
}

/// Relative to an open folder: there is no path to it.
#[cfg(target_os = "linux")]
mod jailed {
    use std::ffi::{CStr, CString};
    use std::fs::File;
    use std::io::Read;
    use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd};

    use super::Tid;

    pub(super) fn read(folder: &File, path: &str) -> Option<String> {
        let mut text = String::new();
        open(folder, path, 0)?.read_to_string(&mut text).ok()?;
        Some(text)
    }

    /// The entries that are numbers.
    pub(super) fn names(folder: &File) -> Vec<Tid> {
        // A new description: otherwise two threads would share one position in the list.
        let Some(own) = open(folder, ".", libc::O_DIRECTORY) else {
            return Vec::new();
        };
        // SAFETY: the descriptor is open and now belongs to the list.
        let list = unsafe { libc::fdopendir(own.into_raw_fd()) };
        if list.is_null() {
            return Vec::new();
        }
        let mut names = Vec::new();
        loop {
            // SAFETY: the list is open, and only this thread has it.
            let entry = unsafe { libc::readdir(list) };
            if entry.is_null() {
                break;
            }
            // SAFETY: an entry's name ends with a NUL, and lives until the next `readdir`.
            let name = unsafe { CStr::from_ptr((*entry).d_name.as_ptr()) };
            names.extend(name.to_str().ok().and_then(|name| name.parse::<Tid>().ok()));
        }
        // SAFETY: it is open, and not used after this.
        unsafe { libc::closedir(list) };
        names
    }

    fn open(folder: &File, path: &str, flags: i32) -> Option<File> {
        let path = CString::new(path).ok()?;
        let flags = libc::O_RDONLY | libc::O_CLOEXEC | flags;
        // SAFETY: the path ends with a NUL, and the folder is open.
        let descriptor = unsafe { libc::openat(folder.as_raw_fd(), path.as_ptr(), flags) };
        // SAFETY: it has just been opened, and nobody else knows it.
        (descriptor >= 0).then(|| unsafe { File::from_raw_fd(descriptor) })
    }
}

/// The thread, or `None` once it has ended.
pub(crate) fn task(tid: Tid) -> Option<Task> {
    let status = read_status(tid)?;
    let field = |name: &str| {
        status
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .map(str::trim)
    };
    let state = field("State:")?.chars().next()?;
    if matches!(state, 'Z' | 'X') {
        return None;
    }
    let count = |name| {
        field(name)
            .and_then(|text| text.parse::<u64>().ok())
            .unwrap_or(0)
    };
    Some(Task {
        tid,
        name: field("Name:")?.to_owned(),
        asleep: state == 'S',
        switches: count("voluntary_ctxt_switches:") + count("nonvoluntary_ctxt_switches:"),
    })
}

pub(crate) fn all() -> Vec<Task> {
    tids().into_iter().filter_map(task).collect()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_calling_thread_is_listed_and_awake() {
        let me = task(current_tid()).unwrap();
        assert!(!me.asleep);
        assert!(tids().contains(&me.tid));
    }

    #[test]
    fn an_open_folder_tells_the_same_as_its_path() {
        let folder = std::fs::File::open("/proc/self/task").unwrap();
        let me = current_tid();
        assert!(jailed::names(&folder).contains(&me));
        let status = jailed::read(&folder, &format!("{me}/status")).unwrap();
        assert!(status.contains(&format!("Pid:\t{me}\n")), "{status}");
        assert_eq!(jailed::read(&folder, "no/status"), None);
    }
}
