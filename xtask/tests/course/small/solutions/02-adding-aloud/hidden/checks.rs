//! Hidden checks of lesson 02.

use adding_aloud::sum_in_words;
use wt_check::{assert_snapshot, check};

fn main() -> std::process::ExitCode {
    wt_check::run(&[check!(the_words_are_those_of_the_brief)])
}

fn the_words_are_those_of_the_brief() {
    assert_snapshot!("one_and_two", sum_in_words(1, 2));
}
