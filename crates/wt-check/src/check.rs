//! A check: a claim, and the function that tries to refute it.

/// One check, made by [`check!`](crate::check!), [`observed!`](crate::observed!) or
/// [`explore!`](crate::explore!).
#[derive(Debug, Clone, Copy)]
pub struct Check {
    pub(crate) name: &'static str,
    /// The file the check is written in. A panic located there is a refuted
    /// claim; a panic located anywhere else is the checked code's own.
    pub(crate) file: &'static str,
    pub(crate) run: fn(),
    pub(crate) oracle: Option<fn()>,
    pub(crate) explored: Option<Exploration>,
}

/// How a check is explored.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(
    not(feature = "explore"),
    expect(dead_code, reason = "for explore mode")
)]
pub(crate) struct Exploration {
    pub(crate) schedules: u32,
    pub(crate) steps: usize,
    pub(crate) search: Search,
}

/// Which schedules are tried.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Search {
    Mixed,
    Patient,
    Depth,
}

impl Check {
    #[doc(hidden)]
    pub const fn new(
        name: &'static str,
        file: &'static str,
        run: fn(),
        oracle: Option<fn()>,
    ) -> Self {
        Self {
            name,
            file,
            run,
            oracle,
            explored: None,
        }
    }

    #[doc(hidden)]
    pub const fn explored(name: &'static str, file: &'static str, run: fn()) -> Self {
        Self {
            explored: Some(Exploration {
                schedules: 5000,
                steps: 20_000,
                search: Search::Mixed,
            }),
            ..Self::new(name, file, run, None)
        }
    }

    const fn with(mut self, exploration: Exploration) -> Self {
        self.explored = Some(exploration);
        self
    }

    const fn exploration(self) -> Exploration {
        self.explored
            .expect("only a check made by `explore!` can be told how to explore")
    }

    /// At most so many schedules; otherwise 5,000.
    ///
    /// # Panics
    ///
    /// Unless the check was made by [`explore!`](crate::explore!); so does every
    /// method here.
    #[must_use]
    pub const fn schedules(self, schedules: u32) -> Self {
        let exploration = self.exploration();
        self.with(Exploration {
            schedules,
            ..exploration
        })
    }

    /// A schedule that has not come to an end after so many steps is `hung`; otherwise
    /// 20,000.
    ///
    /// # Panics
    ///
    /// As [`schedules`](Self::schedules).
    #[must_use]
    pub const fn steps(self, steps: usize) -> Self {
        let exploration = self.exploration();
        self.with(Exploration {
            steps,
            ..exploration
        })
    }

    /// Time passes only when every thread waits, so that a timeout never comes before
    /// something that could still happen.
    ///
    /// # Panics
    ///
    /// As [`schedules`](Self::schedules).
    #[must_use]
    pub const fn patient(self) -> Self {
        let exploration = self.exploration();
        self.with(Exploration {
            search: Search::Patient,
            ..exploration
        })
    }

    /// Every schedule there is, one after the other, as far as their number goes. For a
    /// few threads with a few steps.
    ///
    /// # Panics
    ///
    /// As [`schedules`](Self::schedules).
    #[must_use]
    pub const fn in_depth(self) -> Self {
        let exploration = self.exploration();
        self.with(Exploration {
            search: Search::Depth,
            ..exploration
        })
    }
}

/// Makes a [`Check`] of a function without arguments; its name is the claim.
#[macro_export]
macro_rules! check {
    ($name:ident) => {
        $crate::Check::new(stringify!($name), file!(), $crate::watched!($name), None)
    };
}

/// Makes a [`Check`] whose answers are judged outside the checked process.
///
/// `observed!(name => oracle)`: both functions call [`observe`](crate::observe())
/// with the same keys. `name` calls the checked code; `oracle` calls trusted code
/// only. They run in two processes with the same [`seed`](crate::seed()), and the
/// grader compares what they observed, so the expected values never enter the
/// process that runs the checked code.
#[macro_export]
macro_rules! observed {
    ($name:ident => $oracle:ident) => {
        $crate::Check::new(
            stringify!($name),
            file!(),
            $crate::watched!($name),
            Some($crate::watched!($oracle)),
        )
    };
}

/// Makes a [`Check`] that is run under thousands of schedules; its name is the claim.
///
/// The function is one execution: it makes what it needs, starts threads, joins them
/// and asserts. It may use the façade (`wt_core::{thread, sync, channel, time}`), what
/// is built on it, [`FakeClock`](crate::FakeClock), and nothing else that waits: no
/// thread of std's, and of this crate no [`spawn`](crate::spawn()), no
/// [`wait_until`](crate::wait_until) and no probe. A deadlock is found by itself, so it
/// needs no timeout and no deadline.
///
/// [`Check::schedules`], [`Check::patient`], [`Check::in_depth`] and [`Check::steps`]
/// say how to explore. Without the feature `explore` the function is run once, on
/// threads of the system.
///
/// ```
/// use wt_check::{Check, explore};
///
/// const SMALL: Check = explore!(two_threads_agree).in_depth().schedules(1000);
///
/// fn two_threads_agree() {}
/// # let _ = SMALL;
/// ```
#[macro_export]
macro_rules! explore {
    ($name:ident) => {
        $crate::Check::explored(stringify!($name), file!(), $crate::scheduled!($name))
    };
}

/// The function of a check that is run once, in a program that runs such checks.
#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "explore"))]
macro_rules! watched {
    ($name:ident) => {
        $name
    };
}

/// A program that explores does without the others: rustc translates only what the
/// program can come to.
#[doc(hidden)]
#[macro_export]
#[cfg(feature = "explore")]
macro_rules! watched {
    ($name:ident) => {
        $crate::left_out!($name)
    };
}

/// The function of a check that is explored, in a program that runs it.
#[doc(hidden)]
#[macro_export]
#[cfg(any(feature = "explore", not(feature = "record")))]
macro_rules! scheduled {
    ($name:ident) => {
        $name
    };
}

/// Where threads are recorded, what is to be explored is put off.
#[doc(hidden)]
#[macro_export]
#[cfg(all(feature = "record", not(feature = "explore")))]
macro_rules! scheduled {
    ($name:ident) => {
        $crate::left_out!($name)
    };
}

/// Checks that the function fits, and does not name it.
#[doc(hidden)]
#[macro_export]
macro_rules! left_out {
    ($name:ident) => {
        const {
            let _: fn() = $name;
            $crate::not_in_this_program
        }
    };
}

#[doc(hidden)]
pub fn not_in_this_program() {
    panic!("this check belongs to another program: the grader asked the wrong one");
}
