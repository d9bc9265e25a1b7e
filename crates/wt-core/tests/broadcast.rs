//! Broadcast and topics: everyone gets a copy, and nobody is waited for in vain.

mod deadline;

use std::sync::Arc;
use std::thread;

use deadline::{block_on, spawn_asleep, within_patience};
use wt_core::port::{Broadcast, Lag, RecvError, RecvTimeoutError, Topics, TryRecvError};

const MESSAGES: u32 = if cfg!(miri) { 20 } else { 2_000 };

#[test]
fn every_subscriber_gets_every_message_in_order() {
    within_patience(|| {
        for capacity in [0, 1, 16] {
            let news = Broadcast::new(capacity, Lag::Wait);
            let readers: Vec<_> = (0..3)
                .map(|_| {
                    let subscription = news.subscribe();
                    thread::spawn(move || subscription.iter().collect::<Vec<u32>>())
                })
                .collect();
            for number in 0..MESSAGES {
                assert_eq!(news.send(number), 3);
            }
            drop(news);
            for reader in readers {
                assert!(reader.join().unwrap().into_iter().eq(0..MESSAGES));
            }
        }
    });
}

#[test]
fn a_subscription_begins_with_the_next_message() {
    let news = Broadcast::new(4, Lag::Wait);
    assert_eq!(news.send(1), 0);
    let subscription = news.subscribe();
    assert_eq!(news.send(2), 1);
    assert_eq!(subscription.recv(), Ok(2));
    assert_eq!(subscription.try_recv(), Err(TryRecvError::Empty));
    drop(news);
    assert_eq!(subscription.recv(), Err(RecvError));
    assert_eq!(
        subscription.recv_timeout(std::time::Duration::MAX),
        Err(RecvTimeoutError::Disconnected)
    );
}

#[test]
fn a_slow_subscriber_misses_the_oldest_and_knows_how_many() {
    let news = Broadcast::new(2, Lag::DropOldest);
    let (slow, quick) = (news.subscribe(), news.subscribe());
    for number in 0..5 {
        assert_eq!(news.send(number), 2);
        assert_eq!(block_on(quick.recv_async()), Ok(number));
    }
    assert_eq!((slow.missed(), quick.missed()), (3, 0));
    assert_eq!((slow.recv(), slow.recv()), (Ok(3), Ok(4)));
}

#[test]
fn a_sender_waits_for_the_slowest() {
    within_patience(|| {
        let news = Arc::new(Broadcast::new(1, Lag::Wait));
        let subscription = news.subscribe();
        news.send(1);
        let sending = {
            let news = Arc::clone(&news);
            spawn_asleep(move || news.send(2))
        };
        assert!(!sending.is_finished());
        assert_eq!(subscription.recv(), Ok(1));
        assert_eq!(sending.join().unwrap(), 1);
        assert_eq!(subscription.missed(), 0);
    });
}

#[test]
fn an_unsubscribe_ends_a_senders_wait() {
    within_patience(|| {
        let news = Arc::new(Broadcast::new(1, Lag::Wait));
        let (leaving, staying) = (news.subscribe(), news.subscribe());
        news.send(1);
        assert_eq!(staying.recv(), Ok(1));
        let sending = {
            let news = Arc::clone(&news);
            spawn_asleep(move || news.send(2))
        };
        drop(leaving);
        assert_eq!(sending.join().unwrap(), 1);
        assert_eq!(staying.recv(), Ok(2));
        assert_eq!(news.subscribers(), 1);
    });
}

#[test]
fn only_the_subscribers_of_a_key_get_its_messages() {
    let topics = Topics::new(4, Lag::Wait);
    let red = topics.subscribe("red".to_owned());
    let also_red = topics.subscribe("red".to_owned());
    let blue = topics.subscribe("blue".to_owned());
    assert_eq!(topics.publish("red", 1), 2);
    assert_eq!(topics.publish("blue", 2), 1);
    assert_eq!(topics.publish("green", 3), 0);
    assert_eq!(
        (red.recv(), also_red.recv(), blue.recv()),
        (Ok(1), Ok(1), Ok(2))
    );
    drop(topics);
    assert_eq!(red.recv(), Err(RecvError));
}

#[test]
fn a_topic_is_forgotten_with_its_last_subscription() {
    let topics = Topics::<_, u8>::new(4, Lag::Wait);
    let guards: Vec<_> = (0..3).map(|key| topics.subscribe(key)).collect();
    let second_of_0 = topics.subscribe(0);
    assert_eq!(topics.len(), 3);
    drop(guards);
    assert_eq!(topics.len(), 1);
    assert_eq!(topics.publish(&0, 7), 1);
    assert_eq!(second_of_0.recv(), Ok(7));
    drop(second_of_0);
    assert!(topics.is_empty());
    // A guard may outlive its topics.
    let late = topics.subscribe(9);
    drop(topics);
    drop(late);
}

#[test]
fn subscribing_and_publishing_at_once_loses_nothing_of_those_who_stay() {
    within_patience(|| {
        let topics = Topics::new(8, Lag::Wait);
        let staying = topics.subscribe(0);
        thread::scope(|s| {
            s.spawn(|| {
                for _ in 0..MESSAGES / 10 {
                    drop(topics.subscribe(0));
                    drop(topics.subscribe(1));
                }
            });
            let reading = s.spawn(|| staying.iter().take(MESSAGES as usize).collect::<Vec<_>>());
            for number in 0..MESSAGES {
                assert!(topics.publish(&0, number) >= 1);
                topics.publish(&1, number);
            }
            assert!(reading.join().unwrap().into_iter().eq(0..MESSAGES));
        });
        drop(staying);
        assert!(topics.is_empty());
    });
}
