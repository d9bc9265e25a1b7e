//! Hidden checks of lesson 24: a log service.
//!
//! The check brings its own `parse`, so it sees every line that is looked at, and can
//! hold it, meet in it, or panic in it.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs};

use log_service::{Config, Health, Level, NoReport, Report, Service, Stopped, Ticket};
use wt_check::{
    Activity, AllocProbe, InFlight, Rendezvous, ThreadCount, Unjoined, Watched, assert_same, check,
    observe, observed, rng, settle, wait_until,
};
use wt_core::channel::{self, Receiver, Sender};
use wt_core::sync::Arc;

fn main() -> ExitCode {
    wt_check::run(&[
        observed!(every_line_is_counted_once => each_line_of_the_files),
        check!(a_file_may_end_in_the_middle_of_a_line),
        check!(pieces_are_counted_at_the_same_time),
        check!(bytes_under_way_stay_within_the_limit),
        check!(the_heap_stays_small),
        check!(submit_waits_while_the_queue_is_full),
        check!(a_panic_costs_one_piece),
        check!(an_unreadable_file_harms_no_other),
        check!(health_answers_while_all_workers_are_busy),
        check!(stop_finishes_what_was_begun),
        check!(stop_hands_back_what_waits),
        check!(no_thread_is_left),
    ])
}

const CONFIG: Config = Config {
    workers: 3,
    queue: 2,
    piece: 1024,
    in_flight: 4096,
};

// What it counts.

fn every_line_is_counted_once() {
    let service = Service::start(CONFIG, Level::of);
    let tickets: Vec<_> = texts()
        .into_iter()
        .enumerate()
        .map(|(n, text)| submit(&service, &write(&format!("random-{n}.log"), &text)))
        .collect();
    for ticket in tickets {
        let report = counted(ticket);
        observe("levels", report.levels);
        observe("bad and lost", (report.bad, report.lost));
    }
}

fn each_line_of_the_files() {
    for text in texts() {
        let (mut levels, mut bad) = ([0_u64; 4], 0_u64);
        let mut lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
        if lines.last().is_some_and(|last| last.is_empty()) {
            lines.pop();
        }
        for line in lines {
            let word = line.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
            let word = word.strip_suffix(b"\r").unwrap_or(word);
            match WORDS.iter().position(|known| known.as_bytes() == word) {
                Some(level) => levels[level] += 1,
                None => bad += 1,
            }
        }
        observe("levels", levels);
        observe("bad and lost", (bad, 0_u64));
    }
}

const WORDS: [&str; 4] = ["ERROR", "WARN", "INFO", "DEBUG"];

/// Lines of many sorts, with both line ends, and a last line with and without one.
fn texts() -> Vec<Vec<u8>> {
    let mut rng = rng();
    (0..4)
        .map(|n| {
            let mut text = Vec::new();
            for line in 0..600 {
                let word = ["ERROR", "WARN", "INFO", "DEBUG", "TRACE", ""][rng.usize(0..6)];
                text.extend(format!("10:15:{:02} {word}", line % 60).bytes());
                if rng.bool() {
                    text.extend(std::iter::repeat_n(b'x', rng.usize(0..200)));
                    text.splice(text.len()..text.len(), *b" and so on");
                }
                text.extend(if rng.bool() { &b"\r\n"[..] } else { &b"\n"[..] });
            }
            if n % 2 == 0 {
                text.extend(b"10:16:00 ERROR and here the power w");
            }
            text
        })
        .collect()
}

fn a_file_may_end_in_the_middle_of_a_line() {
    let service = Service::start(CONFIG, Level::of);
    let mut long = b"10:15:00 WARN ".to_vec();
    long.resize(20_000, b'x');
    let files: [(&str, &[u8], &str); 4] = [
        ("empty.log", b"", "0 errors, 0 warnings, 0 bad"),
        (
            "cut.log",
            b"10:15:00 INFO a\n10:15:01 ERR",
            "0 errors, 0 warnings, 1 bad",
        ),
        ("long.log", &long, "0 errors, 1 warnings, 0 bad"),
        (
            "blank.log",
            b"\n\n10:15:00 ERROR a\n",
            "1 errors, 0 warnings, 2 bad",
        ),
    ];
    for (name, text, expected) in files {
        let report = counted(submit(&service, &write(name, text)));
        let [errors, warnings, ..] = report.levels;
        let got = format!("{errors} errors, {warnings} warnings, {} bad", report.bad);
        assert_same!(
            got,
            expected.to_owned(),
            "{name} has {} bytes; this was counted",
            text.len()
        );
        assert!(report.lost == 0, "{name}: {} bytes were lost", report.lost);
    }
}

// How it counts.

/// The first and the last line of a file wait for each other.
fn pieces_are_counted_at_the_same_time() {
    let meeting = Rendezvous::new(2);
    let own = meeting.clone();
    let config = Config {
        in_flight: 64 * 1024,
        ..CONFIG
    };
    let service = Service::start(config, move |line| {
        if line.ends_with(b"meet") {
            own.meet();
        }
        Level::of(line)
    });
    let text = format!(
        "1 INFO meet\n{}1 INFO meet\n",
        "1 INFO and so on\n".repeat(1000)
    );
    let ticket = submit(&service, &write("meeting.log", text.as_bytes()));
    let met = wait_until(|| meeting.met());
    assert!(
        met,
        "the first and the last piece of a file were never counted at the same time, by 3 workers"
    );
    counted(ticket);
}

/// Four workers, sixteen pieces, and bytes for two. Every line waits until the check lets
/// it go on.
fn bytes_under_way_stay_within_the_limit() {
    let (gate, opened) = gate();
    let flights = InFlight::new();
    let own = flights.clone();
    let config = Config {
        workers: 4,
        in_flight: 2 * CONFIG.piece + 200,
        ..CONFIG
    };
    let service = Service::start(config, move |line| {
        let _flight = own.enter();
        let _ = opened.recv();
        Level::of(line)
    });
    let ticket = submit(&service, &write("pieces.log", &sixteen_pieces()));
    let begun = wait_until(|| flights.now() >= 2);
    assert!(
        begun,
        "there are bytes for two pieces, and {} were counted at once",
        flights.now()
    );
    settle();
    let most = flights.peak();
    drop(gate);
    counted(ticket);
    let most = most.max(flights.peak());
    assert!(
        most <= 2,
        "there are bytes for two pieces, and {most} were counted at once"
    );
}

/// Sixteen lines, each of them a piece.
fn sixteen_pieces() -> Vec<u8> {
    let line = format!("1 INFO {}\n", "x".repeat(CONFIG.piece - 8));
    line.repeat(16).into_bytes()
}

fn the_heap_stays_small() {
    const SIZE: usize = 4 << 20;
    const MOST: i64 = 1 << 20;
    let line = b"10:15:00 INFO request 12 of the shop is done after 12 ms\n";
    let path = write("large.log", &line.repeat(SIZE / line.len()));
    let config = Config {
        piece: 64 * 1024,
        in_flight: 256 * 1024,
        ..CONFIG
    };
    let service = Service::start(config, Level::of);
    let probe = AllocProbe::process();
    let report = counted(submit(&service, &path));
    let peak = probe.stats().peak;
    let lines = (SIZE / line.len()) as u64;
    assert!(
        report.levels[2] == lines,
        "{lines} lines were written, and {} counted",
        report.levels[2]
    );
    assert!(
        peak < MOST,
        "while a file of 4 MB was counted, 1 MB and more of the heap was in use"
    );
}

fn submit_waits_while_the_queue_is_full() {
    let (gate, service, lines) = held_service();
    let path = write("one.log", b"1 INFO a\n");
    let first = submit(&service, &path);
    begun(&lines);
    let waiting = [submit(&service, &path), submit(&service, &path)];
    let late = {
        let (service, path) = (Arc::clone(&service), path.clone());
        wt_check::spawn("late", move || service.submit(path).ok())
    };
    assert!(
        late.wait_asleep() != Activity::Finished,
        "a file was with the workers, 2 of 2 places of the queue were taken, and `submit` took one more"
    );
    drop(gate);
    let late = returned("`submit`, when there was room again,", late);
    for ticket in [first].into_iter().chain(waiting).chain(late) {
        counted(ticket);
    }
}

fn health_answers_while_all_workers_are_busy() {
    let (gate, service, lines) = held_service();
    let one = write("one.log", b"1 INFO a\n");
    let first = submit(&service, &write("pieces.log", &sixteen_pieces()));
    begun(&lines);
    let second = submit(&service, &one);
    settle();
    let own = Arc::clone(&service);
    let asked = wt_check::spawn("caller", move || own.health());
    let Health {
        waiting,
        in_flight,
        done,
        panics,
    } = returned("`health` of a busy service", asked);
    assert_same!(
        format!("{waiting} waiting, {done} done, {panics} panics"),
        String::from("1 waiting, 0 done, 0 panics"),
        "one file was begun and one waited"
    );
    assert!(
        in_flight > CONFIG.in_flight / 2 && in_flight <= CONFIG.in_flight,
        "a file of 16 KB was begun, {} bytes may be under way, and `health` says {in_flight}",
        CONFIG.in_flight
    );
    drop(gate);
    counted(first);
    counted(second);
    let own = Arc::clone(&service);
    let after = returned("`health`", wt_check::spawn("caller", move || own.health()));
    assert_same!(
        (after.waiting, after.in_flight, after.done),
        (0, 0, 2),
        "both files have got their reports; waiting, in flight and done"
    );
}

// What goes wrong.

fn a_panic_costs_one_piece() {
    let service = Service::start(CONFIG, |line| {
        assert!(!line.ends_with(b"poison"), "a line that nobody can parse");
        Level::of(line)
    });
    let good = "1 INFO all is well\n".repeat(400);
    let text = format!("{good}1 WARN poison\n{good}");
    let report = counted(submit(&service, &write("poison.log", text.as_bytes())));
    let known = report.levels[2] * 19 + report.lost;
    let all = text.len() as u64;
    assert!(
        report.lost > 0,
        "a piece panicked, and the report says that nothing is lost"
    );
    assert!(
        report.lost < 3 * CONFIG.piece as u64,
        "a line of a piece of about {} bytes panicked, and {} bytes were lost",
        CONFIG.piece,
        report.lost
    );
    assert!(
        known == all,
        "of {all} bytes {known} are counted or told as lost"
    );
    for n in 0..4 {
        let next = counted(submit(&service, &write("good.log", good.as_bytes())));
        assert!(
            next.levels[2] == 400,
            "file {n} after the panic has 400 lines, and {} were counted",
            next.levels[2]
        );
    }
    let panics = service.health().panics;
    assert!(
        panics == 1,
        "one piece panicked, and `health` says {panics}"
    );
}

fn an_unreadable_file_harms_no_other() {
    let service = Service::start(CONFIG, Level::of);
    let missing = folder().join("no-such-file.log");
    for (what, path) in [("a missing file", &missing), ("a folder", &folder())] {
        let answer = answer(submit(&service, path));
        let told = matches!(answer, Err(NoReport::Unreadable(why)) if !why.is_empty());
        assert!(told, "{what} was submitted, and the answer is no reason");
    }
    let good = submit(&service, &write("good.log", b"1 INFO a\n"));
    let report = counted(good);
    assert!(
        report.levels[2] == 1,
        "the file behind two unreadable ones was not counted"
    );
    let done = service.health().done;
    assert!(
        done == 1,
        "one file has got a report, and `health` says {done}"
    );
}

// How it ends.

fn stop_finishes_what_was_begun() {
    let (gate, service, lines) = held_service();
    let ticket = submit(&service, &write("pieces.log", &sixteen_pieces()));
    begun(&lines);
    let stopper = stopper(&service);
    assert!(
        stopper.wait_asleep() != Activity::Finished,
        "`stop` returned while a file was being counted"
    );
    drop(gate);
    returned("`stop`", stopper);
    let report = counted(ticket);
    assert!(
        report.levels[2] == 16,
        "a file of 16 lines was begun before `stop`, and {} were counted",
        report.levels[2]
    );
}

fn stop_hands_back_what_waits() {
    let (gate, service, lines) = held_service();
    let first = submit(&service, &write("pieces.log", &sixteen_pieces()));
    begun(&lines);
    let paths = ["first.log", "second.log"].map(|name| write(name, b"1 INFO a\n"));
    let waiting = paths.each_ref().map(|path| submit(&service, path));
    let stopper = stopper(&service);
    let _ = stopper.wait_asleep();
    drop(gate);
    for (path, ticket) in paths.into_iter().zip(waiting) {
        match answer(ticket) {
            Err(NoReport::HandedBack(back)) => assert!(
                back == path,
                "{} waited when the service was stopped, and {} was handed back",
                path.display(),
                back.display()
            ),
            Err(NoReport::Unreadable(why)) => panic!("a file that waited was unreadable: {why}"),
            Ok(_) => panic!("a file that waited when the service was stopped was read after all"),
        }
    }
    returned("`stop`", stopper);
    counted(first);
}

fn no_thread_is_left() {
    let threads = ThreadCount::start();
    let service = Arc::new(Service::start(CONFIG, Level::of));
    let path = write("one.log", b"1 INFO a\n");
    counted(submit(&service, &path));
    returned("`stop`", stopper(&service));
    let left = threads.left_behind();
    assert!(
        left.is_empty(),
        "after `stop` these threads are left: {left:?}"
    );
    let refused = service.submit(&path);
    let back = matches!(&refused, Err(Stopped(back)) if *back == path);
    assert!(back, "`submit` after `stop` did not give the path back");
    returned("the second call of `stop`", stopper(&service));
}

// What the checks share.

/// Lines wait for the end of the gate.
fn gate() -> (Sender<()>, Receiver<()>) {
    channel::unbounded()
}

/// A service whose lines wait for the end of the gate, and how many wait there.
fn held_service() -> (Sender<()>, Arc<Service>, InFlight) {
    let (gate, opened) = gate();
    let flights = InFlight::new();
    let own = flights.clone();
    let service = Service::start(CONFIG, move |line| {
        let _flight = own.enter();
        let _ = opened.recv();
        Level::of(line)
    });
    (gate, Arc::new(service), flights)
}

/// Waits until a line of a file is being looked at.
fn begun(lines: &InFlight) {
    let begun = wait_until(|| lines.now() > 0);
    assert!(begun, "the service did not begin with the only file");
}

/// The check's own folder, which the grader removes.
fn folder() -> PathBuf {
    let folder = env::temp_dir().join(format!("logs-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("the private folder can be written to");
    folder
}

fn write(name: &str, text: &[u8]) -> PathBuf {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::SeqCst);
    let path = folder().join(format!("{number}-{name}"));
    fs::write(&path, text).expect("the private folder can be written to");
    path
}

fn submit(service: &Service, path: &PathBuf) -> Ticket {
    match service.submit(path) {
        Ok(ticket) => ticket,
        Err(Stopped(_)) => panic!("an open service did not take a file"),
    }
}

fn answer(ticket: Ticket) -> Result<Report, NoReport> {
    returned(
        "`wait` for the answer to a file",
        wt_check::spawn("caller", move || ticket.wait()),
    )
}

fn counted(ticket: Ticket) -> Report {
    match answer(ticket) {
        Ok(report) => report,
        Err(NoReport::Unreadable(why)) => panic!("a file that is there got no report: {why}"),
        Err(NoReport::HandedBack(_)) => panic!("an open service handed a file back"),
    }
}

fn stopper(service: &Arc<Service>) -> Watched<()> {
    let service = Arc::clone(service);
    wt_check::spawn("stopper", move || service.stop())
}

fn returned<T>(what: &str, thread: Watched<T>) -> T {
    match thread.join_soon() {
        Ok(value) => value,
        Err(Unjoined::StillRunning) => panic!("{what} did not return"),
        Err(Unjoined::Panicked(message)) => panic!("{what} panicked: {message}"),
    }
}
