//! The attack corpus: strangers who try to pass without solving, to see what is not theirs,
//! or to break the grader. `crates/wt-grader/tests/attacks/README.md` says what is in it.
//!
//! All of them are one class, so each is also the neighbour of the others. With
//! `WT_ATTACK_ROUNDS=20` they are graded 20 times.

#![cfg(target_os = "linux")]

mod class;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use class::{Class, RIGHT, WRONG, cell, copy, no_jail};

const CHECKS: [&str; 3] = [
    "the_sum_is_right",
    "nothing_sums_to_zero",
    "no_thread_is_left",
];

/// What an attack's header says.
struct Expected {
    words: BTreeMap<&'static str, String>,
    says: String,
}

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../wt-grader/tests/attacks")
}

fn names() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(corpus())
        .unwrap()
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn header(name: &str) -> Vec<(String, String)> {
    let folder = corpus().join(name);
    let text = fs::read_to_string(folder.join("header"))
        .or_else(|_| fs::read_to_string(folder.join("src/lib.rs")))
        .unwrap();
    text.trim_start_matches('\u{feff}')
        .lines()
        .map_while(|line| line.strip_prefix("//"))
        .filter_map(|line| {
            let (key, value) = line.trim_start_matches('!').trim().split_once(": ")?;
            Some((key.to_owned(), value.to_owned()))
        })
        .collect()
}

fn field(name: &str, key: &str) -> Option<String> {
    let fields = header(name);
    fields
        .into_iter()
        .find(|(known, _)| known == key)
        .map(|(_, value)| value)
}

fn expected(name: &str) -> Expected {
    let text = field(name, "Expect").unwrap_or_else(|| panic!("{name} expects nothing"));
    let words = CHECKS.into_iter().map(|check| {
        let own = text
            .split("; ")
            .find_map(|part| part.strip_prefix(check)?.strip_prefix(": "));
        (check, own.unwrap_or(&text).to_owned())
    });
    Expected {
        words: words.collect(),
        says: field(name, "Says").unwrap_or_default(),
    }
}

/// Does what the file `make` says: what git cannot keep.
fn make(folder: &Path) {
    let Ok(orders) = fs::read_to_string(folder.join("make")) else {
        return;
    };
    for order in orders.lines() {
        let words: Vec<&str> = order.split(' ').collect();
        let path = folder.join(decoded(words[1]));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match words[0] {
            "symlink" => std::os::unix::fs::symlink(words[2], &path).unwrap(),
            "fifo" => assert!(
                Command::new("mkfifo")
                    .arg(&path)
                    .status()
                    .unwrap()
                    .success()
            ),
            "folder" => fs::create_dir_all(&path).unwrap(),
            "bytes" => {
                let bytes = words[2..]
                    .iter()
                    .map(|hex| u8::from_str_radix(hex, 16).unwrap());
                fs::write(&path, bytes.collect::<Vec<u8>>()).unwrap();
            }
            "big" => {
                let kib: usize = words[2].parse().unwrap();
                fs::write(&path, "// x x x\n".repeat(kib * 1024 / 9 + 1)).unwrap();
            }
            "many" => {
                for n in 0..words[2].parse().unwrap() {
                    fs::write(format!("{}{n}.rs", path.display()), "// one of many\n").unwrap();
                }
            }
            other => panic!("`{other}` is no order"),
        }
    }
    fs::remove_file(folder.join("make")).unwrap();
    let _ = fs::remove_file(folder.join("header"));
}

/// `%0a` is the byte 10.
fn decoded(text: &str) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;

    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        if *first == b'%' {
            let hex = std::str::from_utf8(&more[..2]).unwrap();
            bytes.push(u8::from_str_radix(hex, 16).unwrap());
            rest = &more[2..];
        } else {
            bytes.push(*first);
            rest = more;
        }
    }
    std::ffi::OsString::from_vec(bytes).into()
}

#[test]
fn every_attack_gets_its_word_and_harms_no_neighbour() {
    if let Some(why) = no_jail() {
        println!("skipped: {why}");
        return;
    }
    let class = Class::new();
    for name in names() {
        let folder = class.folder().join(&name);
        copy(&corpus().join(&name), &folder);
        make(&folder);
    }
    // Among them some honest ones, whose verdicts must be what they are alone.
    for n in 0..5 {
        class.hands_in(&format!("honest_{n}"), RIGHT);
        class.hands_in(&format!("mistaken_{n}"), WRONG);
    }
    let rounds: usize = std::env::var("WT_ATTACK_ROUNDS").map_or(1, |text| text.parse().unwrap());
    let mut problems = Vec::new();
    for round in 0..rounds {
        let out = class.root.path().join(format!("out-{round}"));
        class.grade_to(&out, &[]).exits(0);
        for (place, row) in class.table(&out).iter().enumerate() {
            let feedback = feedback(&out, place);
            let found = wrong_with(row, &feedback);
            problems.extend(found.map(|problem| format!("round {round}: {problem}: {feedback}")));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    println!("{} attacks, {rounds} rounds", names().len());
}

/// What differs from what is expected.
fn wrong_with(row: &[(String, String)], feedback: &str) -> impl Iterator<Item = String> {
    let name = cell(row, "submission");
    let wanted = match name.split_once('_') {
        Some(("honest", _)) => all("pass"),
        Some(("mistaken", _)) => {
            let mut expected = all("pass");
            expected
                .words
                .insert("nothing_sums_to_zero", "wrong".into());
            expected
        }
        _ => expected(name),
    };
    let mut problems = Vec::new();
    for (check, word) in &wanted.words {
        let found = cell(row, check);
        if found != word {
            problems.push(format!("{name}: {check} is `{found}` and not `{word}`"));
        }
    }
    if !feedback.contains(&wanted.says) {
        problems.push(format!("{name} does not say `{}`", wanted.says));
    }
    problems.into_iter()
}

fn all(word: &str) -> Expected {
    Expected {
        words: CHECKS
            .into_iter()
            .map(|check| (check, word.to_owned()))
            .collect(),
        says: String::new(),
    }
}

/// What the learner at this place in the table reads, without markup.
fn feedback(out: &Path, place: usize) -> String {
    let number = format!("{:05}-", place + 1);
    let pages = fs::read_dir(out.join("report/feedback")).unwrap();
    let page = pages
        .flatten()
        .find(|page| page.file_name().to_string_lossy().starts_with(&number))
        .expect("each has a page");
    let text = fs::read_to_string(page.path()).unwrap();
    let body = text.split("<body>").nth(1).unwrap_or_default();
    let mut plain = String::new();
    let mut inside = false;
    for c in body.chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            c if !inside => plain.push(c),
            _ => {}
        }
    }
    plain
        .replace("&#39;", "'")
        .replace("&quot;", "\"")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

#[test]
fn the_corpus_is_whole() {
    let names = names();
    assert!(names.len() >= 60, "{} attacks", names.len());
    for name in &names {
        for key in ["Threat", "Does", "Expect"] {
            assert!(field(name, key).is_some(), "{name} has no `{key}:`");
        }
    }
    let rows: std::collections::BTreeSet<String> = names
        .iter()
        .filter_map(|name| field(name, "Threat"))
        .collect();
    for row in [
        1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15, 17, 18, 19, 22, 23, 24, 25, 26, 27, 29, 30, 31,
        33, 34, 35, 36, 38, 39, 40, 42, 44, 45,
    ] {
        assert!(
            rows.contains(&row.to_string()),
            "no attack for row {row} of the threats"
        );
    }
}
