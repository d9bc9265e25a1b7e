//! Prints the table. `--help` says how to choose rows.

use std::error::Error;
use std::fs;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use wt_bench::contender::Row;
use wt_bench::report::{self, Measured};
use wt_bench::{machine, measure, plot, rows};

const HELP: &str = "\
Measures wt-core beside its peers, in one process.

cargo run --release -p wt-bench -- [ROW...] [OPTIONS]

ROW              rows whose name contains this word; all rows if none is given
--only WORD      contenders whose name contains this word, to profile one
--rounds N       how often each contender runs; 9 if not given
--book           also writes the table to the book, book/src/generated/bench.md, and a
                 drawing beside it
--write FILE     also writes the table there, and the drawing beside it
--list           prints the names of the rows
";

/// The book includes it in the page `wt-core-figures.md`.
const BOOK: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../book/src/generated/bench.md"
);

struct Options {
    words: Vec<String>,
    only: Option<String>,
    rounds: usize,
    file: Option<PathBuf>,
    list: bool,
}

fn main() -> ExitCode {
    let options = match options() {
        Ok(Some(options)) => options,
        Ok(None) => return ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}; see --help");
            return ExitCode::from(2);
        }
    };
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// The command line, or `None` if it only asked for help.
fn options() -> Result<Option<Options>, lexopt::Error> {
    use lexopt::prelude::*;
    let mut options = Options {
        words: Vec::new(),
        only: None,
        rounds: 9,
        file: None,
        list: false,
    };
    let mut parser = lexopt::Parser::from_env();
    while let Some(arg) = parser.next()? {
        match arg {
            Long("only") => options.only = Some(parser.value()?.string()?),
            Long("rounds") => options.rounds = parser.value()?.parse()?,
            Long("book") => options.file = Some(BOOK.into()),
            Long("write") => options.file = Some(parser.value()?.into()),
            Long("list") => options.list = true,
            Short('h') | Long("help") => {
                print!("{HELP}");
                return Ok(None);
            }
            Value(word) => options.words.push(word.string()?),
            other => return Err(other.unexpected()),
        }
    }
    if options.rounds == 0 {
        return Err("--rounds 0 measures nothing".into());
    }
    Ok(Some(options))
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let mut rows = rows::all();
    let words = &options.words;
    rows.retain(|row| words.is_empty() || words.iter().any(|word| row.id.contains(word)));
    if let Some(word) = &options.only {
        for row in &mut rows {
            row.contenders.retain(|c| c.name.contains(word.as_str()));
        }
        rows.retain(|row| !row.contenders.is_empty());
    }
    if rows.is_empty() {
        return Err(format!("no row is called {}; see --list", words.join(" or ")).into());
    }
    if options.list {
        for row in rows {
            println!("{:<14}{}", row.id, row.title);
        }
        return Ok(());
    }
    if cfg!(debug_assertions) {
        eprintln!("note: this is a debug build; --release measures what users get");
    }
    println!("{}\n", machine::conditions());
    let measured: Vec<_> = rows
        .iter()
        .map(|row| measured(row, options.rounds))
        .collect();
    if let Some(file) = &options.file {
        let page = report::page(&measured, &command(options), options.rounds);
        write(file, &page)?;
        write(
            &file.with_extension("svg"),
            &plot::svg(&measured, &machine::conditions()),
        )?;
    }
    Ok(())
}

fn write(file: &Path, text: &str) -> Result<(), String> {
    file.parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| fs::write(file, text))
        .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    println!("written to {}", file.display());
    Ok(())
}

fn measured(row: &Row, rounds: usize) -> Measured {
    let shows_progress = io::stderr().is_terminal();
    let figures = measure::row(row, rounds, |round| {
        if shows_progress {
            eprint!("\r{} {}/{rounds} ", row.id, round + 1);
            let _ = io::stderr().flush();
        }
    });
    if shows_progress {
        eprint!("\r{:30}\r", "");
    }
    let measured = Measured::new(row, figures);
    println!("{}", measured.text());
    measured
}

/// What to type to make the same table again.
fn command(options: &Options) -> String {
    let words: String = options
        .words
        .iter()
        .map(|word| format!(" {word}"))
        .collect();
    let rounds = options.rounds;
    format!("cargo run --release -p wt-bench --{words} --rounds {rounds} --book")
}
