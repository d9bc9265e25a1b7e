//! Ctrl-C: every child dies, every folder goes, the exit code says 130.
//!
//! The first signal cancels: running children are killed, and whoever waits for
//! one gets [`GradeError::Cancelled`](crate::GradeError::Cancelled) and unwinds,
//! so folders are removed. The second ends the process at once.

use std::collections::BTreeSet;
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
pub fn listen() -> std::io::Result<()> {
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
pub fn listen() -> std::io::Result<()> {
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
    pub(crate) fn register(leader: u32) -> Self {
        GROUPS
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(leader);
        let group = Self(leader);
        // A signal between the spawn and this line has not seen the group.
        if is_cancelled() {
            group.kill();
        }
        group
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
