//! Threat: 12
//! Does: lets the assembler read a file.
//! Expect: not allowed
//! Says: unsafe

std::arch::global_asm!(".incbin \"/etc/passwd\"");

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    numbers.iter().sum()
}
