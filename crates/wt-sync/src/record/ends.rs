//! Who has the ends of a channel, as far as that can be known.
//!
//! A sender that has been moved to another thread does not say so before it is
//! used. So an end is known by who made it, where, and which thread has used it, if
//! only one has.

use super::state::{Place, State, ThreadNumber};
use super::step::{name_of, short};

/// How many ends of each side are known one by one; the others are counted.
const KNOWN: usize = 4;

/// The side of a channel that an end belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Senders,
    Receivers,
}

/// The known ends of one channel.
#[derive(Debug, Default)]
pub(super) struct Ends {
    senders: [Option<EndRecord>; KNOWN],
    receivers: [Option<EndRecord>; KNOWN],
}

/// A thread by its number, and which of those that had the number.
type Who = (ThreadNumber, u32);

#[derive(Debug, Clone, Copy)]
struct EndRecord {
    made_by: Who,
    made_at: Place,
    used_by: Option<Who>,
    /// More than one thread has used it.
    shared: bool,
}

impl Ends {
    fn side(&mut self, side: Side) -> &mut [Option<EndRecord>; KNOWN] {
        match side {
            Side::Senders => &mut self.senders,
            Side::Receivers => &mut self.receivers,
        }
    }

    /// Writes down a new end and returns its slot, if there is one.
    pub(super) fn made(&mut self, side: Side, by: Who, at: Place) -> Option<usize> {
        let slots = self.side(side);
        let free = slots.iter().position(Option::is_none)?;
        slots[free] = Some(EndRecord {
            made_by: by,
            made_at: at,
            used_by: None,
            shared: false,
        });
        Some(free)
    }

    pub(super) fn gone(&mut self, side: Side, slot: usize) {
        self.side(side)[slot] = None;
    }

    pub(super) fn used(&mut self, side: Side, slot: usize, by: Who) {
        if let Some(end) = &mut self.side(side)[slot] {
            end.shared |= end.used_by.is_some_and(|other| other != by);
            end.used_by = Some(by);
        }
    }

    /// The only end of a side, if there is one and it is known.
    fn only(&self, side: Side, count: usize) -> Option<EndRecord> {
        let slots = match side {
            Side::Senders => &self.senders,
            Side::Receivers => &self.receivers,
        };
        let mut known = slots.iter().flatten();
        let end = *known.next().filter(|_| count == 1)?;
        known.next().is_none().then_some(end)
    }

    /// The only thread that has used the only end of a side. Who has an end that
    /// nobody has used is not known: it may have been moved.
    pub(super) fn only_user(
        &self,
        state: &State,
        side: Side,
        count: usize,
    ) -> Option<ThreadNumber> {
        let end = self.only(side, count)?;
        let (thread, generation) = end.used_by?;
        let same = state.threads.get(thread)?.generation == generation;
        (same && !end.shared).then_some(thread)
    }

    /// The only end of a side, in words that follow `1 sender`.
    pub(super) fn only_in_words(&self, state: &State, side: Side, count: usize) -> Option<String> {
        let end = self.only(side, count)?;
        let name = |(thread, generation): Who| match state.threads.get(thread) {
            Some(record) if record.generation == generation => {
                format!("`{}`", name_of(state, thread))
            }
            _ => "a thread that has ended".into(),
        };
        let made = short(end.made_at);
        Some(match end.used_by {
            Some(_) if end.shared => format!("made at {made}, used by several threads"),
            Some(user) => format!("made at {made}, used by {}", name(user)),
            None => format!("made at {made} by {}", name(end.made_by)),
        })
    }
}
