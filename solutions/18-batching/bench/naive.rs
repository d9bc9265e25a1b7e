//! Every item is a message of its own.

use wt_core::channel::{Receiver, Sender};
use wt_core::time::{Clock, Duration};

/// Nothing here looks at them.
pub struct Limits {
    /// How many items a batch should have.
    pub items: usize,
    /// How long an item may wait.
    pub age: Duration,
}

/// What comes in.
pub enum Event<T> {
    /// One more item.
    Item(T),
    /// Some time has passed.
    #[allow(dead_code, reason = "the workload has no ticks")]
    Tick,
}

/// Sends each item at once.
///
/// # Errors
///
/// The item that nobody receives.
pub fn run<T, C: Clock>(
    events: &Receiver<Event<T>>,
    batches: &Sender<Vec<T>>,
    limits: Limits,
    clock: C,
) -> Result<usize, Vec<T>> {
    let _ = (limits.items, limits.age, clock);
    let mut sent = 0;
    for event in events {
        let Event::Item(item) = event else { continue };
        batches
            .send(vec![item])
            .map_err(|refused| refused.into_inner())?;
        sent += 1;
    }
    Ok(sent)
}
