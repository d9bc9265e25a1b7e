//! Publish and subscribe: one message, any number of readers.
//!
//! Who publishes does not know who reads. Each subscriber has a queue of its own for data,
//! and beside it a way for control messages, which overtake what is queued.
//!
//! You may use `wt_core::{channel, sync}` and std.

use std::collections::HashMap;

use wt_core::sync::{Arc, Mutex, MutexGuard};

/// Sends messages to those who subscribed to their topic. Clones share one list of
/// subscribers.
#[derive(Clone)]
pub struct Topics {
    room: usize,
    list: Arc<Mutex<List>>,
}

#[derive(Default)]
struct List {
    last_id: u64,
    topics: HashMap<String, Vec<Subscriber>>,
}

/// The list's side of a subscription.
struct Subscriber {
    // How is it reached, and how is it found when it leaves?
}

/// One subscriber's end. To drop it is to unsubscribe.
pub struct Subscription {
    // What does it read from, and what must it tell whom when it is dropped?
}

impl Topics {
    /// Each subscriber gets a queue with room for `room` messages.
    pub fn new(room: usize) -> Topics {
        let list = Arc::default();
        Topics { room, list }
    }

    /// Subscribes to what is published under `topic` from now on.
    #[must_use = "dropping a subscription ends it"]
    pub fn subscribe(&self, topic: &str) -> Subscription {
        let (room, last_id) = (self.room, lock(&self.list).last_id);
        todo!("enter a subscriber of {topic:?} with room for {room}, behind number {last_id}")
    }

    /// Gives `payload` to every subscriber of `topic`, and returns how many have got it.
    ///
    /// Never waits. A subscriber whose queue is full misses this message and keeps the
    /// older ones. The bytes are not copied, however many subscribers there are.
    pub fn publish(&self, topic: &str, payload: Vec<u8>) -> usize {
        todo!(
            "share {} bytes with those who read {topic:?}",
            payload.len()
        )
    }

    /// Tells every subscriber of `topic`, ahead of its queued data, and returns how many
    /// these are. Never waits, and nobody misses it.
    pub fn control(&self, topic: &str, control: Control) -> usize {
        todo!("tell those who read {topic:?} to {control:?}")
    }

    /// How many subscribers `topic` has.
    pub fn subscribers(&self, topic: &str) -> usize {
        let topics = lock(&self.list).topics.len();
        todo!("count those who read {topic:?}, which is one of {topics} topics")
    }
}

impl Subscription {
    /// Waits for the next event, and sleeps meanwhile. If a control message is there, it
    /// comes before any data; otherwise data comes in the order of publishing.
    ///
    /// `None` once every [`Topics`] has been dropped and nothing is left to receive.
    pub fn recv(&self) -> Option<Event> {
        todo!("wait for control or data")
    }

    /// How many messages this subscriber has missed, because its queue was full.
    pub fn missed(&self) -> u64 {
        todo!("count them")
    }
}

fn lock(list: &Mutex<List>) -> MutexGuard<'_, List> {
    list.lock().expect("nothing panics under this lock")
}

/// What a subscriber receives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Somebody has published this. All subscribers share the bytes.
    Data(Arc<Vec<u8>>),
    /// What to do; it has overtaken the data that was queued.
    Control(Control),
}

/// What the owner of a topic tells its subscribers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// Do no work until `Resume`.
    Pause,
    /// Go on.
    Resume,
    /// Come to an end, whatever is still queued.
    Stop,
}
