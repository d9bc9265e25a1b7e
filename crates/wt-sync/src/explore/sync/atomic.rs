//! [`std::sync::atomic`], explored. Every operation is a scheduling point, and all are
//! as strong as `SeqCst`: what only a weaker ordering allows is not tried.

use std::fmt;
use std::panic::Location;

pub use std::sync::atomic::Ordering;

use crate::explore::step::{AtomicStep, Shown, Verb};
use crate::explore::wait::switch;
use crate::explore::world::{Place, Tag, with};

/// As [`std::sync::atomic::fence`].
pub fn fence(order: Ordering) {
    let _ = order;
    switch();
}

/// As [`std::sync::atomic::compiler_fence`].
pub fn compiler_fence(order: Ordering) {
    std::sync::atomic::compiler_fence(order);
}

fn note(tag: &Tag, place: Place, did: AtomicStep) {
    with(|world| {
        let number = tag.number(world);
        world.step(Verb::Atomic(number, did), Some(place));
    });
}

/// What every atomic has: made, read, stored, swapped, compared.
macro_rules! atomic {
    ($([$t:ident])? $name:ident, $value:ty, $shown:expr) => {
        #[doc = concat!("As [`std::sync::atomic::", stringify!($name), "`].")]
        pub struct $name $(<$t>)? {
            tag: Tag,
            inner: std::sync::atomic::$name $(<$t>)?,
        }

        impl $(<$t>)? $name $(<$t>)? {
            /// As std's `new`.
            #[track_caller]
            pub const fn new(value: $value) -> Self {
                Self {
                    tag: Tag::new(stringify!($name)),
                    inner: std::sync::atomic::$name::new(value),
                }
            }

            /// As std's `load`.
            #[track_caller]
            pub fn load(&self, order: Ordering) -> $value {
                let _ = order;
                switch();
                let value = self.inner.load(Ordering::SeqCst);
                note(&self.tag, Location::caller(), AtomicStep::Read($shown(value)));
                value
            }

            /// As std's `store`.
            #[track_caller]
            pub fn store(&self, value: $value, order: Ordering) {
                let _ = order;
                switch();
                self.inner.store(value, Ordering::SeqCst);
                note(&self.tag, Location::caller(), AtomicStep::Stored($shown(value)));
            }

            /// As std's `swap`.
            #[track_caller]
            pub fn swap(&self, value: $value, order: Ordering) -> $value {
                let _ = order;
                let place = Location::caller();
                self.change(place, |inner| inner.swap(value, Ordering::SeqCst))
            }

            /// As std's `compare_exchange`.
            ///
            /// # Errors
            ///
            /// The value, if it is not `current`.
            #[track_caller]
            pub fn compare_exchange(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                let _ = (success, failure);
                switch();
                let seq_cst = Ordering::SeqCst;
                let result = self.inner.compare_exchange(current, new, seq_cst, seq_cst);
                let did = match result {
                    Ok(old) => AtomicStep::Changed($shown(old), $shown(new)),
                    Err(found) => AtomicStep::Kept($shown(found)),
                };
                note(&self.tag, Location::caller(), did);
                result
            }

            /// As std's `compare_exchange_weak`; never fails for no reason.
            ///
            /// # Errors
            ///
            /// The value, if it is not `current`.
            #[track_caller]
            pub fn compare_exchange_weak(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                self.compare_exchange(current, new, success, failure)
            }

            /// As std's `fetch_update`.
            ///
            /// # Errors
            ///
            /// The value, if `f` gives none.
            #[track_caller]
            pub fn fetch_update<F>(
                &self,
                set_order: Ordering,
                fetch_order: Ordering,
                mut f: F,
            ) -> Result<$value, $value>
            where
                F: FnMut($value) -> Option<$value>,
            {
                let mut old = self.load(fetch_order);
                while let Some(new) = f(old) {
                    match self.compare_exchange(old, new, set_order, fetch_order) {
                        Ok(old) => return Ok(old),
                        Err(found) => old = found,
                    }
                }
                Err(old)
            }

            /// As std's `get_mut`.
            pub fn get_mut(&mut self) -> &mut $value {
                self.inner.get_mut()
            }

            /// As std's `into_inner`.
            pub fn into_inner(self) -> $value {
                self.inner.into_inner()
            }

            fn change(
                &self,
                place: Place,
                f: impl FnOnce(&std::sync::atomic::$name $(<$t>)?) -> $value,
            ) -> $value {
                switch();
                let old = f(&self.inner);
                let new = self.inner.load(Ordering::SeqCst);
                note(&self.tag, place, AtomicStep::Changed($shown(old), $shown(new)));
                old
            }
        }

        impl $(<$t>)? fmt::Debug for $name $(<$t>)? {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.inner.fmt(f)
            }
        }

        impl $(<$t>)? From<$value> for $name $(<$t>)? {
            #[track_caller]
            fn from(value: $value) -> Self {
                Self::new(value)
            }
        }
    };
}

/// One of std's operations that change the value and return the old one.
macro_rules! fetch {
    ($value:ty: $($op:ident)+) => { $(
        #[doc = concat!("As std's `", stringify!($op), "`.")]
        #[track_caller]
        pub fn $op(&self, value: $value, order: Ordering) -> $value {
            let _ = order;
            let place = Location::caller();
            self.change(place, |inner| inner.$op(value, Ordering::SeqCst))
        }
    )+ };
}

macro_rules! integers {
    ($($name:ident $value:ty;)+) => { $(
        atomic!($name, $value, |value: $value| Shown::Number(value as i128));

        impl $name {
            fetch!($value: fetch_add fetch_sub fetch_and fetch_nand fetch_or fetch_xor fetch_max fetch_min);
        }

        impl Default for $name {
            #[track_caller]
            fn default() -> Self {
                Self::new(0)
            }
        }
    )+ };
}

integers! {
    AtomicU8 u8;
    AtomicU16 u16;
    AtomicU32 u32;
    AtomicU64 u64;
    AtomicUsize usize;
    AtomicI8 i8;
    AtomicI16 i16;
    AtomicI32 i32;
    AtomicI64 i64;
    AtomicIsize isize;
}

atomic!(AtomicBool, bool, Shown::Bool);

impl AtomicBool {
    fetch!(bool: fetch_and fetch_nand fetch_or fetch_xor);

    /// As std's `fetch_not`.
    #[track_caller]
    pub fn fetch_not(&self, order: Ordering) -> bool {
        let _ = order;
        let place = Location::caller();
        self.change(place, |inner| inner.fetch_xor(true, Ordering::SeqCst))
    }
}

impl Default for AtomicBool {
    #[track_caller]
    fn default() -> Self {
        Self::new(false)
    }
}

atomic!([T] AtomicPtr, *mut T, |_: *mut T| Shown::Pointer);

impl<T> Default for AtomicPtr<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(std::ptr::null_mut())
    }
}
