//! What a jail costs per process: the same small program started inside and outside, one
//! after the other, medians in milliseconds. `scripts/bench-jail` runs it.

#[cfg(target_os = "linux")]
fn main() {
    use std::process::Command;
    use std::time::{Duration, Instant};

    use wt_grader::jail::{Jail, Room};
    use wt_grader::process::{Limits, run_in};
    use wt_jail::{Bwrap, Facilities, canary, cell};

    cell::enter();
    canary::enter();
    let times: usize = std::env::args()
        .nth(1)
        .map_or(100, |text| text.parse().expect("how often"));
    let own = std::env::current_exe().expect("our own path");
    let jail = Bwrap::new(Facilities::find(), &own).expect("a jail");
    println!("{:?}", jail.facilities());
    let once = |jail: Option<&dyn Jail>| {
        let mut command = Command::new(&own);
        command
            .args([canary::FLAG, "environment", ""])
            .current_dir("/");
        let room = || Room {
            reads: vec![own.clone()],
            writes: None,
            starts_others: false,
            memory: 512 << 20,
            file: 1 << 20,
            threads: 100,
            cpu: Duration::from_secs(5),
        };
        let limits = Limits {
            time: Duration::from_secs(5),
            output: 1 << 20,
            threads: 100,
        };
        let start = Instant::now();
        run_in(jail, room, command, b"", limits).expect("it runs");
        start.elapsed()
    };
    let (mut inside, mut outside) = (Vec::new(), Vec::new());
    for _ in 0..times {
        outside.push(once(None));
        inside.push(once(Some(&jail)));
    }
    let median = |mut all: Vec<Duration>| {
        all.sort();
        all[all.len() / 2].as_secs_f64() * 1e3
    };
    let (inside, outside) = (median(inside), median(outside));
    println!(
        "one process: {outside:.1} ms outside, {inside:.1} ms inside; the jail costs {:.1} ms (wanted: 20)",
        inside - outside
    );
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("there is a jail on Linux only");
}
