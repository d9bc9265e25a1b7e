//! `cargo xtask completions`, in the shells themselves. A shell that is not
//! installed is named and left out.

mod course;

use std::path::PathBuf;
use std::process::Command;

use course::Course;

/// What is typed, what must be offered, and what must not be.
const CASES: &[(&str, &[&str], &[&str])] = &[
    (
        "cargo xtask ",
        &["check", "verify", "completions"],
        &["01-adder"],
    ),
    ("cargo xtask chec", &["check"], &["verify"]),
    (
        "cargo xtask check ",
        &["01-adder", "03-single-ticket"],
        &["verify", "src"],
    ),
    ("cargo xtask check 02", &["02-adding-aloud"], &["01-adder"]),
    ("cargo xtask check --al", &["--all"], &["--verbose"]),
    (
        "cargo xtask check --color ",
        &["always", "never"],
        &["01-adder"],
    ),
    ("cargo xtask --color never hin", &["hint"], &["check"]),
    ("cargo xtask hint --level ", &[], &["01-adder", "words"]),
    ("cargo xtask help ver", &["verify"], &["check"]),
    (
        "cargo xtask completions ",
        &["bash", "powershell"],
        &["01-adder"],
    ),
];

/// The script for a shell, in a file beside the course.
fn script(course: &Course, shell: &str) -> PathBuf {
    let ran = course.run(&format!("completions {shell}"));
    ran.exits(0);
    let path = course.root().with_file_name(format!("script.{shell}"));
    std::fs::write(&path, &ran.stdout).unwrap();
    path
}

fn installed(shell: &str) -> bool {
    let found = Command::new(shell).args(["-c", "exit 0"]).output();
    let found = found.is_ok_and(|output| output.status.success());
    if !found {
        eprintln!("skipped: {shell} is not installed");
    }
    found
}

/// The lines that `command`, run deep in the course, prints.
fn lines(course: &Course, mut command: Command) -> Vec<String> {
    let output = command
        .current_dir(course.path("exercises/01-adder/src"))
        .env_remove("BASH_ENV")
        .env("HOME", course.root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().map(str::to_owned).collect()
}

#[track_caller]
fn assert_offered(shell: &str, line: &str, offered: &str, wanted: &[&str], unwanted: &[&str]) {
    let words: Vec<&str> = offered.split_whitespace().collect();
    for word in wanted {
        assert!(words.contains(word), "{shell}: `{line}` offers {offered}");
    }
    for word in unwanted {
        assert!(!words.contains(word), "{shell}: `{line}` offers {offered}");
    }
}

/// Runs `helper` of `tests/completions` on all cases, and `cargo ` after them.
fn by_helper(shell: &str, options: &[&str], helper: &str) {
    if !installed(shell) {
        return;
    }
    let course = Course::new();
    let mut command = Command::new(shell);
    command
        .args(options)
        .arg(
            PathBuf::from(env!("CARGO_MANIFEST_DIR"))
                .join("tests/completions")
                .join(helper),
        )
        .arg(script(&course, shell))
        .args(CASES.iter().map(|(line, ..)| line))
        .arg("cargo ");
    let lines = lines(&course, command);
    assert_eq!(lines.len(), CASES.len() + 1, "{lines:#?}");
    for ((line, wanted, unwanted), offered) in CASES.iter().zip(&lines) {
        assert_offered(shell, line, offered, wanted, unwanted);
    }
    assert_offered(
        shell,
        "cargo ",
        &lines[CASES.len()],
        &["asked-_cargo"],
        &["check"],
    );
}

#[test]
fn bash_completes_and_leaves_the_rest_to_what_was_there() {
    by_helper("bash", &["--norc", "--noprofile"], "bash.sh");
}

#[test]
fn zsh_completes_and_leaves_the_rest_to_what_was_there() {
    by_helper("zsh", &["-f"], "zsh.zsh");
}

#[test]
fn fish_completes_and_leaves_the_rest_to_what_was_there() {
    if !installed("fish") {
        return;
    }
    let course = Course::new();
    let script = script(&course, "fish");
    let offered = |line: &str| {
        let mut command = Command::new("fish");
        command
            .args(["--no-config", "-c"])
            .arg("complete -c cargo -n __fish_use_subcommand -f -a asked-fish; source $argv[1]; complete -C $argv[2]")
            .args([script.as_os_str(), line.as_ref()]);
        let lines = lines(&course, command);
        let names: Vec<&str> = (lines.iter())
            .filter_map(|line| line.split('\t').next())
            .collect();
        names.join(" ")
    };
    for (line, wanted, unwanted) in CASES {
        assert_offered("fish", line, &offered(line), wanted, unwanted);
    }
    assert_offered(
        "fish",
        "cargo ",
        &offered("cargo "),
        &["asked-fish"],
        &["check"],
    );
}

#[test]
fn powershell_completes_and_answers_only_for_xtask() {
    if !installed("pwsh") {
        return;
    }
    let course = Course::new();
    let script = script(&course, "powershell");
    let offered = |line: &str| {
        let mut command = Command::new("pwsh");
        let words = format!(
            ". '{}'; (TabExpansion2 '{line}' {}).CompletionMatches.CompletionText",
            script.display(),
            line.len()
        );
        command.args(["-NoProfile", "-Command", &words]);
        lines(&course, command).join(" ")
    };
    for (line, wanted, unwanted) in CASES {
        assert_offered("pwsh", line, &offered(line), wanted, unwanted);
    }
    assert_offered(
        "pwsh",
        "cargo bui",
        &offered("cargo bui"),
        &[],
        &["check", "xtask"],
    );
}

#[test]
fn a_shell_that_is_not_known_is_a_wrong_usage() {
    let course = Course::new();
    course
        .run("completions ksh")
        .exits(2)
        .says("SHELL is one of bash, zsh, fish, powershell, not `ksh`");
    course.run("completions").exits(2).says("needs a SHELL");
}

/// A command that is added is completed, because all scripts come from one list.
#[test]
fn every_script_names_every_command() {
    let course = Course::new();
    let help = course.run("help").stdout;
    let commands = help
        .lines()
        .skip_while(|line| !line.starts_with("FOR LEARNERS"))
        .take_while(|line| !line.starts_with("OPTIONS"))
        .filter_map(|line| line.strip_prefix("    ")?.split(' ').next())
        .filter(|name| !name.is_empty());
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let script = course.run(&format!("completions {shell}")).stdout;
        for command in commands.clone() {
            assert!(script.contains(command), "{shell}: {command}");
        }
    }
}
