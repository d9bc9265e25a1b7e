//! [`crossbeam_channel`], explored: the same names, signatures and errors.
//!
//! A message waits in a queue, or at capacity 0 is handed from a sender to a receiver
//! when both are there. `after`, `at`, `tick` and every timeout are in virtual time.

mod ends;
mod queue;
mod select;

pub use crossbeam_channel::{
    ReadyTimeoutError, RecvError, RecvTimeoutError, SelectTimeoutError, SendError,
    SendTimeoutError, TryReadyError, TryRecvError, TrySelectError, TrySendError,
};

pub use crate::{__explore_select as select, __explore_select_biased as select_biased};
pub use ends::{
    IntoIter, Iter, Receiver, Sender, TryIter, after, at, bounded, never, tick, unbounded,
};
pub use select::{Select, SelectedOperation};
