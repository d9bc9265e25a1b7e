//! The timeline as Chrome's trace events, which Perfetto and `chrome://tracing` open.
//!
//! Waits and named parts are slices of their thread, locks are asynchronous slices
//! (two that overlap need not nest), messages and news are flows, and the depth of
//! a channel is a counter. A tick is shown as a millisecond.

use std::fmt::Write;

use crate::log::Unit;
use crate::names::short;
use crate::timeline::{ArrowKind, Timeline};

/// The document, one event a line.
#[must_use]
pub fn document(timeline: &Timeline) -> String {
    let mut events = Events {
        unit: timeline.unit,
        text: String::from("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n"),
        first: true,
    };
    for (n, lane) in timeline.lanes.iter().enumerate() {
        events.add(&format!(
            "\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":1,\"tid\":{n},\"args\":{{\"name\":{}}}",
            json(&lane.name)
        ));
        events.add(&format!(
            "\"ph\":\"M\",\"name\":\"thread_sort_index\",\"pid\":1,\"tid\":{n},\"args\":{{\"sort_index\":{n}}}"
        ));
        events.slice(n, "life", &lane.name, (lane.from, lane.to), "");
        for span in &lane.spans {
            events.slice(n, "work", &span.name, (span.from, span.to), "");
        }
        for wait in &lane.waits {
            let name = format!("waits for {}", wait.what);
            events.slice(n, "wait", &name, (wait.from, wait.to), &short(&wait.place));
        }
    }
    for (n, hold) in timeline.holds.iter().enumerate() {
        for (phase, at) in [("b", hold.from), ("e", hold.to)] {
            let at = events.micros(at);
            events.add(&format!(
                "\"ph\":\"{phase}\",\"cat\":\"lock\",\"id\":{n},\"name\":{},\"pid\":1,\"tid\":{},\"ts\":{at},\
                 \"args\":{{\"since\":{}}}",
                json(&format!("has {}", hold.name)),
                hold.lane,
                json(&short(&hold.place))
            ));
        }
    }
    for (n, arrow) in timeline.arrows.iter().enumerate() {
        let category = match arrow.kind {
            ArrowKind::Message => "message",
            ArrowKind::News => "news",
            ArrowKind::Start => "start",
        };
        for (phase, (lane, at)) in [("\"s\"", arrow.from), ("\"f\",\"bp\":\"e\"", arrow.to)] {
            let at = events.micros(at);
            events.add(&format!(
                "\"ph\":{phase},\"cat\":\"{category}\",\"id\":{n},\"name\":{},\"pid\":1,\"tid\":{lane},\"ts\":{at}",
                json(&arrow.what)
            ));
        }
    }
    for channel in &timeline.channels {
        for (at, depth) in &channel.depth {
            let at = events.micros(*at);
            events.add(&format!(
                "\"ph\":\"C\",\"name\":{},\"pid\":1,\"ts\":{at},\"args\":{{\"messages\":{depth}}}",
                json(&format!("depth of {}", channel.name))
            ));
        }
    }
    events.text.push_str("\n]}\n");
    events.text
}

struct Events {
    unit: Unit,
    text: String,
    first: bool,
}

impl Events {
    fn add(&mut self, fields: &str) {
        if !std::mem::take(&mut self.first) {
            self.text.push_str(",\n");
        }
        let _ = write!(self.text, "{{{fields}}}");
    }

    fn slice(&mut self, lane: usize, category: &str, name: &str, time: (u64, u64), place: &str) {
        let (at, long) = (
            self.micros(time.0),
            self.micros(time.1.saturating_sub(time.0)),
        );
        let place = if place.is_empty() {
            String::new()
        } else {
            format!(",\"args\":{{\"at\":{}}}", json(place))
        };
        self.add(&format!(
            "\"ph\":\"X\",\"cat\":\"{category}\",\"name\":{},\"pid\":1,\"tid\":{lane},\"ts\":{at},\"dur\":{long}{place}",
            json(name)
        ));
    }

    fn micros(&self, at: u64) -> String {
        match self.unit {
            Unit::Ticks => (u128::from(at) * 1000).to_string(),
            Unit::Nanos => format!("{}.{:03}", at / 1000, at % 1000),
        }
    }
}

/// A string of JSON.
fn json(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
