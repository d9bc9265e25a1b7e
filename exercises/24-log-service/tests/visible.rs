//! The visible tests of lesson 24: what the brief promises, as a program.

use std::path::PathBuf;
use std::{env, fs, process};

use log_service::{Config, Level, NoReport, Service, Stopped};

const CONFIG: Config = Config {
    workers: 2,
    queue: 4,
    piece: 1024,
    in_flight: 8192,
};

fn file(name: &str, text: &str) -> PathBuf {
    let path = env::temp_dir().join(format!("{}-{name}", process::id()));
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn a_log_is_counted() {
    let path = file(
        "shop.log",
        &"10:15 INFO a\n10:15 WARN b\n10:16 gibberish\n".repeat(500),
    );
    let service = Service::start(CONFIG, Level::of);
    let report = service.submit(&path).unwrap().wait().unwrap();
    assert_eq!(
        (report.levels, report.bad, report.lost),
        ([0, 500, 500, 0], 500, 0)
    );
    service.stop();
    assert!(matches!(service.submit(&path), Err(Stopped(back)) if back == path));
    fs::remove_file(path).unwrap();
}

#[test]
fn a_file_that_is_not_there_is_told() {
    let service = Service::start(CONFIG, Level::of);
    let missing = service.submit("no-such.log").unwrap().wait();
    assert!(matches!(missing, Err(NoReport::Unreadable(_))));
}

#[test]
fn a_panic_is_told_as_lost_bytes() {
    let path = file("poison.log", "10:15 INFO a\n10:16 INFO poison\n");
    let service = Service::start(CONFIG, |line: &[u8]| {
        assert!(!line.ends_with(b"poison"), "a line that nobody can parse");
        Level::of(line)
    });
    let report = service.submit(&path).unwrap().wait().unwrap();
    assert!(report.lost > 0);
    assert_eq!(service.health().panics, 1);
    fs::remove_file(path).unwrap();
}
