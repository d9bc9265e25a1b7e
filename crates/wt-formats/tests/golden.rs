//! Every format of every kind of report, compared with the files in `golden`.
//!
//! `WT_BLESS=1 cargo test -p wt-formats --test golden` writes them anew; read the
//! diff, and think of the programs that read the old form.

mod made;

use std::fs;
use std::path::Path;

use wt_formats::{Format, Graded, github};

/// The documents of a case with the ends of their files' names.
fn documents(graded: &Graded) -> Vec<(&'static str, String)> {
    let formats = [
        ("json", Format::Json),
        ("xml", Format::Junit),
        ("github", Format::Github),
        ("gradescope.json", Format::Gradescope),
    ];
    let mut documents: Vec<_> = formats
        .into_iter()
        .filter_map(|(end, format)| Some((end, format.document(graded)?)))
        .collect();
    documents.push(("md", github::summary(graded)));
    documents
}

#[test]
fn the_documents_are_those_of_the_golden_files() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let bless = std::env::var_os("WT_BLESS").is_some();
    let mut known = Vec::new();
    let mut differ = Vec::new();
    for (name, graded) in made::cases() {
        for (end, document) in documents(&graded) {
            let path = folder.join(format!("{name}.{end}"));
            if bless {
                fs::write(&path, &document).unwrap();
            } else if fs::read_to_string(&path).ok().as_ref() != Some(&document) {
                differ.push(format!("{}:\n{document}", path.display()));
            }
            known.push(path);
        }
    }
    assert!(differ.is_empty(), "these differ:\n{}", differ.join("\n"));
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        assert!(known.contains(&path), "no case has {}", path.display());
    }
}

#[test]
fn nothing_that_a_program_prints_is_more_than_text() {
    for (end, document) in documents(&made::case("hostile")) {
        for c in document.chars() {
            let is_bidi = matches!(c, '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            assert!(c == '\n' || !(c.is_control() || is_bidi), "{end}: {c:?}");
        }
        assert!(
            document.contains("\\u{1b}[2J") || document.contains("\\\\u{1b}[2J"),
            "{end}"
        );
    }
}

#[test]
fn every_line_for_github_is_a_command_of_ours() {
    let commands = github::commands(&made::case("hostile"));
    let own = ["::error file=", "::warning file=", "::notice title="];
    for line in commands.lines() {
        assert!(own.iter().any(|begin| line.starts_with(begin)), "{line}");
    }
    assert_eq!(commands.lines().count(), 3, "{commands}");
}

#[test]
fn a_summary_cannot_leave_its_block_of_code() {
    let summary = github::summary(&made::case("hostile"));
    let (_, block) = summary.split_once("````text\n").expect("a longer fence");
    let (inside, after) = block.split_once("\n````\n").expect("its end");
    assert!(
        inside.contains("<script>") && inside.contains("```"),
        "{inside}"
    );
    assert_eq!(after, "", "{summary}");
}

#[test]
fn gradescope_gets_no_score_when_the_grader_broke() {
    assert_eq!(Format::Gradescope.document(&made::case("fault")), None);
}

#[test]
fn the_exit_code_is_that_of_check() {
    let codes = [
        ("pass", 0),
        ("wrong", 1),
        ("hang", 1),
        ("compile_error", 1),
        ("rejected", 1),
        ("several", 1),
        ("not_judged", 3),
        ("fault", 3),
    ];
    for (name, code) in codes {
        assert_eq!(made::case(name).exit_code(), code, "{name}");
    }
}
