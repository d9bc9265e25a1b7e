//! A check: a claim, and the function that tries to refute it.

/// One check, made by [`check!`](crate::check!) or [`observed!`](crate::observed!).
#[derive(Debug, Clone, Copy)]
pub struct Check {
    pub(crate) name: &'static str,
    /// The file the check is written in. A panic located there is a refuted
    /// claim; a panic located anywhere else is the checked code's own.
    pub(crate) file: &'static str,
    pub(crate) run: fn(),
    pub(crate) oracle: Option<fn()>,
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
        }
    }
}

/// Makes a [`Check`] of a function without arguments; its name is the claim.
#[macro_export]
macro_rules! check {
    ($name:ident) => {
        $crate::Check::new(stringify!($name), file!(), $name, None)
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
        $crate::Check::new(stringify!($name), file!(), $name, Some($oracle))
    };
}
