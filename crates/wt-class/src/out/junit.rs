//! JUnit's XML: a suite per submission, a case per check.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use wt_formats::text::{line, plain};
use wt_grader::Word;

use crate::book::{Book, CheckVerdict, Property, Row};

/// The document.
#[must_use]
pub fn document(book: &Book) -> String {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    // Nothing can fail that writes to memory.
    let _ = write(&mut writer, book);
    let mut text = String::from_utf8_lossy(&writer.into_inner()).into_owned();
    text.push('\n');
    text
}

fn write(writer: &mut Writer<Vec<u8>>, book: &Book) -> std::io::Result<()> {
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let mut root = BytesStart::new("testsuites");
    root.push_attribute(("name", line(&book.title).as_str()));
    writer.write_event(Event::Start(root))?;
    for row in &book.rows {
        suite(writer, book, row)?;
    }
    writer.write_event(Event::End(BytesEnd::new("testsuites")))
}

fn suite(writer: &mut Writer<Vec<u8>>, book: &Book, row: &Row) -> std::io::Result<()> {
    let count = |f: fn(Word) -> bool| row.verdicts.iter().filter(|one| f(one.word())).count();
    let mut start = BytesStart::new("testsuite");
    start.push_attribute(("name", line(&row.submission).as_str()));
    start.push_attribute(("tests", row.verdicts.len().to_string().as_str()));
    start.push_attribute(("failures", count(is_failure).to_string().as_str()));
    start.push_attribute(("skipped", count(is_skipped).to_string().as_str()));
    writer.write_event(Event::Start(start))?;
    for (check, verdict) in book.checks.iter().zip(&row.verdicts) {
        case(writer, row, check, verdict)?;
    }
    writer.write_event(Event::End(BytesEnd::new("testsuite")))
}

fn case(
    writer: &mut Writer<Vec<u8>>,
    row: &Row,
    check: &Property,
    verdict: &CheckVerdict,
) -> std::io::Result<()> {
    let mut start = BytesStart::new("testcase");
    start.push_attribute(("name", check.id.as_str()));
    start.push_attribute(("classname", line(&row.submission).as_str()));
    let word = verdict.word();
    let name = match word {
        _ if is_failure(word) => "failure",
        _ if is_skipped(word) => "skipped",
        _ => return writer.write_event(Event::Empty(start)),
    };
    writer.write_event(Event::Start(start))?;
    let mut inner = BytesStart::new(name);
    inner.push_attribute((
        "message",
        line(&format!("{word}: {}", check.claim)).as_str(),
    ));
    let text = plain(&format!(
        "{}\n{}\n{}",
        verdict.what, verdict.place, row.said
    ));
    writer.write_event(Event::Start(inner))?;
    writer.write_event(Event::Text(BytesText::new(text.trim())))?;
    writer.write_event(Event::End(BytesEnd::new(name)))?;
    writer.write_event(Event::End(BytesEnd::new("testcase")))
}

fn is_failure(word: Word) -> bool {
    word != Word::Pass && !is_skipped(word)
}

fn is_skipped(word: Word) -> bool {
    matches!(word, Word::Inconclusive | Word::GraderFault)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::out::tests::hostile;

    #[test]
    fn it_is_xml_whatever_the_names_are() {
        let book = hostile();
        let text = document(&book);
        let document = roxmltree::Document::parse(&text).unwrap();
        let suites: Vec<_> = document
            .descendants()
            .filter(|node| node.has_tag_name("testsuite"))
            .collect();
        assert_eq!(suites.len(), book.rows.len());
        assert_eq!(suites[0].attribute("failures"), Some("0"));
        assert_eq!(suites[1].attribute("skipped"), Some("2"));
        assert_eq!(suites[2].attribute("failures"), Some("1"));
        assert_eq!(
            suites[2].attribute("name"),
            Some("<script>alert(1)</script>")
        );
    }
}
