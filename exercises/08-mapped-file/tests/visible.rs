//! The example of the brief. The hidden checks look at much more.

use std::fs;

use mapped_file::{count_log, cut_at_lines};

const LOG: &str = "10:15:00 INFO up\n10:15:01 ERROR disk full\n10:15:02 INFO down\n";

#[test]
fn a_text_is_cut_at_line_ends() {
    let parts = cut_at_lines(LOG.as_bytes(), 2);

    assert_eq!(parts.len(), 2);
    assert!(parts.iter().all(|part| part.ends_with(b"\n")));
    assert_eq!(parts.concat(), LOG.as_bytes());
}

#[test]
fn two_workers_count_a_log_file() {
    let path = std::env::temp_dir().join(format!("mapped-file-visible-{}.log", std::process::id()));
    fs::write(&path, LOG.repeat(1000)).expect("the temporary directory can be written");

    let counts = count_log(&path, 2).expect("the file exists");
    fs::remove_file(&path).expect("the file was ours");

    assert_eq!((counts.lines, counts.words), (3000, 10_000));
    assert_eq!((counts.error, counts.info), (1000, 2000));
}
