//! The table: as text while the rows run, and as Markdown for the book.

use std::fmt::Write as _;
use std::iter;

use crate::contender::{Row, Unit};
use crate::machine;
use crate::measure::Figures;

/// A row that has been measured.
pub struct Measured {
    /// What to type to run it again.
    pub id: &'static str,
    /// What is measured.
    pub title: &'static str,
    unit: Unit,
    figures: Vec<Figures>,
}

#[derive(Clone, Copy)]
enum Column {
    Median,
    Spread,
    P99,
    Cpu,
    Allocations,
    Copied,
    Ratio,
}

impl Column {
    fn head(self, unit: Unit) -> String {
        match self {
            Self::Median => format!("median {}", unit.sign()),
            Self::Spread => "min–max".to_owned(),
            Self::P99 => "p99".to_owned(),
            Self::Cpu => "cpu".to_owned(),
            Self::Allocations => "allocs".to_owned(),
            Self::Copied => "copied".to_owned(),
            Self::Ratio => "ratio".to_owned(),
        }
    }
}

const MIB: f64 = 1_048_576.0;

impl Measured {
    /// Puts the fastest first.
    #[must_use]
    pub fn new(row: &Row, mut figures: Vec<Figures>) -> Self {
        figures.sort_by(|a, b| a.median.total_cmp(&b.median));
        Self {
            id: row.id,
            title: row.title,
            unit: row.unit,
            figures,
        }
    }

    fn best(&self, ours: bool) -> Option<&Figures> {
        let mut of_kind = self
            .figures
            .iter()
            .filter(|f| f.ours == ours && !f.reference);
        of_kind.next()
    }

    /// The median of `figures` over that of the best peer.
    fn ratio(&self, figures: &Figures) -> Option<f64> {
        let peer = self.best(false)?;
        (!figures.reference).then(|| figures.median / peer.median)
    }

    /// The columns of this row: those that would be empty are left out.
    fn columns(&self) -> Vec<Column> {
        let all = [
            Column::Median,
            Column::Spread,
            Column::P99,
            Column::Cpu,
            Column::Allocations,
            Column::Copied,
            Column::Ratio,
        ];
        let says_something = |column: &Column| match column {
            Column::P99 => self.figures.iter().any(|f| f.p99.is_some()),
            Column::Copied => self.figures.iter().any(|f| f.large_bytes >= MIB),
            _ => true,
        };
        all.into_iter().filter(says_something).collect()
    }

    fn lines(&self) -> Vec<Vec<String>> {
        let columns = self.columns();
        let head = columns.iter().map(|column| column.head(self.unit));
        let mut lines = vec![iter::once(String::new()).chain(head).collect()];
        for f in &self.figures {
            let name = if f.ours {
                format!("**{}**", f.name)
            } else {
                f.name.to_owned()
            };
            let cells = columns.iter().map(|&column| self.cell(column, f));
            lines.push(iter::once(name).chain(cells).collect());
        }
        lines
    }

    fn cell(&self, column: Column, f: &Figures) -> String {
        let scaled = |nanos: f64| significant(nanos / self.unit.nanos());
        let value = match column {
            Column::Median => Some(scaled(f.median)),
            Column::Spread => Some(format!("{}–{}", scaled(f.min), scaled(f.max))),
            Column::P99 => f.p99.map(scaled),
            Column::Cpu => f.cpu.map(scaled),
            Column::Allocations => Some(significant(f.allocations)),
            Column::Copied => Some(format!("{:.0} MiB", f.large_bytes / MIB)),
            Column::Ratio => self.ratio(f).map(|ratio| format!("{ratio:.2}")),
        };
        value.unwrap_or_else(|| "–".to_owned())
    }

    /// For a terminal.
    #[must_use]
    pub fn text(&self) -> String {
        let lines = self.lines();
        let widths: Vec<usize> = (0..lines[0].len())
            .map(|i| {
                lines
                    .iter()
                    .map(|cells| cells[i].chars().count())
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        let mut text = format!("{}: {}\n", self.id, self.title);
        for cells in lines {
            for (i, (cell, &width)) in cells.iter().zip(&widths).enumerate() {
                let _ = if i == 0 {
                    write!(text, "  {cell:<width$}")
                } else {
                    write!(text, "  {cell:>width$}")
                };
            }
            text.push('\n');
        }
        text
    }

    fn markdown(&self) -> String {
        let mut text = format!("### `{}`: {}\n\n", self.id, self.title);
        for (i, cells) in self.lines().iter().enumerate() {
            let _ = writeln!(text, "| {} |", cells.join(" | "));
            if i == 0 {
                let _ = writeln!(text, "| --- |{}", " ---: |".repeat(cells.len() - 1));
            }
        }
        text
    }

    fn summary(&self) -> String {
        let name = |f: Option<&Figures>| {
            f.map_or("–".to_owned(), |f| {
                format!(
                    "{} ({} {})",
                    f.name,
                    significant(f.median / self.unit.nanos()),
                    self.unit.sign()
                )
            })
        };
        let ratio = self.best(true).and_then(|ours| self.ratio(ours));
        let ratio = ratio.map_or("–".to_owned(), |ratio| format!("{ratio:.2}"));
        let (ours, peer) = (name(self.best(true)), name(self.best(false)));
        format!(
            "| `{}` | {} | {ours} | {peer} | {ratio} |\n",
            self.id, self.title
        )
    }
}

/// The page for the book. `command` is what to type to make it again.
#[must_use]
pub fn page(rows: &[Measured], command: &str, rounds: usize) -> String {
    let mut text = format!(
        "<!-- Written by `{command}`. Do not edit. -->\n\n\
         # wt-core beside its peers\n\n\
         {date}, {machine}, {rustc}. `{command}`: {rounds} rounds, all contenders of a row in \
         one process, in a fresh random order each round. Medians over the rounds. The ratio is \
         to the best peer of the row: below 1 is faster.\n\n\
         The columns of a row: the median; the fastest and the slowest round; the median of the \
         99th percentiles, where single operations are timed; the CPU time of all threads per \
         operation; calls of the allocator per operation; bytes per operation in allocations of a \
         megabyte or more. The crate's documentation says how each is taken, and what the \
         table does not show.\n\n\
         | Row | What | Ours | Best peer | Ratio |\n| --- | --- | --- | --- | ---: |\n",
        date = machine::date(),
        machine = machine::describe(),
        rustc = machine::RUSTC,
    );
    text.extend(rows.iter().map(Measured::summary));
    text.push_str("\n## Features\n\n");
    text.push_str(include_str!("../FEATURES.md"));
    text.push_str("\n## All figures\n");
    for row in rows {
        text.push('\n');
        text.push_str(&row.markdown());
    }
    text
}

/// About three digits, which is more than the noise allows.
fn significant(value: f64) -> String {
    match value {
        0.0 => "0".to_owned(),
        v if v < 0.005 => "<0.01".to_owned(),
        v if v < 10.0 => format!("{v:.2}"),
        v if v < 100.0 => format!("{v:.1}"),
        v => format!("{v:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Measured, page};
    use crate::contender::{Row, Unit};
    use crate::measure::Figures;

    fn figures(name: &'static str, ours: bool, reference: bool, median: f64) -> Figures {
        Figures {
            name,
            ours,
            reference,
            median,
            min: median / 2.0,
            max: median * 2.0,
            p99: None,
            cpu: Some(median),
            allocations: 1.0,
            large_bytes: 0.0,
        }
    }

    #[test]
    fn the_ratio_is_to_the_best_peer_and_not_to_a_reference() {
        let row = Row {
            id: "x",
            title: "a row",
            unit: Unit::Nanos,
            ops: 1,
            contenders: Vec::new(),
        };
        let measured = Measured::new(
            &row,
            vec![
                figures("slow", false, false, 80.0),
                figures("wt-core", true, false, 20.0),
                figures("serial", false, true, 5.0),
                figures("quick", false, false, 40.0),
            ],
        );
        assert_eq!(
            measured.summary(),
            "| `x` | a row | wt-core (20.0 ns) | quick (40.0 ns) | 0.50 |\n"
        );
        let page = page(&[measured], "command", 3);
        assert!(page.contains("| **wt-core** | 20.0 | 10.0–40.0 | 20.0 | 1.00 | 0.50 |"));
        assert!(page.contains("| serial | 5.00 | 2.50–10.0 | 5.00 | 1.00 | – |"));
    }
}
