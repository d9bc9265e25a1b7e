//! The visible test of lesson @NUMBER@: TO WRITE: the brief's own example.

use @CRATE@::twice;

#[test]
fn twice_21_is_42() {
    assert_eq!(twice(21), 42);
}
