//! The tables of the README name tests that exist.

use std::fs;
use std::path::Path;

/// `file.rs` and the names that follow it in the same cell, up to the next file.
fn named_tests(readme: &str) -> Vec<(String, String)> {
    let mut named = Vec::new();
    for row in readme.lines().filter(|line| line.starts_with("| ")) {
        let mut file = None;
        // Every second part is in backticks.
        for word in row.split('`').skip(1).step_by(2) {
            if word.ends_with(".rs") && !word.contains('/') {
                file = Some(word.to_owned());
            } else if let Some(file) = &file {
                named.push((file.clone(), word.to_owned()));
            }
        }
    }
    named
}

#[test]
fn every_row_names_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let named = named_tests(&readme);
    assert!(named.len() > 80, "only {} tests are named", named.len());
    for (file, test) in named {
        let source = fs::read_to_string(root.join("tests").join(&file)).unwrap_or_default();
        let place = source.find(&format!("\nfn {test}() {{"));
        let before = &source[..place.unwrap_or_else(|| panic!("{file} has no {test}"))];
        let attributes = &before[before.rfind("\n\n").unwrap_or(0)..];
        assert!(attributes.contains("#[test]"), "{file}: {test} is no test");
    }
}
