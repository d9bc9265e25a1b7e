//! The timeline as a drawing.
//!
//! A lane per thread: a bar while it runs, a pale one while it waits, boxes for the
//! named parts of its work, a thin bar below for each lock that it has, and arrows
//! for messages and news. What does not fit as text is a title, which a browser
//! shows under the pointer. Colours follow the reader's light or dark scheme.
//!
//! Everything is in fixed numbers of the log, so the same log is the same bytes.

use std::fmt::Write;

use crate::log::{Awaited, Place, Unit};
use crate::names::short;
use crate::text::{cut, time};
use crate::timeline::{Arrow, ArrowKind, Lane, Span, Timeline, Wait};

/// The width of the whole.
const WIDTH: f64 = 960.0;
/// Where the lanes begin.
const LEFT: f64 = 126.0;
/// Where they end.
const RIGHT: f64 = 16.0;
/// Above the first lane.
const TOP: f64 = 74.0;
/// From one lane to the next.
const LANE: f64 = 50.0;
/// The height of a bar.
const BAR: f64 = 22.0;
/// The height of a lock's bar, and how many lie below each other.
const LOCK: f64 = 5.0;
const LOCK_ROWS: usize = 3;
/// The width of a character of 11 pixels.
const CHAR: f64 = 6.65;
/// From this many arrows on they are drawn faintly.
const MANY: usize = 120;

const STYLE: &str = "\
text{font:11px ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#24292f}
.title{font-size:15px;font-weight:600}.dim{fill:#57606a}.on{fill:#fff}.mid{text-anchor:middle}.end{text-anchor:end}
.back{fill:#fff}.grid{stroke:#d8dee4}.run{fill:#57ab5a}.wait{fill:#f6d5cf;stroke:#d9735f;stroke-dasharray:3 2}
.lockwait{fill:#ffd8a8;stroke:#bc6b00}.sleep{fill:#dde7f3;stroke:#8ba4c4}.work{fill:#0969da;stroke:#0550ae}
.hold{fill:#bf8700}.message{stroke:#8250df}.news{stroke:#cf222e}.start{stroke:#8c959f;stroke-dasharray:2 2}
.arrow{fill:none;stroke-width:1.4}.faint{opacity:.35;stroke-width:.5}.mh{fill:#8250df}.nh{fill:#cf222e}.sh{fill:#8c959f}
.stuck{fill:#cf222e}
@media(prefers-color-scheme:dark){
text{fill:#e6edf3}.dim{fill:#9198a1}.on{fill:#fff}
.back{fill:#161b22}.grid{stroke:#30363d}.run{fill:#347d39}.wait{fill:#4a2320;stroke:#e5796b}
.lockwait{fill:#5a3a00;stroke:#e3a13b}.sleep{fill:#22303f;stroke:#5d7ea6}.work{fill:#1f6feb;stroke:#79b8ff}
.hold{fill:#d29922}.message{stroke:#b392f0}.news{stroke:#ff7b72}.start{stroke:#6e7681}.mh{fill:#b392f0}.nh{fill:#ff7b72}.sh{fill:#6e7681}
.stuck{fill:#ff7b72}
}";

/// The drawing of a timeline without a title of its own.
#[must_use]
pub fn document(timeline: &Timeline) -> String {
    titled(timeline, "Timeline")
}

/// The drawing, called `title`.
#[must_use]
pub fn titled(timeline: &Timeline, title: &str) -> String {
    let drawing = Drawing::new(timeline);
    let stuck = drawing.far > timeline.end;
    let height = drawing.bottom() + if stuck { 60.0 } else { 40.0 };
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         aria-labelledby=\"title desc\">\n<title id=\"title\">{}</title>\n<desc id=\"desc\">{}</desc>\n\
         <style>{STYLE}</style>\n<defs>{}{}{}</defs>\n\
         <rect class=\"back\" width=\"{WIDTH}\" height=\"{height}\" rx=\"6\"/>\n\
         <text class=\"title\" x=\"16\" y=\"26\">{}</text>\n",
        escaped(title),
        escaped(&description(timeline)),
        head("m"),
        head("n"),
        head("s"),
        escaped(&cut(title, 100)),
    );
    drawing.legend(&mut svg);
    drawing.axis(&mut svg);
    for (n, lane) in timeline.lanes.iter().enumerate() {
        drawing.lane(&mut svg, n, lane);
    }
    drawing.holds(&mut svg);
    drawing.arrows(&mut svg);
    if stuck {
        let _ = writeln!(
            svg,
            "<text class=\"stuck end\" x=\"{}\" y=\"{:.1}\">{}: {}</text>",
            WIDTH - RIGHT,
            drawing.bottom() + 38.0,
            escaped(&timeline.outcome.word),
            escaped(&cut(&timeline.outcome.what, 110))
        );
    }
    svg.push_str("</svg>\n");
    svg
}

/// The head of an arrow.
fn head(kind: &str) -> String {
    format!(
        "<marker id=\"{kind}\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" \
         markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path class=\"{kind}h\" d=\"M0 1L8 4L0 7z\"/></marker>"
    )
}

/// The drawing in words, for those who do not see it.
fn description(timeline: &Timeline) -> String {
    let mut text = format!(
        "{} threads over {} {}.",
        timeline.lanes.len(),
        time(timeline.unit, timeline.end),
        if timeline.unit == Unit::Ticks {
            "ticks"
        } else {
            "of time"
        }
    );
    for lane in timeline.lanes.iter().take(12) {
        let lived = lane.to.saturating_sub(lane.from);
        let _ = write!(
            text,
            " {} lived {}, waited {} and slept {}",
            lane.name,
            time(timeline.unit, lived),
            time(timeline.unit, Timeline::waited(lane)),
            time(timeline.unit, Timeline::slept(lane))
        );
        let parts: Vec<&str> = lane
            .spans
            .iter()
            .take(12)
            .map(|span| span.name.as_str())
            .collect();
        if !parts.is_empty() {
            let _ = write!(text, "; its work: {}", parts.join(", "));
        }
        text.push('.');
    }
    if timeline.outcome.word != "done" {
        let _ = write!(
            text,
            " It ended: {} {}.",
            timeline.outcome.word, timeline.outcome.what
        );
    }
    text
}

struct Drawing<'a> {
    timeline: &'a Timeline,
    /// Where the drawing ends: some way behind the last event if a wait did not end, for
    /// that wait is what there is to see.
    far: u64,
    scale: f64,
}

impl<'a> Drawing<'a> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a drawing has no use for 53 bits"
    )]
    fn new(timeline: &'a Timeline) -> Self {
        let room = WIDTH - LEFT - RIGHT;
        let mut waits = timeline.lanes.iter().flat_map(|lane| &lane.waits);
        let stuck = timeline.outcome.word != "done" && waits.any(|wait| wait.open);
        let far = timeline.end + if stuck { timeline.end.div_ceil(3) } else { 0 };
        Self {
            timeline,
            far,
            scale: room / far.max(1) as f64,
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a drawing has no use for 53 bits"
    )]
    fn x(&self, at: u64) -> f64 {
        LEFT + at as f64 * self.scale
    }

    #[expect(clippy::cast_precision_loss, reason = "there are not that many lanes")]
    fn y(lane: usize) -> f64 {
        TOP + lane as f64 * LANE
    }

    fn bottom(&self) -> f64 {
        Self::y(self.timeline.lanes.len())
    }

    fn legend(&self, svg: &mut String) {
        let mut x = 16.0;
        let waits = || self.timeline.lanes.iter().flat_map(|lane| &lane.waits);
        let sleeps = waits().any(|wait| wait.awaited == Awaited::Time);
        let lock_waits = waits().any(|wait| matches!(wait.awaited, Awaited::Lock(_)));
        let other_waits =
            waits().any(|wait| !matches!(wait.awaited, Awaited::Lock(_) | Awaited::Time));
        let works = self
            .timeline
            .lanes
            .iter()
            .any(|lane| !lane.spans.is_empty());
        let has = |kind| self.timeline.arrows.iter().any(|arrow| arrow.kind == kind);
        let boxes = [
            ("run", "runs", true),
            ("work", "a part of its work", works),
            ("sleep", "sleeps", sleeps && !works),
            ("wait", "waits", other_waits),
            ("lockwait", "waits for a lock", lock_waits),
            ("hold", "has a lock", !self.timeline.holds.is_empty()),
        ];
        for (class, text, _) in boxes.iter().filter(|(.., shown)| *shown) {
            let (y, height) = if *class == "hold" {
                (47.0, LOCK)
            } else {
                (42.0, 12.0)
            };
            let _ = writeln!(
                svg,
                "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y}\" width=\"18\" height=\"{height}\"/>\
                 <text class=\"dim\" x=\"{:.1}\" y=\"52\">{text}</text>",
                x + 23.0
            );
            x += 23.0 + width(text) + 18.0;
        }
        let arrows = [
            ("message", "m", "message", has(ArrowKind::Message)),
            ("news", "n", "wakes", has(ArrowKind::News)),
            ("start", "s", "starts", has(ArrowKind::Start)),
        ];
        for (class, marker, text, _) in arrows.iter().filter(|(.., shown)| *shown) {
            let _ = writeln!(
                svg,
                "<path class=\"arrow {class}\" marker-end=\"url(#{marker})\" d=\"M{x:.1} 48h24\"/>\
                 <text class=\"dim\" x=\"{:.1}\" y=\"52\">{text}</text>",
                x + 29.0
            );
            x += 29.0 + width(text) + 18.0;
        }
    }

    /// About eight round times, with a line through all lanes.
    fn axis(&self, svg: &mut String) {
        let end = self.timeline.end;
        let step = round_step(end / 8);
        let bottom = self.bottom();
        let mut at = 0;
        while at <= end {
            let x = self.x(at);
            let _ = writeln!(
                svg,
                "<path class=\"grid\" d=\"M{x:.1} {:.1}V{bottom:.1}\"/>\
                 <text class=\"dim mid\" x=\"{x:.1}\" y=\"{:.1}\">{}</text>",
                TOP - 8.0,
                bottom + 16.0,
                time(self.timeline.unit, at)
            );
            at += step;
        }
        // Measured times carry their unit.
        if self.timeline.unit == Unit::Ticks {
            let _ = writeln!(
                svg,
                "<text class=\"dim end\" x=\"{:.1}\" y=\"{:.1}\">ticks</text>",
                LEFT - 14.0,
                bottom + 16.0
            );
        }
    }

    fn lane(&self, svg: &mut String, number: usize, lane: &Lane) {
        let y = Self::y(number);
        let room = ((LEFT - 30.0) / CHAR) as usize;
        let _ = writeln!(
            svg,
            "<g><title>{}</title><text class=\"end\" x=\"{:.1}\" y=\"{:.1}\">{}</text></g>",
            escaped(&lane.name),
            LEFT - 10.0,
            y + 15.0,
            escaped(&cut(&lane.name, room))
        );
        let ran = format!("{} runs", lane.name);
        self.bar(svg, "run", (lane.from, lane.to), y, &ran, &[]);
        let until = |wait: &Wait| if wait.open { self.far } else { wait.to };
        for span in &lane.spans {
            self.part(
                svg,
                span.depth,
                (span.from, span.to),
                y,
                &lane.name,
                &span.name,
            );
        }
        for wait in &lane.waits {
            let class = match wait.awaited {
                Awaited::Time => "sleep",
                Awaited::Lock(_) => "lockwait",
                _ => "wait",
            };
            let verb = match (wait.awaited, wait.open) {
                (Awaited::Time, _) => "sleeps".to_owned(),
                (_, true) => format!("waits for {}, for ever", wait.what),
                (_, false) => format!("waits for {}", wait.what),
            };
            let title = format!("{} {verb}{}", lane.name, place(", ", &wait.place));
            // A part of the work that sleeps is drawn as that part.
            let covers = |span: &Span| span.from <= wait.from && wait.to <= span.to;
            if wait.awaited != Awaited::Time || !lane.spans.iter().any(covers) {
                self.bar(
                    svg,
                    class,
                    (wait.from, until(wait)),
                    y,
                    &title,
                    &labels(wait),
                );
            }
        }
    }

    /// A bar with the first of the texts that fits in it.
    fn bar(
        &self,
        svg: &mut String,
        class: &str,
        (from, to): (u64, u64),
        y: f64,
        title: &str,
        labels: &[String],
    ) {
        let (x, wide) = (self.x(from), (self.x(to) - self.x(from)).max(0.3));
        let _ = write!(
            svg,
            "<g><title>{}, {} to {}</title><rect class=\"{class}\" x=\"{x:.2}\" y=\"{y:.1}\" \
             width=\"{wide:.2}\" height=\"{BAR}\"/>",
            escaped(title),
            time(self.timeline.unit, from),
            time(self.timeline.unit, to)
        );
        let fits = |label: &&String| width(label) + 8.0 <= wide;
        if let Some(label) = labels.iter().find(fits) {
            let _ = write!(
                svg,
                "<text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                x + 4.0,
                y + 15.0,
                escaped(label)
            );
        }
        svg.push_str("</g>\n");
    }

    fn part(
        &self,
        svg: &mut String,
        depth: usize,
        (from, to): (u64, u64),
        y: f64,
        thread: &str,
        name: &str,
    ) {
        let inset = 2.0 * (depth.min(4) as f64 + 1.0);
        let (x, wide) = (self.x(from), (self.x(to) - self.x(from)).max(0.3));
        let _ = write!(
            svg,
            "<g><title>{}: {}, {} to {}</title><rect class=\"work\" x=\"{x:.2}\" y=\"{:.1}\" width=\"{wide:.2}\" \
             height=\"{:.1}\" rx=\"2\"/>",
            escaped(thread),
            escaped(name),
            time(self.timeline.unit, from),
            time(self.timeline.unit, to),
            y + inset,
            BAR - 2.0 * inset
        );
        // The name, or at least its number.
        let last = name.rsplit(' ').next().unwrap_or_default();
        let fits = |label: &&str| width(label) + 4.0 <= wide;
        if let Some(label) = [name, last].into_iter().find(fits) {
            let _ = write!(
                svg,
                "<text class=\"on mid\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                x + wide / 2.0,
                y + 15.0,
                escaped(label)
            );
        }
        svg.push_str("</g>\n");
    }

    /// A thin bar for each lock, the locks of a lane below each other.
    fn holds(&self, svg: &mut String) {
        let mut rows: Vec<Vec<u32>> = vec![Vec::new(); self.timeline.lanes.len()];
        for hold in &self.timeline.holds {
            let row = rows[hold.lane].iter().position(|id| *id == hold.id);
            let row = row.unwrap_or_else(|| {
                rows[hold.lane].push(hold.id);
                rows[hold.lane].len() - 1
            });
            #[expect(clippy::cast_precision_loss, reason = "there are three rows")]
            let below = (row % LOCK_ROWS) as f64 * (LOCK + 2.0);
            let y = Self::y(hold.lane) + BAR + 3.0 + below;
            let (x, wide) = (self.x(hold.from), self.x(hold.to) - self.x(hold.from));
            let _ = writeln!(
                svg,
                "<g><title>{} has the lock {}{}, {} to {}</title><rect class=\"hold\" x=\"{x:.2}\" \
                 y=\"{y:.1}\" width=\"{:.2}\" height=\"{LOCK}\"/></g>",
                escaped(&self.timeline.lanes[hold.lane].name),
                escaped(&hold.name),
                escaped(&place(", since ", &hold.place)),
                time(self.timeline.unit, hold.from),
                time(self.timeline.unit, hold.to),
                wide.max(0.6)
            );
        }
    }

    fn arrows(&self, svg: &mut String) {
        let many = self.timeline.arrows.len() > MANY;
        for arrow in &self.timeline.arrows {
            self.arrow(svg, arrow, many);
        }
    }

    fn arrow(&self, svg: &mut String, arrow: &Arrow, many: bool) {
        let (class, marker) = match arrow.kind {
            ArrowKind::Message => ("message", "m"),
            ArrowKind::News => ("news", "n"),
            ArrowKind::Start => ("start", "s"),
        };
        let (x1, x2) = (self.x(arrow.from.1), self.x(arrow.to.1));
        let (up, down) = (Self::y(arrow.from.0), Self::y(arrow.to.0));
        // From the edge of one bar to the edge of the other.
        let (y1, y2) = if up < down {
            (up + BAR, down)
        } else {
            (up, down + BAR)
        };
        let (faint, marker) = if many {
            (" faint", String::new())
        } else {
            ("", format!(" marker-end=\"url(#{marker})\""))
        };
        let _ = writeln!(
            svg,
            "<g><title>{}, {} to {}</title><path class=\"arrow {class}{faint}\"{marker} \
             d=\"M{x1:.2} {y1:.1}L{x2:.2} {y2:.1}\"/></g>",
            escaped(&arrow.what),
            time(self.timeline.unit, arrow.from.1),
            time(self.timeline.unit, arrow.to.1)
        );
    }
}

/// A line, behind `before`; nothing if it is not to be shown.
fn place(before: &str, place: &Place) -> String {
    match place.line {
        0 => String::new(),
        _ => format!("{before}{}", short(place)),
    }
}

/// What a wait is for: in full, and shorter.
fn labels(wait: &Wait) -> Vec<String> {
    let short = match wait.awaited {
        Awaited::Time => return Vec::new(),
        Awaited::Scope => "the scope's end",
        // `news at not_full`: the last word will do.
        _ => wait.what.rsplit(' ').next().unwrap_or_default(),
    };
    let mut labels = vec![wait.what.clone(), short.to_owned()];
    if wait.open {
        labels.insert(0, format!("{}, for ever", wait.what));
    }
    labels
}

/// 1, 2 or 5 times a power of ten, not below `least`.
fn round_step(least: u64) -> u64 {
    let mut power: u64 = 1;
    loop {
        for factor in [1, 2, 5] {
            let step = power.saturating_mul(factor);
            if step >= least {
                return step.max(1);
            }
        }
        power = power.saturating_mul(10);
    }
}

#[expect(clippy::cast_precision_loss, reason = "texts are short")]
fn width(text: &str) -> f64 {
    text.chars().count() as f64 * CHAR
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // XML has no way to write most of these.
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_round_and_large_enough() {
        for (least, step) in [(0, 1), (1, 1), (3, 5), (7, 10), (11, 20), (120, 200)] {
            assert_eq!(round_step(least), step);
        }
    }

    #[test]
    fn a_name_cannot_break_the_drawing() {
        assert_eq!(
            escaped("<a & \"b\">\u{1b}"),
            "&lt;a &amp; &quot;b&quot;&gt; "
        );
    }
}
