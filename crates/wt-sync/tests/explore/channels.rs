use wt_sync::channel::{
    self, RecvError, Select, SendError, TryRecvError, TrySendError, bounded, select, unbounded,
};
use wt_sync::explore::How;
use wt_sync::sync::atomic::{AtomicU32, Ordering::SeqCst};
use wt_sync::sync::mpsc;
use wt_sync::thread;

use super::{fault, holds, story};

#[test]
fn what_is_sent_arrives_once_and_in_order_at_every_capacity() {
    fn run(capacity: Option<usize>) {
        let (tx, rx) = capacity.map_or_else(unbounded, bounded);
        thread::scope(|scope| {
            scope.spawn(move || {
                for n in 0..3 {
                    tx.send(n).unwrap();
                }
            });
            assert_eq!(rx.iter().collect::<Vec<_>>(), [0, 1, 2]);
            assert_eq!(rx.recv(), Err(RecvError));
        });
    }
    holds(|| run(None));
    holds(|| run(Some(2)));
    holds(|| run(Some(1)));
    holds(|| run(Some(0)));
}

#[test]
fn every_message_reaches_one_of_several_receivers() {
    fn run(capacity: usize) {
        let (tx, rx) = bounded(capacity);
        let sum = AtomicU32::new(0);
        thread::scope(|scope| {
            for own in [tx.clone(), tx] {
                scope.spawn(move || own.send(1).and_then(|()| own.send(2)).unwrap());
            }
            for own in [rx.clone(), rx] {
                let sum = &sum;
                scope.spawn(move || own.iter().for_each(|n| _ = sum.fetch_add(n, SeqCst)));
            }
        });
        assert_eq!(sum.load(SeqCst), 6);
    }
    holds(|| run(1));
    holds(|| run(0));
}

#[test]
fn what_does_not_wait_says_why_it_failed() {
    holds(|| {
        let (tx, rx) = bounded(1);
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
        assert_eq!(tx.try_send(1), Ok(()));
        assert_eq!(tx.try_send(2), Err(TrySendError::Full(2)));
        assert!(tx.is_full() && rx.len() == 1 && rx.capacity() == Some(1));
        drop(rx);
        assert_eq!(tx.try_send(3), Err(TrySendError::Disconnected(3)));
        assert_eq!(tx.send(4), Err(SendError(4)));
        let (tx, rx) = unbounded::<u8>();
        drop(tx);
        assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
        assert!(rx.try_iter().next().is_none());
    });
}

#[test]
fn at_a_rendezvous_nothing_is_sent_before_somebody_receives() {
    holds(|| {
        let (tx, rx) = bounded(0);
        assert_eq!(tx.try_send(0), Err(TrySendError::Full(0)));
        let received = AtomicU32::new(0);
        thread::scope(|scope| {
            scope.spawn(|| {
                let rx = rx;
                received.store(1, SeqCst);
                assert_eq!(rx.recv(), Ok(5));
            });
            tx.send(5).unwrap();
            assert_eq!(received.load(SeqCst), 1);
        });
    });
    // `try_send` works when a receiver is there already.
    fault(|| {
        let (tx, rx) = bounded(0);
        let receiver = thread::spawn(move || rx.recv().is_ok());
        assert!(tx.try_send(1).is_err());
        drop(tx);
        receiver.join().unwrap();
    });
}

#[test]
fn a_message_that_nobody_will_take_is_dropped_with_the_last_receiver() {
    struct Counted<'a>(&'a AtomicU32);
    impl Drop for Counted<'_> {
        fn drop(&mut self) {
            self.0.fetch_add(1, SeqCst);
        }
    }
    holds(|| {
        let dropped = AtomicU32::new(0);
        let (tx, rx) = unbounded();
        assert!(tx.send(Counted(&dropped)).is_ok());
        drop(rx);
        assert_eq!(dropped.load(SeqCst), 1);
        assert!(tx.send(Counted(&dropped)).is_err());
    });
}

#[test]
fn select_takes_what_is_ready_from_either_side() {
    holds(|| {
        let (left, from_left) = bounded(1);
        let (right, from_right) = bounded(0);
        thread::scope(|scope| {
            scope.spawn(move || left.send(1).unwrap());
            scope.spawn(move || right.send(2).unwrap());
            let (mut left, mut right) = (Some(from_left), Some(from_right));
            let (silent, mut sum) = (channel::never(), 0);
            while left.is_some() || right.is_some() {
                select! {
                    recv(left.as_ref().unwrap_or(&silent)) -> got => match got {
                        Ok(n) => sum += n,
                        Err(RecvError) => left = None,
                    },
                    recv(right.as_ref().unwrap_or(&silent)) -> got => {
                        if let Ok(n) = got { sum += n } else { right = None }
                    }
                }
            }
            assert_eq!(sum, 3);
        });
    });
}

#[test]
fn two_selects_meet_at_a_rendezvous() {
    holds(|| {
        let (tx, rx) = bounded(0);
        let (other_tx, other_rx) = bounded(0);
        thread::scope(|scope| {
            let (tx, other_rx) = (&tx, &other_rx);
            let there = scope.spawn(move || {
                select! {
                    send(tx, 9) -> sent => sent.map(|()| "sent"),
                    recv(other_rx) -> got => { assert_eq!(got, Ok(1)); Ok("received") }
                }
            });
            let here = select! {
                recv(rx) -> got => { assert_eq!(got, Ok(9)); "received" }
                send(other_tx, 1) -> sent => sent.map_or("failed", |()| "sent"),
            };
            let met = (here, there.join().unwrap().unwrap());
            assert!(
                matches!(met, ("sent", "received") | ("received", "sent")),
                "{met:?}"
            );
        });
    });
}

#[test]
fn a_select_with_a_default_does_not_wait() {
    holds(|| {
        let (tx, rx) = bounded::<u32>(1);
        let empty = select! {
            recv(rx) -> _ => false,
            default => true,
        };
        assert!(empty);
        tx.send(3).unwrap();
        let mut select = Select::new();
        let receives = select.recv(&rx);
        let chosen = select.try_select().unwrap();
        assert_eq!(chosen.index(), receives);
        assert_eq!(chosen.recv(&rx), Ok(3));
        assert!(select.try_select().is_err());
        let mut select = Select::new();
        let sends = select.send(&tx);
        assert_eq!(select.ready(), sends);
    });
}

#[test]
fn stds_channels_are_there_too() {
    holds(|| {
        let (tx, rx) = mpsc::channel();
        let (bounded_tx, bounded_rx) = mpsc::sync_channel(0);
        thread::scope(|scope| {
            scope.spawn(move || {
                tx.send(1).unwrap();
                bounded_tx.send(2).unwrap();
            });
            assert_eq!(rx.recv(), Ok(1));
            assert_eq!(bounded_rx.into_iter().collect::<Vec<_>>(), [2]);
            assert_eq!(rx.try_recv(), Err(mpsc::TryRecvError::Disconnected));
        });
    });
}

#[test]
fn a_receiver_whose_sender_is_kept_waits_for_ever_and_is_told() {
    let failure = fault(|| {
        let (tx, rx) = unbounded::<u32>();
        let spare = tx.clone();
        let sender = thread::spawn(move || tx.send(1).unwrap());
        assert_eq!(rx.iter().count(), 1);
        sender.join().unwrap();
        drop(spare);
    });
    assert!(matches!(failure.how, How::Deadlock), "{}", story(&failure));
    let waits = failure.threads[0].waits_for.as_deref().unwrap();
    assert!(
        waits.starts_with("a message of the channel made at channels.rs:")
            && waits.ends_with("which is empty and has 1 sender"),
        "{waits}"
    );
}

#[test]
fn a_message_for_two_full_channels_is_a_deadlock() {
    let failure = fault(|| {
        let (to_left, left) = channel::bounded(1);
        let (to_right, right) = channel::bounded(1);
        thread::scope(|scope| {
            scope.spawn(|| {
                (0..2).for_each(|n| {
                    to_left
                        .send(n)
                        .and_then(|()| right.recv().map_or(Ok(()), |_: i32| Ok(())))
                        .unwrap()
                })
            });
            for n in 0..3 {
                to_right.send(n).unwrap();
            }
            let _ = left.recv();
        });
    });
    assert!(matches!(failure.how, How::Deadlock), "{}", story(&failure));
}
