//! A mapped file: two threads read one slice of it each, and only whole lines.
//!
//! Run:    cargo run -p eg08-mapped-file
//! See:    cut in the middle, the ERROR is in neither half and there are four
//!         lines; cut at a line end, both halves are right. No byte is copied.
//! Try:    let `line_end` return `at`. Then both cuts are in the middle.

use std::fs;
use std::path::PathBuf;

use wt_core::buffer::Mapping;
use wt_core::thread;

const LOG: &str = "10:15:00 INFO up\n10:15:01 ERROR disk full\n10:15:02 INFO down\n";

fn main() {
    let path = log_file();
    let file = Mapping::open(&path).expect("the file was written above");
    println!("the file: {} bytes, 3 lines, 1 ERROR\n", file.len());

    let middle = file.len() / 2;
    show("cut in the middle", file.split_at(middle));
    show("cut at a line end", file.split_at(line_end(&file, middle)));

    drop(file);
    fs::remove_file(path).expect("the file was ours");
}

fn log_file() -> PathBuf {
    let path = std::env::temp_dir().join(format!("eg08-{}.log", std::process::id()));
    fs::write(&path, LOG).expect("the temporary directory can be written");
    path
}

// ANCHOR: line_end
/// The first place at or after `at` where a line has ended.
fn line_end(text: &[u8], at: usize) -> usize {
    let newline = text[at..].iter().position(|&byte| byte == b'\n');
    newline.map_or(text.len(), |distance| at + distance + 1)
}
// ANCHOR_END: line_end

// ANCHOR: show
/// Counts both halves at the same time, where they are.
fn show(title: &str, (left, right): (&[u8], &[u8])) {
    let counted = thread::scope(|scope| {
        let threads = [left, right].map(|half| scope.spawn(move || count(half)));
        threads.map(|thread| thread.join().expect("counting does not panic"))
    });
    println!("{title}");
    for (half, (lines, errors)) in [left, right].into_iter().zip(counted) {
        println!(
            "  {lines} lines, {errors} ERROR  {:?}",
            String::from_utf8_lossy(half)
        );
    }
}
// ANCHOR_END: show

fn count(text: &[u8]) -> (usize, usize) {
    let lines = text.split_inclusive(|&byte| byte == b'\n');
    let errors = lines
        .clone()
        .filter(|line| line.windows(7).any(|w| w == b" ERROR "));
    (lines.count(), errors.count())
}
