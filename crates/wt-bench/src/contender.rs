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
    /// What ours are to reach.
    pub goals: Vec<Goal>,
    /// Whether a ratio to the best peer says something.
    pub is_compared: bool,
}

impl Row {
    /// A row without goals.
    #[must_use]
    pub fn new(
        id: &'static str,
        title: &'static str,
        unit: Unit,
        ops: u64,
        contenders: Vec<Contender>,
    ) -> Self {
        Self {
            id,
            title,
            unit,
            ops,
            contenders,
            goals: Vec::new(),
            is_compared: true,
        }
    }

    /// The same with these goals.
    #[must_use]
    pub fn goals(self, goals: &[Goal]) -> Self {
        Self {
            goals: goals.to_vec(),
            ..self
        }
    }

    /// The same, to be read and not compared: its figures may be zero.
    #[must_use]
    pub fn not_compared(self) -> Self {
        Self {
            is_compared: false,
            ..self
        }
    }
}

/// A ratio that one of our contenders is to reach.
#[derive(Debug, Clone, Copy)]
pub struct Goal {
    /// The name of our contender.
    pub ours: &'static str,
    /// The ratio that its median may have at most.
    pub at_most: f64,
    /// To the fastest of these; to the best peer of the row if there are none.
    pub of: &'static [&'static str],
    /// Whether the row is a failure otherwise. If not, it is what trial designs reached.
    pub must: bool,
}

impl Goal {
    /// wt-core as it comes is to be at most so many times as slow as the best peer.
    #[must_use]
    pub const fn must(at_most: f64) -> Self {
        Self {
            ours: "wt-core",
            at_most,
            of: &[],
            must: true,
        }
    }

    /// As [`must`](Self::must), for what is hoped for.
    #[must_use]
    pub const fn aim(at_most: f64) -> Self {
        Self {
            must: false,
            ..Self::must(at_most)
        }
    }

    /// The same for another of our contenders.
    #[must_use]
    pub const fn by(self, ours: &'static str) -> Self {
        Self { ours, ..self }
    }

    /// The same, compared with the fastest of these.
    #[must_use]
    pub const fn of(self, of: &'static [&'static str]) -> Self {
        Self { of, ..self }
    }
}

/// The unit in which a row is printed. Times are kept in nanoseconds, memory in
/// bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Nanoseconds.
    Nanos,
    /// Microseconds.
    Micros,
    /// Milliseconds.
    Millis,
    /// Bytes.
    Bytes,
    /// Kibibytes.
    Kibibytes,
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
    /// What is measured is not the time that the operations took.
    Amount(f64),
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
            // A nanosecond per unit, so that criterion can draw it.
            Self::Amount(amount) => Duration::from_nanos(amount.max(0.0) as u64),
        }
    }
}

impl Unit {
    /// How many nanoseconds or bytes one of it has.
    #[must_use]
    pub fn size(self) -> f64 {
        match self {
            Self::Nanos | Self::Bytes => 1.0,
            Self::Micros => 1e3,
            Self::Millis => 1e6,
            Self::Kibibytes => 1024.0,
        }
    }

    /// Whether it is one of memory.
    #[must_use]
    pub fn is_memory(self) -> bool {
        matches!(self, Self::Bytes | Self::Kibibytes)
    }

    /// Its sign.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Self::Nanos => "ns",
            Self::Micros => "µs",
            Self::Millis => "ms",
            Self::Bytes => "B",
            Self::Kibibytes => "KiB",
        }
    }
}
