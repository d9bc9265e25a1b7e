//! Ports under every order of steps that a scheduler finds.
//!
//! The sources of `port` are compiled once more, here, against shuttle's threads and
//! locks: `extern crate self as wt_sync` makes this crate the façade that they use.
//! Two files are replaced: the lock by shuttle's, and the looks before a sleep by none,
//! so that each wait is a sleep. A wake-up that gets lost is then a deadlock, which
//! shuttle reports.
//!
//! The short version runs with all other tests, the long one with
//! `cargo test -p wt-core --test port_model -- --ignored`.
#![cfg(not(miri))]

extern crate self as wt_sync;

macro_rules! sources {
    ($($path:literal $name:ident;)+) => { $(
        #[path = $path]
        #[allow(
            dead_code,
            unreachable_pub,
            clippy::allow_attributes,
            rustdoc::broken_intra_doc_links,
            reason = "the models use a part of each file"
        )]
        mod $name;
    )+ };
}

sources! {
    "../src/port/error.rs" error;
    "../src/port/link.rs" link;
    "../src/port/queue/mod.rs" queue;
    "../src/port/rendezvous.rs" rendezvous;
    "../src/port/wait.rs" wait;
    "../src/port/waiters.rs" waiters;
}

mod sync {
    pub(crate) use shuttle::sync::atomic;
    // A waker is made from this one.
    pub(crate) use std::sync::Arc;
}

/// Parking that is never woken for nothing, as shuttle's own is: that would hide a
/// wake-up that gets lost.
mod thread {
    use std::sync::Arc;

    use shuttle::sync::{Condvar, Mutex};

    #[derive(Clone, Default)]
    pub(crate) struct Thread(Arc<(Mutex<bool>, Condvar)>);

    shuttle::thread_local! {
        static CURRENT: Thread = Thread::default();
    }

    impl Thread {
        pub(crate) fn unpark(&self) {
            *self.0.0.lock().unwrap() = true;
            self.0.1.notify_one();
        }
    }

    pub(crate) fn current() -> Thread {
        CURRENT.with(Thread::clone)
    }

    pub(crate) fn park() {
        let thread = current();
        let (is_set, set) = &*thread.0;
        let mut is_set = set
            .wait_while(is_set.lock().unwrap(), |is_set| !*is_set)
            .unwrap();
        *is_set = false;
    }

    pub(crate) fn park_timeout(_timeout: std::time::Duration) {
        unreachable!("no model has a deadline")
    }
}

mod time {
    pub(crate) use std::time::{Duration, Instant};
}

mod lock {
    pub(crate) type Guard<'a, T> = shuttle::sync::MutexGuard<'a, T>;

    pub(crate) struct Lock<T>(shuttle::sync::Mutex<T>);

    impl<T> Lock<T> {
        pub(crate) fn new(value: T) -> Self {
            Self(shuttle::sync::Mutex::new(value))
        }

        pub(crate) fn lock(&self) -> Guard<'_, T> {
            self.0.lock().expect("no model panics under a lock")
        }
    }
}

mod backoff {
    pub(crate) fn look_for(_there: impl FnMut() -> bool) {}
    pub(crate) fn pause() {}
}

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use error::SendError;
use link::Link;
use shuttle::thread as shuttle_thread;
use thread::Thread;
use waiters::Place;

/// What the capacities have in common: a rendezvous, the least queue, one with room.
const CAPACITIES: [Option<usize>; 4] = [Some(0), Some(1), Some(2), None];

/// Explores `model` for each kind of link, with two kinds of schedules.
fn explore(schedules: usize, model: fn(Arc<Link<u32>>)) {
    for capacity in CAPACITIES {
        let run = move || model(Link::new(capacity));
        shuttle::check_random(run, schedules);
        shuttle::check_pct(run, schedules, 3);
    }
}

macro_rules! models {
    ($($model:ident)+) => {
        mod short {
            $(#[test] fn $model() { super::explore(300, super::$model); })+
        }

        /// 10,000 schedules of each kind, for each capacity.
        mod long {
            $(#[test] #[ignore = "takes minutes"] fn $model() {
                super::explore(10_000, super::$model);
            })+
        }
    };
}

models! {
    two_senders_and_two_receivers_pass_all_on
    batches_wait_for_room_and_for_messages
    a_sender_that_waits_gets_its_message_back_at_a_hang_up
    a_receiver_that_gives_up_passes_its_call_on
    a_sender_that_gives_up_passes_its_call_on
    each_of_many_senders_is_called
    a_spurious_wake_up_takes_no_call_away
    a_watcher_takes_no_call_away_from_a_receiver
    two_watchers_find_all
    force_never_waits_and_loses_nothing
    a_hang_up_wakes_everyone
}

fn receive_all(link: &Link<u32>) -> Vec<u32> {
    std::iter::from_fn(|| link.recv().ok()).collect()
}

fn spawn<R: Send + 'static>(
    link: &Arc<Link<u32>>,
    f: impl FnOnce(&Link<u32>) -> R + Send + 'static,
) -> shuttle_thread::JoinHandle<R> {
    let link = Arc::clone(link);
    shuttle_thread::spawn(move || f(&link))
}

fn two_senders_and_two_receivers_pass_all_on(link: Arc<Link<u32>>) {
    let senders = [0, 10].map(|base| {
        spawn(&link, move |link| {
            (0..3).for_each(|i| link.send(base + i).unwrap())
        })
    });
    let receivers = [(); 2].map(|()| spawn(&link, receive_all));
    senders
        .into_iter()
        .for_each(|sender| sender.join().unwrap());
    link.close_sender();
    let mut seen = Vec::new();
    for receiver in receivers {
        let part = receiver.join().unwrap();
        for base in [0, 10] {
            let of_one: Vec<_> = part.iter().filter(|&&n| n / 10 * 10 == base).collect();
            assert!(of_one.is_sorted(), "one sender's messages stay in order");
        }
        seen.extend(part);
    }
    seen.sort_unstable();
    assert_eq!(seen, [0, 1, 2, 10, 11, 12]);
}

fn batches_wait_for_room_and_for_messages(link: Arc<Link<u32>>) {
    let sender = spawn(&link, |link| {
        let mut batch: Vec<_> = (0..5).collect();
        link.send_batch(&mut batch).unwrap();
        link.close_sender();
    });
    let mut seen = Vec::new();
    while link.recv_batch(&mut seen, 3).is_ok() {}
    assert_eq!(seen, [0, 1, 2, 3, 4]);
    sender.join().unwrap();
}

fn a_sender_that_waits_gets_its_message_back_at_a_hang_up(link: Arc<Link<u32>>) {
    let sender = spawn(&link, |link| {
        let sent = (0..4).take_while(|&n| {
            let result = link.send(n);
            assert!(result == Ok(()) || result == Err(SendError(n)));
            result.is_ok()
        });
        sent.count()
    });
    let received = usize::from(link.try_recv().is_ok());
    let unread = link.close_receiver().len();
    // What was accepted is either received or unread, and nothing comes later.
    assert_eq!(sender.join().unwrap(), received + unread);
    assert_eq!(link.close_receiver().len(), 0);
}

fn a_receiver_that_gives_up_passes_its_call_on(link: Arc<Link<u32>>) {
    let giving_up = spawn(&link, |link| {
        let mut receive = pin!(link.recv_async());
        let polled = receive
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        polled.is_ready()
    });
    let staying = spawn(&link, |link| link.recv());
    link.send(1).unwrap();
    if giving_up.join().unwrap() {
        link.send(2).unwrap();
    }
    assert!(staying.join().unwrap().is_ok());
}

fn a_sender_that_gives_up_passes_its_call_on(link: Arc<Link<u32>>) {
    let giving_up = spawn(&link, |link| {
        let mut send = pin!(link.send_async(1));
        let _ = send.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    });
    let staying = spawn(&link, |link| (0..3).for_each(|_| link.send(2).unwrap()));
    // Ends only if the three arrive, whatever becomes of the one.
    let mut twos = 0;
    while twos < 3 {
        twos += u32::from(link.recv() == Ok(2));
    }
    giving_up.join().unwrap();
    staying.join().unwrap();
}

fn each_of_many_senders_is_called(link: Arc<Link<u32>>) {
    let senders = [1, 2, 3].map(|n| spawn(&link, move |link| link.send(n).unwrap()));
    let sum: u32 = senders.iter().map(|_| link.recv().unwrap()).sum();
    assert_eq!(sum, 6);
    senders
        .into_iter()
        .for_each(|sender| sender.join().unwrap());
}

fn a_spurious_wake_up_takes_no_call_away(link: Arc<Link<u32>>) {
    let first = Arc::new(std::sync::Mutex::new(None));
    let receivers = [Some(Arc::clone(&first)), None].map(|slot| {
        spawn(&link, move |link| {
            if let Some(slot) = slot {
                *slot.lock().unwrap() = Some(thread::current());
            }
            link.recv().unwrap()
        })
    });
    let waking = shuttle_thread::spawn(move || {
        for _ in 0..3 {
            let first = first.lock().unwrap().clone();
            first.inspect(Thread::unpark);
            shuttle_thread::yield_now();
        }
    });
    link.send(1).unwrap();
    link.send(2).unwrap();
    waking.join().unwrap();
    let sum: u32 = receivers
        .map(|receiver| receiver.join().unwrap())
        .iter()
        .sum();
    assert_eq!(sum, 3);
}

fn two_watchers_find_all(link: Arc<Link<u32>>) {
    let watchers = [(); 2].map(|()| {
        spawn(&link, |link| {
            loop {
                let mut place = Place::default();
                wait::block_on(None, |waker| link.poll_ready(&mut place, waker));
                link.leave_ready(&mut place);
                // The other one may have been faster.
                if let Ok(message) = link.try_recv() {
                    return message;
                }
            }
        })
    });
    link.send(1).unwrap();
    link.send(2).unwrap();
    let sum: u32 = watchers.map(|watcher| watcher.join().unwrap()).iter().sum();
    assert_eq!(sum, 3);
}

fn a_watcher_takes_no_call_away_from_a_receiver(link: Arc<Link<u32>>) {
    let watching = spawn(&link, |link| {
        let mut place = Place::default();
        let _ = link.poll_ready(&mut place, Waker::noop());
        shuttle_thread::yield_now();
        link.leave_ready(&mut place);
    });
    let receiving = spawn(&link, |link| link.recv());
    link.send(1).unwrap();
    assert_eq!(receiving.join().unwrap(), Ok(1));
    watching.join().unwrap();
}

fn force_never_waits_and_loses_nothing(link: Arc<Link<u32>>) {
    let forcing = spawn(&link, |link| {
        let displaced = (0..4).map(|n| link.force_send(n).unwrap());
        let displaced = displaced.flatten().count();
        link.close_sender();
        displaced
    });
    let seen = receive_all(&link);
    assert!(seen.is_sorted(), "the newest stay, in order");
    assert_eq!(forcing.join().unwrap() + seen.len(), 4);
}

fn a_hang_up_wakes_everyone(link: Arc<Link<u32>>) {
    let receivers = [(); 2].map(|()| spawn(&link, |link| link.recv().is_err()));
    let watching = spawn(&link, |link| {
        let mut place = Place::default();
        wait::block_on(None, |waker| link.poll_ready(&mut place, waker));
        link.leave_ready(&mut place);
    });
    link.close_sender();
    assert!(
        receivers
            .into_iter()
            .all(|receiver| receiver.join().unwrap())
    );
    watching.join().unwrap();
}
