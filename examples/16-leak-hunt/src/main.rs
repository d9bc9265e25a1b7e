//! Two owners in a circle, a list that is never tidied, and a sender that is forgotten:
//! three leaks, by the byte.
//!
//! Run:    cargo run -p eg16-leak-hunt
//! See:    a hub that owns its sessions leaves 64 KiB behind each time, one with weak
//!         links nothing. A thousand dead links hold their places until they are tidied.
//! Try:    move `drop(session)` in `ends` above `drop(hub)`. Then both receivers end.

use wt_core::channel::{self, Receiver, Sender, TryRecvError};
use wt_core::monitor::{CountingAlloc, MemoryMeter};
use wt_core::sync::{Arc, Mutex, Weak};

#[global_allocator]
static ALLOCATOR: CountingAlloc = CountingAlloc::system();

fn main() {
    let meter = MemoryMeter::start().expect("the counting allocator is installed");
    let left = |since: i64| format!("{:>4} KiB", (meter.usage().live() - since) >> 10);
    println!("three times a hub and a session, both dropped; left after each");
    for (name, list) in [("  owned ", own as Lister), ("  linked", link)] {
        let before = meter.usage().live();
        let after = [(); 3].map(|()| {
            drop(open(&Arc::default(), list));
            left(before)
        });
        println!("{name}  {}", after.join(""));
    }
    println!("one hub, and 1000 sessions that come and go");
    let (hub, before) = (Arc::default(), meter.usage().live());
    (0..1000).for_each(|_| drop(open(&hub, link)));
    println!("  dead links  {}", left(before));
    *hub.linked.lock().unwrap() = Vec::new();
    println!("  tidied up   {}", left(before));
    println!("a hub is dropped while a session is held");
    println!("  senders in the hub    {}", ends(|_| {}));
    println!(
        "  and let go of         {}",
        ends(|hub| hub.senders.lock().unwrap().clear())
    );
}

// ANCHOR: hub
#[derive(Default)]
struct Hub {
    owned: Mutex<Vec<Arc<Session>>>,
    linked: Mutex<Vec<Weak<Session>>>,
    senders: Mutex<Vec<Sender<u64>>>,
}

struct Session {
    hub: Arc<Hub>,
    _canvas: Vec<u8>,
}

type Lister = fn(&Arc<Session>);

fn own(session: &Arc<Session>) {
    session.hub.owned.lock().unwrap().push(Arc::clone(session));
}

fn link(session: &Arc<Session>) {
    session
        .hub
        .linked
        .lock()
        .unwrap()
        .push(Arc::downgrade(session));
}
// ANCHOR_END: hub

fn open(hub: &Arc<Hub>, list: Lister) -> Arc<Session> {
    let (hub, _canvas) = (Arc::clone(hub), vec![0; 64 << 10]);
    let session = Arc::new(Session { hub, _canvas });
    list(&session);
    session
}

/// Drops a hub while a session is held, and looks at a receiver of its events.
fn ends(at_the_end: impl FnOnce(&Hub)) -> &'static str {
    let hub = Arc::default();
    let session = open(&hub, link);
    let (tx, events): (_, Receiver<u64>) = channel::unbounded();
    hub.senders.lock().unwrap().push(tx);
    at_the_end(&hub);
    drop(hub);
    let end = events.try_recv();
    drop(session);
    match end {
        Err(TryRecvError::Disconnected) => "the receiver has ended",
        _ => "the receiver waits for ever",
    }
}
