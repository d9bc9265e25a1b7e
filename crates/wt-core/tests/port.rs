//! Ports: both directions, hang-up, deadlines, ports through ports.

mod deadline;

use std::future::Future;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use deadline::{block_on, poll_once, spawn_asleep, within_patience};
use wt_core::port::{
    self, Port, RecvError, RecvTimeoutError, SendError, SendTimeoutError, TryRecvError,
    TrySendError,
};

const SOON: Duration = Duration::from_millis(1);
const MESSAGES: u32 = if cfg!(miri) { 20 } else { 10_000 };

#[test]
fn both_directions_carry_messages_in_order() {
    within_patience(|| {
        for capacity in [0, 1, 64] {
            let (main, worker) = port::bounded::<u32, u64>(capacity);
            let echo = thread::spawn(move || {
                for number in worker.iter() {
                    worker.send(u64::from(number) * 2).unwrap();
                }
            });
            for number in 0..MESSAGES / 10 {
                main.send(number).unwrap();
                assert_eq!(main.recv(), Ok(u64::from(number) * 2));
            }
            drop(main);
            echo.join().unwrap();
        }
    });
}

#[test]
fn every_message_arrives_once_in_order() {
    within_patience(|| {
        let (main, worker) = port::pair::<u32, ()>();
        let reader = thread::spawn(move || worker.iter().collect::<Vec<_>>());
        for number in 0..MESSAGES {
            main.send(number).unwrap();
        }
        drop(main);
        assert!(reader.join().unwrap().into_iter().eq(0..MESSAGES));
    });
}

#[test]
fn a_message_is_moved_not_copied() {
    let (main, worker) = port::pair::<Vec<u8>, ()>();
    let message = vec![1, 2, 3];
    let address = message.as_ptr();
    main.send(message).unwrap();
    let received = worker.recv().unwrap();
    assert_eq!(received.as_ptr(), address);
}

#[test]
fn after_a_hang_up_the_rest_is_read_and_then_it_is_over() {
    let (main, worker) = port::pair::<u8, u8>();
    worker.send(1).unwrap();
    worker.send(2).unwrap();
    assert!(!main.is_disconnected());
    drop(worker);
    assert!(main.is_disconnected());
    assert_eq!(main.recv(), Ok(1));
    assert_eq!(main.try_recv(), Ok(2));
    assert_eq!(main.try_recv(), Err(TryRecvError::Disconnected));
    assert_eq!(main.recv(), Err(RecvError));
    assert_eq!(
        main.recv_timeout(Duration::MAX),
        Err(RecvTimeoutError::Disconnected)
    );
    assert_eq!(main.iter().next(), None);
}

#[test]
fn after_a_hang_up_every_send_hands_its_message_back() {
    let (main, worker) = port::bounded::<u8, u8>(1);
    drop(worker);
    assert_eq!(main.send(1), Err(SendError(1)));
    assert_eq!(main.try_send(2), Err(TrySendError::Disconnected(2)));
    assert_eq!(
        main.send_timeout(3, Duration::MAX),
        Err(SendTimeoutError::Disconnected(3))
    );
    assert_eq!(block_on(main.send_async(4)), Err(SendError(4)));
    assert_eq!(main.send(5).unwrap_err().into_inner(), 5);
}

#[test]
fn a_hang_up_ends_the_other_sides_waits() {
    within_patience(|| {
        for _ in 0..20 {
            let (main, worker) = port::bounded::<u32, u32>(1);
            worker.send(0).unwrap();
            let worker = Arc::new(worker);
            let (receiver, sender) = (Arc::clone(&worker), Arc::clone(&worker));
            let receiving = spawn_asleep(move || receiver.recv());
            let sending = spawn_asleep(move || sender.send(7));
            drop(main);
            assert_eq!(receiving.join().unwrap(), Err(RecvError));
            assert_eq!(sending.join().unwrap(), Err(SendError(7)));
        }
    });
}

#[test]
fn full_and_empty_are_told_apart_from_hung_up() {
    let (main, worker) = port::bounded::<u8, u8>(1);
    assert_eq!(worker.try_recv(), Err(TryRecvError::Empty));
    assert_eq!(worker.recv_timeout(SOON), Err(RecvTimeoutError::Timeout));
    main.try_send(1).unwrap();
    assert_eq!(main.try_send(2), Err(TrySendError::Full(2)));
    assert_eq!(
        main.send_timeout(3, SOON),
        Err(SendTimeoutError::Timeout(3))
    );
    assert_eq!(worker.recv(), Ok(1));
    main.send_timeout(4, SOON).unwrap();
    assert_eq!(worker.recv_timeout(SOON), Ok(4));
}

#[test]
fn a_rendezvous_needs_both_sides_at_once() {
    within_patience(|| {
        let (main, worker) = port::bounded::<u8, ()>(0);
        assert_eq!(main.try_send(1), Err(TrySendError::Full(1)));
        let reader = thread::spawn(move || (worker.recv(), worker.recv()));
        main.send(2).unwrap();
        main.send(3).unwrap();
        assert_eq!(reader.join().unwrap(), (Ok(2), Ok(3)));
    });
}

#[test]
fn an_offer_at_a_rendezvous_is_taken_or_comes_back() {
    within_patience(|| {
        let (main, worker) = port::bounded::<u8, ()>(0);
        assert_eq!(
            main.send_timeout(1, SOON),
            Err(SendTimeoutError::Timeout(1))
        );
        assert_eq!(worker.try_recv(), Err(TryRecvError::Empty));
        assert_eq!(worker.recv_timeout(SOON), Err(RecvTimeoutError::Timeout));
        assert_eq!(main.force_send(2), Ok(Some(2)));
        let mut offer = Box::pin(main.send_async(3));
        assert!(poll_once(&mut offer).is_pending());
        assert_eq!(worker.unread(), 1);
        assert_eq!(worker.try_recv(), Ok(3));
        assert_eq!(block_on(offer), Ok(()));
        let mut dropped = Box::pin(main.send_async(4));
        assert!(poll_once(&mut dropped).is_pending());
        drop(dropped);
        assert_eq!(worker.try_recv(), Err(TryRecvError::Empty));
        let sending = spawn_asleep(move || main.send(5));
        assert_eq!(worker.recv(), Ok(5));
        assert_eq!(sending.join().unwrap(), Ok(()));
    });
}

#[test]
fn a_batch_waits_for_room_and_keeps_what_was_not_sent() {
    within_patience(|| {
        for capacity in [0, 1, 3] {
            let (main, worker) = port::bounded::<u32, ()>(capacity);
            let sending = spawn_asleep(move || {
                let mut batch: Vec<_> = (0..10).collect();
                (main.send_batch(&mut batch), batch)
            });
            let mut received = Vec::new();
            while received.len() < 5 {
                let max = 5 - received.len();
                assert!(worker.recv_batch(&mut received, max).unwrap() <= max);
            }
            assert_eq!(received, [0, 1, 2, 3, 4]);
            received.extend(worker.close());
            let (result, unsent) = sending.join().unwrap();
            assert_eq!(result, Err(SendError(())));
            received.extend(unsent);
            assert!(received.into_iter().eq(0..10), "capacity {capacity}");
        }
    });
}

#[test]
fn a_batch_is_received_as_far_as_it_is_there() {
    let (main, worker) = port::pair::<u32, ()>();
    let mut received = Vec::new();
    assert_eq!(
        worker.try_recv_batch(&mut received, 3),
        Err(TryRecvError::Empty)
    );
    main.send_batch(&mut vec![1, 2, 3]).unwrap();
    assert_eq!(worker.recv(), Ok(1));
    // Sent after the first ones were taken over, and still part of the batch.
    main.send_batch(&mut vec![4, 5]).unwrap();
    assert_eq!(worker.recv_batch(&mut received, 9), Ok(4));
    assert_eq!(received, [2, 3, 4, 5]);
    drop(main);
    assert_eq!(worker.recv_batch(&mut received, 9), Err(RecvError));
}

#[test]
fn a_side_that_has_finished_still_receives() {
    within_patience(|| {
        let (main, worker) = port::bounded::<u32, u32>(4);
        main.send(1).unwrap();
        main.finish();
        assert_eq!(main.send(2), Err(SendError(2)));
        assert_eq!(main.try_send(2), Err(TrySendError::Disconnected(2)));
        assert_eq!(main.force_send(2), Err(SendError(2)));
        assert!(worker.is_disconnected() && !main.is_disconnected());
        assert_eq!((worker.recv(), worker.recv()), (Ok(1), Err(RecvError)));
        worker.send(3).unwrap();
        assert_eq!(main.recv(), Ok(3));
    });
}

#[test]
fn closing_gives_back_what_was_not_read() {
    let (main, worker) = port::pair::<u32, ()>();
    main.send_batch(&mut vec![1, 2, 3]).unwrap();
    assert_eq!(worker.recv(), Ok(1));
    main.send(4).unwrap();
    assert_eq!(worker.unread(), 3);
    assert_eq!(worker.close(), [2, 3, 4]);
    assert_eq!(main.send(5), Err(SendError(5)));
    assert!(main.is_disconnected());
}

#[test]
fn many_blocked_senders_and_receivers_are_all_served() {
    within_patience(|| {
        for capacity in [0, 1, 7] {
            let (main, worker) = port::bounded::<u32, ()>(capacity);
            let sum: u32 = thread::scope(|s| {
                let senders: Vec<_> = (0..4)
                    .map(|_| s.spawn(|| (0..MESSAGES / 10).for_each(|n| main.send(n).unwrap())))
                    .collect();
                let receivers: Vec<_> = (0..3)
                    .map(|_| s.spawn(|| worker.iter().sum::<u32>()))
                    .collect();
                for sender in senders {
                    sender.join().unwrap();
                }
                main.finish();
                receivers
                    .into_iter()
                    .map(|receiver| receiver.join().unwrap())
                    .sum()
            });
            assert_eq!(sum, 4 * (0..MESSAGES / 10).sum::<u32>());
        }
    });
}

#[test]
#[should_panic(expected = "a batch of 0 messages is never complete")]
fn a_batch_of_nothing_is_not_waited_for() {
    let (main, _worker) = port::pair::<(), u32>();
    let _ = main.recv_batch(&mut Vec::new(), 0);
}

#[test]
fn a_port_goes_through_a_port_and_outlives_its_maker() {
    within_patience(|| {
        let (main, worker) = port::pair::<Port<String, u8>, ()>();
        let maker = thread::spawn(move || {
            let (near, far) = port::pair::<u8, String>();
            main.send(far).unwrap();
            near
        });
        let near = maker.join().unwrap();
        let user = thread::spawn(move || {
            let far = worker.recv().unwrap();
            drop(worker);
            let number = far.recv().unwrap();
            far.send(number.to_string()).unwrap();
        });
        near.send(9).unwrap();
        assert_eq!(near.recv().unwrap(), "9");
        user.join().unwrap();
        assert!(near.is_disconnected());
    });
}

#[test]
fn a_port_that_nobody_read_is_hung_up_with_its_carrier() {
    let (main, worker) = port::pair::<Port<u8, u8>, ()>();
    let (near, far) = port::pair::<u8, u8>();
    main.send(far).unwrap();
    assert!(!near.is_disconnected());
    drop(worker);
    assert!(near.is_disconnected(), "`main` still holds the unread port");
    assert_eq!(near.recv(), Err(RecvError));
    drop(main);
}

#[test]
fn no_message_survives_a_hang_up_that_it_races() {
    within_patience(|| {
        for _ in 0..MESSAGES / 10 {
            let (main, worker) = port::pair::<Arc<()>, ()>();
            let message = Arc::new(());
            let sent = Arc::clone(&message);
            let sender = thread::spawn(move || {
                let _ = main.send(sent);
                main
            });
            drop(worker);
            // `main` is kept, and still nothing keeps the message.
            let _main = sender.join().unwrap();
            assert_eq!(Arc::strong_count(&message), 1);
        }
    });
}

#[test]
fn async_ends_meet_blocking_ends() {
    within_patience(|| {
        let (main, worker) = port::bounded::<u32, u32>(2);
        let sync = thread::spawn(move || {
            for number in worker.iter() {
                worker.send(number + 1).unwrap();
            }
        });
        block_on(async {
            for number in 0..MESSAGES / 10 {
                main.send_async(number).await.unwrap();
                assert_eq!(main.recv_async().await, Ok(number + 1));
            }
        });
        drop(main);
        sync.join().unwrap();
    });
}

#[test]
fn a_dropped_receive_future_loses_no_message() {
    let (main, worker) = port::pair::<u8, ()>();
    let mut receive = Box::pin(worker.recv_async());
    assert!(poll_once(&mut receive).is_pending());
    main.send(1).unwrap();
    drop(receive);
    assert_eq!(worker.try_recv(), Ok(1));
}

#[test]
fn a_waiting_send_future_gets_its_message_back_at_a_hang_up() {
    let (main, worker) = port::bounded::<u8, ()>(1);
    main.send(1).unwrap();
    let mut send = Box::pin(main.send_async(2));
    assert!(poll_once(&mut send).is_pending());
    drop(worker);
    assert_eq!(block_on(send), Err(SendError(2)));
}

#[test]
fn two_threads_may_share_a_port() {
    within_patience(|| {
        let (main, worker) = port::pair::<u32, ()>();
        let (seen_a, seen_b) = thread::scope(|s| {
            let a = s.spawn(|| worker.iter().count());
            let b = s.spawn(|| worker.iter().count());
            for number in 0..MESSAGES {
                main.send(number).unwrap();
            }
            drop(main);
            (a.join().unwrap(), b.join().unwrap())
        });
        assert_eq!(seen_a + seen_b, MESSAGES as usize);
    });
}

#[test]
fn ports_and_their_futures_may_change_threads() {
    fn assert_send<T: Send + std::panic::UnwindSafe>(_: &T) {}
    fn assert_sync<T: Sync>(_: &T) {}
    fn assert_future<T: Future + Send>(_: &T) {}
    let (main, _worker) = port::pair::<std::cell::Cell<u8>, std::cell::Cell<u8>>();
    assert_send(&main);
    assert_sync(&main);
    assert_future(&main.recv_async());
    assert_future(&main.send_async(std::cell::Cell::new(1)));
    assert_eq!(
        format!("{main:?}"),
        "Port { unread: 0, disconnected: false }"
    );
}
