//! Whatever a learner's program, source and compiler say, each document is whole.

mod made;

use roxmltree::Document;
use serde_json::Value;
use wt_formats::{Format, Graded, github, text};

/// Parts of texts that end, open or escape something in one of the formats.
const PARTS: [&str; 24] = [
    "]]>",
    "</failure>",
    "<!--",
    "&#0;",
    "&",
    "\"",
    "'",
    "`",
    "```",
    "````",
    "::",
    "\n::error::",
    "##[",
    "%0A",
    "%",
    "\r",
    "\n",
    "\0",
    "\u{1b}]8;;",
    "\u{202e}",
    "\u{ffff}",
    "\\",
    "\u{10ffff}",
    "a",
];

/// Texts of such parts and of any other characters, the same in every run.
fn texts() -> impl Iterator<Item = String> {
    let mut rng = fastrand::Rng::with_seed(20);
    (0..400).map(move |_| {
        let count = rng.usize(..30);
        (0..count)
            .map(|_| match rng.u8(..4) {
                0 => rng.char(..).to_string(),
                _ => (*rng.choice(PARTS).expect("there are parts")).to_owned(),
            })
            .collect()
    })
}

fn document(format: Format, graded: &Graded) -> String {
    format.document(graded).expect("it has a document")
}

#[test]
fn the_json_is_json_and_has_the_text() {
    for said in texts() {
        let document = document(Format::Json, &made::saying(&said));
        let value: Value = serde_json::from_str(&document).unwrap();
        let what = &value["lessons"][0]["checks"][0]["what"];
        assert_eq!(what.as_str(), Some(text::plain(&said).as_str()));
    }
}

#[test]
fn the_xml_is_xml_and_has_the_text() {
    for said in texts().filter(|said| !said.is_empty()) {
        let xml = document(Format::Junit, &made::saying(&said));
        let document = Document::parse(&xml).unwrap_or_else(|error| panic!("{error}: {said:?}"));
        assert_eq!(document.root_element().attribute("tests"), Some("16"));
        let outputs = document
            .descendants()
            .filter(|node| node.has_tag_name("system-out"));
        let outputs: Vec<_> = outputs.map(|node| node.text()).collect();
        assert_eq!(
            outputs,
            vec![Some(text::plain(&said).as_str()); 3],
            "{said:?}"
        );
    }
}

#[test]
fn github_gets_our_commands_and_no_others() {
    for said in texts() {
        let commands = document(Format::Github, &made::saying(&said));
        let kinds: Vec<_> = commands
            .split_inclusive('\n')
            .map(|line| &line[..4])
            .collect();
        let expected = [
            "::er", "::wa", "::no", "::er", "::no", "::er", "::no", "::er", "::no", "::er", "::no",
            "::er",
        ];
        assert_eq!(kinds, expected, "{said:?}\n{commands}");
    }
}

#[test]
fn a_summarys_blocks_are_closed_by_us_alone() {
    for said in texts() {
        let summary = github::summary(&made::saying(&said));
        let mut fence: Option<&str> = None;
        let mut blocks = 0;
        for line in summary.lines() {
            match fence {
                None if line.starts_with("```") => fence = line.strip_suffix("text"),
                None => assert!(
                    matches!(line.chars().next(), None | Some('#' | '|')),
                    "{line}"
                ),
                Some(open) if line.trim() == open => {
                    fence = None;
                    blocks += 1;
                }
                Some(open) => assert!(!line.trim().starts_with(open), "{said:?}\n{summary}"),
            }
        }
        assert_eq!((fence, blocks), (None, 6), "{said:?}\n{summary}");
    }
}

#[test]
fn gradescopes_results_are_json_with_every_test() {
    for said in texts() {
        let graded = Graded {
            error: None,
            ..made::saying(&said)
        };
        let document = document(Format::Gradescope, &graded);
        let value: Value = serde_json::from_str(&document).unwrap();
        assert_eq!(value["tests"].as_array().unwrap().len(), 15);
    }
}
