//! The threads of this process as the kernel sees them.
//!
//! Linux tells all of it under `/proc/self/task`. Elsewhere, and in a jail
//! without `/proc`, the lists are empty and [`available`] says so.

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

pub(crate) fn available() -> bool {
    !tids().is_empty()
}

pub(crate) fn tids() -> Vec<Tid> {
    let Ok(entries) = std::fs::read_dir("/proc/self/task") else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect()
}

/// The thread, or `None` once it has ended.
pub(crate) fn task(tid: Tid) -> Option<Task> {
    let status = std::fs::read_to_string(format!("/proc/self/task/{tid}/status")).ok()?;
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
}
