//! Disks and users that not every machine can give.

use std::os::unix::fs::MetadataExt;
use std::process::{Command, Stdio};

/// Whether this test runs as root, whom no permission stops.
pub(crate) fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|meta| meta.uid() == 0)
}

/// The words before a program that let it run with mounts of its own, made by
/// the shell script `mounts`; nothing of it is seen outside. `None`, with the
/// reason printed, where that is not allowed.
pub(crate) fn mounted_apart(mounts: &str) -> Option<Vec<String>> {
    let words = |script: &str| {
        [
            "unshare",
            "--mount",
            "--propagation",
            "private",
            "sh",
            "-ec",
            script,
            "sh",
        ]
        .map(String::from)
    };
    let [program, rest @ ..] = words("mount -t tmpfs -o size=4k tmpfs /mnt");
    let allowed = Command::new(program)
        .args(rest)
        .stderr(Stdio::null())
        .status();
    if !allowed.is_ok_and(|status| status.success()) {
        eprintln!("skipped: this test needs to mount a file system, and that is not allowed here");
        return None;
    }
    Some(words(&format!("{mounts}\nexec \"$@\"")).to_vec())
}
