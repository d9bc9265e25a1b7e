//! The report: one page for the class, and one for each learner. Static, no script, nothing
//! from elsewhere.

use std::collections::BTreeMap;
use std::fmt::Write;

use wt_formats::text::{line, plain};
use wt_grader::Word;

use super::{file_stem, number};
use crate::book::{Book, CheckVerdict, Property, Row};

const STYLE: &str = include_str!("html/style.css");
/// The folder of the learners' pages, beside the class's.
pub const FEEDBACK: &str = "feedback";
/// How many bars the distribution of the points has at most.
const BARS: usize = 20;
/// How many misconceptions are shown.
const SHOWN: usize = 12;

/// The page of the class.
#[must_use]
pub fn report(book: &Book) -> String {
    let title = format!("{:02} {}", book.number, line(&book.title));
    let mut page = head(&format!("{title}: the class"));
    let _ = writeln!(
        page,
        "<h1>{}</h1>\n<p class=soft>{} · lesson {} · {}</p>",
        escaped(&title),
        escaped(line(&book.course)),
        escaped(line(&book.lesson)),
        escaped(line(&book.compiler))
    );
    page.push_str(&gaps(book));
    page.push_str(&numbers(book));
    page.push_str(&distribution(book));
    page.push_str(&properties(book));
    page.push_str(&misconceptions(book));
    page.push_str(&submissions(book));
    page.push_str(&conditions(book));
    page.push_str("</body></html>\n");
    page
}

/// The page of one learner, the one at this place in the book. It has no word of a hidden
/// test.
#[must_use]
pub fn feedback(book: &Book, place: usize) -> String {
    let Some(row) = book.rows.get(place) else {
        return String::new();
    };
    let title = format!("{:02} {}", book.number, line(&book.title));
    let mut page = head(&format!("{title}: {}", line(&row.learner)));
    let _ = writeln!(
        page,
        "<h1>{}</h1>\n<p class=soft>{} · {} of {} points{}</p>",
        escaped(&title),
        escaped(line(&row.learner)),
        number(row.points),
        row.possible,
        match row.late > 0.0 {
            true => format!(" · {} taken off for being late", number(row.late)),
            false => String::new(),
        }
    );
    if !row.note.is_empty() {
        let _ = writeln!(page, "<p>Note: {}.</p>", escaped(line(&row.note)));
    }
    page.push_str(&gaps(book));
    if !row.said.is_empty() {
        let _ = writeln!(
            page,
            "<h2>{}</h2>\n<pre>{}</pre>",
            escaped(&row.outcome),
            escaped(plain(&row.said).trim())
        );
    }
    // What does not hold comes first: it is what there is to do.
    let mut pairs: Vec<_> = book.checks.iter().zip(&row.verdicts).collect();
    pairs.sort_by_key(|(_, verdict)| !is_bad(verdict.word()));
    for (check, verdict) in pairs {
        page.push_str(&section(check, verdict, row));
    }
    let _ = writeln!(
        page,
        "<p class=soft>What was graded: {}. The same code gets the same verdicts with <code>cargo xtask check {:02}</code>.</p>\n</body></html>",
        match row.source.get(..16) {
            Some(sum) => format!("SHA-256 <code>{}…</code>", escaped(sum)),
            None => "nothing could be read".into(),
        },
        book.number
    );
    page
}

/// The name of a learner's page.
#[must_use]
pub fn feedback_name(book: &Book, place: usize) -> String {
    format!("{}.html", file_stem(book, place))
}

fn head(title: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=en><head><meta charset=utf-8>\n\
         <meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=viewport content=\"width=device-width, initial-scale=1\">\n\
         <title>{}</title>\n<style>\n{STYLE}</style></head><body>\n",
        escaped(title)
    )
}

/// What the jail lacks, where nobody can overlook it.
fn gaps(book: &Book) -> String {
    if book.missing.is_empty() {
        return String::new();
    }
    let list: String = book
        .missing
        .iter()
        .map(|gap| format!("<li>{}</li>", escaped(line(gap))))
        .collect();
    format!(
        "<div class=warn><strong>Weak isolation.</strong> This machine's jail has gaps:<ul>{list}</ul></div>\n"
    )
}

fn numbers(book: &Book) -> String {
    let mut points: Vec<f64> = book.rows.iter().map(|row| row.points).collect();
    points.sort_by(f64::total_cmp);
    let count = points.len();
    let possible: u32 = book.checks.iter().map(|check| check.points).sum();
    let (mean, median) = match count {
        0 => (String::from("–"), String::from("–")),
        _ => (
            // A class has fewer submissions than a float has digits.
            number(points.iter().sum::<f64>() / count as f64),
            number((points[(count - 1) / 2] + points[count / 2]) / 2.0),
        ),
    };
    let full = book.rows.iter().filter(|row| row.has_all()).count();
    let unread = book.rows.iter().filter(|row| !row.was_checked()).count();
    let faults = book.rows.iter().filter(|row| row.has_fault());
    let pairs: [(&str, String); 6] = [
        ("submissions", count.to_string()),
        ("median points", format!("{median} of {possible}")),
        ("mean points", mean),
        ("every property holds", full.to_string()),
        ("checks were not run", unread.to_string()),
        ("the grader broke", faults.count().to_string()),
    ];
    let mut text = String::from("<dl class=numbers>\n");
    for (name, value) in pairs {
        let _ = writeln!(text, "<div><dt>{name}</dt><dd>{value}</dd></div>");
    }
    text + "</dl>\n"
}

/// How many submissions have how many points.
fn distribution(book: &Book) -> String {
    let possible: u32 = book.checks.iter().map(|check| check.points).sum();
    let bars = BARS.min(possible as usize + 1).max(1);
    let mut counts = vec![0_usize; bars];
    for row in &book.rows {
        let share = row.points / f64::from(possible.max(1));
        // Between 0 and the last bar, also for points that were set by hand.
        let bar = (share * (bars - 1) as f64)
            .round()
            .clamp(0.0, (bars - 1) as f64) as usize;
        counts[bar] += 1;
    }
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    let (width, height, left, low) = (720.0, 150.0, 4.0, 20.0);
    let step = (width - 2.0 * left) / bars as f64;
    let mut svg = format!(
        "<h2>How the points are spread</h2>\n<div class=scroll><svg viewBox=\"0 0 {width} {}\" role=img aria-label=\"{}\">\n",
        height + low,
        escaped(spread_in_words(&counts, possible))
    );
    for (n, count) in counts.iter().enumerate() {
        let tall = (height - 16.0) * *count as f64 / most as f64;
        let x = left + step * n as f64;
        let _ = writeln!(
            svg,
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" style=\"fill:var(--bar)\"/>",
            x + 1.0,
            height - tall,
            step - 2.0,
            tall
        );
        if *count > 0 {
            let _ = writeln!(
                svg,
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=middle>{count}</text>",
                x + step / 2.0,
                height - tall - 4.0
            );
        }
        let value = f64::from(possible) * n as f64 / (bars - 1).max(1) as f64;
        if n % (bars / 10).max(1) == 0 || n + 1 == bars {
            let _ = writeln!(
                svg,
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=middle>{}</text>",
                x + step / 2.0,
                height + 14.0,
                number(value.round())
            );
        }
    }
    let _ = writeln!(
        svg,
        "<line x1=\"0\" x2=\"{width}\" y1=\"{height}\" y2=\"{height}\" style=\"stroke:var(--line)\"/>"
    );
    svg + "</svg></div>\n<p class=soft>Across: points. Up: submissions.</p>\n"
}

fn spread_in_words(counts: &[usize], possible: u32) -> String {
    let last = (counts.len() - 1).max(1) as f64;
    let parts: Vec<String> = counts
        .iter()
        .enumerate()
        .filter(|(_, count)| **count > 0)
        .map(|(n, count)| {
            format!(
                "{count} at about {}",
                number((f64::from(possible) * n as f64 / last).round())
            )
        })
        .collect();
    format!("Points of the class: {}", parts.join(", "))
}

/// Each property with its share of the verdicts; the hardest first.
fn properties(book: &Book) -> String {
    let mut order: Vec<usize> = (0..book.checks.len()).collect();
    let passes = |n: usize| count(book, n, is_good);
    order.sort_by_key(|n| (passes(*n), *n));
    let mut text = String::from(
        "<h2>The properties, hardest first</h2>\n<div class=scroll><table><thead><tr><th scope=col>property</th>\
         <th scope=col class=n>points</th><th scope=col class=n>hold</th><th scope=col>verdicts</th></tr></thead><tbody>\n",
    );
    for n in order {
        let check = &book.checks[n];
        let _ = writeln!(
            text,
            "<tr><th scope=row>{} <span class=soft>tier {}</span></th><td class=n>{}</td><td class=n>{} of {}</td><td>{}<span class=soft>{}</span></td></tr>",
            escaped(line(&check.claim)),
            tier(book, n),
            check.points,
            passes(n),
            book.rows.len(),
            bar(book, n),
            escaped(words(book, n))
        );
    }
    text + "</tbody></table></div>\n"
}

/// How far a pass can be trusted; the same for everybody whose check was run.
fn tier(book: &Book, check: usize) -> &str {
    let verdicts = book.rows.iter().filter_map(|row| row.verdicts.get(check));
    let mut tiers: Vec<&str> = verdicts.map(|verdict| verdict.tier.as_str()).collect();
    tiers.sort_unstable();
    tiers.first().copied().unwrap_or("B")
}

fn count(book: &Book, check: usize, is: fn(Word) -> bool) -> usize {
    let verdicts = book.rows.iter().filter_map(|row| row.verdicts.get(check));
    verdicts.filter(|verdict| is(verdict.word())).count()
}

fn bar(book: &Book, check: usize) -> String {
    let parts = [
        (is_good as fn(Word) -> bool, "bg"),
        (is_bad, "bb"),
        (is_open, "bo"),
    ];
    let all = book.rows.len().max(1) as f64;
    let parts: String = parts
        .into_iter()
        .map(|(is, class)| {
            let share = 100.0 * count(book, check, is) as f64 / all;
            format!("<i class={class} style=\"width:{share:.1}%\"></i>")
        })
        .collect();
    format!("<div class=bar aria-hidden=true>{parts}</div>")
}

/// Such as `21 pass, 4 wrong, 1 deadlock`.
fn words(book: &Book, check: usize) -> String {
    let mut counts: BTreeMap<Word, usize> = BTreeMap::new();
    for verdict in book.rows.iter().filter_map(|row| row.verdicts.get(check)) {
        *counts.entry(verdict.word()).or_default() += 1;
    }
    let parts: Vec<String> = counts
        .iter()
        .map(|(word, count)| format!("{count} {word}"))
        .collect();
    parts.join(", ")
}

/// The known mistakes that many made, by the hint that they got.
fn misconceptions(book: &Book) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &book.rows {
        let hints = row.verdicts.iter().filter(|verdict| verdict.known_mistake);
        let hints: std::collections::BTreeSet<&str> =
            hints.map(|verdict| verdict.ask.as_str()).collect();
        for hint in hints {
            *counts.entry(hint).or_default() += 1;
        }
    }
    if counts.is_empty() {
        return String::new();
    }
    let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(hint, count)| (std::cmp::Reverse(*count), *hint));
    let mut text = String::from(
        "<h2>Common misconceptions</h2>\n<p class=soft>Submissions that fail exactly like a known mistake, with the question they got.</p>\n\
         <div class=scroll><table><thead><tr><th scope=col class=n>submissions</th><th scope=col>question</th></tr></thead><tbody>\n",
    );
    for (hint, count) in counts.into_iter().take(SHOWN) {
        let _ = writeln!(
            text,
            "<tr><td class=n>{count}</td><td>{}</td></tr>",
            escaped(line(hint))
        );
    }
    text + "</tbody></table></div>\n"
}

fn submissions(book: &Book) -> String {
    let mut text = String::from(
        "<h2>The submissions</h2>\n<p class=soft><span class=g>✓</span> holds, <span class=b>✗</span> does not, <span class=o>?</span> nobody could judge. \
         The columns are the properties in the lesson's order.</p>\n<div class=scroll><table><thead><tr><th scope=col>learner</th>\
         <th scope=col class=n>points</th><th scope=col class=n>late</th>",
    );
    for (n, check) in book.checks.iter().enumerate() {
        let _ = write!(
            text,
            "<th scope=col class=v title=\"{}\">{}</th>",
            escaped(line(&check.claim)),
            n + 1
        );
    }
    text.push_str("<th scope=col>note</th></tr></thead><tbody>\n");
    for (place, row) in book.rows.iter().enumerate() {
        let _ = write!(
            text,
            "<tr><th scope=row><a href=\"{FEEDBACK}/{}\">{}</a></th><td class=n>{}</td><td class=n>{}</td>",
            feedback_name(book, place),
            escaped(line(&row.learner)),
            number(row.points),
            match row.late > 0.0 {
                true => format!("−{}", number(row.late)),
                false => String::new(),
            }
        );
        for verdict in &row.verdicts {
            let (class, _, sign) = looks(verdict.word());
            let _ = write!(
                text,
                "<td class=\"v {class}\" title=\"{}\">{sign}</td>",
                escaped(&verdict.word)
            );
        }
        let _ = writeln!(text, "<td>{}</td></tr>", escaped(notes(row)));
    }
    text + "</tbody></table></div>\n"
}

fn notes(row: &Row) -> String {
    let outcome = (!row.was_checked()).then_some(row.outcome.as_str());
    let duplicate = row
        .duplicate
        .then_some("this learner has several submissions");
    let note = Some(row.note.as_str()).filter(|note| !note.is_empty());
    let all: Vec<&str> = [outcome, duplicate, note].into_iter().flatten().collect();
    line(&all.join("; "))
}

fn conditions(book: &Book) -> String {
    let item = |text: &String| format!("<li>{}</li>", escaped(line(text)));
    let mut text = String::from("<h2>How it was graded</h2>\n<ul>");
    text.extend(book.rules.iter().map(item));
    text.push_str(
        "<li>points that nobody could judge are given, never lost</li>\
         <li>tier A: the answer was compared outside of the checked process, and only solving forges it; \
         tier B: the process judged itself, and no safe Rust forges that</li></ul>\n",
    );
    if !book.defences.is_empty() {
        text.push_str(
            "<p>Before it began, programs tried to get out of the jail. It held that:</p><ul>",
        );
        text.extend(book.defences.iter().map(item));
        text.push_str("</ul>\n");
    }
    text
}

fn section(check: &Property, verdict: &CheckVerdict, row: &Row) -> String {
    let (class, frame, sign) = looks(verdict.word());
    let mut text = format!(
        "<section class=\"check {frame}\"><h2>{} <span class={class}>{sign} {}</span></h2>\n",
        escaped(line(&check.claim)),
        escaped(&verdict.word)
    );
    let earned = match class {
        "b" => 0,
        _ => check.points,
    };
    let _ = writeln!(
        text,
        "<p class=soft>{earned} of {} points</p>",
        check.points
    );
    if !verdict.what.is_empty() {
        let _ = writeln!(
            text,
            "<pre>{}</pre>",
            escaped(plain(&verdict.what).trim_end())
        );
    }
    if !verdict.place.is_empty() && row.said.is_empty() {
        let _ = writeln!(
            text,
            "<p>Look at <code>{}</code></p>",
            escaped(line(&verdict.place))
        );
    }
    if !verdict.ask.is_empty() {
        let _ = writeln!(text, "<p>{}</p>", escaped(line(&verdict.ask)));
    }
    text + "</section>\n"
}

/// A colour, a frame and a sign: nobody has to see colours.
fn looks(word: Word) -> (&'static str, &'static str, &'static str) {
    match word {
        _ if is_good(word) => ("g", "g1", "✓"),
        _ if is_open(word) => ("o", "o1", "?"),
        _ => ("b", "b1", "✗"),
    }
}

fn is_good(word: Word) -> bool {
    word == Word::Pass
}

fn is_open(word: Word) -> bool {
    matches!(word, Word::Inconclusive | Word::GraderFault)
}

fn is_bad(word: Word) -> bool {
    !is_good(word) && !is_open(word)
}

/// Text that means nothing but itself in HTML.
fn escaped(text: impl AsRef<str>) -> String {
    let mut out = String::new();
    for c in text.as_ref().chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::out::tests::hostile;

    #[test]
    fn no_name_and_no_verdict_is_taken_for_markup() {
        let book = hostile();
        let mut pages = vec![report(&book)];
        pages.extend((0..book.rows.len()).map(|place| feedback(&book, place)));
        for page in pages {
            for bad in [
                "<script",
                "<b>",
                "alert(1)</",
                "\u{202e}",
                "\u{1b}",
                "<threads>",
            ] {
                assert!(!page.contains(bad), "{bad}");
            }
            assert!(page.contains("default-src 'none'"));
            assert!(page.contains("Weak isolation."));
        }
    }

    #[test]
    fn the_report_leads_to_every_learner() {
        let book = hostile();
        let page = report(&book);
        for place in 0..book.rows.len() {
            let link = format!("href=\"feedback/{}\"", feedback_name(&book, place));
            assert!(page.contains(&link), "{link}");
        }
        assert!(page.contains("7 of 8") || page.contains("<td class=n>7 of 8</td>"));
        assert!(feedback(&book, 99).is_empty());
    }

    #[test]
    fn an_empty_class_has_a_page() {
        let mut book = hostile();
        book.rows.clear();
        assert!(report(&book).contains("<dd>0</dd>"));
    }
}
