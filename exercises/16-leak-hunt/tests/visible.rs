//! The visible tests of lesson 16: what the brief promises, as a program.

use std::time::Duration;

use leak_hunt::Service;
use wt_core::channel::RecvTimeoutError;

fn service() -> Service {
    Service::start(2, |picture| vec![picture as u8; 4], drop)
}

#[test]
fn a_picture_is_made() {
    let service = service();
    let session = service.open("reader");
    let ticket = session.request(7).unwrap();
    assert_eq!(ticket.wait(), Some(vec![7; 4]));
    assert_eq!(service.sessions(), ["reader"]);
}

#[test]
fn receivers_end_with_the_service() {
    let service = service();
    let _session = service.open("reader");
    let events = service.events();
    drop(service);
    // One of the four leaks keeps this waiting.
    let end = events.recv_timeout(Duration::from_secs(2));
    assert_eq!(end, Err(RecvTimeoutError::Disconnected));
}

#[test]
fn a_closed_session_is_not_listed() {
    let service = service();
    drop(service.open("guest"));
    assert!(service.sessions().is_empty());
}
