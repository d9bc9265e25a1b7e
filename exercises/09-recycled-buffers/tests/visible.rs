//! The example of the brief. The hidden checks look at much more.

use recycled_buffers::{Recycler, double_buffered};

#[test]
fn a_buffer_goes_home_and_comes_again() {
    let buffers = Recycler::new(2, 4096);
    let mut first = buffers.take();
    first.extend_from_slice(b"a round");
    let address = first.as_ptr();
    let second = buffers.take();
    assert!(buffers.try_take().is_none(), "both are out");
    drop(first);
    assert_eq!(buffers.home(), 1);
    let again = buffers.take();
    assert!(again.is_empty());
    assert_eq!(again.as_ptr(), address);
    drop((second, again));
    assert_eq!(buffers.home(), 2);
}

#[test]
fn one_buffer_is_filled_while_the_other_is_consumed() {
    let buffers = Recycler::new(2, 16);
    let (mut next, mut consumed) = (0, Vec::new());
    double_buffered(
        &buffers,
        |buffer| {
            next += 1;
            buffer.extend([next; 3]);
            next <= 4
        },
        |bytes| consumed.push(bytes.to_vec()),
    );
    assert_eq!(consumed, [[1; 3], [2; 3], [3; 3], [4; 3]]);
    assert_eq!(buffers.home(), 2);
}
