//! Publish and subscribe: one payload, many readers, and control that overtakes.
//!
//! Run:    cargo run -p eg13-topics
//! See:    each line goes to those who subscribed to its level. The operator has room for
//!         three lines, misses three, and hears `stop` before what is queued.
//! Try:    in `read`, write `select!` for `select_biased!` and run it a few times. The
//!         operator now stops after 0 to 3 lines.

use wt_core::channel::{self, Receiver, Sender, TrySendError};
use wt_core::sync::Arc;

const EVENTS: &str = include_str!("../events.txt");

type Ends<T> = (Sender<T>, Receiver<T>);

/// A queue for data, and beside it a way for control.
struct Subscriber {
    name: &'static str,
    levels: Levels,
    data: Ends<Arc<Vec<u8>>>,
    control: Ends<&'static str>,
}

fn main() {
    let operator = subscriber("operator", &["info", "error"], 3);
    let archive = subscriber("archive", &["error"], 16);
    for line in EVENTS.lines() {
        publish(&[&operator, &archive], line);
    }
    operator.control.0.send("stop").unwrap();
    read(&archive);
    read(&operator);
}

type Levels = &'static [&'static str];

fn subscriber(name: &'static str, levels: Levels, room: usize) -> Subscriber {
    Subscriber {
        name,
        levels,
        data: channel::bounded(room),
        control: channel::unbounded(),
    }
}

// ANCHOR: publish
/// Gives one payload to all who read its level, and waits for none of them.
fn publish(subscribers: &[&Subscriber], line: &str) {
    let level = line.split_whitespace().next().unwrap_or_default();
    let payload = Arc::new(line.as_bytes().to_vec());
    for it in subscribers.iter().filter(|it| it.levels.contains(&level)) {
        match it.data.0.try_send(Arc::clone(&payload)) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => println!("{} misses the next line", it.name),
            Err(TrySendError::Disconnected(_)) => unreachable!("the readers stay"),
        }
    }
    let owners = Arc::strong_count(&payload) - 1;
    println!("{owners} queue(s) hold: {line}");
}
// ANCHOR_END: publish

// ANCHOR: read
/// Takes what is there, control first.
fn read(it: &Subscriber) {
    loop {
        channel::select_biased! {
            recv(it.control.1) -> order => {
                return println!("{} was told: {}", it.name, order.unwrap_or("nothing"));
            }
            recv(it.data.1) -> payload => {
                let payload = payload.unwrap_or_default();
                println!("{} reads: {}", it.name, String::from_utf8_lossy(&payload));
            }
            default => return println!("{} has read all", it.name),
        }
    }
}
// ANCHOR_END: read
