//! How long a thread has been on a processor. Miri knows no such clock.

use std::time::Duration;

/// The clock that runs while one thread is on a processor, and stands still while
/// it sleeps, waits for a lock, or waits for its turn.
///
/// A worker that is busy for a second and has used no processor time is waiting
/// for something. Any thread may read it. Linux; elsewhere there is none.
///
/// # Examples
///
/// ```
/// use wt_core::monitor::CpuClock;
///
/// if let Some(clock) = CpuClock::of_this_thread() {
///     let before = clock.read().unwrap();
///     std::hint::black_box((0..100_000_u64).sum::<u64>());
///     assert!(clock.read().unwrap() >= before);
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CpuClock {
    #[cfg(all(target_os = "linux", not(miri)))]
    id: libc::clockid_t,
}

impl CpuClock {
    /// The clock of the calling thread, or `None` if the system has none that
    /// others can read.
    #[must_use]
    pub fn of_this_thread() -> Option<Self> {
        this_thread()
    }

    /// The time so far; `None` once the thread has ended, or a moment later: `join` may
    /// return before the system has taken the clock away.
    ///
    /// The system may give a new thread the number of an ended one, and so its
    /// clock. Forget the clock before the thread ends.
    #[must_use]
    pub fn read(&self) -> Option<Duration> {
        read(self)
    }
}

#[cfg(all(target_os = "linux", not(miri)))]
fn this_thread() -> Option<CpuClock> {
    let mut id = 0;
    // SAFETY: the calling thread is alive, and `id` is a place to write to.
    let error = unsafe { libc::pthread_getcpuclockid(libc::pthread_self(), &raw mut id) };
    (error == 0).then_some(CpuClock { id })
}

#[cfg(all(target_os = "linux", not(miri)))]
fn read(clock: &CpuClock) -> Option<Duration> {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is a place to write to. A clock that is no more is an error, not undefined.
    let error = unsafe { libc::clock_gettime(clock.id, &raw mut time) };
    if error != 0 {
        return None;
    }
    let seconds = Duration::from_secs(u64::try_from(time.tv_sec).ok()?);
    Some(seconds + Duration::from_nanos(u64::try_from(time.tv_nsec).ok()?))
}

#[cfg(not(all(target_os = "linux", not(miri))))]
fn this_thread() -> Option<CpuClock> {
    None
}

#[cfg(not(all(target_os = "linux", not(miri))))]
fn read(_: &CpuClock) -> Option<Duration> {
    None
}
