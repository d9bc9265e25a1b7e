//! [`std::sync::LazyLock`], explored.

use std::fmt;
use std::ops::Deref;
use std::panic::Location;
use std::sync::{Mutex, PoisonError};

use super::once::OnceLock;
use crate::explore::world::Place;

/// As [`std::sync::LazyLock`]. In a static it is initialised once in a process, not
/// once in an execution.
pub struct LazyLock<T, F = fn() -> T> {
    cell: OnceLock<T>,
    init: Mutex<Option<F>>,
    made_at: Place,
}

impl<T, F: FnOnce() -> T> LazyLock<T, F> {
    /// As [`std::sync::LazyLock::new`].
    #[track_caller]
    pub const fn new(f: F) -> Self {
        Self {
            cell: OnceLock::of("LazyLock", Location::caller()),
            init: Mutex::new(Some(f)),
            made_at: Location::caller(),
        }
    }

    /// As [`std::sync::LazyLock::force`].
    ///
    /// # Panics
    ///
    /// If the initialisation panicked before.
    pub fn force(this: &Self) -> &T {
        this.cell.init_at(this.made_at, || {
            let init = this.init.lock();
            let init = init.unwrap_or_else(PoisonError::into_inner).take();
            init.expect("LazyLock instance has previously been poisoned")()
        })
    }
}

impl<T, F: FnOnce() -> T> Deref for LazyLock<T, F> {
    type Target = T;

    fn deref(&self) -> &T {
        Self::force(self)
    }
}

impl<T: Default> Default for LazyLock<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(T::default)
    }
}

impl<T: fmt::Debug, F> fmt::Debug for LazyLock<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LazyLock").field(&self.cell).finish()
    }
}
