//! The example of the brief. The hidden checks look at much more.
#![allow(clippy::drop_non_drop, reason = "in the starter it holds nothing yet")]

use topics::{Control, Event, Topics};
use wt_core::sync::Arc;

fn data(text: &str) -> Option<Event> {
    Some(Event::Data(Arc::new(text.as_bytes().to_vec())))
}

#[test]
fn two_of_three_read_the_errors() {
    let topics = Topics::new(16);
    let pager = topics.subscribe("error");
    let archive = topics.subscribe("error");
    let statistics = topics.subscribe("info");

    assert_eq!(topics.publish("error", b"disk full".to_vec()), 2);
    assert_eq!(topics.publish("info", b"started".to_vec()), 1);

    assert_eq!(pager.recv(), data("disk full"));
    assert_eq!(archive.recv(), data("disk full"));
    assert_eq!(statistics.recv(), data("started"));
}

#[test]
fn to_drop_is_to_unsubscribe() {
    let topics = Topics::new(16);
    let pager = topics.subscribe("error");
    drop(pager);
    assert_eq!(topics.publish("error", b"nobody reads this".to_vec()), 0);
}

#[test]
fn a_subscriber_is_told_to_stop() {
    let topics = Topics::new(16);
    let reader = topics.subscribe("info");
    assert_eq!(topics.control("info", Control::Stop), 1);
    assert_eq!(reader.recv(), Some(Event::Control(Control::Stop)));
}
