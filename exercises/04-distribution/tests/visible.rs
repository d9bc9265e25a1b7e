//! The visible tests of lesson 04: what the brief promises, as a program.
#![allow(
    clippy::default_constructed_unit_structs,
    reason = "in the starter it has no fields yet"
)]

use std::sync::{Arc, Mutex};

use distribution::{ByKey, Dispatcher, LeastLoaded, RoundRobin, Strategy, ZeroWorkers};

#[test]
fn deposits_to_one_account_keep_their_order() {
    let dispatcher = Dispatcher::new(4, ByKey::default()).unwrap();
    let book = Arc::new(Mutex::new(Vec::new()));
    for deposit in 0..100 {
        let book = Arc::clone(&book);
        dispatcher.submit("account 7", move || book.lock().unwrap().push(deposit));
    }
    drop(dispatcher); // waits for all hundred

    let booked = book.lock().unwrap().clone();
    assert_eq!(booked, (0..100).collect::<Vec<_>>());
}

#[test]
fn each_strategy_chooses_in_its_way() {
    let mut in_turn = RoundRobin::default();
    let turns: Vec<usize> = (0..5).map(|_| in_turn.pick("job", &[9, 0, 0])).collect();
    assert_eq!(turns, [0, 1, 2, 0, 1]);

    assert_eq!(LeastLoaded::default().pick("job", &[3, 1, 2]), 1);

    let mut by_key = ByKey::default();
    let home = by_key.pick("account 7", &[0, 0, 0]);
    assert_eq!(by_key.pick("account 7", &[5, 5, 5]), home);
}

#[test]
fn zero_workers_is_an_error() {
    let none = Dispatcher::new(0, RoundRobin::default());
    assert_eq!(none.err(), Some(ZeroWorkers));
}
