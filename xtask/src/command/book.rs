//! `cargo xtask book`

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use wt_grader::book::{self, Page};
use wt_grader::files::sorted_entries;
use wt_grader::{GradeError, process};

use super::course;
use crate::exit::{Exit, FAILED, PASSED};
use crate::given::Given;
use crate::spec::{Group, Opt, Spec, Words};
use crate::terminal::Terminal;

pub(crate) const SPEC: Spec = Spec {
    name: "book",
    group: Group::Learner,
    words: Words::Nothing,
    summary: "build the book as a site, and open it",
    about: "\
Builds the chapters with mdBook into `book/book`, looks for links that lead
nowhere, and says how long the book takes to read. The site needs no network and
no server: `book/book/index.html` opens as a file.

mdBook is not part of Rust. Where it is missing, the command that installs it is
printed. Without it, read the chapters in `book/src`, or on the command line.

Exits with 1 when the book cannot be built or a link leads nowhere.",
    options: &[
        Opt::flag(None, "open", "open it in your browser afterwards"),
        Opt::flag(
            None,
            "serve",
            "serve it on this machine and build again on every change; Ctrl-C ends it",
        ),
        Opt::flag(None, "times", "how long each page takes to read"),
    ],
    examples: &[
        ("book --open", "build it and read it"),
        ("book --serve", "while you write"),
        ("book --times", "minutes of each page"),
    ],
    run,
};

/// What the book is built with: the program, and the package that brings it.
const TOOLS: [&str; 2] = ["mdbook", "mdbook-quiz"];

fn run(given: &Given, terminal: Terminal) -> Result<Exit, GradeError> {
    let course = course()?;
    let pages = book::pages(&course)?;
    needs_tools()?;
    let folder = course.root.join("book");
    if given.has("serve") {
        let mut command = Command::new(TOOLS[0]);
        command.arg("serve").arg(&folder);
        if given.has("open") {
            command.arg("--open");
        }
        let served = process::run_visibly(command)?;
        return Ok(if served { PASSED } else { FAILED });
    }
    let begun = Instant::now();
    terminal.tell(&format!("building {} pages", pages.len()));
    if !build(&folder)? {
        return Ok(FAILED);
    }
    load_quizzes_late(&folder.join("book"))?;
    let problems = book::problems(&course)?;
    terminal.print(&text(&pages, &problems, given.has("times")));
    terminal.tell(&format!("built in {:.1} s", begun.elapsed().as_secs_f64()));
    if given.has("open") {
        open(&folder.join("book/index.html"), terminal);
    }
    Ok(if problems.is_empty() { PASSED } else { FAILED })
}

/// Where no browser can be started, the path is printed already.
fn open(page: &Path, terminal: Terminal) {
    let opener = if cfg!(windows) {
        "explorer"
    } else if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    let mut command = Command::new(opener);
    command
        .arg(page)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    if !command.status().is_ok_and(|status| status.success()) && !cfg!(windows) {
        terminal.tell(&format!(
            "`{opener}` does not open it here; open the file yourself"
        ));
    }
}

/// mdBook says what it does on stderr, which is for when something is wrong.
fn build(folder: &Path) -> Result<bool, GradeError> {
    let out = Command::new(TOOLS[0])
        .arg("build")
        .arg(folder)
        .output()
        .map_err(|error| GradeError::io("start", Path::new(TOOLS[0]), &error))?;
    let said = String::from_utf8_lossy(&out.stderr);
    if !out.status.success() || said.contains("ERROR") {
        eprint!("{said}");
        return Ok(false);
    }
    Ok(true)
}

/// mdbook-quiz puts a script into each page with a quiz that weighs three times as
/// much as the rest. Ours loads it when a quiz comes into view.
fn load_quizzes_late(built: &Path) -> Result<(), GradeError> {
    const EAGER: &str = r#"<script type="text/javascript" src="quiz/quiz-embed.iife.js">"#;
    const LATE: &str = r#"<script src="figures/quiz.js">"#;
    for path in sorted_entries(built)? {
        if path.extension().is_none_or(|extension| extension != "html") {
            continue;
        }
        let page =
            fs::read_to_string(&path).map_err(|error| GradeError::io("read", &path, &error))?;
        if page.contains(EAGER) {
            fs::write(&path, page.replace(EAGER, LATE))
                .map_err(|error| GradeError::io("write", &path, &error))?;
        }
    }
    Ok(())
}

fn needs_tools() -> Result<(), GradeError> {
    let missing: Vec<&str> = TOOLS
        .into_iter()
        .filter(|tool| {
            let mut command = Command::new(tool);
            command.arg("--version").stdout(Stdio::null());
            !command
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|status| status.success())
        })
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(GradeError::Usage(format!(
        "`{}` is not installed; it takes some minutes once: cargo install --locked {}",
        missing.join("` and `"),
        missing.join(" ")
    )))
}

fn text(pages: &[Page], problems: &[String], times: bool) -> String {
    let mut text = String::new();
    if times {
        for page in pages {
            let _ = writeln!(
                text,
                "{:>5.1} min  {:>5} words {:>4} lines of code  {}",
                page.minutes(),
                page.words,
                page.lines,
                page.title
            );
        }
        text.push('\n');
    }
    for problem in problems {
        let _ = writeln!(text, "- {problem}");
    }
    let minutes: f64 = pages.iter().map(Page::minutes).sum();
    let _ = writeln!(
        text,
        "book/book/index.html: {} pages, {minutes:.0} minutes to read, {}",
        pages.len(),
        match problems.len() {
            0 => String::from("no dead link"),
            1 => String::from("1 problem"),
            n => format!("{n} problems"),
        }
    );
    text
}
