//! [`std::sync::Once`] and [`std::sync::OnceLock`], watched.

use std::fmt;
use std::panic::Location;
use std::sync::OnceState;

use crate::record::object::Tag;
use crate::record::state::{Place, Wait, state, waiting};

/// As [`std::sync::Once`].
pub struct Once {
    tag: Tag,
    inner: std::sync::Once,
}

impl Once {
    /// As [`std::sync::Once::new`].
    #[track_caller]
    #[must_use]
    #[expect(clippy::new_without_default, reason = "std's has none")]
    pub const fn new() -> Self {
        Self {
            tag: Tag::new("Once"),
            inner: std::sync::Once::new(),
        }
    }

    /// As [`std::sync::Once::call_once`].
    #[track_caller]
    pub fn call_once<F: FnOnce()>(&self, f: F) {
        let place = Location::caller();
        if !self.inner.is_completed() {
            waiting(Wait::Init(self.tag.handle()), place, || {
                self.inner.call_once(|| initialising(&self.tag, place, f));
            });
        }
    }

    /// As [`std::sync::Once::call_once_force`].
    #[track_caller]
    pub fn call_once_force<F: FnOnce(&OnceState)>(&self, f: F) {
        let place = Location::caller();
        if !self.inner.is_completed() {
            waiting(Wait::Init(self.tag.handle()), place, || {
                self.inner
                    .call_once_force(|once| initialising(&self.tag, place, || f(once)));
            });
        }
    }

    /// As [`std::sync::Once::is_completed`].
    pub fn is_completed(&self) -> bool {
        self.inner.is_completed()
    }
}

/// As [`std::sync::OnceLock`].
pub struct OnceLock<T> {
    tag: Tag,
    inner: std::sync::OnceLock<T>,
}

impl<T> OnceLock<T> {
    /// As [`std::sync::OnceLock::new`].
    #[track_caller]
    #[must_use]
    pub const fn new() -> Self {
        Self {
            tag: Tag::new("OnceLock"),
            inner: std::sync::OnceLock::new(),
        }
    }

    /// As [`std::sync::OnceLock::get`].
    pub fn get(&self) -> Option<&T> {
        self.inner.get()
    }

    /// As [`std::sync::OnceLock::get_mut`].
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.inner.get_mut()
    }

    /// As [`std::sync::OnceLock::set`].
    ///
    /// # Errors
    ///
    /// The value, if there is one already.
    #[track_caller]
    pub fn set(&self, value: T) -> Result<(), T> {
        let wait = Wait::Init(self.tag.handle());
        waiting(wait, Location::caller(), || self.inner.set(value))
    }

    /// As [`std::sync::OnceLock::get_or_init`].
    #[track_caller]
    pub fn get_or_init<F: FnOnce() -> T>(&self, f: F) -> &T {
        if let Some(value) = self.inner.get() {
            return value;
        }
        let place = Location::caller();
        waiting(Wait::Init(self.tag.handle()), place, || {
            self.inner.get_or_init(|| initialising(&self.tag, place, f))
        })
    }

    /// As [`std::sync::OnceLock::into_inner`].
    pub fn into_inner(self) -> Option<T> {
        self.inner.into_inner()
    }

    /// As [`std::sync::OnceLock::take`].
    pub fn take(&mut self) -> Option<T> {
        self.inner.take()
    }
}

/// Runs `f` as the one who initialises; it waits for nobody while it does, unless
/// `f` itself waits.
fn initialising<T>(tag: &Tag, place: Place, f: impl FnOnce() -> T) -> T {
    let waited = {
        let mut state = state();
        let me = state.me();
        tag.record(&mut state).owner = Some((me, place));
        state.threads[me].waits.take()
    };
    let _done = Done(tag);
    let result = f();
    let mut state = state();
    let me = state.me();
    state.threads[me].waits = waited;
    result
}

/// Also when the initialisation panics.
struct Done<'a>(&'a Tag);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        let mut state = state();
        self.0.record(&mut state).owner = None;
    }
}

impl fmt::Debug for Once {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl<T: fmt::Debug> fmt::Debug for OnceLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl<T> Default for OnceLock<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Clone> Clone for OnceLock<T> {
    #[track_caller]
    fn clone(&self) -> Self {
        let cell = Self::new();
        if let Some(value) = self.get() {
            let _ = cell.inner.set(value.clone());
        }
        cell
    }
}

impl<T> From<T> for OnceLock<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        let cell = Self::new();
        let _ = cell.inner.set(value);
        cell
    }
}
