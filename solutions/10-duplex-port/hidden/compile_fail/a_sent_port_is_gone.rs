//! A port that was sent belongs to whoever receives it: using it is a use after move.

use duplex_port::{Port, pair};

fn main() {
    let (main, _worker) = pair::<Port<u8, u8>, ()>(1);
    let (left, _right) = pair::<u8, u8>(1);
    let _ = main.send(left);
    let _ = left.send(1);
}
