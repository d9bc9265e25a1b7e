//! How soon a deadlock is told: from the start of the checking processes to the
//! verdict, so the deadlock itself is younger than this.
//!
//! Run:    cargo run -p wt-check --features record --example deadlock

use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use wt_check::check;
use wt_sync::sync::Mutex;

const ROUNDS: usize = 21;

fn main() -> ExitCode {
    let is_child =
        std::env::args().nth(1).is_some() || std::env::var_os("WT_CHECK_REQUEST").is_some();
    if is_child {
        return wt_check::run(&[check!(waits_for_itself)]);
    }
    let program = std::env::current_exe().expect("this program has a path");
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let output = Command::new(&program)
            .arg("waits")
            .output()
            .expect("it starts");
        times.push(start.elapsed());
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains("deadlock"), "{said}");
    }
    times.sort_unstable();
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    println!(
        "deadlock told after {:.0} ms ({:.0} to {:.0}), the starts of two processes included",
        ms(times[ROUNDS / 2]),
        ms(times[0]),
        ms(times[ROUNDS - 1])
    );
    ExitCode::SUCCESS
}

fn waits_for_itself() {
    let lock = Mutex::new(());
    let _one = lock.lock();
    let _two = lock.lock();
}
