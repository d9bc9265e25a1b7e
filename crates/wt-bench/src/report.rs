//! The table: as text while the rows run, and as Markdown for the book.

use std::fmt::Write as _;
use std::iter;

use crate::contender::{Goal, Row, Unit};
use crate::machine::conditions;
use crate::measure::Figures;

/// A row that has been measured.
pub struct Measured {
    /// What to type to run it again.
    pub id: &'static str,
    /// What is measured.
    pub title: &'static str,
    unit: Unit,
    figures: Vec<Figures>,
    goals: Vec<Goal>,
    is_compared: bool,
}

/// Ours beside the best peer.
pub(crate) struct Versus {
    /// Our median over the peer's.
    pub(crate) ratio: f64,
    /// Our fastest round and our slowest one over the peer's median.
    pub(crate) spread: (f64, f64),
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
            goals: row.goals.clone(),
            is_compared: row.is_compared,
        }
    }

    fn best(&self, ours: bool) -> Option<&Figures> {
        let mut of_kind = self
            .figures
            .iter()
            .filter(|f| f.ours == ours && !f.reference);
        of_kind.next()
    }

    /// Whether it compares pools; the others compare channels, or measure memory.
    fn is_of_pools(&self) -> bool {
        ["a.", "b.", "c.", "d."]
            .iter()
            .any(|kind| self.id.starts_with(kind))
    }

    /// The median of `figures` over that of the best peer.
    fn ratio(&self, figures: &Figures) -> Option<f64> {
        let peer = self.best(false)?;
        let is_compared = self.is_compared && !figures.reference;
        is_compared.then(|| figures.median / peer.median)
    }

    /// Our fastest beside the best peer.
    pub(crate) fn versus(&self) -> Option<Versus> {
        let (ours, peer) = (self.best(true)?, self.best(false)?);
        Some(Versus {
            ratio: self.ratio(ours)?,
            spread: (ours.min / peer.median, ours.max / peer.median),
        })
    }

    /// The ratio that a goal is about.
    fn reached(&self, goal: &Goal) -> Option<f64> {
        let ours = self.figures.iter().find(|f| f.name == goal.ours)?;
        // The fastest come first.
        let other = if goal.of.is_empty() {
            self.best(false)
        } else {
            self.figures.iter().find(|f| goal.of.contains(&f.name))
        };
        Some(ours.median / other?.median)
    }

    /// A line for each goal, in words.
    fn goals(&self) -> impl Iterator<Item = String> + '_ {
        self.goals.iter().filter_map(|goal| {
            let ratio = self.reached(goal)?;
            let kind = if goal.must { "must" } else { "aim" };
            let of = if goal.of.is_empty() {
                "the best peer".to_owned()
            } else {
                goal.of.join(" and ")
            };
            let verdict = if ratio <= goal.at_most {
                "reached"
            } else {
                "not reached"
            };
            let Goal { ours, at_most, .. } = goal;
            Some(format!(
                "{kind}: {ours} ≤ {at_most:.2} of {of}: {ratio:.2}, {verdict}"
            ))
        })
    }

    /// The goals of one kind for the summary: what is to be reached, and what was.
    fn goal_cell(&self, must: bool) -> String {
        let goals = self.goals.iter().filter(|goal| goal.must == must);
        let cells = goals.filter_map(|goal| {
            let ratio = self.reached(goal)?;
            let at_most = goal.at_most;
            Some(if ratio <= at_most {
                format!("{ratio:.2} ≤ {at_most:.2}")
            } else {
                format!("**{ratio:.2} > {at_most:.2}**")
            })
        });
        let cells: Vec<_> = cells.collect();
        if cells.is_empty() {
            "–".to_owned()
        } else {
            cells.join(", ")
        }
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
            Column::Copied => {
                !self.unit.is_memory() && self.figures.iter().any(|f| f.large_bytes >= MIB)
            }
            Column::Cpu | Column::Allocations => !self.unit.is_memory(),
            Column::Ratio => self.is_compared,
            Column::Median | Column::Spread => true,
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
        let scaled = |figure: f64| significant(figure / self.unit.size());
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
        for goal in self.goals() {
            let _ = writeln!(text, "  {goal}");
        }
        text
    }

    fn markdown(&self) -> String {
        let mut text = format!("## `{}`: {}\n\n", self.id, self.title);
        for (i, cells) in self.lines().iter().enumerate() {
            let _ = writeln!(text, "| {} |", cells.join(" | "));
            if i == 0 {
                let _ = writeln!(text, "| --- |{}", " ---: |".repeat(cells.len() - 1));
            }
        }
        for (i, goal) in self.goals().enumerate() {
            let _ = writeln!(text, "{}- {goal}", if i == 0 { "\n" } else { "" });
        }
        text
    }

    fn summary(&self) -> String {
        let name = |f: Option<&Figures>| {
            f.map_or("–".to_owned(), |f| {
                format!(
                    "{} ({} {})",
                    f.name,
                    significant(f.median / self.unit.size()),
                    self.unit.sign()
                )
            })
        };
        let ratio = self.best(true).and_then(|ours| self.ratio(ours));
        let ratio = ratio.map_or("–".to_owned(), |ratio| format!("{ratio:.2}"));
        let (ours, peer) = (name(self.best(true)), name(self.best(false)));
        format!(
            "| `{}` | {} | {ours} | {peer} | {ratio} | {} | {} |\n",
            self.id,
            self.title,
            self.goal_cell(true),
            self.goal_cell(false),
        )
    }
}

/// Parts of pages for the book, each between anchors: a summary, the rows of pools, and
/// those of channels and memory. `command` is what to type to make them again.
#[must_use]
pub fn page(rows: &[Measured], command: &str, rounds: usize) -> String {
    let mut text = format!(
        "<!-- Written by `{command}`. Do not edit. -->\n\
         <!-- ANCHOR: summary -->\n\n\
         {}. `{command}`: {rounds} rounds, all contenders of a row in \
         one process, in a fresh random order each round. Medians over the rounds. The ratio is \
         that of our fastest to the fastest peer: below 1 is faster. Must and aim are what the \
         project asks of the row, often of another pair; what is not reached is printed bold.\n\n\
         | Row | What | Ours | Best peer | Ratio | Must | Aim |\n\
         | --- | --- | --- | --- | ---: | ---: | ---: |\n",
        conditions(),
    );
    text.extend(rows.iter().map(Measured::summary));
    text.push_str("\n<!-- ANCHOR_END: summary -->\n");
    let (pools, others): (Vec<&Measured>, Vec<&Measured>) =
        rows.iter().partition(|row| row.is_of_pools());
    for (name, rows) in [("pools", pools), ("channels", others)] {
        text.push_str(&format!("\n<!-- ANCHOR: {name} -->\n\n"));
        text.push_str(
            "The columns: the median; the fastest and the slowest round; the median of the \
             99th percentiles, where single operations are timed; the CPU time of all threads per \
             operation; calls of the allocator per operation; bytes per operation in allocations of a \
             megabyte or more.\n",
        );
        for row in rows {
            text.push('\n');
            text.push_str(&row.markdown());
        }
        text.push_str(&format!("\n<!-- ANCHOR_END: {name} -->\n"));
    }
    text
}

/// About three digits, which is more than the noise allows.
fn significant(value: f64) -> String {
    match value {
        0.0 => "0".to_owned(),
        v if v.abs() < 0.005 => "<0.01".to_owned(),
        v if v < 10.0 => format!("{v:.2}"),
        v if v < 100.0 => format!("{v:.1}"),
        v => format!("{v:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Measured, page};
    use crate::contender::{Goal, Row, Unit};
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
        let row = Row::new("x", "a row", Unit::Nanos, 1, Vec::new()).goals(&[
            Goal::must(0.6),
            Goal::must(0.2).of(&["slow"]),
            Goal::aim(2.0).by("nobody"),
        ]);
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
            "| `x` | a row | wt-core (20.0 ns) | quick (40.0 ns) | 0.50 \
             | 0.50 ≤ 0.60, **0.25 > 0.20** | – |\n"
        );
        assert!(
            measured
                .text()
                .contains("must: wt-core ≤ 0.20 of slow: 0.25, not reached")
        );
        let page = page(&[measured], "command", 3);
        assert!(page.contains("| **wt-core** | 20.0 | 10.0–40.0 | 20.0 | 1.00 | 0.50 |"));
        assert!(page.contains("| serial | 5.00 | 2.50–10.0 | 5.00 | 1.00 | – |"));
    }
}
