//! What a budget hands out.

use std::fmt;
use std::mem;

use wt_sync::sync::Arc;

use super::budget::Shared;

/// A part of a [`Budget`](super::Budget), which goes back when the permit is
/// dropped, also while a panic unwinds.
///
/// It owns its share of the budget, so it can be moved into a job, a message or a
/// struct beside the memory that it stands for. `mem::forget` loses the amount
/// for good.
pub struct Permit {
    budget: Arc<Shared>,
    amount: usize,
}

impl Permit {
    /// `amount` has been taken from the budget for this permit.
    pub(super) fn new(budget: Arc<Shared>, amount: usize) -> Self {
        Self { budget, amount }
    }

    /// How much of the budget this permit holds.
    #[must_use]
    pub fn amount(&self) -> usize {
        self.amount
    }

    /// Cuts `amount` off into a permit of its own. Drop that one to give back
    /// what turned out not to be needed.
    ///
    /// # Panics
    ///
    /// If the permit holds less than `amount`.
    ///
    /// # Examples
    ///
    /// ```
    /// use wt_core::limits::Budget;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let memory = Budget::new(100);
    /// let mut guess = memory.acquire(60)?;
    /// drop(guess.split(20));
    /// assert_eq!((guess.amount(), memory.stats().in_use), (40, 40));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use = "the part goes back to the budget when it is dropped"]
    pub fn split(&mut self, amount: usize) -> Self {
        assert!(
            amount <= self.amount,
            "{amount} cannot be cut off a permit of {}",
            self.amount
        );
        self.amount -= amount;
        Self::new(Arc::clone(&self.budget), amount)
    }

    /// Adds what `other` holds to this permit.
    ///
    /// # Panics
    ///
    /// If `other` is of another budget.
    pub fn merge(&mut self, mut other: Self) {
        assert!(
            Arc::ptr_eq(&self.budget, &other.budget),
            "permits of two budgets cannot be one"
        );
        // `other` is dropped with nothing left to give back.
        self.amount += mem::take(&mut other.amount);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.budget.give_back(self.amount);
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit")
            .field("amount", &self.amount)
            .finish_non_exhaustive()
    }
}
