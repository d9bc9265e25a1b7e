//! The words of `--help`.

use wt_grader::GradeError;

use crate::arguments::COMMANDS;
use crate::exit::{Exit, PASSED};
use crate::terminal::Terminal;

const ALL: &str = "\
cargo xtask: learn worker threads, one exercise at a time

USAGE
    cargo xtask [COMMAND] [OPTIONS]

FOR LEARNERS
    check [LESSON]      check your solution; without a lesson, the first that does not pass
    list                all lessons, with their minutes
    example LESSON      run the lesson's example
    hint LESSON         a hint: first a question, then a term, then the shape
    reset LESSON        bring the starter back; your file is copied first

FOR INSTRUCTORS
    verify [LESSON...]  prove that starters fail, solutions pass and known mistakes are caught

OPTIONS
    --color WHEN        auto, always or never
    -h, --help          this text, or that of a command
    -V, --version       the version

A LESSON is a number, a name or a part of a name: 3, 03, bounded-queue, bounded.

EXIT CODES
    0  everything that was asked for holds
    1  your code fails (or, for verify, the course does)
    2  the command line asks for something that does not exist
    3  the grader itself broke; your code is not to blame
    130  stopped by Ctrl-C
";

const CHECK: &str = "\
cargo xtask check [LESSON]: check your solution of an exercise

Compiles exercises/NN-name/src as it is on disk and runs each hidden check in a
process of its own. Says which properties hold, and for the first that does not:
what happened, where to look, and a question that helps.

USAGE
    cargo xtask check 03          one lesson
    cargo xtask check             lesson after lesson, up to the first that does not pass
    cargo xtask check --all       every lesson

OPTIONS
    -v, --verbose       explain every property that does not hold
        --all           do not stop at the first lesson that does not pass

A check that hangs ends by itself: it names each thread, what it waits for and
the line. What a check may use: 10 s, 512 MiB of live memory, 8 MiB of output,
1024 threads.
";

const LIST: &str = "\
cargo xtask list: all lessons of the course

Each with its number, name, track, minutes and title, and the sums per track.
";

const EXAMPLE: &str = "\
cargo xtask example LESSON: run the example of a lesson

The program is examples/NN-name/src/main.rs. Its header says what you will see
and what to change.

USAGE
    cargo xtask example 03
";

const HINT: &str = "\
cargo xtask hint LESSON: a hint for an exercise

There are three: a question, the term to look up, and the shape of the answer.
None of them is the code.

USAGE
    cargo xtask hint 03             the first hint
    cargo xtask hint 03 --level 2   the first and the second
";

const RESET: &str = "\
cargo xtask reset LESSON: bring the starter of an exercise back

Copies exercises/NN-name/src to exercises/NN-name/backup/N first and says so.
This is the only command that writes to your files.

USAGE
    cargo xtask reset 03
";

const VERIFY: &str = "\
cargo xtask verify [LESSON...]: prove that the course holds together

For each lesson: its files, ids and links are complete; the starter builds
without warnings and fails; the solution and each file in `also` pass; each file
in `bad` fails exactly the checks that its first line names, with those words
and the stored text; at least one of them passes the visible test.

USAGE
    cargo xtask verify              every lesson
    cargo xtask verify 03 08        two lessons
    cargo xtask verify 03 --bless   accept new verdict texts and a changed starter
    cargo xtask verify 03 --snapshots
                                    let the solution write new snapshots, to be
                                    looked at with `cargo insta review`
    cargo xtask verify 03 --runs 200
                                    run every check of every source 200 times;
                                    all runs must agree

OPTIONS
    -j, --jobs N        how many solutions are graded at once (default: the cores)
        --runs N        how often the checks of each source are run (default: 1)
";

/// Prints the help of a command, or of all.
pub(crate) fn run(topic: Option<&str>, terminal: Terminal) -> Result<Exit, GradeError> {
    let text = match topic {
        None | Some("help") => ALL,
        Some("check") => CHECK,
        Some("list") => LIST,
        Some("example") => EXAMPLE,
        Some("hint") => HINT,
        Some("reset") => RESET,
        Some("verify") => VERIFY,
        Some(other) => {
            let commands = COMMANDS.join(", ");
            return Err(GradeError::Usage(format!(
                "there is no command `{other}`; there are {commands}"
            )));
        }
    };
    terminal.print(text);
    Ok(PASSED)
}
