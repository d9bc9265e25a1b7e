//! A log, counted in place: mapped, cut at line ends, and never more than a budget of it under way.
//!
//! Run:    cargo run -p eg24-log-service                  a log of 1 MiB that it writes itself
//!         cargo run -p eg24-log-service -- access.log    a log of yours
//!         cargo run -p eg24-log-service -- --write big.log 1024    writes one of 1024 MiB
//! See:    how many lines of each level there are, and how little was under way at once.
//! Try:    set `BUDGET` to `PIECE`. The answer stays, and all workers but one have nothing to do.

use std::env;
use std::error::Error;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use wt_core::buffer::Mapping;
use wt_core::limits::Budget;
use wt_core::pool::Pool;
use wt_core::thread;

/// How much is counted at a time.
const PIECE: usize = 256 << 10;
/// How much may be under way.
const BUDGET: usize = 1 << 20;
const WORDS: [&str; 4] = ["ERROR", "WARN", "INFO", "DEBUG"];

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => {
            let own = env::temp_dir().join(format!("eg24-{}.log", std::process::id()));
            write(&own, 1)?;
            let counted = print(&own);
            fs::remove_file(&own)?;
            counted
        }
        ["--write", path, mib] => Ok(write(Path::new(path), mib.parse()?)?),
        [path] => print(Path::new(path)),
        _ => Err("give a log, or --write FILE MIB, or nothing".into()),
    }
}

fn print(path: &Path) -> Result<(), Box<dyn Error>> {
    let (levels, others, peak) = count(path)?;
    let lines = levels.iter().sum::<u64>() + others;
    println!("{lines} lines");
    for (word, count) in WORDS.iter().zip(levels) {
        println!("{word:<6} {count:>9}");
    }
    println!("others {others:>9}");
    println!(
        "never more than {} KiB under way: {}",
        BUDGET >> 10,
        peak <= BUDGET
    );
    Ok(())
}

// ANCHOR: count
/// Lines of each level, other lines, and the most bytes that were under way.
fn count(path: &Path) -> Result<([u64; 4], u64, usize), Box<dyn Error>> {
    let file = Mapping::open(path)?;
    let pool = Pool::new(thread::available_parallelism()?.get())?;
    let under_way = Budget::new(BUDGET);
    let mut jobs = Vec::new();
    for piece in file.split_lines(file.len().div_ceil(PIECE).max(1)) {
        let permit = under_way.acquire(piece.len().min(BUDGET))?; // the reader waits here
        jobs.push(pool.submit(move || {
            let counted = count_piece(&piece);
            drop(permit);
            counted
        })?);
    }
    let (mut levels, mut others) = ([0; 4], 0);
    for job in jobs {
        let (of_piece, others_of_piece) = job.join()?;
        levels
            .iter_mut()
            .zip(of_piece)
            .for_each(|(sum, n)| *sum += n);
        others += others_of_piece;
    }
    Ok((levels, others, under_way.stats().peak))
}
// ANCHOR_END: count

fn count_piece(text: &[u8]) -> ([u64; 4], u64) {
    let (mut levels, mut others) = ([0; 4], 0);
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let word = line
            .split(u8::is_ascii_whitespace)
            .nth(1)
            .unwrap_or_default();
        match WORDS.iter().position(|known| known.as_bytes() == word) {
            Some(level) => levels[level] += 1,
            None => others += 1,
        }
    }
    (levels, others)
}

/// Writes a log of about `mib` MiB, the same each time.
fn write(path: &Path, mib: usize) -> std::io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    let mut written = 0;
    let mut number = 0_usize;
    while written < mib << 20 {
        // One of 16 lines is an error, and some line is always odd.
        let word = ["INFO", "DEBUG", "INFO", "WARN"][number % 4];
        let word = if number % 16 == 7 { "ERROR" } else { word };
        let line = match number % 1000 {
            999 => String::from("-- the log was rotated --\n"),
            n => format!(
                "10:{:02}:{:02} {word} request {number} took {} ms\n",
                number / 60 % 60,
                number % 60,
                n % 97
            ),
        };
        file.write_all(line.as_bytes())?;
        written += line.len();
        number += 1;
    }
    file.flush()
}
