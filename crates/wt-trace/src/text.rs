//! A timeline for the terminal: the same as the drawing, in 80 columns.

use std::fmt::Write;

use crate::contention;
use crate::log::{Awaited, Unit};
use crate::names::short;
use crate::timeline::{Lane, Span, Timeline};

/// The columns of a page.
pub const WIDTH: usize = 80;
/// The most of a thread's name that is shown.
const NAME: usize = 14;
/// How many events are told one by one; of more, the first and the last half.
const TOLD: usize = 60;

/// The lanes, the events, and where time was lost.
#[must_use]
pub fn page(timeline: &Timeline) -> String {
    let mut text = lanes(timeline);
    text.push('\n');
    text.push_str(&events(timeline));
    let report = contention::report(timeline);
    if !report.is_empty() {
        text.push('\n');
        text.push_str(&report);
    }
    let ending = ending(timeline);
    if !ending.is_empty() {
        text.push('\n');
        text.push_str(&ending);
    }
    text
}

/// A line per thread.
#[must_use]
pub fn lanes(timeline: &Timeline) -> String {
    let longest = timeline.lanes.iter().map(|lane| lane.name.chars().count());
    let margin = longest.max().unwrap_or(0).min(NAME);
    let room = WIDTH - margin - 3;
    let mut text = String::new();
    for (n, lane) in timeline.lanes.iter().enumerate() {
        let cells = cells(timeline, n, lane, room);
        let cells: String = cells.into_iter().collect();
        let line = format!("{:<margin$} |{}", cut(&lane.name, NAME), cells.trim_end());
        let _ = writeln!(text, "{line}");
    }
    let last = time(timeline.unit, timeline.end);
    let _ = writeln!(text, "{:margin$} 0{last:>room$}", "");
    text.push_str("= runs  . waits  z sleeps  # waits for a lock  [ ] a part of the work\n");
    text
}

fn cells(timeline: &Timeline, number: usize, lane: &Lane, room: usize) -> Vec<char> {
    let scale = |at: u64| position(at, timeline.end, room);
    let mut cells = vec![' '; room];
    let open = timeline.lanes[number]
        .waits
        .last()
        .is_some_and(|wait| wait.open);
    let to = if open {
        room
    } else {
        scale(lane.to).max(scale(lane.from) + 1)
    };
    cells[scale(lane.from).min(room - 1)..to.min(room)].fill('=');
    for span in lane.spans.iter().filter(|span| span.depth == 0) {
        let (from, to) = (scale(span.from), scale(span.to).min(room));
        if to < from + 2 {
            continue;
        }
        cells[from] = '[';
        cells[to - 1] = ']';
        let inside = to - from - 2;
        let name = span.name.chars().chain(std::iter::repeat('-'));
        for (cell, c) in cells[from + 1..=from + inside].iter_mut().zip(name) {
            *cell = c;
        }
    }
    for wait in &lane.waits {
        let (from, to) = (scale(wait.from), scale(wait.to).min(room));
        let sign = match wait.awaited {
            Awaited::Time => 'z',
            Awaited::Lock(_) => '#',
            _ => '.',
        };
        // A part of the work that sleeps is shown as that part.
        let covers = |span: &Span| span.from <= wait.from && wait.to <= span.to;
        let hidden = wait.awaited == Awaited::Time && lane.spans.iter().any(covers);
        if from < to && !hidden {
            cells[from..to].fill(sign);
        }
    }
    cells
}

fn position(at: u64, end: u64, room: usize) -> usize {
    let cells = u128::from(at) * room as u128 / u128::from(end.max(1));
    usize::try_from(cells).unwrap_or(room).min(room)
}

fn events(timeline: &Timeline) -> String {
    let longest = timeline.lanes.iter().map(|lane| lane.name.chars().count());
    let margin = longest.max().unwrap_or(0).min(NAME);
    let mut text = String::new();
    let told = &timeline.told;
    let left_out = told.len().saturating_sub(TOLD);
    let half = if left_out == 0 { told.len() } else { TOLD / 2 };
    for (n, event) in told.iter().enumerate() {
        if n >= half && n < half + left_out {
            if n == half {
                let _ = writeln!(text, "{:>9}  ... {left_out} more events ...", "");
            }
            continue;
        }
        let name = cut(&timeline.lanes[event.lane].name, NAME);
        let line = format!(
            "{:>9}  {name:<margin$}  {}",
            time(timeline.unit, event.at),
            event.text
        );
        let _ = writeln!(text, "{}", cut(&line, WIDTH));
    }
    text
}

/// What went wrong, if something did.
#[must_use]
pub fn ending(timeline: &Timeline) -> String {
    let outcome = &timeline.outcome;
    let mut text = String::new();
    if timeline.lost > 0 {
        let _ = writeln!(
            text,
            "cut    the log was full: {} later events are not shown",
            timeline.lost
        );
    }
    if outcome.word != "done" {
        let place = match outcome.place.line {
            0 => String::new(),
            _ => format!(", {}:{}", outcome.place.file, outcome.place.line),
        };
        let what = format!("{}: {}{place}", outcome.word, outcome.what);
        field(&mut text, "what", &what);
    }
    for stuck in &timeline.stuck {
        let line = format!(
            "thread `{}` waits for {}, {}",
            stuck.thread,
            stuck.waits_for,
            short(&stuck.place)
        );
        field(&mut text, "", &line);
    }
    text
}

fn field(text: &mut String, name: &str, value: &str) {
    for (n, line) in wt_grader::report::wrapped(value, WIDTH - 7)
        .iter()
        .enumerate()
    {
        let name = if n == 0 { name } else { "" };
        let _ = writeln!(text, "{name:<6} {line}");
    }
}

/// A time with its unit: `12` ticks, or `1.25 ms`.
#[must_use]
pub fn time(unit: Unit, at: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let value = at as f64;
    match unit {
        Unit::Ticks => at.to_string(),
        Unit::Nanos if at < 1_000 => format!("{at} ns"),
        Unit::Nanos if at < 1_000_000 => format!("{:.1} µs", value / 1e3),
        Unit::Nanos if at < 1_000_000_000 => format!("{:.2} ms", value / 1e6),
        Unit::Nanos => format!("{:.2} s", value / 1e9),
    }
}

/// At most `most` characters.
#[must_use]
pub fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    kept + "…"
}
