//! The same memory seen as elements of another type.
//!
//! What is allowed is checked by bytemuck: every pattern of bits must be a value
//! of the new type, the memory must be aligned for it, and its length must be a
//! whole number of elements. Numbers have the byte order of the machine.

use std::error::Error;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::panic::RefUnwindSafe;

use bytemuck::{AnyBitPattern, NoUninit, PodCastError};
use wt_sync::sync::Arc;

use super::shared_slice::SharedSlice;

impl<T: NoUninit> SharedSlice<T> {
    /// Borrows the elements as elements of type `U`. No byte is copied.
    ///
    /// # Errors
    ///
    /// [`CastError`] if the memory is not aligned for `U`, or not a whole number
    /// of `U`s long.
    ///
    /// # Examples
    ///
    /// ```
    /// use wt_core::buffer::{CastError, SharedSlice};
    ///
    /// let samples = SharedSlice::from_vec(vec![1.5_f32, -0.25]);
    /// assert_eq!(samples.view::<u32>(), Ok(&[0x3FC0_0000, 0xBE80_0000][..]));
    /// let bytes = samples.cast::<u8>().unwrap();
    /// assert_eq!(
    ///     bytes.slice(1..5).view::<f32>(),
    ///     Err(CastError::Alignment { past: 1, align: 4 })
    /// );
    /// ```
    pub fn view<U: AnyBitPattern>(&self) -> Result<&[U], CastError> {
        bytemuck::try_cast_slice(self).map_err(|error| CastError::new::<T, U>(self, error))
    }
}

impl<T> SharedSlice<T>
where
    T: NoUninit + Send + Sync + RefUnwindSafe,
{
    /// The elements as elements of type `U`, owned together with the original. No
    /// byte is copied; the cost is one small allocation, whatever the length.
    ///
    /// # Errors
    ///
    /// [`CastError`], as [`view`](Self::view). The start of a vector, an array or
    /// a [`Mapping`](super::Mapping) of a whole file is aligned for all numbers
    /// that fit its elements (a mapping: for all numbers); a part cut from it need
    /// not be.
    ///
    /// # Examples
    ///
    /// ```
    /// use wt_core::buffer::SharedSlice;
    ///
    /// let numbers = SharedSlice::from_vec(vec![1_u64, 2, 3]);
    /// let bytes = numbers.cast::<u8>()?;
    /// assert_eq!(bytes.len(), 24);
    /// let back = bytes.slice(8..).cast::<u64>()?;
    /// assert_eq!(back, [2, 3]);
    /// assert!(back.ptr_eq(&numbers.slice(1..)));
    /// # Ok::<(), wt_core::buffer::CastError>(())
    /// ```
    pub fn cast<U>(&self) -> Result<SharedSlice<U>, CastError>
    where
        U: AnyBitPattern + Send + Sync,
    {
        self.view::<U>()?;
        Ok(SharedSlice::from_owner(Arc::new(Typed {
            source: self.clone(),
            element: PhantomData,
        }) as _))
    }
}

/// Memory of `T`s that has been found fit to be seen as `U`s. It does not move,
/// so that stays true.
struct Typed<T: 'static, U> {
    source: SharedSlice<T>,
    element: PhantomData<fn() -> U>,
}

impl<T: NoUninit, U: AnyBitPattern> Deref for Typed<T, U> {
    type Target = [U];

    fn deref(&self) -> &[U] {
        bytemuck::cast_slice(&self.source)
    }
}

/// Why memory cannot be seen as elements of another type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CastError {
    /// The memory does not begin at a multiple of the type's alignment.
    Alignment {
        /// How many bytes it begins past one.
        past: usize,
        /// The alignment that the type needs.
        align: usize,
    },
    /// The memory is not a whole number of elements long.
    Length {
        /// Its length in bytes.
        len: usize,
        /// The size of one element.
        size: usize,
    },
}

impl CastError {
    fn new<T, U>(slice: &[T], error: PodCastError) -> Self {
        let (align, size) = (align_of::<U>(), size_of::<U>());
        match error {
            PodCastError::TargetAlignmentGreaterAndInputNotAligned => Self::Alignment {
                past: slice.as_ptr().addr() % align,
                align,
            },
            // The other reasons compare lengths.
            _ => Self::Length {
                len: size_of_val(slice),
                size,
            },
        }
    }
}

impl fmt::Display for CastError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alignment { past, align } => {
                write!(
                    f,
                    "the memory begins {past} bytes past a multiple of {align}"
                )
            }
            Self::Length { len, size } => {
                write!(
                    f,
                    "{len} bytes are not a whole number of elements of {size} bytes"
                )
            }
        }
    }
}

impl Error for CastError {}
