//! Threat: 11
//! Does: says that it is a procedural macro, whose code runs in rustc.
//! Expect: did not compile

#![crate_type = "proc-macro"]
extern crate proc_macro;

#[proc_macro]
pub fn go(_: proc_macro::TokenStream) -> proc_macro::TokenStream {
    panic!("in rustc")
}

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    numbers.iter().sum()
}
