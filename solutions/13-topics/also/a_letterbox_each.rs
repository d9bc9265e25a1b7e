//! Also right: no channel. Each subscriber has a box with two queues under one lock, and a
//! condition variable; its age in the box decides nothing, its kind does.

use std::collections::VecDeque;

use wt_core::sync::{Arc, Condvar, Mutex, Weak};

/// Sends messages to those who subscribed to their topic.
pub struct Topics {
    room: usize,
    boxes: Arc<Mutex<Vec<Weak<Letterbox>>>>,
    /// The last one to be dropped closes every box.
    owners: Arc<Owner>,
}

struct Owner(Arc<Mutex<Vec<Weak<Letterbox>>>>);

/// One subscriber's end.
pub struct Subscription(Arc<Letterbox>);

struct Letterbox {
    topic: String,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    control: VecDeque<Control>,
    data: VecDeque<Arc<Vec<u8>>>,
    missed: u64,
    closed: bool,
}

impl Clone for Topics {
    fn clone(&self) -> Self {
        Self {
            room: self.room,
            boxes: Arc::clone(&self.boxes),
            owners: Arc::clone(&self.owners),
        }
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        for letterbox in self.0.lock().unwrap().iter().filter_map(Weak::upgrade) {
            letterbox.state.lock().unwrap().closed = true;
            letterbox.changed.notify_all();
        }
    }
}

impl Topics {
    /// Each subscriber gets a queue with room for `room` messages.
    pub fn new(room: usize) -> Topics {
        let boxes = Arc::default();
        let owners = Arc::new(Owner(Arc::clone(&boxes)));
        Topics {
            room,
            boxes,
            owners,
        }
    }

    /// Subscribes to what is published under `topic` from now on.
    #[must_use = "dropping a subscription ends it"]
    pub fn subscribe(&self, topic: &str) -> Subscription {
        let letterbox = Arc::new(Letterbox {
            topic: topic.to_owned(),
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let mut boxes = self.boxes.lock().unwrap();
        boxes.retain(|letterbox| letterbox.strong_count() > 0);
        boxes.push(Arc::downgrade(&letterbox));
        Subscription(letterbox)
    }

    /// Gives `payload` to every subscriber of `topic`.
    pub fn publish(&self, topic: &str, payload: Vec<u8>) -> usize {
        let payload = Arc::new(payload);
        self.put(topic, |state| {
            let room = state.data.len() < self.room;
            if room {
                state.data.push_back(Arc::clone(&payload));
            } else {
                state.missed += 1;
            }
            room
        })
    }

    /// Tells every subscriber of `topic`, ahead of its queued data.
    pub fn control(&self, topic: &str, control: Control) -> usize {
        self.put(topic, |state| {
            state.control.push_back(control);
            true
        })
    }

    /// How many subscribers `topic` has.
    pub fn subscribers(&self, topic: &str) -> usize {
        self.put(topic, |_| true)
    }

    fn put(&self, topic: &str, mut change: impl FnMut(&mut State) -> bool) -> usize {
        let mut reached = 0;
        // A subscription that is dropped takes its box with it.
        let boxes = self.boxes.lock().unwrap();
        for letterbox in boxes.iter().filter_map(Weak::upgrade) {
            if letterbox.topic == topic && change(&mut letterbox.state.lock().unwrap()) {
                letterbox.changed.notify_one();
                reached += 1;
            }
        }
        reached
    }
}

impl Subscription {
    /// Waits for the next event, control before data.
    pub fn recv(&self) -> Option<Event> {
        let nothing = |state: &mut State| {
            !state.closed && state.control.is_empty() && state.data.is_empty()
        };
        let state = self.0.state.lock().unwrap();
        let mut state = self.0.changed.wait_while(state, nothing).unwrap();
        let control = state.control.pop_front().map(Event::Control);
        control.or_else(|| state.data.pop_front().map(Event::Data))
    }

    /// How many messages this subscriber has missed.
    pub fn missed(&self) -> u64 {
        self.0.state.lock().unwrap().missed
    }
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
