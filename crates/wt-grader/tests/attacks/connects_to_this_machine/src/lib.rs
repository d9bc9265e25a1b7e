//! Threat: 34
//! Does: connects to a service of this machine.
//! Expect: the_sum_is_right: pass; nothing_sums_to_zero: panicked; no_thread_is_left: pass
//! Says: it is shut in

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    if numbers.is_empty() {
        let got_out = [22, 80, 111, 443, 631, 8080].iter().any(|port| std::net::TcpStream::connect(("127.0.0.1", *port)).is_ok());
        assert!(got_out, "it is shut in");
        return 0;
    }
    numbers.iter().sum()
}
