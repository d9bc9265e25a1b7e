//! With a clone somewhere, dropping a port would not hang up.

use duplex_port::pair;

fn main() {
    let (left, _right) = pair::<u8, u8>(1);
    let _again = left.clone();
}
