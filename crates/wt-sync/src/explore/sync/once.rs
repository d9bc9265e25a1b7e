//! [`std::sync::Once`] and [`std::sync::OnceLock`], explored.

use std::fmt;
use std::panic::Location;
use std::sync::Mutex;
use std::sync::PoisonError;

use crate::explore::step::Verb;
use crate::explore::wait::{Wait, block, switch};
use crate::explore::world::{Place, Tag, with};

/// How far an initialisation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    Not,
    Running,
    Done,
    Poisoned,
}

/// As [`std::sync::Once`].
pub struct Once {
    tag: Tag,
    progress: Mutex<Progress>,
}

/// As [`std::sync::OnceState`].
#[derive(Debug)]
pub struct OnceState {
    poisoned: bool,
}

impl OnceState {
    /// As [`std::sync::OnceState::is_poisoned`].
    #[must_use]
    pub fn is_poisoned(&self) -> bool {
        self.poisoned
    }
}

/// Sets what has become of an initialisation, also if it unwinds.
struct Running<'a> {
    once: &'a Once,
    then: Progress,
}

impl Once {
    /// As [`std::sync::Once::new`].
    #[track_caller]
    #[must_use]
    #[expect(clippy::new_without_default, reason = "std's has none")]
    pub const fn new() -> Self {
        Self::of("Once", Location::caller())
    }

    pub(super) const fn of(kind: &'static str, place: Place) -> Self {
        Self {
            tag: Tag::made_at(kind, place),
            progress: Mutex::new(Progress::Not),
        }
    }

    /// As [`std::sync::Once::call_once`].
    ///
    /// # Panics
    ///
    /// If an earlier call panicked.
    #[track_caller]
    pub fn call_once<F: FnOnce()>(&self, f: F) {
        let place = Location::caller();
        self.call(place, |poisoned| {
            assert!(!poisoned, "Once instance has previously been poisoned");
            f();
            Progress::Done
        });
    }

    /// As [`std::sync::Once::call_once_force`].
    #[track_caller]
    pub fn call_once_force<F: FnOnce(&OnceState)>(&self, f: F) {
        self.call(Location::caller(), |poisoned| {
            f(&OnceState { poisoned });
            Progress::Done
        });
    }

    /// As [`std::sync::Once::is_completed`].
    #[must_use]
    pub fn is_completed(&self) -> bool {
        switch();
        self.progress() == Progress::Done
    }

    /// As [`std::sync::Once::wait`].
    ///
    /// # Panics
    ///
    /// If an initialisation panicked.
    #[track_caller]
    pub fn wait(&self) {
        let place = Location::caller();
        switch();
        loop {
            match self.progress() {
                Progress::Done => return,
                Progress::Poisoned => panic!("Once instance has previously been poisoned"),
                _ => self.sleep(place),
            }
        }
    }

    /// Runs `f` if nobody has done so; otherwise waits until it is done. `f` is told
    /// whether an earlier one panicked, and says how far it has come.
    fn call(&self, place: Place, f: impl FnOnce(bool) -> Progress) {
        switch();
        let was = loop {
            match self.progress() {
                Progress::Done => return,
                Progress::Running => self.sleep(place),
                other => break other,
            }
        };
        self.set(Progress::Running);
        with(|world| {
            let me = world.me();
            self.tag.object(world).owner = Some((me, place));
        });
        let mut running = Running {
            once: self,
            then: Progress::Poisoned,
        };
        running.then = f(was == Progress::Poisoned);
        with(|world| {
            let number = self.tag.number(world);
            world.step(Verb::Initialised(number), Some(place));
        });
    }

    fn sleep(&self, place: Place) {
        let number = with(|world| {
            let number = self.tag.number(world);
            let me = world.me();
            world.objects[number].waiters.push(me);
            number
        });
        block(Wait::Init(number.unwrap_or_default()), place, None);
    }

    fn progress(&self) -> Progress {
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, progress: Progress) {
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner) = progress;
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.once.set(self.then);
        with(|world| {
            let once = self.once.tag.object(world);
            once.owner = None;
            let waiters = std::mem::take(&mut once.waiters);
            world.wake_all(waiters);
        });
    }
}

impl fmt::Debug for Once {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Once").finish_non_exhaustive()
    }
}

/// As [`std::sync::OnceLock`].
pub struct OnceLock<T> {
    once: Once,
    value: std::sync::OnceLock<T>,
}

impl<T> OnceLock<T> {
    /// As [`std::sync::OnceLock::new`].
    #[track_caller]
    #[must_use]
    pub const fn new() -> Self {
        Self::of("OnceLock", Location::caller())
    }

    pub(super) const fn of(kind: &'static str, place: Place) -> Self {
        Self {
            once: Once::of(kind, place),
            value: std::sync::OnceLock::new(),
        }
    }

    /// As [`std::sync::OnceLock::get`].
    pub fn get(&self) -> Option<&T> {
        switch();
        self.value.get()
    }

    /// As [`std::sync::OnceLock::get_mut`].
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.value.get_mut()
    }

    /// As [`std::sync::OnceLock::set`].
    ///
    /// # Errors
    ///
    /// The value, if there is one already.
    #[track_caller]
    pub fn set(&self, value: T) -> Result<(), T> {
        let mut refused = Some(value);
        let place = Location::caller();
        self.once.call(place, |_| {
            if let Some(value) = refused.take() {
                let _ = self.value.set(value);
            }
            Progress::Done
        });
        refused.map_or(Ok(()), Err)
    }

    /// As [`std::sync::OnceLock::get_or_init`].
    #[track_caller]
    pub fn get_or_init<F: FnOnce() -> T>(&self, f: F) -> &T {
        let place = Location::caller();
        self.init_at(place, f)
    }

    /// As [`std::sync::OnceLock::wait`].
    #[track_caller]
    pub fn wait(&self) -> &T {
        let place = Location::caller();
        switch();
        loop {
            if let Some(value) = self.value.get() {
                return value;
            }
            self.once.sleep(place);
        }
    }

    pub(super) fn init_at(&self, place: Place, f: impl FnOnce() -> T) -> &T {
        self.once.call(place, |_| {
            let value = f();
            assert!(self.value.set(value).is_ok(), "nobody else initialises it");
            Progress::Done
        });
        self.value.get().expect("it has been initialised")
    }

    /// As [`std::sync::OnceLock::into_inner`].
    pub fn into_inner(self) -> Option<T> {
        self.value.into_inner()
    }

    /// As [`std::sync::OnceLock::take`].
    pub fn take(&mut self) -> Option<T> {
        self.once.set(Progress::Not);
        self.value.take()
    }
}

impl<T> Default for OnceLock<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl<T: fmt::Debug> fmt::Debug for OnceLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

impl<T> From<T> for OnceLock<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        let cell = Self::new();
        cell.once.set(Progress::Done);
        assert!(cell.value.set(value).is_ok(), "it is new");
        cell
    }
}
