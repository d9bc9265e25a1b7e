//! Ctrl-C: every child dies, every folder goes, the exit code says 130.
//!
//! The first signal cancels: running children are killed, and whoever waits for
//! one gets [`GradeError::Cancelled`](crate::GradeError::Cancelled) and unwinds,
//! so folders are removed. The second ends the process at once.

use std::collections::BTreeSet;
use std::io;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

static CANCELLED: AtomicBool = AtomicBool::new(false);
/// Process groups that must not outlive this process.
static GROUPS: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// The exit code of a cancelled command, as shells have it for SIGINT.
pub const EXIT_CODE: i32 = 130;

/// Listens for SIGINT, SIGTERM and SIGHUP from now on.
///
/// # Errors
///
/// The system's reason if a handler cannot be installed.
#[cfg(unix)]
pub fn listen() -> io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    std::thread::Builder::new()
        .name("signals".into())
        .spawn(move || {
            for _ in signals.forever() {
                let again = CANCELLED.swap(true, Ordering::SeqCst);
                kill_all();
                if again {
                    std::process::exit(EXIT_CODE);
                }
            }
        })?;
    Ok(())
}

/// Does nothing: without Unix signals the system ends the process.
///
/// # Errors
///
/// Never.
#[cfg(not(unix))]
pub fn listen() -> io::Result<()> {
    Ok(())
}

/// Whether a signal has asked to stop.
#[must_use]
pub fn is_cancelled() -> bool {
    CANCELLED.load(Ordering::SeqCst)
}

/// A child's process group, registered until dropped; dropping kills it.
#[derive(Debug)]
pub(crate) struct Group(u32);

impl Group {
    /// Starts a child that leads a group of its own.
    pub(crate) fn spawn(command: &mut Command) -> io::Result<(Child, Self)> {
        // Under the lock, so that no child of ours is taken for an orphan.
        let mut groups = GROUPS.lock().unwrap_or_else(PoisonError::into_inner);
        let child = command.spawn()?;
        groups.insert(child.id());
        drop(groups);
        let group = Self(child.id());
        // A signal before this line may not have seen the group.
        if is_cancelled() {
            group.kill();
        }
        Ok((child, group))
    }

    pub(crate) fn kill(&self) {
        kill_group(self.0);
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
        GROUPS
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.0);
    }
}

/// Calls `f` with the children that we started ourselves; none is started meanwhile.
#[cfg(target_os = "linux")]
pub(crate) fn with_own_children<T>(f: impl FnOnce(&BTreeSet<u32>) -> T) -> T {
    f(&GROUPS.lock().unwrap_or_else(PoisonError::into_inner))
}

#[cfg(unix)]
fn kill_all() {
    for leader in GROUPS.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        kill_group(*leader);
    }
}

#[cfg(unix)]
fn kill_group(leader: u32) {
    let Ok(leader) = libc::pid_t::try_from(leader) else {
        return;
    };
    // SAFETY: `kill` takes plain numbers. A group that is gone is an error that
    // may be ignored: its number is not reused while its leader is unreaped, and
    // `Group` is dropped right after the leader was reaped.
    unsafe { libc::kill(-leader, libc::SIGKILL) };
}

#[cfg(not(unix))]
fn kill_group(_leader: u32) {}
