//! Zero-copy buffers: memory that many threads own at once.
//!
//! ```text
//!  Vec<T> ─────┐
//!  Arc<[T]> ───┤                   ┌── SharedSlice  [0..4)
//!  &'static ───┼── SharedSlice ────┼── SharedSlice  [4..8)
//!  Mapping ────┘   the whole       └── SharedSlice  [8..9)
//! ```
//!
//! [`Mapping`] shows a file as bytes without reading it into memory first.
//! [`SharedSlice`] is a part of some memory together with shared ownership of all
//! of it, so it can be moved to another thread. Cutting and cloning cost the same
//! for one byte and for a gigabyte: no element is copied.
//!
//! Other names: `bytes::Bytes` is the same idea for bytes alone, Node has
//! `SharedArrayBuffer`, Java `MappedByteBuffer` and `slice`.

mod chunks;
mod lines;
mod mapping;
mod open;
mod shared_slice;

pub use chunks::Chunks;
pub use mapping::Mapping;
pub use open::OpenError;
pub use shared_slice::SharedSlice;
