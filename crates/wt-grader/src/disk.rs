//! How much room is left on a disk.

use std::path::Path;

/// The bytes that a program without privileges may still write below `folder`;
/// `None` where this system does not tell.
#[must_use]
pub fn free(folder: &Path) -> Option<u64> {
    free_on_this_system(folder)
}

#[cfg(unix)]
#[allow(
    clippy::unnecessary_cast,
    reason = "the fields have other widths on other systems"
)]
fn free_on_this_system(folder: &Path) -> Option<u64> {
    use std::ffi::CString;
    use std::mem::MaybeUninit;
    use std::os::unix::ffi::OsStrExt;

    let path = CString::new(folder.as_os_str().as_bytes()).ok()?;
    let mut found = MaybeUninit::<libc::statvfs>::uninit();
    // SAFETY: `path` ends with a NUL and `found` has room for the struct; both
    // live until the call returns.
    if unsafe { libc::statvfs(path.as_ptr(), found.as_mut_ptr()) } != 0 {
        return None;
    }
    // SAFETY: the call succeeded, so it has filled the whole struct.
    let found = unsafe { found.assume_init() };
    Some(found.f_bavail as u64 * found.f_frsize as u64)
}

#[cfg(not(unix))]
fn free_on_this_system(_: &Path) -> Option<u64> {
    None
}
