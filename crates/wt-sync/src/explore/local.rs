//! [`std::thread_local!`]: a value per thread of the execution.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::world::{here, with};

thread_local! {
    /// The values of an OS thread that is part of no execution.
    static OUTSIDE: RefCell<Vec<(usize, Rc<dyn Any>)>> = const { RefCell::new(Vec::new()) };
}

/// As [`std::thread::LocalKey`].
pub struct LocalKey<T: 'static> {
    #[doc(hidden)]
    pub init: fn() -> T,
}

/// As [`std::thread::AccessError`]. Never made: a value can be had until its thread
/// has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccessError;

impl std::fmt::Display for AccessError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("already destroyed")
    }
}

impl std::error::Error for AccessError {}

impl<T: 'static> LocalKey<T> {
    /// As [`std::thread::LocalKey::with`].
    pub fn with<R>(&'static self, f: impl FnOnce(&T) -> R) -> R {
        f(&self.value())
    }

    /// As [`std::thread::LocalKey::try_with`].
    ///
    /// # Errors
    ///
    /// None.
    pub fn try_with<R>(&'static self, f: impl FnOnce(&T) -> R) -> Result<R, AccessError> {
        Ok(f(&self.value()))
    }

    fn value(&'static self) -> Rc<T> {
        let key = std::ptr::from_ref(self).addr();
        if let Some(value) = locals(|all| find(all, key)) {
            return value;
        }
        // Not while the values are borrowed: it may use others.
        let value = Rc::new((self.init)());
        let any: Rc<dyn Any> = Rc::clone(&value) as Rc<dyn Any>;
        locals(|all| all.push((key, any)));
        value
    }
}

fn find<T: 'static>(all: &[(usize, Rc<dyn Any>)], key: usize) -> Option<Rc<T>> {
    let (_, value) = all.iter().find(|(known, _)| *known == key)?;
    Rc::clone(value).downcast().ok()
}

type Values = Vec<(usize, Rc<dyn Any>)>;

/// The values of the calling thread.
fn locals<R>(f: impl FnOnce(&mut Values) -> R) -> R {
    let in_an_execution = with(|world| !world.threads.is_empty()) == Some(true);
    match in_an_execution {
        true => here(|world| f(&mut world.mine().locals)),
        false => OUTSIDE.with(|all| f(&mut all.borrow_mut())),
    }
}

/// Drops the values of the calling thread, the newest first.
pub(super) fn drop_all() {
    while let Some(value) = with(|world| world.mine().locals.pop()).flatten() {
        drop(value);
    }
}

impl<T: 'static> LocalKey<Cell<T>> {
    /// As [`std::thread::LocalKey::set`].
    pub fn set(&'static self, value: T) {
        self.with(|cell| cell.set(value));
    }

    /// As [`std::thread::LocalKey::get`].
    pub fn get(&'static self) -> T
    where
        T: Copy,
    {
        self.with(Cell::get)
    }

    /// As [`std::thread::LocalKey::take`].
    pub fn take(&'static self) -> T
    where
        T: Default,
    {
        self.with(Cell::take)
    }

    /// As [`std::thread::LocalKey::replace`].
    pub fn replace(&'static self, value: T) -> T {
        self.with(|cell| cell.replace(value))
    }
}

impl<T: 'static> LocalKey<RefCell<T>> {
    /// As [`std::thread::LocalKey::with_borrow`].
    pub fn with_borrow<R>(&'static self, f: impl FnOnce(&T) -> R) -> R {
        self.with(|cell| f(&cell.borrow()))
    }

    /// As [`std::thread::LocalKey::with_borrow_mut`].
    pub fn with_borrow_mut<R>(&'static self, f: impl FnOnce(&mut T) -> R) -> R {
        self.with(|cell| f(&mut cell.borrow_mut()))
    }

    /// As [`std::thread::LocalKey::set`].
    pub fn set(&'static self, value: T) {
        self.with(|cell| *cell.borrow_mut() = value);
    }

    /// As [`std::thread::LocalKey::take`].
    pub fn take(&'static self) -> T
    where
        T: Default,
    {
        self.with(RefCell::take)
    }

    /// As [`std::thread::LocalKey::replace`].
    pub fn replace(&'static self, value: T) -> T {
        self.with(|cell| cell.replace(value))
    }
}

impl<T: 'static> std::fmt::Debug for LocalKey<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LocalKey").finish_non_exhaustive()
    }
}

/// As [`std::thread_local!`].
#[doc(hidden)]
#[macro_export]
macro_rules! __explore_thread_local {
    () => {};
    ($(#[$attribute:meta])* $vis:vis static $name:ident : $type:ty = const $init:block $(; $($rest:tt)*)?) => {
        $crate::__explore_thread_local!($(#[$attribute])* $vis static $name: $type = $init $(; $($rest)*)?);
    };
    ($(#[$attribute:meta])* $vis:vis static $name:ident : $type:ty = $init:expr $(; $($rest:tt)*)?) => {
        $(#[$attribute])*
        $vis static $name: $crate::thread::LocalKey<$type> = $crate::thread::LocalKey {
            init: || $init,
        };
        $($crate::__explore_thread_local!($($rest)*);)?
    };
}
