//! Hidden checks of lesson 08.
//!
//! `cut_at_lines` and `count` are checked on bytes in memory. What concerns files
//! and threads goes through `map_parts`, whose closure belongs to the check.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{self, ExitCode};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use mapped_file::{Counts, count, count_log, cut_at_lines, map_parts};
use wt_check::{
    AllocProbe, Rendezvous, assert_same, assert_snapshot, check, fastrand, observe, observed,
    wait_until,
};

fn main() -> ExitCode {
    wt_check::run(&[
        check!(parts_join_to_the_whole_text),
        check!(every_part_but_the_last_ends_at_a_line_end),
        check!(parts_are_about_even),
        check!(few_lines_make_few_parts),
        check!(a_huge_line_is_not_cut),
        check!(the_last_line_needs_no_line_end),
        check!(crlf_counts_like_lf),
        check!(lines_need_not_be_utf8),
        observed!(counts_equal_the_oracle => expected_counts),
        check!(an_empty_file_counts_nothing),
        check!(parts_are_worked_on_at_the_same_time),
        check!(results_come_in_the_order_of_the_text),
        check!(the_heap_stays_far_below_the_file),
        check!(a_missing_file_is_an_error_that_names_it),
        check!(a_panic_in_the_work_reaches_the_caller),
        check!(the_report_shows_the_counts_of_the_file),
    ])
}

/// Nothing lost, nothing twice: by address, not by content, so that the parts are
/// also known to be views of the one text.
fn parts_join_to_the_whole_text() {
    let small =
        ["a\nb\nc\n", "a\nb\nc", "\n\n", "one line"].map(|text| (text.as_bytes().to_vec(), 2));
    let huge = format!("first\n{}\nlast line", "x".repeat(30_000)).into_bytes();
    let fixed = small.into_iter().chain([(numbered_log(100), 9), (huge, 9)]);
    let random = random_texts().into_iter().map(|text| (text, 9));
    for (text, most) in fixed.chain(random) {
        for parts in 1..=most {
            let mut next = text.as_ptr().addr();
            for (number, part) in cut_at_lines(&text, parts).into_iter().enumerate() {
                let start = part.as_ptr().addr();
                assert!(
                    start == next,
                    "{} bytes were cut into {parts}, and part {number} does not begin where the part before it ends",
                    text.len()
                );
                next = start + part.len();
            }
            let end = next - text.as_ptr().addr();
            assert!(
                end == text.len(),
                "{} bytes were cut into {parts}, and the last part ends after byte {end}",
                text.len()
            );
        }
    }
}

/// A line in two parts is counted as two lines, and the word at the cut as two.
fn every_part_but_the_last_ends_at_a_line_end() {
    let text = numbered_log(100);
    for parts in 2..=9 {
        let cut = cut_at_lines(&text, parts);
        for (number, part) in cut.iter().enumerate().take(cut.len().saturating_sub(1)) {
            assert!(
                part.ends_with(b"\n"),
                "cut into {parts} parts, part {number} ends in the middle of a line: {}",
                tail(part)
            );
        }
    }
}

/// The slowest worker sets the pace: a part of double size halves the gain. Two
/// lines more than the share leave room for any way to cut.
fn parts_are_about_even() {
    let text = numbered_log(2000);
    let line = longest_line(&text);
    for parts in [2, 3, 4, 8] {
        let cut = cut_at_lines(&text, parts);
        assert!(
            cut.len() <= parts,
            "{parts} parts were asked for and {} came",
            cut.len()
        );
        let largest = cut.iter().map(|part| part.len()).max().unwrap_or(0);
        let share = text.len().div_ceil(parts);
        assert!(
            largest <= share + 2 * line,
            "cut into {parts}, the largest part has {largest} of {} bytes; its share is {share}, the longest line {line}",
            text.len()
        );
    }
}

/// More workers than lines is the usual case for a small file.
fn few_lines_make_few_parts() {
    for (text, lines) in [
        ("a\nb\nc\n", 3),
        ("a\nb\nc", 3),
        ("\n\n", 2),
        ("one line", 1),
        ("x", 1),
    ] {
        for parts in [4, 10, 1000] {
            let cut = cut_at_lines(text.as_bytes(), parts);
            assert!(
                cut.iter().all(|part| !part.is_empty()),
                "{text:?} cut into {parts} has an empty part"
            );
            assert!(
                cut.len() <= lines,
                "{text:?} has {lines} lines and was cut into {} parts",
                cut.len()
            );
        }
    }
    let whole = cut_at_lines(b"a\nb\n", 0);
    assert!(
        whole.len() == 1,
        "0 parts count as 1, and {} came",
        whole.len()
    );
}

/// A line longer than several shares: a search that stops at the end of its share
/// finds no line end and cuts anywhere.
fn a_huge_line_is_not_cut() {
    let huge = "x".repeat(300_000);
    let text = format!("first\n{huge}\nlast line\n");
    for parts in [2, 3, 7] {
        let cut = cut_at_lines(text.as_bytes(), parts);
        let whole = cut.iter().all(|part| part.ends_with(b"\n"));
        assert!(
            whole,
            "cut into {parts}, a line of {} bytes was cut",
            huge.len()
        );
    }
}

/// A line end ends a line; it does not begin another one.
fn the_last_line_needs_no_line_end() {
    for (text, lines, words) in [
        ("10:00 INFO up\n10:01 INFO down\n", 2, 6),
        ("10:00 INFO up\n10:01 INFO down", 2, 6),
        ("10:00 INFO up", 1, 3),
        ("\n", 1, 0),
        ("\n\n10:01 INFO down", 3, 3),
    ] {
        let counts = count(text.as_bytes());
        assert!(
            (counts.lines, counts.words) == (lines, words),
            "{text:?} has {lines} lines and {words} words; counted were {} and {}",
            counts.lines,
            counts.words
        );
    }
}

/// Logs from Windows. Only `\n` ends a line, and `\r` is white space.
fn crlf_counts_like_lf() {
    let unix = "10:00 ERROR disk full\n\n10:01 WARN\n10:02 INFO a b c\n";
    let windows = unix.replace('\n', "\r\n");
    assert_same!(
        fields(&count(windows.as_bytes())),
        fields(&count(unix.as_bytes())),
        "the same text with CRLF line ends is counted differently"
    );
}

/// One broken byte in a log of gigabytes must not stop the count.
fn lines_need_not_be_utf8() {
    let latin = count(b"10:00 ERROR caf\xe9\n10:01 INFO \xff\xfe\n");
    let ascii = count(b"10:00 ERROR cafe\n10:01 INFO ab\n");
    assert_same!(
        fields(&latin),
        fields(&ascii),
        "two lines with bytes that are not UTF-8 are counted differently"
    );
}

/// The whole way, on random logs: mixed line ends, blank lines, unknown levels.
fn counts_equal_the_oracle() {
    for (number, text) in random_texts().iter().enumerate() {
        let log = LogFile::new(text);
        for workers in [1, 2, 3, 8] {
            let counts = count_log(log.path(), workers).expect("the log file can be read");
            observe(&format!("log {number}, {workers} workers"), fields(&counts));
        }
    }
}

/// The oracle: one pass, one thread, no parts.
fn expected_counts() {
    for (number, text) in random_texts().iter().enumerate() {
        for workers in [1, 2, 3, 8] {
            observe(&format!("log {number}, {workers} workers"), oracle(text));
        }
    }
}

/// The operating system refuses to map nothing; a log rotated a second ago is
/// nothing.
fn an_empty_file_counts_nothing() {
    let cut = cut_at_lines(b"", 4);
    assert!(
        cut.is_empty(),
        "an empty text was cut into {} parts",
        cut.len()
    );
    let log = LogFile::new(b"");
    match count_log(log.path(), 4) {
        Ok(counts) => assert_same!(fields(&counts), [0; 7], "the counts of an empty file"),
        Err(error) => panic!(
            "an empty file is an error: {}",
            log.redact(&error.to_string())
        ),
    }
}

/// Only threads that run at the same time can meet.
fn parts_are_worked_on_at_the_same_time() {
    let log = LogFile::new("10:00 INFO one line of many\n".repeat(400).as_bytes());
    let workers = 4;
    let meeting = Rendezvous::new(workers);
    let given_up = AtomicBool::new(false);
    let met = map_parts(log.path(), workers, |_| {
        let met = !given_up.load(Ordering::SeqCst) && meeting.meet();
        given_up.fetch_or(!met, Ordering::SeqCst);
        met
    })
    .expect("the log file can be read");
    assert!(
        met.len() == workers && met.iter().all(|&met| met),
        "{workers} workers got {} parts, and at most {} of them were worked on at the same time",
        met.len(),
        meeting.peak()
    );
}

/// Each part is held back until those behind it are done, so the results are ready
/// in the wrong order.
fn results_come_in_the_order_of_the_text() {
    let text: String = (0..200)
        .map(|number| format!("{number:05} INFO a line\n"))
        .collect();
    let log = LogFile::new(text.as_bytes());
    let (done, given_up) = (AtomicUsize::new(0), AtomicBool::new(false));
    let parts = map_parts(log.path(), 4, |part| {
        let part = String::from_utf8_lossy(part).into_owned();
        let first_line: usize = part
            .get(..5)
            .and_then(|number| number.parse().ok())
            .unwrap_or(0);
        let behind = 3_usize.saturating_sub((first_line + 25) / 50);
        let turn = || done.load(Ordering::SeqCst) >= behind || given_up.load(Ordering::SeqCst);
        given_up.fetch_or(!wait_until(turn), Ordering::SeqCst);
        done.fetch_add(1, Ordering::SeqCst);
        part
    })
    .expect("the log file can be read");
    let firsts: Vec<&str> = parts
        .iter()
        .map(|part| part.get(..5).unwrap_or(part))
        .collect();
    assert!(
        firsts.is_sorted(),
        "the four results begin with the lines {firsts:?}"
    );
    let worked_on = parts.concat();
    assert!(
        worked_on == text,
        "a file of {} bytes was worked on in parts of {} bytes together, or with other content",
        text.len(),
        worked_on.len()
    );
}

/// The reason for a mapping. What the threads need is a few kilobytes.
fn the_heap_stays_far_below_the_file() {
    let size = 2 << 20;
    let log = LogFile::new(
        "10:00:00 INFO a line like many others\n"
            .repeat(size / 38)
            .as_bytes(),
    );
    let probe = AllocProbe::process();
    let counts = count_log(log.path(), 4).expect("the log file can be read");
    let peak = probe.stats().peak;
    assert!(counts.lines > 0, "no line was counted");
    assert!(
        peak < size as i64 / 16,
        "counting a file of 2 MiB had {:.1} MiB on the heap at once",
        peak as f64 / f64::from(1 << 20)
    );
}

/// "No such file or directory" alone helps nobody who passed twelve paths.
fn a_missing_file_is_an_error_that_names_it() {
    let path = temp_path("no-such.log");
    match count_log(&path, 2) {
        Ok(_) => panic!("a file that does not exist was counted"),
        Err(error) => {
            let text = error.to_string();
            assert!(
                text.contains("no-such.log"),
                "the error does not name the file: {text}"
            );
        }
    }
}

/// A result that is missing in silence is a wrong count that looks right.
fn a_panic_in_the_work_reaches_the_caller() {
    let log = LogFile::new("10:00 INFO one line of many\n".repeat(400).as_bytes());
    let first = AtomicBool::new(true);
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        map_parts(log.path(), 4, |part| {
            if first.swap(false, Ordering::SeqCst) {
                panic!("this panic belongs to the check");
            }
            part.len()
        })
    }));
    if let Ok(results) = outcome {
        let results = results.map_or(0, |results| results.len());
        panic!(
            "`work` panicked on one of 4 parts, and `map_parts` returned {results} results as if nothing had happened"
        );
    }
}

/// One small log with every level and every trap, as the reader sees it.
fn the_report_shows_the_counts_of_the_file() {
    let log = LogFile::new(
        b"10:15:00 INFO service started\n\
          10:15:01 INFO listening on port 8080\r\n\
          10:15:02 DEBUG no ERROR here\n\
          \n\
          10:15:04 WARN slow request: 5100 ms\n\
          10:15:05 ERROR disk full\r\n\
          \tat storage.rs line 12\n\
          10:15:06 error in lower case is no level\n\
          ERROR in the first word is none either\n\
          10:15:07 INFO stopped",
    );
    let report = count_log(log.path(), 3)
        .expect("the log file can be read")
        .to_string();
    assert_snapshot!("report", report);
}

/// Lines, words and levels, counted the slow way.
fn oracle(text: &[u8]) -> [u64; 7] {
    let mut counts = [0; 7];
    let mut lines: Vec<&[u8]> = text.split(|&byte| byte == b'\n').collect();
    if lines.last().is_some_and(|line| line.is_empty()) {
        lines.pop();
    }
    for line in lines {
        let line = String::from_utf8_lossy(line);
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let levels = ["ERROR", "WARN", "INFO", "DEBUG"];
        let level = words
            .get(1)
            .and_then(|word| levels.iter().position(|level| level == word));
        counts[0] += 1;
        counts[1] += words.len() as u64;
        counts[2 + level.unwrap_or(4)] += 1;
    }
    counts
}

fn fields(counts: &Counts) -> [u64; 7] {
    let Counts {
        lines,
        words,
        error,
        warn,
        info,
        debug,
        other,
    } = *counts;
    [lines, words, error, warn, info, debug, other]
}

/// Three logs of this run. The second has no final line end.
fn random_texts() -> Vec<Vec<u8>> {
    let mut rng = wt_check::rng();
    let mut texts: Vec<Vec<u8>> = (0..3).map(|_| random_text(&mut rng)).collect();
    texts[1].extend_from_slice(b"23:59 WARN no line end");
    texts
}

/// A log in which the first line ends in CRLF, and so do some of the others.
fn random_text(rng: &mut fastrand::Rng) -> Vec<u8> {
    let mut text = Vec::new();
    for number in 0..rng.usize(60..120) {
        if rng.u8(..8) != 0 {
            text.extend_from_slice(random_line(rng).as_bytes());
        }
        text.extend_from_slice(if number == 0 || rng.u8(..6) == 0 {
            b"\r\n"
        } else {
            b"\n"
        });
    }
    text
}

fn random_line(rng: &mut fastrand::Rng) -> String {
    const LEVELS: [&str; 7] = ["ERROR", "WARN", "INFO", "DEBUG", "TRACE", "error", "ERRORS"];
    const WORDS: [&str; 6] = ["disk", "full", "request", "ERROR", "größe", "42"];
    let mut line = format!("{:02}:{:02}", rng.u8(..24), rng.u8(..60));
    for place in 0..rng.usize(..9) {
        line += ["\t", " ", " ", "  "][rng.usize(..4)];
        line += if place == 0 {
            LEVELS[rng.usize(..7)]
        } else {
            WORDS[rng.usize(..6)]
        };
    }
    line
}

/// A log that is the same in every run, with lines of 12 to 34 bytes.
fn numbered_log(lines: usize) -> Vec<u8> {
    let line = |number: usize| format!("{number:05} INFO {}\n", "x".repeat(number * 7 % 23));
    (0..lines).map(line).collect::<String>().into_bytes()
}

fn longest_line(text: &[u8]) -> usize {
    text.split_inclusive(|&byte| byte == b'\n')
        .map(<[u8]>::len)
        .max()
        .unwrap_or(0)
}

/// The last bytes of a part, readable.
fn tail(part: &[u8]) -> String {
    let start = part.len().saturating_sub(20);
    format!("…{:?}", String::from_utf8_lossy(&part[start..]))
}

/// A log file in the temporary directory, removed when dropped.
struct LogFile {
    path: PathBuf,
}

impl LogFile {
    fn new(text: &[u8]) -> Self {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let path = temp_path(&format!("{number}.log"));
        fs::write(&path, text).expect("the temporary directory can be written");
        Self { path }
    }

    fn path(&self) -> &Path {
        &self.path
    }

    /// A message without the machine's path.
    fn redact(&self, message: &str) -> String {
        message.replace(&self.path.display().to_string(), "empty.log")
    }
}

impl Drop for LogFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// A name in the temporary directory that no other process uses: a process id may
/// come again, a process id with a time stamp does not.
fn temp_path(name: &str) -> PathBuf {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let stamp = now.map_or(0, |since| since.as_nanos());
    std::env::temp_dir().join(format!("wt-08-{}-{stamp}-{name}", process::id()))
}
