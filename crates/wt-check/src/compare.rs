//! Comparisons whose failure a learner can read.

use std::fmt::Debug;
use std::path::Path;

use pretty_assertions::{Comparison, StrComparison};

use crate::panics;
use crate::request::Request;

/// Asserts that two values are equal, and shows a diff of them when not:
/// `assert_same!(actual, expected, "the order of the jobs")`.
#[macro_export]
macro_rules! assert_same {
    ($actual:expr, $expected:expr, $($what:tt)+) => {
        $crate::assert_same_at(&$actual, &$expected, &format!($($what)+))
    };
}

/// Asserts that a text equals the named snapshot `hidden/snapshots/NAME.snap`.
///
/// The snapshot is insta's: a run with `INSTA_UPDATE=new` or `always` writes it,
/// and `cargo insta review` shows it. A learner's run never writes.
#[macro_export]
macro_rules! assert_snapshot {
    ($name:expr, $text:expr) => {
        $crate::assert_snapshot_at($name, &$text.to_string())
    };
}

#[doc(hidden)]
#[track_caller]
pub fn assert_same_at<T: PartialEq + Debug>(actual: &T, expected: &T, what: &str) {
    if actual != expected {
        let diff = Comparison::new(actual, expected).to_string();
        panic!("{what}\n{}", legend(&plain(&diff)));
    }
}

#[doc(hidden)]
#[track_caller]
pub fn assert_snapshot_at(name: &str, text: &str) {
    let folder = &Request::current().snapshots;
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(folder);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    // insta panics with a text for instructors; a learner gets the one below.
    let same = panics::quietly(|| settings.bind(|| insta::assert_snapshot!(name, text)));
    if same.is_ok() {
        return;
    }
    let Some(expected) = stored(folder, name) else {
        panic!("there is no snapshot `{name}` yet; run with INSTA_UPDATE=always and review it")
    };
    let diff = StrComparison::new(text.trim_end(), expected.trim_end()).to_string();
    panic!(
        "`{name}` does not look as it must\n{}",
        legend(&plain(&diff))
    );
}

/// The text of a stored snapshot, without insta's header.
fn stored(folder: &Path, name: &str) -> Option<String> {
    let file = std::fs::read_to_string(folder.join(format!("{name}.snap"))).ok()?;
    let (_, rest) = file.strip_prefix("---\n")?.split_once("\n---\n")?;
    Some(rest.to_owned())
}

/// Puts the reader's words to the diff's two sides.
fn legend(diff: &str) -> String {
    let body = diff.lines().skip(1).collect::<Vec<_>>().join("\n");
    format!("  < yours   > expected\n{}", body.trim_end())
}

/// Without the terminal's colour sequences.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == '\u{1b}' {
            chars.by_ref().find(|c| c.is_ascii_alphabetic());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::catch_unwind;

    #[test]
    fn a_difference_is_shown_without_colour_and_with_both_sides() {
        let failure =
            catch_unwind(|| assert_same_at(&vec![1, 2], &vec![1, 3], "the order")).unwrap_err();
        let text = panics::message(&*failure);
        assert!(
            text.starts_with("the order\n  < yours   > expected\n"),
            "{text}"
        );
        assert!(
            text.contains("<    2,") && text.contains(">    3,"),
            "{text}"
        );
        assert!(!text.contains('\u{1b}'));
    }
}
