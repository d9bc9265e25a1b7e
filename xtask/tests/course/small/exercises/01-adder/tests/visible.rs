//! The example of the brief.

#[test]
fn one_and_two_are_three() {
    assert_eq!(adder::total(vec![1, 2], 2), 3);
}
