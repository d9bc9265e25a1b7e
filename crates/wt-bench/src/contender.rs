//! Who competes, and in what.

use std::time::Duration;

/// One line of work that several contenders do.
pub struct Row {
    /// What to type to run it, `a.one` for instance.
    pub id: &'static str,
    /// What is measured, for the reader of the table.
    pub title: &'static str,
    /// The unit of the figures.
    pub unit: Unit,
    /// How many operations one round has.
    pub ops: u64,
    /// Who takes part.
    pub contenders: Vec<Contender>,
}

/// The unit in which a row is printed. All figures are kept in nanoseconds.
#[derive(Clone, Copy)]
pub enum Unit {
    /// Nanoseconds.
    Nanos,
    /// Microseconds.
    Micros,
    /// Milliseconds.
    Millis,
}

/// What a contender is to the comparison.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// wt-core: compared with the best peer.
    Ours,
    /// What a user would pick instead.
    Peer,
    /// Serial code or a copy: shows the scale, and is compared with nobody.
    Reference,
}

/// One way of doing the work of a row.
pub struct Contender {
    /// The name in the table.
    pub name: &'static str,
    /// What it is to the comparison.
    pub kind: Kind,
    /// A lower number of operations, for a contender that is slower by orders.
    pub at_most: u64,
    start: Box<dyn Fn() -> Run>,
}

/// A started contender: does that many operations and tells how long they took.
/// Dropping it ends its threads.
pub type Run = Box<dyn FnMut(u64) -> Outcome>;

/// How long the operations took.
pub enum Outcome {
    /// All of them together.
    Total(Duration),
    /// One by one.
    Each(Vec<Duration>),
}

impl Contender {
    /// A contender whose threads and queues are made by `start`.
    pub fn new<R>(name: &'static str, kind: Kind, start: impl Fn() -> R + 'static) -> Self
    where
        R: FnMut(u64) -> Outcome + 'static,
    {
        Self {
            name,
            kind,
            at_most: u64::MAX,
            start: Box::new(move || Box::new(start())),
        }
    }

    /// Does at most so many operations in a round.
    #[must_use]
    pub fn at_most(self, ops: u64) -> Self {
        Self {
            at_most: ops,
            ..self
        }
    }

    /// Starts its threads, outside of the time that is measured.
    #[must_use]
    pub fn start(&self) -> Run {
        (self.start)()
    }
}

impl Outcome {
    /// The sum of all operations.
    #[must_use]
    pub fn total(&self) -> Duration {
        match self {
            Self::Total(total) => *total,
            Self::Each(each) => each.iter().sum(),
        }
    }
}

impl Unit {
    /// How many nanoseconds one of it has.
    #[must_use]
    pub fn nanos(self) -> f64 {
        match self {
            Self::Nanos => 1.0,
            Self::Micros => 1e3,
            Self::Millis => 1e6,
        }
    }

    /// Its sign.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Self::Nanos => "ns",
            Self::Micros => "µs",
            Self::Millis => "ms",
        }
    }
}
