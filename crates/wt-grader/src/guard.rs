//! Somebody who tidies up when the grader itself is killed.
//!
//! On SIGKILL the kernel ends the grader's children, but not what these have started. The
//! guard is a process that was forked before anything else and does nothing but wait for the
//! end of a pipe. When the grader dies in whatever way, the pipe ends, and the guard ends
//! what still works in the folders that the grader used, and removes them.
//!
//! Only on Linux. Elsewhere the next run sweeps what a killed one left.

use std::path::Path;

/// The grader's side of the guard.
///
/// Dropped at a normal end, when nothing is left to tidy up.
#[derive(Debug)]
pub struct Guard {
    _private: (),
}

impl Guard {
    /// Starts the guard. Call it first of all: before there is a thread, a lock or a child.
    ///
    /// Without a guard, as on another system or when no process can be forked, everything
    /// works as well; only what a killed grader leaves stays until the next run.
    #[must_use]
    pub fn start() -> Self {
        #[cfg(target_os = "linux")]
        linux::start();
        Self { _private: () }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        #[cfg(target_os = "linux")]
        linux::tell(linux::DONE);
    }
}

/// From now on the folders below `work` are looked after.
pub(crate) fn look_after(work: &Path) {
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::ffi::OsStrExt;
        use std::path::PathBuf;
        use std::sync::{Mutex, PoisonError};

        static TOLD: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
        let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
        if !told.iter().any(|known| known == work) {
            told.push(work.to_owned());
            linux::tell(work.as_os_str().as_bytes());
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = work;
}

/// If the grader is killed, what is in the control groups whose paths begin with `prefix` is
/// ended, and they are removed.
pub fn end_control_groups(prefix: &Path) {
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::ffi::OsStrExt;

        linux::tell(&[linux::GROUPS, prefix.as_os_str().as_bytes()].concat());
    }
    #[cfg(not(target_os = "linux"))]
    let _ = prefix;
}

#[cfg(target_os = "linux")]
mod linux {
    use std::ffi::OsStr;
    use std::fs::File;
    use std::io::{Read, Write};
    use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
    use std::os::unix::ffi::OsStrExt;
    use std::path::Path;
    use std::sync::OnceLock;
    use std::time::{Duration, Instant};

    use crate::orphans;
    use crate::scratch::Scratch;

    /// What the guard is told; each message ends with a NUL.
    static PIPE: OnceLock<File> = OnceLock::new();
    /// The message of a grader that has ended by itself.
    pub(super) const DONE: &[u8] = b"done";
    /// How a message begins that is about control groups.
    pub(super) const GROUPS: &[u8] = b"groups:";
    /// How long it takes care of control groups, whose processes may be slow to end.
    const LONGEST: Duration = Duration::from_secs(5);
    /// How long the guard looks for what may still be starting something.
    const LAST_LOOK: Duration = Duration::from_millis(500);
    const PAUSE: Duration = Duration::from_millis(20);

    pub(super) fn tell(message: &[u8]) {
        if let Some(mut pipe) = PIPE.get() {
            // A guard that is gone needs no message.
            let _ = pipe.write_all(&[message, b"\0"].concat());
        }
    }

    pub(super) fn start() {
        let Some((reader, writer)) = pipe() else {
            return;
        };
        // SAFETY: no thread has been started yet, so the child may do whatever we may.
        match unsafe { libc::fork() } {
            -1 => {}
            0 => {
                drop(writer);
                watch(reader);
                // SAFETY: ends this process, without what the grader has registered for its
                // own end.
                unsafe { libc::_exit(0) };
            }
            _ => {
                drop(reader);
                let _ = PIPE.set(writer);
                orphans::spare();
            }
        }
    }

    /// Both ends close when another program is started.
    fn pipe() -> Option<(File, File)> {
        let mut ends = [0; 2];
        // SAFETY: the array has room for the two numbers that are written.
        if unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) } != 0 {
            return None;
        }
        // SAFETY: both are open, and nobody else knows them.
        let [reader, writer] = ends.map(|end| File::from(unsafe { OwnedFd::from_raw_fd(end) }));
        Some((reader, writer))
    }

    /// The life of the guard.
    fn watch(mut pipe: File) {
        step_aside(&pipe);
        let mut told = Vec::new();
        let _ = pipe.read_to_end(&mut told);
        let mut messages: Vec<&[u8]> = told.split(|byte| *byte == 0).collect();
        messages.pop();
        if messages.last() == Some(&DONE) {
            return;
        }
        let start = Instant::now();
        let mut left = 0;
        while !messages.is_empty()
            && (start.elapsed() < LAST_LOOK || left > 0 && start.elapsed() < LONGEST)
        {
            left = 0;
            for message in &messages {
                match message.strip_prefix(GROUPS) {
                    Some(prefix) => left += end_groups(Path::new(OsStr::from_bytes(prefix))),
                    None => Scratch::sweep(Path::new(OsStr::from_bytes(message))),
                }
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// How many of the groups are still there.
    fn end_groups(prefix: &Path) -> usize {
        let beginning = prefix.file_name().unwrap_or_default().as_bytes();
        let entries = prefix.parent().map(std::fs::read_dir);
        let entries = entries.into_iter().flatten().flatten().flatten();
        let ours = entries.filter(|entry| entry.file_name().as_bytes().starts_with(beginning));
        ours.filter(|group| {
            let members = std::fs::read_to_string(group.path().join("cgroup.procs"));
            for member in members.unwrap_or_default().lines() {
                // A number below 2 would be somebody else: ourselves, or everybody.
                if let Some(member) = member.parse::<libc::pid_t>().ok().filter(|one| *one > 1) {
                    // SAFETY: the call takes plain numbers. Nobody but programs of the jail is
                    // in the group.
                    unsafe { libc::kill(member, libc::SIGKILL) };
                }
            }
            std::fs::remove_dir(group.path()).is_err()
        })
        .count()
    }

    /// Out of the grader's terminal, folder and streams: nobody waits for the guard, and
    /// Ctrl-C is not for it.
    fn step_aside(pipe: &File) {
        let _ = std::env::set_current_dir("/");
        // SAFETY: these calls take plain numbers. The streams that are replaced are those of
        // this process, which prints nothing.
        unsafe {
            libc::setsid();
            for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
                libc::signal(signal, libc::SIG_IGN);
            }
            let nothing = libc::open(c"/dev/null".as_ptr(), libc::O_RDWR | libc::O_CLOEXEC);
            for stream in 0..3 {
                libc::dup2(nothing, stream);
            }
            if nothing > 2 && nothing != pipe.as_raw_fd() {
                libc::close(nothing);
            }
        }
    }
}
