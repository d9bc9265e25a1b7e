//! Retries: twelve clients whose server was down come back, in four ways.
//!
//! Run:    cargo run -p eg21-retry-and-supervise
//! See:    each row is 100 ms, each `#` a call, of which the server answers one. At once
//!         or after equal waits they come as a crowd. With jitter they spread out.
//! Try:    set `JITTER` to 0: the last picture becomes the one before it.

/// How many calls the server can answer in 100 ms.
const ANSWERS: usize = 1;
const CLIENTS: u64 = 12;
/// The longest wait, in rows.
const CAP: u64 = 16;
/// How many halves of a wait are up to the jitter.
const JITTER: u64 = 1;

/// How many rows a client waits after so many failures.
type Wait = fn(client: u64, failures: u32) -> u64;

// ANCHOR: waits
fn at_once(_client: u64, _failures: u32) -> u64 {
    1
}

fn always_four(_client: u64, _failures: u32) -> u64 {
    4
}

fn doubled(_client: u64, failures: u32) -> u64 {
    2_u64.saturating_pow(failures).min(CAP)
}

/// Half of the wait is sure, the other half is up to the client's own noise.
fn with_jitter(client: u64, failures: u32) -> u64 {
    let full = doubled(client, failures);
    let half = full * JITTER / 2;
    full - half + noise(client, failures) % (half + 1)
}
// ANCHOR_END: waits

fn main() {
    knock("again at once", at_once);
    knock("again after 400 ms", always_four);
    knock("doubled each time", doubled);
    knock("doubled, with jitter", with_jitter);
}

// ANCHOR: knock
/// All clients fail at row 0, and come back until each has had an answer.
fn knock(title: &str, wait: Wait) {
    let mut clients: Vec<(u64, u64, u32)> = (0..CLIENTS).map(|id| (wait(id, 1), id, 1)).collect();
    let (mut calls, mut row) = (0, 0);
    let mut picture = String::new();
    while !clients.is_empty() {
        row += 1;
        let (mut now, later): (Vec<_>, Vec<_>) =
            clients.into_iter().partition(|(due, ..)| *due == row);
        calls += now.len();
        picture += &format!("  {row:>2} {}\n", "#".repeat(now.len()));
        let failed = now.split_off(ANSWERS.min(now.len()));
        let again = |(_, id, failures)| (row + wait(id, failures + 1), id, failures + 1);
        clients = later
            .into_iter()
            .chain(failed.into_iter().map(again))
            .collect();
    }
    println!("{title}: {calls} calls for {CLIENTS} answers, the last at row {row}");
    // The rows in which nobody calls are not worth a look.
    let calls = picture.lines().filter(|row| row.contains('#')).take(6);
    calls.for_each(|row| println!("{row}"));
}
// ANCHOR_END: knock

/// Looks random, and is the same in every run.
fn noise(client: u64, failures: u32) -> u64 {
    let bits = (client << 8 | u64::from(failures)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (bits ^ (bits >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 32
}
