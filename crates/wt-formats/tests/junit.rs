//! The XML, read back by another library, keeps to what JUnit's readers expect.
//!
//! The rules are those of the schema that Jenkins' xUnit plugin checks reports
//! with: which elements are where and how often, which attributes they have, and
//! that the counts are right.

mod made;

use roxmltree::{Document, Node};
use wt_formats::Format;

fn xml(name: &str) -> String {
    Format::Junit.document(&made::case(name)).unwrap()
}

fn children<'a, 'd>(node: Node<'a, 'd>) -> Vec<Node<'a, 'd>> {
    node.children().filter(Node::is_element).collect()
}

fn has_attributes(node: Node<'_, '_>, names: &[&str]) {
    let own: Vec<&str> = node
        .attributes()
        .map(|attribute| attribute.name())
        .collect();
    assert_eq!(own, names, "{:?}", node.tag_name());
}

fn number(node: Node<'_, '_>, name: &str) -> usize {
    node.attribute(name).unwrap().parse().unwrap()
}

fn count(node: Node<'_, '_>, name: &str) -> usize {
    node.descendants()
        .filter(|inner| inner.has_tag_name(name))
        .count()
}

fn is_a_time(node: Node<'_, '_>) {
    let time = node.attribute("time").unwrap();
    let (_, decimals) = time.split_once('.').unwrap();
    assert!(
        time.parse::<f64>().unwrap() >= 0.0 && decimals.len() == 3,
        "{time}"
    );
}

#[test]
fn the_structure_is_that_of_junit() {
    for (name, graded) in made::cases() {
        let text = xml(name);
        let document = Document::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let root = document.root_element();
        assert!(root.has_tag_name("testsuites"), "{name}");
        has_attributes(root, &["name", "tests", "failures", "errors", "time"]);
        let suites = children(root);
        assert_eq!(
            suites.len(),
            graded.reports.len() + usize::from(graded.error.is_some())
        );
        for node in suites.iter().chain([&root]) {
            is_a_time(*node);
            assert_eq!(number(*node, "tests"), count(*node, "testcase"), "{name}");
            assert_eq!(number(*node, "failures"), count(*node, "failure"), "{name}");
            assert_eq!(number(*node, "errors"), count(*node, "error"), "{name}");
        }
        suites.into_iter().for_each(suite);
    }
}

fn suite(suite: Node<'_, '_>) {
    assert!(suite.has_tag_name("testsuite"));
    has_attributes(
        suite,
        &["name", "tests", "failures", "errors", "skipped", "time"],
    );
    assert_eq!(number(suite, "skipped"), count(suite, "skipped"));
    let inner = children(suite);
    let cases = inner
        .iter()
        .take_while(|node| node.has_tag_name("testcase"))
        .count();
    let after: Vec<&str> = inner[cases..]
        .iter()
        .map(|node| node.tag_name().name())
        .collect();
    assert!(matches!(after[..], [] | ["system-err"]), "{after:?}");
    let mut names: Vec<_> = inner[..cases]
        .iter()
        .map(|case| case.attribute("name"))
        .collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), cases, "a name is there twice");
    inner[..cases].iter().for_each(|node| case(*node));
}

fn case(case: Node<'_, '_>) {
    has_attributes(case, &["name", "classname", "time"]);
    is_a_time(case);
    let inner = children(case);
    let names: Vec<&str> = inner.iter().map(|node| node.tag_name().name()).collect();
    let result = match names[..] {
        [] | ["system-out"] => return,
        [result] | [result, "system-out"] => result,
        _ => panic!("{names:?}"),
    };
    match result {
        "skipped" => has_attributes(inner[0], &["message"]),
        "failure" | "error" => has_attributes(inner[0], &["message", "type"]),
        other => panic!("{other}"),
    }
}

#[test]
fn each_verdict_word_has_its_element() {
    let element_of = |name: &str, check: &str| {
        let text = xml(name);
        let document = Document::parse(&text).unwrap();
        let case = document
            .descendants()
            .find(|node| node.attribute("name") == Some(check))
            .unwrap();
        let first = children(case).into_iter().next().unwrap();
        let word = first.attribute("type").map(str::to_owned);
        (first.tag_name().name().to_owned(), word)
    };
    let expected = [
        ("wrong", "push_waits_while_full", "failure", Some("wrong")),
        ("hang", "push_waits_while_full", "failure", Some("hung")),
        (
            "compile_error",
            "no_thread_is_left",
            "error",
            Some("did not compile"),
        ),
        (
            "gave_up",
            "no_thread_is_left",
            "error",
            Some("compiler gave up"),
        ),
        ("rejected", "no_thread_is_left", "error", Some("rejected")),
        ("not_judged", "push_waits_while_full", "skipped", None),
        (
            "not_judged",
            "no_thread_is_left",
            "error",
            Some("grader fault"),
        ),
        (
            "fault",
            "the_grader_does_its_work",
            "error",
            Some("grader fault"),
        ),
    ];
    for (name, check, element, word) in expected {
        let found = element_of(name, check);
        assert_eq!(
            found,
            (element.to_owned(), word.map(str::to_owned)),
            "{name}"
        );
    }
}

#[test]
fn a_programs_output_comes_back_as_the_text_that_it_is() {
    let text = xml("hostile");
    let document = Document::parse(&text).unwrap();
    let outputs: Vec<&str> = document
        .descendants()
        .filter(|node| node.has_tag_name("system-out"))
        .map(|node| node.text().unwrap())
        .collect();
    assert_eq!(outputs.len(), 3);
    for output in outputs {
        assert_eq!(output, wt_formats::text::plain(made::HOSTILE));
    }
}
