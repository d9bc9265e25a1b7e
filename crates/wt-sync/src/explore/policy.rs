//! Who runs next: three ways to search, each decided by one number.
//!
//! A schedule must be found again by a short code. So nothing here is learnt from
//! one schedule for the next, as shuttle's own PCT does with the length: a schedule
//! is a function of its number alone.

use super::dice::Dice;
use super::world::ThreadNumber;

/// Decides between threads that can go on.
#[derive(Debug)]
pub(super) enum Policy {
    /// Each of them is as likely.
    Random(Dice),
    /// Probabilistic concurrency testing (Burckhardt and others, ASPLOS 2010).
    Pct(Pct),
    /// The next path of a depth-first search.
    Dfs(Path),
}

/// Threads have priorities, and the highest runs; at a few points the one that runs
/// falls to the lowest.
#[derive(Debug)]
pub(super) struct Pct {
    dice: Dice,
    /// The highest number is the highest priority.
    priorities: Vec<u64>,
    /// The next to be given to one that falls; all others are higher.
    lowest: u64,
    /// Numbers of decisions at which the one that runs falls.
    changes: [u64; Pct::CHANGES],
    decisions: u64,
}

impl Pct {
    /// With so many changes a fault that needs three orderings is likely to be found.
    const CHANGES: usize = 2;
    /// New threads get priorities from here up, those that fall go down from here.
    const MIDDLE: u64 = 1 << 32;

    fn new(mut dice: Dice) -> Self {
        // How long the schedule will be is not known: the length is drawn too, so that
        // short ones and long ones have their share.
        let length = 8 << dice.below(6);
        let changes = std::array::from_fn(|_| 1 + dice.below(length) as u64);
        Self {
            dice,
            priorities: Vec::new(),
            lowest: Self::MIDDLE,
            changes,
            decisions: 0,
        }
    }

    fn fall(&mut self, thread: ThreadNumber) {
        self.know(thread);
        self.lowest -= 1;
        self.priorities[thread] = self.lowest;
    }

    fn know(&mut self, thread: ThreadNumber) {
        while self.priorities.len() <= thread {
            let priority = Self::MIDDLE + (self.dice.next() >> 32);
            self.priorities.push(priority);
        }
    }

    fn choose(&mut self, running: Option<ThreadNumber>, ready: &[ThreadNumber]) -> ThreadNumber {
        self.decisions += 1;
        if let Some(running) = running.filter(|_| self.changes.contains(&self.decisions)) {
            self.fall(running);
        }
        ready.iter().for_each(|thread| self.know(*thread));
        let first = ready[0];
        let higher = |a: &ThreadNumber, b: &ThreadNumber| {
            self.priorities[*a].cmp(&self.priorities[*b]).then(b.cmp(a))
        };
        ready.iter().copied().max_by(higher).unwrap_or(first)
    }
}

/// The choices of one path through the tree of all schedules: what was chosen, and
/// between how many.
#[derive(Debug, Clone, Default)]
pub(super) struct Path {
    choices: Vec<(usize, usize)>,
    at: usize,
}

impl Path {
    fn choose(&mut self, n: usize) -> usize {
        if self.at == self.choices.len() {
            self.choices.push((0, n));
        }
        let (chosen, _) = self.choices[self.at];
        self.at += 1;
        // A program that does something else on the same path has fewer choices.
        chosen.min(n - 1)
    }

    /// The path after this one; `None` when there is no other.
    pub(super) fn next(mut self) -> Option<Self> {
        self.choices.truncate(self.at);
        while let Some((chosen, n)) = self.choices.pop() {
            if chosen + 1 < n {
                self.choices.push((chosen + 1, n));
                self.at = 0;
                return Some(self);
            }
        }
        None
    }
}

impl Policy {
    pub(super) fn random(dice: Dice) -> Self {
        Self::Random(dice)
    }

    pub(super) fn pct(dice: Dice) -> Self {
        Self::Pct(Pct::new(dice))
    }

    /// One of `ready`, which is not empty. `running` has run last, and may be asked to
    /// step back because it yields or has run long enough.
    pub(super) fn thread(
        &mut self,
        running: Option<ThreadNumber>,
        steps_back: bool,
        ready: &[ThreadNumber],
    ) -> ThreadNumber {
        let others: Vec<ThreadNumber>;
        let mut ready = ready;
        if let Some(running) = running.filter(|_| steps_back && ready.len() > 1) {
            if let Self::Pct(pct) = self {
                pct.fall(running);
            }
            others = (ready.iter().copied())
                .filter(|thread| *thread != running)
                .collect();
            ready = &others;
        }
        match self {
            _ if ready.len() == 1 => ready[0],
            Self::Random(dice) => ready[dice.below(ready.len())],
            Self::Pct(pct) => pct.choose(running, ready),
            Self::Dfs(path) => ready[path.choose(ready.len())],
        }
    }

    /// A number below `n`, which is not 0: what else is left to chance.
    pub(super) fn number(&mut self, n: usize) -> usize {
        match self {
            _ if n == 1 => 0,
            Self::Random(dice) | Self::Pct(Pct { dice, .. }) => dice.below(n),
            Self::Dfs(path) => path.choose(n),
        }
    }

    /// Whether time may pass now although threads could go on.
    pub(super) fn time_passes(&mut self, one_in: usize) -> bool {
        match self {
            Self::Random(dice) | Self::Pct(Pct { dice, .. }) => dice.below(one_in) == 0,
            Self::Dfs(path) => path.choose(2) == 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_in_depth_takes_every_path_once() {
        let mut found = Vec::new();
        let mut path = Some(Path::default());
        while let Some(mut now) = path {
            let first = now.choose(2);
            let second = if first == 0 { now.choose(3) } else { 0 };
            found.push((first, second));
            path = now.next();
        }
        assert_eq!(found, [(0, 0), (0, 1), (0, 2), (1, 0)]);
    }

    #[test]
    fn the_highest_priority_runs_until_it_falls() {
        let mut pct = Pct::new(Dice::new(3));
        pct.changes = [4, 4];
        let first = pct.choose(None, &[0, 1]);
        assert_eq!(pct.choose(Some(first), &[0, 1]), first);
        assert_eq!(pct.choose(Some(first), &[0, 1]), first);
        assert_eq!(pct.choose(Some(first), &[0, 1]), 1 - first);
    }

    #[test]
    fn who_steps_back_does_not_run_next() {
        for policy in [Policy::random(Dice::new(1)), Policy::pct(Dice::new(1))] {
            let mut policy = policy;
            for _ in 0..20 {
                assert_eq!(policy.thread(Some(0), true, &[0, 1]), 1);
            }
            assert_eq!(policy.thread(Some(0), true, &[0]), 0);
        }
    }
}
