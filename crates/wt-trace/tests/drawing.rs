//! What is drawn: whole, within its bounds, and the same for the same log.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::Value;
use wt_trace::names::Sources;
use wt_trace::{Log, Timeline, chrome, contention, svg, text};

/// A log of `rounds` handovers between two threads, with a lock, a condition and a
/// named part in each: 11 events a round.
fn log(rounds: usize) -> String {
    let mut log = String::from(
        "wt-trace\t1\tticks\nthread\t0\tmain\nthread\t1\ta worker with a very long name\n\
         object\t1\tMutex\tsrc/lib.rs\t1\t13\t\nobject\t2\tchannel\tsrc/lib.rs\t2\t16\t2\n\
         event\t0\t0\tbegin\t\tsrc/lib.rs\t9\nevent\t1\t0\tstart\t1\tsrc/lib.rs\t9\nevent\t2\t1\tbegin\t\tsrc/lib.rs\t9\n",
    );
    let mut at = 3;
    let mut add = |thread: usize, word: &str, argument: &str| {
        let _ = writeln!(
            log,
            "event\t{at}\t{thread}\t{word}\t{argument}\tsrc/lib.rs\t{}",
            at % 90
        );
        at += 1;
    };
    for round in 0..rounds {
        add(1, "wait-message", "2");
        add(0, "lock", "1");
        add(0, "send", "2");
        add(1, "wake", "");
        add(1, "recv", "2");
        add(1, "open", &format!("job <{round}> & \"more\""));
        add(1, "wait-lock", "1");
        add(0, "unlock", "1");
        add(1, "wake", "");
        add(1, "lock", "1");
        add(1, "unlock", "1");
        add(1, "close", "");
    }
    add(1, "end", "");
    log.push_str("lost\t0\noutcome\tdone\t\t\t0\n");
    log
}

fn sources() -> Sources {
    let text = "let table = Mutex::new(0);\nlet (tx, rx) = bounded(2);\n";
    BTreeMap::from([("src/lib.rs".into(), text.into())])
}

fn timeline(rounds: usize) -> Timeline {
    let log = Log::parse(&log(rounds)).unwrap();
    Timeline::new(&log, &sources())
}

#[test]
fn the_same_log_is_the_same_bytes() {
    let (one, two) = (timeline(40), timeline(40));
    assert_eq!(svg::document(&one), svg::document(&two));
    assert_eq!(text::page(&one), text::page(&two));
    assert_eq!(chrome::document(&one), chrome::document(&two));
}

#[test]
fn lanes_waits_locks_and_messages_are_read() {
    let timeline = timeline(3);
    assert_eq!(timeline.lanes.len(), 2);
    assert_eq!(timeline.lanes[1].waits.len(), 6);
    assert_eq!(timeline.lanes[1].spans.len(), 3);
    assert_eq!(timeline.holds.len(), 6);
    assert_eq!(timeline.arrows.len(), 4);
    let locks = contention::locks(&timeline);
    let table = &locks[0];
    assert_eq!(
        (table.name.as_str(), table.taken, table.waits),
        ("table", 6, 3)
    );
    assert_eq!((table.waited, table.longest_wait), (6, 2));
    assert_eq!((table.held, table.longest_hold), (3 * (6 + 1), 6));
    let channel = &timeline.channels[0];
    assert_eq!(
        (channel.name.as_str(), channel.sent, channel.capacity),
        ("tx", 3, Some(2))
    );
    assert_eq!(channel.queued, [2, 2, 2]);
}

/// The place and the size of everything that is drawn.
#[track_caller]
fn stays_within(svg: &str) {
    let document = roxmltree::Document::parse(svg).expect("it is XML");
    let root = document.root_element();
    let bounds: Vec<f64> = root
        .attribute("viewBox")
        .unwrap()
        .split(' ')
        .map(|number| number.parse().unwrap())
        .collect();
    let (width, height) = (bounds[2], bounds[3]);
    let number = |node: &roxmltree::Node<'_, '_>, name: &str| {
        node.attribute(name)
            .map_or(0.0, |text| text.parse::<f64>().unwrap())
    };
    for node in root.descendants() {
        let (x, y) = (number(&node, "x"), number(&node, "y"));
        let (left, right) = match node.tag_name().name() {
            "rect" => (x, x + number(&node, "width")),
            "text" => {
                let chars = node.text().unwrap_or_default().chars().count();
                #[expect(clippy::cast_precision_loss, reason = "texts are short")]
                let wide = chars as f64
                    * if node.attribute("class") == Some("title") {
                        9.1
                    } else {
                        6.65
                    };
                let class = node.attribute("class").unwrap_or_default();
                if class.contains("mid") {
                    (x - wide / 2.0, x + wide / 2.0)
                } else if class.contains("end") {
                    (x - wide, x)
                } else {
                    (x, x + wide)
                }
            }
            _ => continue,
        };
        assert!(
            left >= -0.5 && right <= width + 0.5,
            "{node:?}: {left} to {right}"
        );
        assert!(y >= 0.0 && y <= height, "{node:?}");
    }
}

#[test]
fn a_drawing_stays_within_its_bounds_at_any_size() {
    for rounds in [0, 1, 5, 60, 900] {
        stays_within(&svg::titled(&timeline(rounds), "03: a title & more"));
    }
}

#[test]
fn a_drawing_says_what_it_shows() {
    let drawn = svg::titled(&timeline(5), "A <title>");
    let document = roxmltree::Document::parse(&drawn).unwrap();
    let root = document.root_element();
    assert_eq!(root.attribute("role"), Some("img"));
    let text_of = |id: &str| {
        let node = document
            .descendants()
            .find(|node| node.attribute("id") == Some(id));
        node.and_then(|node| node.text())
            .unwrap_or_default()
            .to_owned()
    };
    let named = root.attribute("aria-labelledby").unwrap().split(' ');
    assert_eq!(named.map(text_of).next().unwrap(), "A <title>");
    assert!(text_of("desc").contains("a worker with a very long name lived"));
    assert!(drawn.contains("prefers-color-scheme:dark"));
    // Each bar says under the pointer what it is.
    assert!(drawn.contains("waits for the lock table, lib.rs:"));
    assert!(drawn.contains("has the lock table, since lib.rs:"));
    assert!(drawn.contains("<title>message of tx"));
}

#[test]
fn the_text_stays_within_80_columns() {
    for rounds in [0, 1, 5, 60, 900] {
        let page = text::page(&timeline(rounds));
        for line in page.lines() {
            assert!(line.chars().count() <= text::WIDTH, "{line}");
        }
    }
    let page = text::page(&timeline(900));
    assert!(page.contains("more events ..."), "{page}");
}

/// What Perfetto wants of a file, as far as this one uses it.
#[test]
fn the_trace_events_are_those_that_perfetto_reads() {
    let document: Value =
        serde_json::from_str(&chrome::document(&timeline(30))).expect("it is JSON");
    let events = document["traceEvents"].as_array().unwrap();
    let mut open_locks = BTreeMap::new();
    let mut flows = BTreeMap::new();
    let mut slices: BTreeMap<u64, Vec<(f64, f64)>> = BTreeMap::new();
    for event in events {
        let phase = event["ph"].as_str().unwrap();
        assert_eq!(event["pid"], 1);
        assert!(!event["name"].as_str().unwrap().is_empty());
        if phase == "M" {
            continue;
        }
        let at = event["ts"].as_f64().unwrap();
        let id = || {
            (
                event["cat"].as_str().unwrap().to_owned(),
                event["id"].as_u64().unwrap(),
            )
        };
        match phase {
            "X" => {
                let long = event["dur"].as_f64().unwrap();
                assert!(long >= 0.0);
                slices
                    .entry(event["tid"].as_u64().unwrap())
                    .or_default()
                    .push((at, at + long));
            }
            "b" => assert!(open_locks.insert(id(), at).is_none()),
            "e" => assert!(open_locks.remove(&id()).unwrap() <= at),
            "s" => assert!(flows.insert(id(), at).is_none()),
            "f" => {
                assert_eq!(event["bp"], "e");
                assert!(flows.remove(&id()).unwrap() <= at);
            }
            "C" => assert!(event["args"]["messages"].is_u64()),
            other => panic!("{other}"),
        }
    }
    assert!(open_locks.is_empty() && flows.is_empty());
    // Slices of one thread lie inside each other or apart.
    for slices in slices.values_mut() {
        slices.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.total_cmp(&a.1)));
        let mut around: Vec<f64> = Vec::new();
        for (from, to) in slices.iter() {
            while around.last().is_some_and(|end| end <= from) {
                around.pop();
            }
            assert!(
                around.last().is_none_or(|end| to <= end),
                "{from} to {to} in {around:?}"
            );
            around.push(*to);
        }
    }
}

#[test]
fn a_log_of_10_000_events_is_drawn_with_all_of_them() {
    let timeline = timeline(834);
    assert!(timeline.told.len() > 6_000);
    let drawn = svg::document(&timeline);
    stays_within(&drawn);
    assert_eq!(drawn.matches("has the lock table").count(), 2 * 834);
    assert_eq!(drawn.matches("<title>message of tx").count(), 834);
}
