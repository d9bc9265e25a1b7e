//! What others read of a gradebook: a table, a file for each learner, a report.

pub mod csv;
pub mod gradescope;
pub mod html;
pub mod junit;

use crate::book::Book;

/// A file name for a learner's own page or file: only letters a to z, digits and `-`, and
/// different for each place in the book.
#[must_use]
pub fn file_stem(book: &Book, place: usize) -> String {
    const MOST: usize = 48;
    let name = book
        .rows
        .get(place)
        .map_or("", |row| row.submission.as_str());
    let mut stem = String::new();
    for c in name.chars() {
        match c.to_ascii_lowercase() {
            c if c.is_ascii_alphanumeric() => stem.push(c),
            _ if !stem.is_empty() && !stem.ends_with('-') => stem.push('-'),
            _ => {}
        }
        if stem.len() >= MOST {
            break;
        }
    }
    format!("{:05}-{}", place + 1, stem)
        .trim_end_matches('-')
        .to_owned()
}

/// Such as `18` or `17.5`.
pub(crate) fn number(points: f64) -> String {
    let text = format!("{points:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    match text {
        "-0" => "0".into(),
        text => text.to_owned(),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::book::{CHECKED, CheckVerdict, Property, Row};

    /// A class with names that try everything.
    pub(crate) fn hostile() -> Book {
        let names = [
            "ada",
            "=HYPERLINK(\"http://x\",\"y\")",
            "<script>alert(1)</script>",
            "line\nbreak",
            "\u{202e}desrever",
            "../../etc/passwd",
            "-2+3",
            "a,\"b\";c",
        ];
        let verdict = |word: &str| CheckVerdict {
            word: word.into(),
            what: format!("<b>{word}</b> & \"quoted\""),
            place: "src/lib.rs:7".into(),
            ask: "what \u{1b}[31m wakes it?".into(),
            known_mistake: true,
            tier: "A".into(),
        };
        let rows = names.iter().enumerate().map(|(n, name)| Row {
            submission: (*name).into(),
            learner: (*name).into(),
            duplicate: n == 0,
            source: "00ff".into(),
            outcome: CHECKED.into(),
            said: String::new(),
            verdicts: match n {
                0 => vec![verdict("pass"), verdict("pass")],
                1 => vec![verdict("grader fault"), verdict("inconclusive")],
                _ => vec![verdict("pass"), verdict("deadlock")],
            },
            handed_in: String::new(),
            earned: 3.0,
            late: 0.5,
            points: 2.5,
            possible: 4,
            note: "late".into(),
        });
        Book {
            course: "Worker <threads>".into(),
            number: 3,
            lesson: "03-bounded-queue".into(),
            title: "A bounded queue".into(),
            checks: vec![
                Property {
                    id: "push_waits".into(),
                    claim: "`push` waits while it is full".into(),
                    points: 3,
                },
                Property {
                    id: "pop_waits".into(),
                    claim: "`pop` waits".into(),
                    points: 1,
                },
            ],
            compiler: "rustc 1.95.0".into(),
            rules: Vec::new(),
            defences: vec!["no connection leaves the jail".into()],
            missing: vec!["it does not hold that the disk is small".into()],
            rows: rows.collect(),
        }
    }

    #[test]
    fn a_file_name_is_plain_and_its_own() {
        let book = hostile();
        let stems: Vec<String> = (0..book.rows.len()).map(|n| file_stem(&book, n)).collect();
        for stem in &stems {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(stem.chars().all(plain) && stem.len() < 60, "{stem}");
        }
        assert_eq!(stems[0], "00001-ada");
        assert_eq!(stems[5], "00006-etc-passwd");
    }

    #[test]
    fn points_have_no_zeros_at_their_end() {
        assert_eq!(
            [18.0, 17.5, 0.0, -0.0, 3.25].map(number),
            ["18", "17.5", "0", "0", "3.25"]
        );
    }
}
