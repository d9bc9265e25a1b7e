//! The summary as a drawing: how far each row is from its best peer.

use std::fmt::Write as _;

use crate::report::{Measured, Versus};

const WIDTH: f64 = 960.0;
const TOP: f64 = 76.0;
const ROW: f64 = 24.0;
/// Where the axis begins and ends.
const LEFT: f64 = 490.0;
const RIGHT: f64 = 890.0;
/// What the ends of the axis stand for, as powers of two.
const LOWEST: f64 = -6.0;
const HIGHEST: f64 = 4.0;
/// The most characters of a row's title.
const TITLE: usize = 58;

const STYLE: &str = "text{font:11px ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#24292f}
.title{font-size:15px;font-weight:600}.dim{fill:#57606a}.mid{text-anchor:middle}.end{text-anchor:end}
.back{fill:#fff}.grid{stroke:#d8dee4}.one{stroke:#57606a}.faster{fill:#57ab5a}.slower{fill:#d9735f}.spread{stroke:#24292f}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.dim{fill:#9198a1}.back{fill:#161b22}.grid{stroke:#30363d}
.one{stroke:#9198a1}.faster{fill:#347d39}.slower{fill:#c4584a}.spread{stroke:#e6edf3}}";

/// A bar for each row that is compared, from 1 to our ratio, on an axis of powers of two;
/// the thin line is the spread of our rounds.
#[must_use]
pub fn svg(rows: &[Measured], conditions: &str) -> String {
    let bars: Vec<(&Measured, Versus)> = rows
        .iter()
        .filter_map(|row| Some((row, row.versus()?)))
        .collect();
    let low = TOP + ROW * bars.len() as f64;
    let faster = bars.iter().filter(|(_, versus)| versus.ratio < 1.0).count();
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {}\" role=\"img\" aria-labelledby=\"title desc\">\n\
         <title id=\"title\">wt-core beside the best peer of each row</title>\n\
         <desc id=\"desc\">{} rows; wt-core is faster in {faster}. {}</desc>\n<style>{STYLE}</style>\n\
         <rect class=\"back\" width=\"{WIDTH}\" height=\"{}\" rx=\"6\"/>\n\
         <text class=\"title\" x=\"16\" y=\"26\">Our time over that of the best peer</text>\n\
         <text class=\"dim\" x=\"16\" y=\"44\">{}</text>\n",
        low + 24.0,
        bars.len(),
        escaped(&in_words(&bars)),
        low + 24.0,
        escaped(conditions)
    );
    axis(&mut text, low);
    for (n, (row, versus)) in bars.iter().enumerate() {
        bar(&mut text, TOP + ROW * n as f64, row, versus);
    }
    text + "</svg>\n"
}

fn axis(text: &mut String, low: f64) {
    for (power, label) in [
        (-6.0, "1/64"),
        (-4.0, "1/16"),
        (-2.0, "1/4"),
        (0.0, "1"),
        (2.0, "4"),
        (4.0, "16"),
    ] {
        let x = place(f64::exp2(power));
        let class = if label == "1" { "one" } else { "grid" };
        let _ = writeln!(
            text,
            "<path class=\"{class}\" d=\"M{x:.1} {:.1}V{low:.1}\"/><text class=\"dim mid\" x=\"{x:.1}\" y=\"{:.1}\">{label}</text>",
            TOP - 8.0,
            low + 14.0
        );
    }
    let (one, y) = (place(1.0), TOP - 14.0);
    let _ = writeln!(
        text,
        "<text class=\"dim end\" x=\"{:.1}\" y=\"{y}\">wt-core is faster</text><text class=\"dim\" x=\"{:.1}\" y=\"{y}\">the peer is</text>",
        one - 8.0,
        one + 8.0
    );
}

fn bar(text: &mut String, y: f64, row: &Measured, versus: &Versus) {
    let (one, end) = (place(1.0), place(versus.ratio));
    let (least, most) = (place(versus.spread.0), place(versus.spread.1));
    let middle = y + ROW / 2.0;
    let title: String = match row.title.char_indices().nth(TITLE) {
        Some((at, _)) => format!("{}…", row.title[..at].trim_end()),
        None => row.title.to_owned(),
    };
    let _ = writeln!(
        text,
        "<text x=\"16\" y=\"{base:.1}\">{}</text><text class=\"dim\" x=\"100\" y=\"{base:.1}\">{}</text>\
         <rect class=\"{}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"12\"/>\
         <path class=\"spread\" d=\"M{least:.1} {middle:.1}H{most:.1}\"/>\
         <text class=\"end\" x=\"944\" y=\"{base:.1}\">{:.2}</text>",
        escaped(row.id),
        escaped(&title),
        if versus.ratio < 1.0 {
            "faster"
        } else {
            "slower"
        },
        one.min(end),
        middle - 6.0,
        (one - end).abs(),
        versus.ratio,
        base = middle + 4.0,
    );
}

/// Where a ratio is on the axis.
fn place(ratio: f64) -> f64 {
    let power = ratio.log2().clamp(LOWEST, HIGHEST);
    LEFT + (RIGHT - LEFT) * (power - LOWEST) / (HIGHEST - LOWEST)
}

fn in_words(bars: &[(&Measured, Versus)]) -> String {
    let each = bars
        .iter()
        .map(|(row, versus)| format!("{} {:.2}", row.id, versus.ratio));
    each.collect::<Vec<_>>().join(", ")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_is_one_of_powers_and_has_ends() {
        let quarter = place(0.25) - place(0.5);
        assert!((place(0.5) - place(1.0) - quarter).abs() < 1e-9);
        assert!((place(0.0) - LEFT).abs() < 1e-9);
        assert!((place(1e9) - RIGHT).abs() < 1e-9);
    }
}
