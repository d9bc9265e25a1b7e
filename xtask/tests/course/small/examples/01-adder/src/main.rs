//! Two threads add four numbers.

fn main() {
    println!("{}", add());
}

// ANCHOR: add
fn add() -> u64 {
    let sum = |part: [u64; 2]| std::thread::spawn(move || part.iter().sum::<u64>());
    let (a, b) = (sum([1, 2]), sum([3, 4]));
    a.join().unwrap() + b.join().unwrap()
}
// ANCHOR_END: add
