//! A bottleneck: the same counts, with the lock held for every line and for none.
//!
//! Run:    cargo run -p eg19-bottleneck-hunt
//! See:    how often the lock was taken, and how many lines were parsed under it.
//! Try:    set `WORKERS` to 8. The second row grows by 4, the first stays.

use wt_core::sync::Mutex;
use wt_core::sync::atomic::{AtomicUsize, Ordering};
use wt_core::thread;

const WORKERS: usize = 4;
const LINES: usize = 20_000;

fn main() {
    let log: Vec<String> = (0..LINES)
        .map(|n| {
            format!(
                "GET /page/{} {}",
                n % 17,
                [200, 200, 404, 500][n * n % 13 % 4]
            )
        })
        .collect();
    println!("{WORKERS} workers, {LINES} lines     sections  lines parsed in them");
    for (name, count) in [
        ("a section per line", per_line as Count),
        ("own counts, merged", merged),
    ] {
        let ledger = Ledger::default();
        thread::scope(|scope| {
            for part in log.chunks(LINES.div_ceil(WORKERS)) {
                scope.spawn(|| count(part, &ledger));
            }
        });
        println!(
            "{name:<28} {:>8}  {:>8}   errors: {:?}",
            ledger.sections.into_inner(),
            ledger.parsed.into_inner(),
            ledger.errors.into_inner().unwrap(),
        );
    }
}

type Count = fn(&[String], &Ledger);

/// How many lines have a status of 400 and above, and how that was found out.
#[derive(Default)]
struct Ledger {
    errors: Mutex<usize>,
    sections: AtomicUsize,
    parsed: AtomicUsize,
}

// ANCHOR: per_line
fn per_line(lines: &[String], ledger: &Ledger) {
    for line in lines {
        let mut errors = ledger.errors.lock().unwrap();
        ledger.sections.fetch_add(1, Ordering::Relaxed);
        *errors += usize::from(is_error(line)); // everybody waits while this line is parsed
        ledger.parsed.fetch_add(1, Ordering::Relaxed);
    }
}
// ANCHOR_END: per_line

// ANCHOR: merged
fn merged(lines: &[String], ledger: &Ledger) {
    let own = lines.iter().filter(|line| is_error(line)).count(); // no lock
    *ledger.errors.lock().unwrap() += own;
    ledger.sections.fetch_add(1, Ordering::Relaxed);
}
// ANCHOR_END: merged

fn is_error(line: &str) -> bool {
    let status = line.rsplit(' ').next().and_then(|word| word.parse().ok());
    status.is_some_and(|status: u16| status >= 400)
}
