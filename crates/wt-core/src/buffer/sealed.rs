//! Memory that the kernel keeps from being changed, as a file: Linux's `memfd`.

use std::fs::File;
use std::io;
use std::ops::Range;

/// Copies `range` of the file into a new sealed file in memory.
#[cfg(target_os = "linux")]
pub(super) fn copy(mut file: File, range: Range<u64>) -> io::Result<File> {
    use std::io::{Read, Seek, SeekFrom};
    use std::os::fd::{AsRawFd, FromRawFd};

    // SAFETY: the name is a C string, and is not kept.
    let memory = unsafe {
        libc::memfd_create(
            c"wt-core".as_ptr(),
            libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING,
        )
    };
    if memory == -1 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor is new, so nobody else owns it.
    let mut memory = unsafe { File::from_raw_fd(memory) };
    file.seek(SeekFrom::Start(range.start))?;
    // From file to file, std lets the kernel copy.
    let len = range.end - range.start;
    if io::copy(&mut file.take(len), &mut memory)? < len {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let seals = libc::F_SEAL_SHRINK | libc::F_SEAL_GROW | libc::F_SEAL_WRITE | libc::F_SEAL_SEAL;
    // SAFETY: this command takes a number and touches no memory of ours.
    if unsafe { libc::fcntl(memory.as_raw_fd(), libc::F_ADD_SEALS, seals) } == -1 {
        return Err(io::Error::last_os_error());
    }
    Ok(memory)
}

#[cfg(not(target_os = "linux"))]
pub(super) fn copy(_: File, _: Range<u64>) -> io::Result<File> {
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "only Linux has memory that can be sealed",
    ))
}
