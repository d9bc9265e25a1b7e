//! Waits that always end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::request::Request;

/// Whether a check has waited for something that did not happen.
static IN_VAIN: AtomicBool = AtomicBool::new(false);

pub(crate) fn was_in_vain() -> bool {
    IN_VAIN.load(Ordering::SeqCst)
}

/// How long a check waits for something that must happen soon.
///
/// Two fifths of the check's own limit, which the grader scales to the machine:
/// 2 to 4 seconds. No right solution comes near it.
#[must_use]
pub fn patience() -> Duration {
    Request::current().limit * 2 / 5
}

/// Waits until `condition` holds, and says whether it did within [`patience`].
///
/// It asks again and again, with a pause of at most a millisecond, so the calling
/// thread never looks like one that hangs.
///
/// # Examples
///
/// ```
/// use std::sync::atomic::{AtomicBool, Ordering};
///
/// static READY: AtomicBool = AtomicBool::new(false);
/// std::thread::spawn(|| READY.store(true, Ordering::Release));
/// assert!(wt_check::wait_until(|| READY.load(Ordering::Acquire)));
/// ```
pub fn wait_until(condition: impl FnMut() -> bool) -> bool {
    #[cfg(feature = "explore")]
    crate::explored::refuse("`wt_check::wait_until`");
    wait_until_for(patience(), condition)
}

pub(crate) fn wait_until_for(limit: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + limit;
    let mut asked = 0_u32;
    loop {
        if condition() {
            return true;
        }
        if Instant::now() >= deadline {
            IN_VAIN.store(true, Ordering::SeqCst);
            return false;
        }
        asked += 1;
        match asked {
            0..100 => thread::yield_now(),
            100..300 => thread::sleep(Duration::from_micros(100)),
            _ => thread::sleep(Duration::from_millis(1)),
        }
    }
}
