//! Threat: 12
//! Does: puts a function into the list that runs before `main`.
//! Expect: not allowed
//! Says: unsafe

#[used]
#[unsafe(link_section = ".init_array")]
static EARLY: extern "C" fn() = early;

extern "C" fn early() {
    std::process::exit(0)
}

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    numbers.iter().sum()
}
