//! Where time was lost: the locks, the channels and the threads of a timeline.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::log::{Awaited, Unit};
use crate::text::{cut, time};
use crate::timeline::{Channel, Timeline};

/// The most rows of a table.
const ROWS: usize = 12;
/// The cells of a channel's depth over the time.
const CELLS: usize = 20;

/// The use of one lock.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LockUse {
    /// Its name.
    pub name: String,
    /// How often it was taken.
    pub taken: usize,
    /// How often somebody had to wait for it.
    pub waits: usize,
    /// How long they waited in all.
    pub waited: u64,
    /// The longest of these waits.
    pub longest_wait: u64,
    /// How long it was held in all.
    pub held: u64,
    /// The longest of these times.
    pub longest_hold: u64,
}

/// Every lock, those that were waited for the longest first.
#[must_use]
pub fn locks(timeline: &Timeline) -> Vec<LockUse> {
    let mut locks: BTreeMap<u32, LockUse> = BTreeMap::new();
    for hold in &timeline.holds {
        let lock = locks.entry(hold.id).or_default();
        let held = hold.to.saturating_sub(hold.from);
        lock.name.clone_from(&hold.name);
        lock.taken += 1;
        lock.held += held;
        lock.longest_hold = lock.longest_hold.max(held);
    }
    for wait in timeline.lanes.iter().flat_map(|lane| &lane.waits) {
        let Awaited::Lock(id) = wait.awaited else {
            continue;
        };
        let lock = locks.entry(id).or_default();
        let waited = wait.to - wait.from;
        lock.waits += 1;
        lock.waited += waited;
        lock.longest_wait = lock.longest_wait.max(waited);
    }
    let mut locks: Vec<LockUse> = locks.into_values().collect();
    locks.sort_by(|a, b| (b.waited, b.held, &a.name).cmp(&(a.waited, a.held, &b.name)));
    locks
}

/// Three tables, in 80 columns.
#[must_use]
pub fn report(timeline: &Timeline) -> String {
    let mut text = lock_table(timeline);
    text.push_str(&channel_table(timeline));
    text.push_str(&thread_table(timeline));
    text
}

fn lock_table(timeline: &Timeline) -> String {
    let locks = locks(timeline);
    if locks.is_empty() {
        return String::new();
    }
    let time = |at| time(timeline.unit, at);
    let mut text = format!(
        "{:<22} {:>6} {:>6} {:>10} {:>8} {:>10} {:>8}\n",
        "lock", "taken", "waits", "waited", "longest", "held", "longest"
    );
    for lock in locks.iter().take(ROWS) {
        let _ = writeln!(
            text,
            "{:<22} {:>6} {:>6} {:>10} {:>8} {:>10} {:>8}",
            cut(&lock.name, 22),
            lock.taken,
            lock.waits,
            time(lock.waited),
            time(lock.longest_wait),
            time(lock.held),
            time(lock.longest_hold)
        );
    }
    more(&mut text, locks.len(), "locks");
    text
}

fn channel_table(timeline: &Timeline) -> String {
    if timeline.channels.is_empty() {
        return String::new();
    }
    let time = |at| time(timeline.unit, at);
    let mut text = format!(
        "{:<16} {:>6} {:>9} {:>10} {:>10}  {}\n",
        "channel", "sent", "deepest", "in queue", "worked on", "depth over the time"
    );
    for channel in timeline.channels.iter().take(ROWS) {
        let deepest = channel.depth.iter().map(|(_, depth)| *depth).max();
        let deepest = deepest.unwrap_or(0);
        let deepest = match channel.capacity {
            Some(most) => format!("{deepest} of {most}"),
            None => deepest.to_string(),
        };
        let _ = writeln!(
            text,
            "{:<16} {:>6} {deepest:>9} {:>10} {:>10}  {}",
            cut(&channel.name, 16),
            channel.sent,
            time(mean(&channel.queued)),
            time(mean(&channel.service)),
            sparkline(channel, timeline.end)
        );
    }
    more(&mut text, timeline.channels.len(), "channels");
    text
}

fn thread_table(timeline: &Timeline) -> String {
    let mut text = format!(
        "{:<16} {:>10} {:>10} {:>10} {:>10}\n",
        "thread", "lived", "ran", "waited", "slept"
    );
    let time = |at| time(timeline.unit, at);
    for lane in timeline.lanes.iter().take(ROWS) {
        let lived = lane.to - lane.from;
        let (waited, slept) = (Timeline::waited(lane), Timeline::slept(lane));
        let _ = writeln!(
            text,
            "{:<16} {:>10} {:>10} {:>10} {:>10}",
            cut(&lane.name, 16),
            time(lived),
            time(lived.saturating_sub(waited + slept)),
            time(waited),
            time(slept)
        );
    }
    more(&mut text, timeline.lanes.len(), "threads");
    text
}

fn more(text: &mut String, count: usize, noun: &str) {
    if count > ROWS {
        let _ = writeln!(text, "... {} more {noun}", count - ROWS);
    }
}

fn mean(times: &[u64]) -> u64 {
    let sum: u64 = times.iter().sum();
    sum.checked_div(times.len() as u64).unwrap_or(0)
}

/// The most that the channel held, in each part of the time.
fn sparkline(channel: &Channel, end: u64) -> String {
    const LEVELS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let mut most = [0; CELLS];
    let mut changes = channel.depth.iter().peekable();
    let mut depth = 0;
    for (n, cell) in most.iter_mut().enumerate() {
        let until = u128::from(end) * (n as u128 + 1) / CELLS as u128;
        *cell = depth;
        while let Some((_, now)) = changes.next_if(|(at, _)| u128::from(*at) < until) {
            depth = *now;
            *cell = depth.max(*cell);
        }
    }
    let deepest = most.iter().copied().max().unwrap_or(0).max(1);
    let levels = most
        .iter()
        .map(|depth| LEVELS[(depth * 8).div_ceil(deepest)]);
    levels.collect::<String>().trim_end().to_owned()
}

/// Such as `in ticks`, for a heading.
#[must_use]
pub fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Ticks => "in ticks: each event takes one, a sleep one per millisecond",
        Unit::Nanos => "as the clock had it",
    }
}
