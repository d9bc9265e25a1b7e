//! Text with colours and links, wrapped to a width.
//!
//! Escape sequences take no room. Of those, colours (SGR) and links (OSC 8) are
//! kept and go on after a line break; all others are left out, because they would
//! move what is on the screen.

use std::ops::Range;

use unicode_width::UnicodeWidthChar;

const RESET: &str = "\u{1b}[0m";
const END_OF_LINK: &str = "\u{1b}]8;;\u{1b}\\";

/// A character with what stands before it and takes no room.
enum Piece<'a> {
    Char(char),
    Color(&'a str),
    Link(&'a str),
}

/// The rows that `text` takes at this width, at least one for each line.
///
/// A row breaks at a space where there is one near its end. Further rows are
/// indented like the text of the first: below the words after `what   `.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut style = Style::default();
    text.lines()
        .flat_map(|line| wrap_line(line, width.max(1), &mut style))
        .collect()
}

/// The text without any escape sequence.
pub(crate) fn plain(text: &str) -> String {
    let lines = text.split('\n').map(|line| {
        let shown = pieces(line).filter_map(|piece| match piece {
            Piece::Char(c) => Some(c),
            _ => None,
        });
        shown.collect::<String>()
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The columns that a text without escape sequences takes.
pub(crate) fn width(text: &str) -> usize {
    text.chars().filter_map(UnicodeWidthChar::width).sum()
}

/// The beginning of a text without escape sequences, if it does not fit.
pub(crate) fn cut(text: &str, most: usize) -> String {
    if width(text) <= most {
        return text.to_owned();
    }
    let mut room = most.saturating_sub(1);
    let mut kept: String = text
        .chars()
        .take_while(|c| {
            let wide = c.width().unwrap_or(0);
            let fits = wide <= room;
            room = room.saturating_sub(wide);
            fits
        })
        .collect();
    if most > 0 {
        kept.push('…');
    }
    kept
}

/// The colours and the link that are in force.
#[derive(Default)]
struct Style {
    colors: String,
    link: String,
}

impl Style {
    fn color(&mut self, sequence: &str) {
        if matches!(sequence, "\u{1b}[0m" | "\u{1b}[m") {
            self.colors.clear();
        } else {
            self.colors.push_str(sequence);
        }
    }

    fn link(&mut self, sequence: &str) {
        sequence.clone_into(&mut self.link);
        let target = sequence.splitn(3, ';').nth(2).unwrap_or_default();
        // A link to nowhere is the end of one.
        if target
            .trim_end_matches(['\u{7}', '\u{1b}', '\\'])
            .is_empty()
        {
            self.link.clear();
        }
    }

    fn begin(&self) -> String {
        format!("{}{}", self.colors, self.link)
    }

    fn end(&self) -> String {
        let link = if self.link.is_empty() {
            ""
        } else {
            END_OF_LINK
        };
        let colors = if self.colors.is_empty() { "" } else { RESET };
        format!("{link}{colors}")
    }
}

fn wrap_line(line: &str, width: usize, style: &mut Style) -> Vec<String> {
    let shown: Vec<char> = plain(line).chars().collect();
    let hanging = hanging(&plain(line), width);
    let mut spans = spans(&shown, width, hanging).into_iter().peekable();
    let mut span = spans.next().unwrap_or(0..0);
    let mut rows = Vec::new();
    let mut row = style.begin();
    let mut at = 0;
    for piece in pieces(line) {
        match piece {
            Piece::Color(sequence) => {
                style.color(sequence);
                row.push_str(sequence);
            }
            Piece::Link(sequence) => {
                style.link(sequence);
                row.push_str(sequence);
            }
            Piece::Char(c) => {
                if spans.peek().is_some_and(|next| next.start == at) {
                    span = spans.next().unwrap_or(span);
                    rows.push(row + &style.end());
                    row = format!("{}{}", " ".repeat(hanging), style.begin());
                }
                // A space between two rows stands in neither.
                if span.contains(&at) {
                    row.push(c);
                }
                at += 1;
            }
        }
    }
    rows.push(row + &style.end());
    rows
}

/// Which characters stand in which row. Between two rows there may be spaces.
fn spans(line: &[char], width: usize, hanging: usize) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    let mut begin = 0;
    while begin < line.len() {
        let room = if begin == 0 { width } else { width - hanging };
        let mut used = 0;
        let fits = line[begin..].iter().take_while(|c| {
            used += c.width().unwrap_or(0);
            used <= room
        });
        // A row has a character, even where a wide one has no room.
        let full = begin + fits.count().max(1);
        let end = match line.get(full) {
            None | Some(' ') => full,
            Some(_) => {
                let near = (begin + (full - begin) / 2)..full;
                near.rev().find(|at| line[*at] == ' ').unwrap_or(full)
            }
        };
        let trimmed = line[begin..end].iter().rposition(|c| *c != ' ');
        let end = trimmed.map_or(end, |last| begin + last + 1);
        spans.push(begin..end);
        let spaces = line[end..].iter().take_while(|c| **c == ' ');
        begin = end + spaces.count();
    }
    spans
}

/// How far the further rows of a line are indented: as far as the text after a
/// label, as in `what   the sum is 3`, or as the line itself.
fn hanging(line: &str, width: usize) -> usize {
    let own = line.len() - line.trim_start_matches(' ').len();
    let label = line[own..].find("  ").map_or(own, |label| {
        let rest = &line[own + label..];
        own + label + rest.len() - rest.trim_start_matches(' ').len()
    });
    let columns = self::width(line.get(..label).unwrap_or_default());
    [columns, own]
        .into_iter()
        .find(|indent| *indent <= width / 2)
        .unwrap_or(0)
}

/// Splits at escape sequences; control characters are left out.
fn pieces(line: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = line;
    std::iter::from_fn(move || {
        loop {
            let c = rest.chars().next()?;
            if c == '\u{1b}' {
                let (sequence, after) = rest.split_at(sequence_length(rest));
                rest = after;
                if sequence.starts_with("\u{1b}[") && sequence.ends_with('m') {
                    return Some(Piece::Color(sequence));
                }
                if sequence.starts_with("\u{1b}]8;") && sequence.ends_with(['\u{7}', '\\']) {
                    return Some(Piece::Link(sequence));
                }
                continue;
            }
            rest = &rest[c.len_utf8()..];
            match c {
                '\t' => return Some(Piece::Char(' ')),
                c if c.width().is_some() => return Some(Piece::Char(c)),
                _ => {}
            }
        }
    })
}

/// The length of the escape sequence that `text` begins with.
fn sequence_length(text: &str) -> usize {
    let body = &text[1..];
    match body.chars().next() {
        Some('[') => body[1..]
            .find(|c: char| ('\u{40}'..='\u{7e}').contains(&c))
            .map_or(text.len(), |end| end + 3),
        Some(']') => {
            let bell = body.find('\u{7}').map(|end| end + 2);
            let string = body.find("\u{1b}\\").map(|end| end + 3);
            [bell, string]
                .into_iter()
                .flatten()
                .min()
                .unwrap_or(text.len())
        }
        Some(other) => 1 + other.len_utf8(),
        None => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_fits_stays_as_it_is() {
        assert_eq!(
            wrap("what   the sum is 3\n\nnext", 40),
            ["what   the sum is 3", "", "next"]
        );
        assert_eq!(wrap("1234567890", 10), ["1234567890"]);
    }

    #[test]
    fn further_rows_stand_below_the_words_after_the_label() {
        assert_eq!(
            wrap("what   the sum of no numbers is 1", 24),
            ["what   the sum of no", "       numbers is 1"]
        );
        assert_eq!(
            wrap("  pass          every thread is joined", 32),
            ["  pass          every thread is", "                joined"]
        );
    }

    #[test]
    fn a_long_word_breaks_at_the_edge() {
        assert_eq!(wrap("abcdefghij", 4), ["abcd", "efgh", "ij"]);
    }

    #[test]
    fn a_space_at_the_edge_is_left_out() {
        assert_eq!(wrap("abcd efg", 4), ["abcd", "efg"]);
        assert_eq!(wrap("abcd  ", 4), ["abcd"]);
    }

    #[test]
    fn no_row_is_wider_than_the_screen() {
        let text = "where  exercises/01-adder/src/lib.rs:6, `total` 課程 課程課程課程 x\n    waits for a lock";
        for width in 1..60 {
            for row in wrap(text, width) {
                assert!(self::width(&row) <= width.max(2), "{width}: {row}");
            }
        }
    }

    #[test]
    fn a_colour_goes_on_after_the_break_and_ends_with_the_row() {
        assert_eq!(
            wrap("\u{1b}[31mabcd efgh\u{1b}[0m", 5),
            ["\u{1b}[31mabcd\u{1b}[0m", "\u{1b}[31mefgh\u{1b}[0m"]
        );
    }

    #[test]
    fn a_link_takes_no_room_and_goes_on_after_the_break() {
        let open = "\u{1b}]8;;file:///lib.rs\u{1b}\\";
        let rows = wrap(&format!("{open}abcd efgh{END_OF_LINK}"), 5);
        assert_eq!(rows[0], format!("{open}abcd{END_OF_LINK}"));
        assert_eq!(rows[1], format!("{open}efgh{END_OF_LINK}"));
        assert_eq!(plain(&rows[1]), "efgh");
    }

    #[test]
    fn a_sequence_that_moves_the_cursor_is_left_out() {
        assert_eq!(wrap("a\u{1b}[2Jb\u{1b}[10;10Hc\u{7}\u{1b}7d", 10), ["abcd"]);
        assert_eq!(wrap("a\u{1b}", 10), ["a"]);
        assert_eq!(wrap("a\u{1b}[3", 10), ["a"]);
    }

    #[test]
    fn a_text_is_cut_with_a_sign() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdef", 5), "abcd…");
        assert_eq!(cut("課程課程", 5), "課程…");
        assert_eq!(cut("abc", 0), "");
    }
}
