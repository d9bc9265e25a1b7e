//! Processes that have left the group of the check that started them.
//!
//! Killing a check's process group does not reach a process that called `setsid`.
//! On Linux the grader asks to adopt such orphans, so that it is told of them, and
//! ends them with the check. Elsewhere they are nobody's.
//!
//! What cargo leaves behind on purpose, such as the server of a compiler cache, is
//! spared.

#[cfg(target_os = "linux")]
pub(crate) use linux::{adopt, end_all, end_inside, spare};

#[cfg(not(target_os = "linux"))]
pub(crate) fn adopt() {}

#[cfg(not(target_os = "linux"))]
pub(crate) fn spare() {}

#[cfg(not(target_os = "linux"))]
pub(crate) fn end_all() {}

#[cfg(not(target_os = "linux"))]
pub(crate) fn end_inside(_folder: &std::path::Path) {}

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::BTreeSet;
    use std::fs;
    use std::os::unix::ffi::OsStrExt;
    use std::path::Path;
    use std::sync::{Mutex, Once, PoisonError};
    use std::thread;
    use std::time::Duration;

    use crate::cancel;

    static SPARED: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());
    /// How often in all to look again for what orphans had started themselves.
    const ROUNDS: usize = 100;
    const PAUSE: Duration = Duration::from_millis(1);

    /// From now on, whoever loses its parent below us becomes our child.
    pub(crate) fn adopt() {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            // SAFETY: this option takes one number and changes no memory. Where the
            // kernel does not have it, nobody is adopted.
            unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1_usize) };
        });
    }

    /// Never ends those that are there now.
    pub(crate) fn spare() {
        let orphans = orphans();
        let mut spared = SPARED.lock().unwrap_or_else(PoisonError::into_inner);
        spared.extend(orphans);
    }

    /// Ends every orphan, and those that they leave behind in turn.
    pub(crate) fn end_all() {
        for _ in 0..ROUNDS {
            let mut orphans = orphans();
            {
                let spared = SPARED.lock().unwrap_or_else(PoisonError::into_inner);
                orphans.retain(|orphan| !spared.contains(orphan));
            }
            if orphans.is_empty() {
                return;
            }
            let mut ended = 0;
            for orphan in &orphans {
                ended += usize::from(end(*orphan));
            }
            if ended < orphans.len() {
                thread::sleep(PAUSE);
            }
        }
    }

    /// Ends every process that works in `folder`, or has the environment of a check in it:
    /// what a run that was killed itself could not end any more.
    pub(crate) fn end_inside(folder: &Path) {
        // What a check is told as its folder for temporary files.
        let marked = folder.as_os_str().as_bytes();
        let own = std::process::id().try_into().unwrap_or(0);
        let Ok(folder) = folder.canonicalize() else {
            return;
        };
        for process in fs::read_dir("/proc").into_iter().flatten().flatten() {
            let number = process
                .file_name()
                .to_str()
                .and_then(|name| name.parse().ok());
            let Some(number) = number else { continue };
            let works_there = || {
                let here = fs::read_link(process.path().join("cwd"));
                here.is_ok_and(|here| here.starts_with(&folder))
            };
            let came_from_there = || {
                let variables = fs::read(process.path().join("environ")).unwrap_or_default();
                let marks = |variable: &[u8]| variable.strip_prefix(b"TMPDIR=") == Some(marked);
                variables.split(|byte| *byte == 0).any(marks)
            };
            if number != own && (works_there() || came_from_there()) {
                // SAFETY: `kill` takes plain numbers. The process was one of the folder's just
                // now, and we may kill only our own user's.
                unsafe { libc::kill(number, libc::SIGKILL) };
            }
        }
    }

    /// Our children that we did not start.
    fn orphans() -> BTreeSet<u32> {
        cancel::with_own_children(|own| &children() - own)
    }

    /// By the kernel's list of each thread's children.
    fn children() -> BTreeSet<u32> {
        let threads = fs::read_dir("/proc/self/task").into_iter().flatten();
        threads
            .flatten()
            .filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok())
            .flat_map(|list| {
                let numbers = list.split_whitespace();
                numbers
                    .filter_map(|number| number.parse().ok())
                    .collect::<Vec<_>>()
            })
            .collect()
    }

    /// Kills a child, and says whether it is gone.
    fn end(child: u32) -> bool {
        let Ok(child) = libc::pid_t::try_from(child) else {
            return true;
        };
        // SAFETY: both calls take plain numbers; no status is written. The number is
        // that of a child of ours that nobody else waits for, so it cannot have been
        // given to another process before this `waitpid`.
        unsafe {
            libc::kill(child, libc::SIGKILL);
            libc::waitpid(child, std::ptr::null_mut(), libc::WNOHANG) != 0
        }
    }
}
