//! Hidden checks of lesson 13.
//!
//! A message is a number in text. Whoever may wait does so on a watched thread, and counts
//! as waiting when nothing in the process moves any more.

use std::fmt::Write as _;
use std::mem::ManuallyDrop;
use std::process::ExitCode;
use std::sync::Arc;

use topics::{Control, Event, Subscription, Topics};
use wt_check::{
    AllocProbe, Unjoined, Watched, assert_same, assert_snapshot, check, observe, observed, rng,
    settle,
};

const MIB: usize = 1 << 20;

fn main() -> ExitCode {
    wt_check::run(&[
        observed!(every_subscriber_gets_each_message_once => who_must_get_what),
        check!(the_bytes_are_shared),
        check!(a_slow_subscriber_blocks_nobody),
        check!(a_full_queue_keeps_the_older_messages),
        check!(a_dropped_subscription_gets_nothing_more),
        check!(control_overtakes_queued_data),
        check!(a_full_queue_does_not_stop_control),
        check!(a_sleeping_subscriber_hears_both),
        check!(the_end_comes_behind_the_rest),
        check!(the_log_of_a_day),
    ])
}

const TOPICS: [&str; 3] = ["attic", "cellar", "kitchen"];

/// Six subscribers of three topics, on threads of their own, and thirty messages.
fn every_subscriber_gets_each_message_once() {
    let topics = Topics::new(64);
    let readers: Vec<_> = readers()
        .into_iter()
        .map(|topic| {
            let subscription = topics.subscribe(topic);
            wt_check::spawn("reader", move || {
                let last = |text: &String| text == END;
                let texts = std::iter::from_fn(|| subscription.recv().map(text));
                texts.take_while(|text| !last(text)).collect::<Vec<_>>()
            })
        })
        .collect();
    let sent = messages();
    let reached: Vec<usize> = sent
        .into_iter()
        .map(|(topic, text)| topics.publish(topic, text.into_bytes()))
        .collect();
    for topic in TOPICS {
        topics.publish(topic, END.into());
    }
    observe("how many each message reached", reached);
    for (number, reader) in readers.into_iter().enumerate() {
        let got = joined(reader, "a reader of a topic that was ended");
        observe(&format!("what reader {number} got"), got);
    }
}

fn who_must_get_what() {
    let (readers, sent) = (readers(), messages());
    let count = |topic: &str| readers.iter().filter(|reader| **reader == topic).count();
    let reached: Vec<usize> = sent.iter().map(|(topic, _)| count(topic)).collect();
    observe("how many each message reached", reached);
    for (number, reader) in readers.iter().enumerate() {
        let mine = sent.iter().filter(|(topic, _)| topic == reader);
        let got: Vec<String> = mine.map(|(_, text)| text.clone()).collect();
        observe(&format!("what reader {number} got"), got);
    }
}

const END: &str = "the end";

/// At least one subscriber for each topic.
fn readers() -> Vec<&'static str> {
    let mut rng = rng();
    let more = (0..3).map(|_| TOPICS[rng.usize(..3)]);
    TOPICS.into_iter().chain(more).collect()
}

fn messages() -> Vec<(&'static str, String)> {
    let mut rng = rng();
    (0..30)
        .map(|_| (TOPICS[rng.usize(..3)], rng.u32(100..1000).to_string()))
        .collect()
}

/// The payload's own bytes reach all eight, by their address; and nothing of their size is
/// allocated on the way.
fn the_bytes_are_shared() {
    let topics = Topics::new(4);
    let mut readers: Vec<Reader> = (0..8).map(|_| Reader::of(&topics, "maps")).collect();
    let payload = vec![7; MIB];
    let address = payload.as_ptr().addr();
    let probe = AllocProbe::process();
    publish_bytes(&topics, "maps", payload);
    let bytes = probe.stats().bytes;
    let mut addresses: Vec<Option<usize>> = readers
        .iter_mut()
        .map(|reader| match reader.recv() {
            Some(Some(Event::Data(payload))) => Some(payload.as_ptr().addr()),
            _ => None,
        })
        .collect();
    let missing = addresses.iter().filter(|address| address.is_none()).count();
    assert!(
        missing == 0,
        "a message was published to 8 subscribers, and {missing} of them did not get it"
    );
    let given = addresses.iter().filter(|it| **it == Some(address)).count();
    addresses.sort_unstable();
    addresses.dedup();
    assert!(
        given == 8,
        "a payload of 1 MiB was published to 8 subscribers: they got {} different payloads, and {given} of them the one that was given",
        addresses.len()
    );
    assert!(
        bytes < MIB as u64 / 4,
        "to publish a payload of 1 MiB allocated {} KiB",
        bytes >> 10
    );
}

/// One subscriber never reads; its queue has room for two.
fn a_slow_subscriber_blocks_nobody() {
    let topics = Topics::new(2);
    let slow = Reader::of(&topics, "news");
    let mut quick = Reader::of(&topics, "news");
    let mut got = Vec::new();
    let mut reached = Vec::new();
    for number in 0..6 {
        reached.push(publish(&topics, "news", number));
        got.push(quick.next());
    }
    let sent: Vec<_> = (0..6_u32).map(|number| number.to_string()).collect();
    assert_same!(
        got,
        sent,
        "one of two subscribers did not read, the other read each of 6 messages at once; it got something else"
    );
    assert_same!(
        reached,
        vec![2, 2, 1, 1, 1, 1],
        "one of two subscribers had room for 2 of 6 messages; `publish` said that it reached other numbers of them"
    );
    slow.close();
}

fn a_full_queue_keeps_the_older_messages() {
    let topics = Topics::new(2);
    let mut slow = Reader::of(&topics, "news");
    for number in 0..6 {
        publish(&topics, "news", number);
    }
    let missed = slow.missed();
    assert_same!(
        slow.several(2),
        ["0", "1"].map(String::from).to_vec(),
        "messages 0 to 5 were published to a queue with room for 2; the first two that came out are others"
    );
    assert!(
        missed == 4,
        "6 messages were published to a queue with room for 2, and `missed` said {missed}"
    );
    publish(&topics, "news", 6);
    let next = slow.next();
    assert!(
        next == "6",
        "a subscriber had read all that was queued, then message 6 was published; it got {next}"
    );
}

/// The list must know, and so must the memory: what was queued for it is freed.
fn a_dropped_subscription_gets_nothing_more() {
    let topics = Topics::new(4);
    let first = topics.subscribe("news");
    let second = topics.subscribe("news");
    let mut stays = Reader::of(&topics, "news");
    publish(&topics, "news", 1);
    let Some(Some(Event::Data(shared))) = stays.recv() else {
        panic!("one message was published, and a subscriber did not get it")
    };
    drop(second);
    drop(first);
    let left = topics.subscribers("news");
    assert!(
        left == 1,
        "two of three subscriptions were dropped, and `subscribers` said {left}"
    );
    let reached = publish(&topics, "news", 2);
    assert!(
        reached == 1,
        "two of three subscriptions were dropped, and `publish` said that it reached {reached}"
    );
    let owners = Arc::strong_count(&shared) - 1;
    assert!(
        owners == 0,
        "a message was queued for two subscriptions that were dropped, and it has {owners} owner(s) besides the one who read it"
    );
    let got = stays.next();
    assert!(
        got == "2",
        "two of three subscriptions were dropped, then message 2 was published; the third got {got}"
    );
    let mut again = Reader::of(&topics, "news");
    publish(&topics, "news", 3);
    let got = again.next();
    assert!(
        got == "3",
        "message 3 was published, and a new subscriber of the topic got {got}"
    );
}

/// Many rounds: who chooses at random is right in half of them. All on one thread, because
/// everything is there when it is asked for.
fn control_overtakes_queued_data() {
    let rounds = wt_check::spawn("reader", || {
        let rounds = (0..20).map(|_| {
            let topics = Topics::new(8);
            let reader = topics.subscribe("news");
            for number in 0..3_u32 {
                topics.publish("news", number.to_string().into());
            }
            topics.control("news", Control::Pause);
            topics.control("news", Control::Stop);
            (0..5).map(|_| words(reader.recv())).collect::<Vec<_>>()
        });
        rounds.collect::<Vec<_>>()
    });
    for got in joined(rounds, "`recv`, with five events at hand,") {
        let control = got
            .iter()
            .rposition(|text| text == "Pause" || text == "Stop");
        assert!(
            control < Some(2),
            "messages 0 to 2 were queued when two control messages came, and data came out before the last of these"
        );
        assert!(
            got == ["Pause", "Stop", "0", "1", "2"],
            "messages 0 to 2 were queued when `Pause` and `Stop` came, and this came out: {got:?}"
        );
    }
}

/// What comes out in which order is another check's affair.
fn a_full_queue_does_not_stop_control() {
    let topics = Topics::new(1);
    let mut reader = Reader::of(&topics, "news");
    publish(&topics, "news", 0);
    let reached = [(); 3].map(|()| control(&topics, Control::Pause));
    assert!(
        reached == [1, 1, 1],
        "a subscriber with a full data queue was sent 3 control messages; `control` said that it reached {reached:?}"
    );
    let mut got = reader.several(4);
    got.sort_unstable();
    assert!(
        got == ["0", "Pause", "Pause", "Pause"],
        "a subscriber with one message and a full queue was sent `Pause` three times; it got, in some order, {got:?}"
    );
}

/// Each kind finds the subscriber asleep.
fn a_sleeping_subscriber_hears_both() {
    let topics = Topics::new(4);
    let reader = asleep(topics.subscribe("news"));
    publish(&topics, "news", 5);
    let (got, subscription) = woken(reader, "data");
    assert!(
        got == "5",
        "a sleeping subscriber was woken by message 5, and got {got}"
    );
    let reader = asleep(subscription);
    control(&topics, Control::Resume);
    let (got, _) = woken(reader, "a control message");
    assert!(
        got == "Resume",
        "a sleeping subscriber was woken by `Resume`, and got {got}"
    );
}

/// One subscriber has something of both kinds, the other sleeps.
fn the_end_comes_behind_the_rest() {
    let topics = Topics::new(4);
    let clone = topics.clone();
    let mut reader = Reader::of(&topics, "news");
    let sleeper = asleep(topics.subscribe("weather"));
    publish(&topics, "news", 1);
    publish(&topics, "news", 2);
    control(&topics, Control::Pause);
    drop(topics);
    publish(&clone, "news", 3);
    drop(clone);
    let mut got = reader.several(5);
    got[..4].sort_unstable();
    assert_same!(
        got,
        ["1", "2", "3", "Pause", "the end"]
            .map(String::from)
            .to_vec(),
        "a control message and 3 messages were left when the topics were gone; something else came out (sorted, but for the last)"
    );
    let (got, _) = woken(sleeper, "the end of all topics");
    assert!(
        got == "the end",
        "all topics were gone, and a subscriber that had slept got {got}"
    );
}

fn the_log_of_a_day() {
    let topics = Topics::new(2);
    let mut log = String::new();
    let mut publish = |topic: &str, text: &str| {
        let reached = publish_bytes(&topics, topic, text.into());
        // A String takes what it is given.
        let _ = writeln!(log, "{topic:<6} {text:<12} reaches {reached}");
    };
    publish("error", "too early");
    let pager = Reader::of(&topics, "error");
    publish("error", "disk full");
    let mut archive = Reader::of(&topics, "error");
    let mut statistics = Reader::of(&topics, "info");
    publish("error", "disk broken");
    publish("info", "restarted");
    publish("error", "disk gone");
    pager.close();
    publish("error", "no disk");
    publish("debug", "for nobody");
    let stopped = control_of(&topics, "error", Control::Stop);
    let _ = writeln!(log, "error  Stop         reaches {stopped}");
    drop(topics);
    let readers = [
        ("archive", &mut archive, 4),
        ("statistics", &mut statistics, 2),
    ];
    for (name, reader, count) in readers {
        let missed = reader.missed();
        let mut texts = reader.several(count);
        // Control or data first: that is another check's affair.
        texts[..count - 1].sort_unstable();
        let texts = texts.join(", ");
        let _ = writeln!(log, "{name}: {texts}; {missed} missed");
    }
    assert_snapshot!("day", log);
}

fn text(event: Event) -> String {
    match event {
        Event::Data(payload) => String::from_utf8_lossy(&payload).into_owned(),
        Event::Control(Control::Pause) => "Pause".into(),
        Event::Control(Control::Resume) => "Resume".into(),
        Event::Control(Control::Stop) => "Stop".into(),
    }
}

fn publish(topics: &Topics, topic: &'static str, number: u32) -> usize {
    publish_bytes(topics, topic, number.to_string().into())
}

fn publish_bytes(topics: &Topics, topic: &str, payload: Vec<u8>) -> usize {
    let (topics, topic) = (topics.clone(), topic.to_owned());
    let publisher = wt_check::spawn("publisher", move || topics.publish(&topic, payload));
    joined(publisher, "`publish`")
}

fn control(topics: &Topics, control: Control) -> usize {
    control_of(topics, "news", control)
}

fn control_of(topics: &Topics, topic: &str, control: Control) -> usize {
    let (topics, topic) = (topics.clone(), topic.to_owned());
    let owner = wt_check::spawn("owner", move || topics.control(&topic, control));
    joined(owner, "`control`")
}

/// A subscriber that is read while there is something to read, or the end.
struct Reader {
    /// `None` once it has waited in vain. Never dropped by a check that fails: that could
    /// wait for somebody who waits in vain, too.
    subscription: ManuallyDrop<Option<Subscription>>,
}

impl Reader {
    fn of(topics: &Topics, topic: &str) -> Self {
        let subscription = ManuallyDrop::new(Some(topics.subscribe(topic)));
        Self { subscription }
    }

    fn close(mut self) {
        drop(self.subscription.take());
    }

    /// What `recv` returns; `None` if it does not.
    fn recv(&mut self) -> Option<Option<Event>> {
        let subscription = self.subscription.take()?;
        let reader = wt_check::spawn("reader", move || (subscription.recv(), subscription));
        match reader.join_settled() {
            Ok((event, subscription)) => {
                *self.subscription = Some(subscription);
                Some(event)
            }
            Err(Unjoined::StillRunning) => None,
            Err(Unjoined::Panicked(message)) => panic!("`recv` panicked: {message}"),
        }
    }

    /// The same in words.
    fn next(&mut self) -> String {
        match self.recv() {
            Some(event) => words(event),
            None => "nothing, it still waits".into(),
        }
    }

    fn several(&mut self, count: usize) -> Vec<String> {
        (0..count).map(|_| self.next()).collect()
    }

    fn missed(&self) -> u64 {
        self.subscription.as_ref().map_or(0, Subscription::missed)
    }
}

fn words(event: Option<Event>) -> String {
    event.map_or("the end".into(), text)
}

/// A thread that sleeps in `recv`, and gives the subscription back afterwards.
fn asleep(subscription: Subscription) -> Watched<(String, Subscription)> {
    let reader = wt_check::spawn("reader", move || {
        let event = subscription.recv();
        (words(event), subscription)
    });
    let asleep = settle();
    assert!(
        !reader.is_finished(),
        "`recv` returned although nothing had come"
    );
    assert!(asleep, "`recv` kept running instead of sleeping");
    reader
}

fn woken(reader: Watched<(String, Subscription)>, by: &str) -> (String, Subscription) {
    match reader.join_settled() {
        Ok(got) => got,
        Err(Unjoined::StillRunning) => {
            panic!("a subscriber slept in `recv`, and {by} did not wake it")
        }
        Err(Unjoined::Panicked(message)) => panic!("`recv` panicked: {message}"),
    }
}

/// The value of a thread that has no reason to wait.
fn joined<T>(thread: Watched<T>, what: &str) -> T {
    match thread.join_settled() {
        Ok(value) => value,
        Err(Unjoined::StillRunning) => panic!("{what} had no reason to wait, and did not return"),
        Err(Unjoined::Panicked(message)) => panic!("{what} panicked: {message}"),
    }
}
