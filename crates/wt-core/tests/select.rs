//! Waiting for several ports at once.

mod deadline;

use std::thread;
use std::time::Duration;

use deadline::{spawn_asleep, within_patience};
use wt_core::port::{self, Broadcast, Lag, RecvError, Select, TryRecvError};

const SOON: Duration = Duration::from_millis(1);

#[test]
fn the_port_with_a_message_is_found() {
    let (_a, first) = port::pair::<u8, ()>();
    let (b, second) = port::pair::<&str, ()>();
    let mut select = Select::new();
    let numbers = (select.add(&first), select.add(&second));
    assert_eq!(numbers, (0, 1));
    assert_eq!(select.try_ready(), None);
    b.send("here").unwrap();
    assert_eq!(select.try_ready(), Some(1));
    assert_eq!(select.ready(), 1);
    assert_eq!(second.recv(), Ok("here"));
    assert_eq!(select.try_ready(), None);
}

#[test]
fn a_sleeping_select_is_woken_by_any_of_its_ports() {
    within_patience(|| {
        for number in 0..3 {
            for capacity in [Some(0), Some(1), None] {
                let open = || capacity.map_or_else(port::pair::<usize, ()>, port::bounded);
                let (senders, receivers): (Vec<_>, Vec<_>) = (0..3).map(|_| open()).unzip();
                let waiting = spawn_asleep(move || {
                    let mut select = Select::new();
                    for receiver in &receivers {
                        select.add(receiver);
                    }
                    let ready = select.ready();
                    (ready, receivers[ready].recv())
                });
                senders[number].send(number).unwrap();
                assert_eq!(waiting.join().unwrap(), (number, Ok(number)));
            }
        }
    });
}

#[test]
fn a_hang_up_makes_a_port_ready() {
    within_patience(|| {
        for capacity in [0, 1] {
            let (a, first) = port::bounded::<u8, ()>(capacity);
            let (_b, second) = port::bounded::<u8, ()>(capacity);
            let waiting = spawn_asleep(move || {
                let mut select = Select::new();
                select.add(&first);
                select.add(&second);
                let ready = select.ready();
                // It would be ready for ever, so it is taken out.
                assert!(select.remove(ready));
                assert!(!select.remove(ready));
                assert_eq!(select.ready_timeout(SOON), None);
                (ready, first.recv())
            });
            drop(a);
            assert_eq!(waiting.join().unwrap(), (0, Err(RecvError)));
        }
    });
}

#[test]
fn a_busy_port_does_not_hide_the_others() {
    let (a, first) = port::pair::<u8, ()>();
    let (b, second) = port::pair::<u8, ()>();
    let mut select = Select::new();
    select.add(&first);
    select.add(&second);
    a.send_batch(&mut vec![0; 10]).unwrap();
    b.send_batch(&mut vec![1; 10]).unwrap();
    let order: Vec<_> = (0..6)
        .map(|_| {
            let ready = select.ready();
            [&first, &second][ready].recv().unwrap()
        })
        .collect();
    assert_eq!(order, [0, 1, 0, 1, 0, 1]);
}

#[test]
fn a_select_that_takes_nothing_leaves_the_message_to_others() {
    within_patience(|| {
        for capacity in [1, 0] {
            let (a, first) = port::bounded::<u8, ()>(capacity);
            let (b, second) = port::bounded::<u8, ()>(1);
            thread::scope(|s| {
                // One waits at both ports, another at the first alone.
                let selecting = s.spawn(|| {
                    let mut select = Select::new();
                    select.add(&first);
                    select.add(&second);
                    select.ready()
                });
                let receiving = s.spawn(|| first.recv());
                b.send(1).unwrap();
                a.send(2).unwrap();
                selecting.join().unwrap();
                assert_eq!(receiving.join().unwrap(), Ok(2));
            });
            assert_eq!(second.recv(), Ok(1));
            assert_eq!(first.try_recv(), Err(TryRecvError::Empty));
        }
    });
}

#[test]
fn servers_and_subscriptions_can_be_waited_for_too() {
    within_patience(|| {
        let (client, server) = port::service::<u8, u8>();
        let news = Broadcast::new(1, Lag::Wait);
        let subscription = news.subscribe();
        let (told, tell) = port::pair::<(), ()>();
        let waiting = spawn_asleep(move || {
            let mut select = Select::new();
            let (at_server, at_news) = (select.add(&server), select.add(&subscription));
            assert_eq!(select.ready(), at_news);
            let number: u8 = subscription.recv().unwrap();
            tell.send(()).unwrap();
            assert_eq!(select.ready(), at_server);
            server.recv().unwrap().reply(number).unwrap();
        });
        assert_eq!(news.send(7), 1);
        told.recv().unwrap();
        assert_eq!(client.call(0), Ok(7));
        waiting.join().unwrap();
    });
}

#[test]
#[should_panic(expected = "a wait for nothing would never end")]
fn an_empty_set_is_not_waited_for() {
    Select::new().ready();
}
