//! The screen: which rows there are at which size.
//!
//! ```text
//! watch · 03 bounded-queue                          not yet, 0.4 s
//! 03 bounded-queue: not yet (16 of 17 properties hold)
//!   pass          …
//! more: arrows, PgUp, PgDn                                ↓ 3 more
//! h hint  n next  l list  r run again  x reset  o open  q quit
//! ```

use crate::text::{cut, plain, width, wrap};

/// What is to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    /// At the top left.
    pub(crate) title: String,
    /// At the top right.
    pub(crate) state: String,
    /// The text in the middle, which may have colours.
    pub(crate) body: String,
    /// Whether the text is no longer true.
    pub(crate) stale: bool,
    /// Which rows of the body are shown, if not all fit.
    pub(crate) part: Part,
    /// A line above the keys.
    pub(crate) note: String,
    /// The keys and what they do.
    pub(crate) keys: &'static [(&'static str, &'static str)],
}

/// A part of a body that is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Beginning,
    /// A report ends with what happened, where, and what to do next: the end, but
    /// not the end alone if that part is too long itself.
    Advice,
    End,
    /// From this row on.
    From(usize),
}

/// A frame at one size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    /// From top to bottom; none is wider than the screen.
    pub(crate) rows: Vec<String>,
    pub(crate) place: Place,
}

/// Which rows of the body a layout shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// The first.
    pub(crate) top: usize,
    /// How many there is room for.
    pub(crate) room: usize,
    /// How many there are.
    pub(crate) all: usize,
}

impl Place {
    fn below(self) -> usize {
        self.all.saturating_sub(self.top + self.room)
    }

    /// The first row after a move by so many rows.
    pub(crate) fn moved(self, rows: isize) -> usize {
        let last = self.all.saturating_sub(self.room);
        self.top.saturating_add_signed(rows).min(last)
    }
}

/// Lays a frame out for a screen of `columns` and `lines`.
pub(crate) fn layout(frame: &Frame, columns: usize, lines: usize, color: bool) -> Layout {
    let paint = Paint { color };
    let mut keys = key_rows(frame.keys, columns, paint);
    // On a very low screen the verdict matters more than the keys.
    keys.truncate(lines.saturating_sub(3));
    let room = lines.saturating_sub(keys.len() + 2);
    let body: Vec<String> = if frame.stale {
        wrap(&plain(&frame.body), columns)
            .iter()
            .map(|row| paint.dim(row))
            .collect()
    } else {
        wrap(&frame.body, columns)
    };
    let mut place = Place {
        top: 0,
        room,
        all: body.len(),
    };
    place.top = match frame.part {
        Part::Beginning => 0,
        Part::Advice => place.moved(isize::MAX).min(advice(&body)),
        Part::End => place.moved(isize::MAX),
        Part::From(row) => place.moved(isize::try_from(row).unwrap_or(isize::MAX)),
    };
    let mut rows = vec![title(frame, columns, paint)];
    rows.extend(body.into_iter().skip(place.top).take(room));
    rows.resize(room + 1, String::new());
    rows.push(status(frame, place, columns, paint));
    rows.extend(keys);
    rows.truncate(lines);
    Layout { rows, place }
}

/// The first row of a report's advice; the last row if it has none.
fn advice(rows: &[String]) -> usize {
    let begins = |row: &String| plain(row).starts_with("what   ");
    rows.iter().position(begins).unwrap_or(rows.len())
}

#[derive(Clone, Copy)]
struct Paint {
    color: bool,
}

impl Paint {
    fn with(self, code: &str, text: &str) -> String {
        if self.color && !text.is_empty() {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    fn dim(self, text: &str) -> String {
        self.with("2", text)
    }
}

fn title(frame: &Frame, columns: usize, paint: Paint) -> String {
    let (left, gap, right) = ends(&frame.title, &frame.state, columns);
    format!("{}{gap}{}", paint.bold(&left), paint.dim(&right))
}

fn status(frame: &Frame, place: Place, columns: usize, paint: Paint) -> String {
    let hidden = match (place.top, place.below()) {
        (0, 0) => String::new(),
        (0, below) => format!("↓ {below} more"),
        (above, 0) => format!("↑ {above} more"),
        (above, below) => format!("↑ {above} ↓ {below} more"),
    };
    let note = if frame.note.is_empty() && !hidden.is_empty() {
        "more: arrows, PgUp, PgDn"
    } else {
        &frame.note
    };
    let (left, gap, right) = ends(note, &hidden, columns);
    format!("{}{gap}{}", paint.with("33", &left), paint.dim(&right))
}

/// Both texts in one row; the left one is cut if they do not fit.
fn ends(left: &str, right: &str, columns: usize) -> (String, String, String) {
    let right = cut(right, columns);
    let most = match width(&right) {
        0 => columns,
        used => columns.saturating_sub(used + 2),
    };
    let left = cut(left, most);
    let gap = columns.saturating_sub(width(&left) + width(&right));
    let gap = if right.is_empty() { 0 } else { gap };
    (left, " ".repeat(gap), right)
}

fn key_rows(keys: &[(&str, &str)], columns: usize, paint: Paint) -> Vec<String> {
    let mut rows: Vec<String> = Vec::new();
    let mut used = 0;
    for (key, does) in keys {
        let wide = width(key) + 1 + width(does);
        let text = format!("{} {does}", paint.bold(key));
        match rows.last_mut() {
            Some(row) if used + 2 + wide <= columns => {
                row.push_str("  ");
                row.push_str(&text);
                used += 2 + wide;
            }
            _ if wide <= columns => {
                rows.push(text);
                used = wide;
            }
            _ => {}
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::HELP;

    const VERDICT: &str = "\
03 bounded-queue: not yet (1 of 2 properties hold)
  pass          the queue keeps order
  wrong         a producer waits while the queue is full

what   push_waits_while_full: a producer was still waiting 2 s after a slot became free
where  exercises/03-bounded-queue/src/lib.rs:57, `BoundedQueue::pop`
next   who tells the waiting producer?   more: cargo xtask hint 03
";

    fn frame() -> Frame {
        Frame {
            title: "watch · 03 bounded-queue".into(),
            state: "not yet, 0.4 s".into(),
            body: VERDICT.into(),
            stale: false,
            part: Part::Advice,
            note: String::new(),
            keys: HELP,
        }
    }

    fn text(layout: &Layout) -> String {
        layout.rows.iter().map(|row| format!("{row}\n")).collect()
    }

    #[test]
    fn at_80_columns_a_verdict_stands_as_check_prints_it() {
        let layout = layout(&frame(), 80, 13, false);
        let expected = "\
watch · 03 bounded-queue                                          not yet, 0.4 s
03 bounded-queue: not yet (1 of 2 properties hold)
  pass          the queue keeps order
  wrong         a producer waits while the queue is full

what   push_waits_while_full: a producer was still waiting 2 s after a slot
       became free
where  exercises/03-bounded-queue/src/lib.rs:57, `BoundedQueue::pop`
next   who tells the waiting producer?   more: cargo xtask hint 03



h hint  n next  l list  r run again  x reset  o open  q quit
";
        assert_eq!(text(&layout), expected);
    }

    #[test]
    fn at_40_columns_the_end_of_the_verdict_is_seen_and_how_to_see_the_rest() {
        let layout = layout(&frame(), 40, 12, false);
        let expected = "\
watch · 03 bounded-queue  not yet, 0.4 s

what   push_waits_while_full: a producer
       was still waiting 2 s after a
       slot became free
where  exercises/03-bounded-queue/src/li
       b.rs:57, `BoundedQueue::pop`
next   who tells the waiting producer?
       more: cargo xtask hint 03
more: arrows, PgUp, PgDn        ↑ 5 more
h hint  n next  l list  r run again
x reset  o open  q quit
";
        assert_eq!(text(&layout), expected);
    }

    #[test]
    fn advice_that_is_too_long_is_shown_from_its_beginning() {
        let layout = layout(&frame(), 40, 9, false);
        assert_eq!(layout.rows[1], "what   push_waits_while_full: a producer");
        assert_eq!(layout.rows[6], "more: arrows, PgUp, PgDn    ↑ 6 ↓ 2 more");
    }

    #[test]
    fn a_note_and_the_hidden_rows_share_a_line() {
        let mut frame = frame();
        frame.part = Part::From(1);
        frame.note = "reset 03 bounded-queue? y or n".into();
        let layout = layout(&frame, 80, 7, false);
        assert_eq!(
            layout.rows[5],
            format!("{:<64}{:>16}", frame.note, "↑ 1 ↓ 3 more")
        );
        assert_eq!((layout.place.top, layout.place.all), (1, 8));
    }

    #[test]
    fn no_size_is_too_small() {
        for columns in 0..60 {
            for lines in 0..14 {
                let layout = layout(&frame(), columns, lines, true);
                assert!(layout.rows.len() <= lines);
                for row in &layout.rows {
                    assert!(
                        width(&plain(row)) <= columns.max(2),
                        "{columns}x{lines}: {row}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_is_no_longer_true_has_no_colour_of_its_own() {
        let mut frame = frame();
        frame.body = "\u{1b}[32mdone\u{1b}[0m".into();
        frame.stale = true;
        assert_eq!(
            layout(&frame, 80, 10, true).rows[1],
            "\u{1b}[2mdone\u{1b}[0m"
        );
        assert_eq!(layout(&frame, 80, 10, false).rows[1], "done");
    }

    #[test]
    fn scrolling_stops_at_both_ends() {
        let place = Place {
            top: 3,
            room: 5,
            all: 10,
        };
        assert_eq!(place.moved(-10), 0);
        assert_eq!(place.moved(1), 4);
        assert_eq!(place.moved(100), 5);
        assert_eq!(
            Place {
                top: 0,
                room: 5,
                all: 2
            }
            .moved(1),
            0
        );
    }
}
