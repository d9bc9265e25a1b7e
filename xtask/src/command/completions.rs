//! `cargo xtask completions`: what the shells need, from the descriptions of the
//! commands.
//!
//! Each script is a file of its own; the tables of commands, options and values
//! take the place of the line `@TABLES@` in it.

use std::fmt::Write;

use wt_grader::GradeError;

use crate::exit::{Exit, PASSED};
use crate::given::Given;
use crate::spec::{COMMANDS, GLOBAL, Group, Opt, Spec, Value, Words};
use crate::terminal::Terminal;

const SHELLS: &[&str] = &["bash", "zsh", "fish", "powershell"];

pub(crate) const SPEC: Spec = Spec {
    name: "completions",
    group: Group::Learner,
    words: Words::OneOf("SHELL", SHELLS),
    summary: "print what lets your shell complete these commands",
    about: "\
Prints a script that completes `cargo xtask`: commands, options and lessons.
What else follows `cargo` is completed as before. The names of the lessons are
read from the folders, so the Tab key starts no program.

Bash needs the package bash-completion to complete cargo's own commands. In zsh
the line goes below the one that says compinit.",
    options: &[],
    examples: &[
        (
            "completions bash > ~/.wt-xtask.bash",
            "then put `source ~/.wt-xtask.bash` into ~/.bashrc",
        ),
        (
            "completions zsh > ~/.wt-xtask.zsh",
            "then put `source ~/.wt-xtask.zsh` into ~/.zshrc",
        ),
        (
            "completions fish > ~/.config/fish/conf.d/wt-xtask.fish",
            "nothing else to do",
        ),
        ("completions powershell >> $PROFILE", "nothing else to do"),
    ],
    run,
};

fn run(given: &Given, terminal: Terminal) -> Result<Exit, GradeError> {
    let script = match given.word().unwrap_or_default() {
        "bash" => filled(include_str!("completions/bash.sh"), &tables_of_sh(false)),
        "zsh" => filled(include_str!("completions/zsh.sh"), &tables_of_sh(true)),
        "fish" => filled(include_str!("completions/fish.fish"), &tables_of_fish()),
        _ => filled(
            include_str!("completions/powershell.ps1"),
            &tables_of_powershell(),
        ),
    };
    terminal.print(&script);
    Ok(PASSED)
}

fn filled(script: &str, tables: &str) -> String {
    script.replace("@TABLES@\n", tables)
}

/// What may stand at a place of the command line, as the scripts name it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Lessons,
    Commands,
    Folders,
    /// One of these; with none there is nothing to complete.
    Words(&'static [&'static str]),
}

impl Kind {
    fn of_words(words: Words) -> Self {
        match words {
            Words::MaybeLesson | Words::Lesson | Words::Lessons | Words::LessonAnd(_) => {
                Self::Lessons
            }
            Words::MaybeOne("COMMAND") => Self::Commands,
            Words::One("DIR" | "SUBMISSIONS") => Self::Folders,
            Words::OneOf(_, choices) => Self::Words(choices),
            _ => Self::Words(&[]),
        }
    }

    /// `None` for a flag, after which comes whatever comes without it.
    fn of_value(value: Value) -> Option<Self> {
        match value {
            Value::Flag => None,
            Value::OneOf(choices) => Some(Self::Words(choices)),
            Value::Text("DIR") => Some(Self::Folders),
            Value::Text("LESSON") => Some(Self::Lessons),
            Value::Number | Value::Text(_) => Some(Self::Words(&[])),
        }
    }

    /// `words a b`
    fn text(&self) -> String {
        match self {
            Self::Lessons => "lessons".into(),
            Self::Commands => "commands".into(),
            Self::Folders => "folders".into(),
            Self::Words(words) => format!("words {}", words.join(" ")).trim_end().into(),
        }
    }
}

/// `-v` and `--verbose`.
fn spellings(option: &Opt) -> impl Iterator<Item = String> {
    let short = option.short.map(|short| format!("-{short}"));
    short.into_iter().chain([format!("--{}", option.long)])
}

/// Each command's name with its own options, then none with those of all.
fn options() -> impl Iterator<Item = (&'static str, &'static [Opt])> {
    let own = COMMANDS.iter().map(|spec| (spec.name, spec.options));
    own.chain([("", GLOBAL)])
}

/// In single quotes for a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Functions of four tables. With `described` a line is `name:what it does`, as
/// zsh's `_describe` reads it.
fn tables_of_sh(described: bool) -> String {
    let entry = |name: &str, about: &str| match described {
        true => quoted(&format!("{name}:{about}")),
        false => quoted(name),
    };
    let commands: Vec<String> = (COMMANDS.iter())
        .map(|spec| entry(spec.name, spec.summary))
        .collect();
    let mut text = format!(
        "_wt_xtask_commands() {{\n    printf '%s\\n' {}\n}}\n\n_wt_xtask_options() {{\n    case $1 in\n",
        commands.join(" ")
    );
    for (command, own) in options() {
        let global = GLOBAL.iter().filter(|_| !command.is_empty());
        let entries: Vec<String> = (own.iter().chain(global))
            .flat_map(|option| spellings(option).map(|name| entry(&name, option.about)))
            .collect();
        let _ = writeln!(
            text,
            "        {}) printf '%s\\n' {} ;;",
            quoted(command),
            entries.join(" ")
        );
    }
    text.push_str("    esac\n}\n\n_wt_xtask_values() {\n    case $1 in\n");
    for (command, own) in options() {
        for option in own {
            let Some(kind) = Kind::of_value(option.value) else {
                continue;
            };
            for name in spellings(option) {
                // The options of all commands may stand after each.
                let case = match command {
                    "" => format!("*{}", quoted(&format!(" {name}"))),
                    _ => quoted(&format!("{command} {name}")),
                };
                let _ = writeln!(text, "        {case}) echo {} ;;", quoted(&kind.text()));
            }
        }
    }
    text.push_str(
        "    esac\n}\n\n_wt_xtask_operands() {\n    case $1 in\n        '') echo commands ;;\n",
    );
    for spec in COMMANDS {
        let kind = Kind::of_words(spec.words).text();
        let _ = writeln!(text, "        {}) echo {} ;;", spec.name, quoted(&kind));
    }
    text.push_str("    esac\n}\n\n");
    text
}

fn tables_of_fish() -> String {
    let word = |text: &str| format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'"));
    let names: Vec<&str> = COMMANDS.iter().map(|spec| spec.name).collect();
    let mut text = format!(
        "set -g __wt_xtask_commands {}\n\ncomplete -c cargo -n __wt_xtask_words -f\n",
        names.join(" ")
    );
    for spec in COMMANDS {
        let _ = writeln!(
            text,
            "complete -c cargo -n __wt_xtask_at -f -a {} -d {}",
            spec.name,
            word(spec.summary)
        );
    }
    for spec in COMMANDS {
        let candidates = match Kind::of_words(spec.words) {
            Kind::Lessons => "(__wt_xtask_lessons)".into(),
            Kind::Commands => "$__wt_xtask_commands".into(),
            Kind::Folders => "(__fish_complete_directories)".into(),
            Kind::Words(words) => words.join(" "),
        };
        if !candidates.is_empty() {
            let _ = writeln!(
                text,
                "complete -c cargo -n '__wt_xtask_at {}' -f -a {}",
                spec.name,
                word(&candidates)
            );
        }
    }
    for (command, own) in options() {
        let condition = match command {
            "" => String::from("__wt_xtask_words"),
            _ => format!("'__wt_xtask_at {command}'"),
        };
        for option in own {
            let short = option.short.map(|short| format!(" -s {short}"));
            let value = match Kind::of_value(option.value) {
                None => String::new(),
                Some(Kind::Words(words)) => format!(" -x -a {}", word(&words.join(" "))),
                Some(_) => " -x -a '(__fish_complete_directories)'".into(),
            };
            let _ = writeln!(
                text,
                "complete -c cargo -n {condition}{} -l {}{value} -d {}",
                short.unwrap_or_default(),
                option.long,
                word(option.about)
            );
        }
    }
    text
}

/// Assignments of four tables. A value is a list that begins with its kind.
fn tables_of_powershell() -> String {
    let word = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let list = |texts: &mut dyn Iterator<Item = String>| {
        let words: Vec<String> = texts.map(|text| word(&text)).collect();
        format!("@({})", words.join(", "))
    };
    let kind = |kind: &Kind| list(&mut kind.text().split(' ').map(str::to_owned));
    let names = list(&mut COMMANDS.iter().map(|spec| spec.name.to_owned()));
    let mut text = format!("    $commands = {names}\n    $options = @{{\n");
    for (command, own) in options() {
        let global = GLOBAL.iter().filter(|_| !command.is_empty());
        let names = list(&mut own.iter().chain(global).flat_map(spellings));
        let _ = writeln!(text, "        {} = {names}", word(command));
    }
    text.push_str("    }\n    $values = @{\n");
    for (command, own) in options() {
        for option in own {
            let Some(found) = Kind::of_value(option.value) else {
                continue;
            };
            for name in spellings(option) {
                let key = word(&format!("{command} {name}"));
                let _ = writeln!(text, "        {key} = {}", kind(&found));
            }
        }
    }
    text.push_str("    }\n    $operands = @{\n        '' = @('commands')\n");
    for spec in COMMANDS {
        let found = kind(&Kind::of_words(spec.words));
        let _ = writeln!(text, "        {} = {found}", word(spec.name));
    }
    text.push_str("    }\n\n");
    text
}
