//! Must fail: control_overtakes_queued_data (wrong)
//! Hint: Both of your channels have something. Which one does `select!` take?
//!
//! The mistake: `select!` chooses at random among what is ready, so that nobody
//! starves. Here one of them is to win, always.

use std::collections::HashMap;

use wt_core::channel::{self, Receiver, Sender, TrySendError};
use wt_core::sync::atomic::{AtomicU64, Ordering};
use wt_core::sync::{Arc, Mutex, MutexGuard, Weak};

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
    id: u64,
    data: Sender<Arc<Vec<u8>>>,
    control: Sender<Control>,
    missed: Arc<AtomicU64>,
}

/// One subscriber's end. To drop it is to unsubscribe.
pub struct Subscription {
    id: u64,
    topic: String,
    data: Receiver<Arc<Vec<u8>>>,
    control: Receiver<Control>,
    missed: Arc<AtomicU64>,
    /// Weak: a subscriber that keeps the list alive keeps its own senders alive, and would
    /// never see the end.
    list: Weak<Mutex<List>>,
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
        let (data, data_end) = channel::bounded(self.room);
        // Unbounded: whoever controls must not wait for a subscriber that is stuck.
        let (control, control_end) = channel::unbounded();
        let missed = Arc::new(AtomicU64::new(0));
        let mut list = lock(&self.list);
        list.last_id += 1;
        let id = list.last_id;
        let subscriber = Subscriber {
            id,
            data,
            control,
            missed: Arc::clone(&missed),
        };
        let subscribers = list.topics.entry(topic.to_owned()).or_default();
        subscribers.push(subscriber);
        Subscription {
            id,
            topic: topic.to_owned(),
            data: data_end,
            control: control_end,
            missed,
            list: Arc::downgrade(&self.list),
        }
    }

    /// Gives `payload` to every subscriber of `topic`, and returns how many have got it.
    ///
    /// Never waits. A subscriber whose queue is full misses this message and keeps the
    /// older ones. The bytes are not copied, however many subscribers there are.
    pub fn publish(&self, topic: &str, payload: Vec<u8>) -> usize {
        // The `Vec` is moved into the `Arc`: its bytes stay where they are.
        let payload = Arc::new(payload);
        self.tell(topic, |subscriber| {
            match subscriber.data.try_send(Arc::clone(&payload)) {
                Ok(()) => true,
                Err(TrySendError::Full(_)) => {
                    subscriber.missed.fetch_add(1, Ordering::Relaxed);
                    false
                }
                Err(TrySendError::Disconnected(_)) => false,
            }
        })
    }

    /// Tells every subscriber of `topic`, ahead of its queued data, and returns how many
    /// these are. Never waits, and nobody misses it.
    pub fn control(&self, topic: &str, control: Control) -> usize {
        self.tell(topic, |subscriber| subscriber.control.send(control).is_ok())
    }

    /// How many subscribers `topic` has.
    pub fn subscribers(&self, topic: &str) -> usize {
        self.tell(topic, |_| true)
    }

    /// How many subscribers `send` reached. Under the lock, so it must not wait.
    fn tell(&self, topic: &str, send: impl Fn(&Subscriber) -> bool) -> usize {
        let list = lock(&self.list);
        let subscribers = list.topics.get(topic).into_iter().flatten();
        subscribers.filter(|subscriber| send(subscriber)).count()
    }
}

impl Subscription {
    /// Waits for the next event, and sleeps meanwhile. If a control message is there, it
    /// comes before any data; otherwise data comes in the order of publishing.
    ///
    /// `None` once every [`Topics`] has been dropped and nothing is left to receive.
    pub fn recv(&self) -> Option<Event> {
        // Biased: if both are ready, the first one wins. A channel without senders is
        // always ready, so an end of the one must lead to the rest of the other.
        channel::select! {
            recv(self.control) -> control => match control {
                Ok(control) => Some(Event::Control(control)),
                Err(_) => self.data.recv().ok().map(Event::Data),
            },
            recv(self.data) -> payload => match payload {
                Ok(payload) => Some(Event::Data(payload)),
                Err(_) => self.control.recv().ok().map(Event::Control),
            },
        }
    }

    /// How many messages this subscriber has missed, because its queue was full.
    pub fn missed(&self) -> u64 {
        self.missed.load(Ordering::Relaxed)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        // No list any more: then there is nothing to leave.
        let Some(list) = self.list.upgrade() else {
            return;
        };
        let mut list = lock(&list);
        if let Some(subscribers) = list.topics.get_mut(&self.topic) {
            subscribers.retain(|subscriber| subscriber.id != self.id);
            if subscribers.is_empty() {
                list.topics.remove(&self.topic);
            }
        }
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
