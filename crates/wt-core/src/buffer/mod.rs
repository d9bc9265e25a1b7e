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
//! [`BufferPool`] is for memory that is written: a bounded number of buffers,
//! used again and again.
//!
//! Writing is copy-on-write: [`SharedSlice::make_mut`] copies if others look on,
//! [`Mapping::to_mut`] copies the pages that are written to.
//!
//! Other names: `bytes::Bytes` is the same idea for bytes alone, Node has
//! `SharedArrayBuffer`, Java `MappedByteBuffer` and `slice`.

mod advice;
mod buffer_pool;
mod cast;
mod chunks;
mod copy_on_write;
mod map_options;
mod mapping;
mod mapping_mut;
mod open;
mod owner;
mod records;
mod recycled;
mod region;
mod sealed;
mod shared_slice;

pub use advice::Advice;
pub use buffer_pool::{BufferPool, BufferStats};
pub use cast::CastError;
pub use chunks::Chunks;
pub use map_options::{Load, Lock, MapOptions};
pub use mapping::Mapping;
pub use mapping_mut::MappingMut;
pub use open::OpenError;
pub use records::RecordError;
pub use recycled::Buffer;
pub use region::Change;
pub use shared_slice::SharedSlice;

/// Which types may be seen as others, and how to declare it for your own.
pub use bytemuck;
