//! Why a budget gave nothing.

use std::error::Error;
use std::fmt;

/// Why [`Budget::acquire`](super::Budget::acquire) or one of its variants gave
/// no permit. Nothing was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AcquireError {
    /// The request is larger than the whole budget, so waiting would never end.
    TooLarge {
        /// What was asked for.
        amount: usize,
        /// All that the budget has.
        total: usize,
    },
    /// There is not that much free now, or somebody has been waiting for longer.
    Full {
        /// What was asked for.
        amount: usize,
        /// What was free.
        free: usize,
    },
    /// It was not this request's turn in time.
    TimedOut {
        /// What was asked for.
        amount: usize,
    },
    /// The budget was closed, before the request or while it waited.
    Closed,
}

impl fmt::Display for AcquireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { amount, total } => {
                write!(f, "a request of {amount} can never fit a budget of {total}")
            }
            Self::Full { amount, free } if amount <= free => {
                write!(f, "a request of {amount} is behind others that wait")
            }
            Self::Full { amount, free } => {
                write!(
                    f,
                    "a request of {amount} does not fit the {free} that are free"
                )
            }
            Self::TimedOut { amount } => {
                write!(f, "a request of {amount} was not served in time")
            }
            Self::Closed => f.write_str("the budget is closed"),
        }
    }
}

impl Error for AcquireError {}
