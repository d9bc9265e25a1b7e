//! Uses all that a workload must have, and prints its answer.

fn main() {
    let what: &str = workload::WHAT;
    assert!(!what.is_empty(), "WHAT is empty");
    let input = workload::prepare();
    let answer: u64 = workload::run(&input);
    println!("{answer}");
}
