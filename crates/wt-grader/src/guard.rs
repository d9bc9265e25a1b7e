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

/// If the grader is killed, the empty folders whose paths begin with `prefix` are removed:
/// control groups, which are gone when they are.
pub fn remove_empty_folders(prefix: &Path) {
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::ffi::OsStrExt;

        linux::tell(&[linux::EMPTY, prefix.as_os_str().as_bytes()].concat());
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
    /// How a message begins that is about empty folders.
    pub(super) const EMPTY: &[u8] = b"empty:";
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
        let end = Instant::now() + LAST_LOOK;
        while !messages.is_empty() && Instant::now() < end {
            for message in &messages {
                match message.strip_prefix(EMPTY) {
                    Some(prefix) => remove_empty(Path::new(OsStr::from_bytes(prefix))),
                    None => Scratch::sweep(Path::new(OsStr::from_bytes(message))),
                }
            }
            std::thread::sleep(PAUSE);
        }
    }

    fn remove_empty(prefix: &Path) {
        let beginning = prefix.file_name().unwrap_or_default().as_bytes();
        let entries = prefix.parent().map(std::fs::read_dir);
        for entry in entries.into_iter().flatten().flatten().flatten() {
            if entry.file_name().as_bytes().starts_with(beginning) {
                // One that is not empty is in use.
                let _ = std::fs::remove_dir(entry.path());
            }
        }
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
