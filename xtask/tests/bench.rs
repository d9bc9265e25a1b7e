//! `cargo xtask bench`: what is measured, and what is refused.

mod course;

use course::{Course, RIGHT_ADDER, adder_that};

const WORKLOAD: &str = "\
//! Adds many numbers.

use adder::total;

/// What is done.
pub const WHAT: &str = \"2 workers add 1000 numbers\";

/// The numbers.
pub fn prepare() -> Vec<u64> {
    (0..1000).collect()
}

/// Their sum.
pub fn run(numbers: &Vec<u64>) -> u64 {
    total(numbers.clone(), 2)
}
";

const RIVALS: &str = "
/// One that is there, and one that is not.
pub fn rivals(_: &Vec<u64>) -> Vec<(&'static str, std::process::Command)> {
    vec![
        (\"the true one\", std::process::Command::new(\"true\")),
        (\"the missing one\", std::process::Command::new(\"/nowhere/at/all\")),
    ]
}
";

const NAIVE: &str = "\
//! One thread.

/// The sum of `numbers`.
pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    numbers.iter().sum()
}
";

const BENCH: &str = "solutions/01-adder/bench/bench.rs";
const NAIVE_FILE: &str = "solutions/01-adder/bench/naive.rs";

fn with_workload() -> Course {
    with_workload_in(Course::new())
}

fn with_workload_in(course: Course) -> Course {
    course.write(BENCH, WORKLOAD);
    course.write(NAIVE_FILE, NAIVE);
    course.solve(RIGHT_ADDER);
    course
}

/// Fetches and builds criterion, which takes minutes.
#[test]
#[ignore = "builds criterion: run it with `-- --ignored`"]
fn three_solutions_are_measured_and_drawn() {
    let course = with_workload();
    course.write(BENCH, format!("{WORKLOAD}{RIVALS}"));
    let ran = course.program("bench 01").patiently().run();
    ran.exits(0)
        .says("01 adder: 2 workers add 1000 numbers")
        .says("against the reference")
        .says("naive ")
        .says("yours ")
        .says("1.00 x")
        .says("cores")
        .says("the true one ")
        .says("the missing one: skipped, for it cannot be started");
    let figure = |name| ran.stdout.lines().any(|line| line.starts_with(name));
    assert!(figure("the true one ") && !figure("the missing one"));
    let plot = ran
        .stdout
        .lines()
        .find_map(|line| line.strip_prefix("plot   "));
    let plot = course.path(plot.expect("a line names the plot"));
    let drawn = std::fs::read_to_string(plot).unwrap();
    assert!(drawn.contains("<svg") && drawn.contains("naive"));

    // An answer that is wrong is not measured, even if the checks did not see it.
    course.write(
        NAIVE_FILE,
        NAIVE.replace("iter().sum()", "iter().sum::<u64>() + 1"),
    );
    course
        .program("bench 01")
        .patiently()
        .run()
        .exits(3)
        .says("the answers differ: yours 499500, the reference's 499500, the naive one's 499501");
}

#[test]
fn a_solution_that_does_not_pass_is_not_measured() {
    let course = with_workload();
    course.solve(adder_that("loop { std::thread::park() }"));
    course
        .run("bench 01")
        .exits(1)
        .says("01 adder: not yet; what is measured must pass its checks")
        .says("next   cargo xtask check 01");
}

#[test]
fn a_lesson_without_a_workload_names_those_that_have_one() {
    let course = with_workload();
    course
        .run("bench 02")
        .exits(2)
        .says("`02-adding-aloud` has nothing to measure; these have: 01-adder");
}

#[test]
fn without_a_network_it_says_what_to_do() {
    let course = with_workload().with_kit();
    // A folder for each run, so that nothing is there that was built before.
    let target = course.root().with_file_name("target");
    std::fs::create_dir_all(target.join("wt")).unwrap();
    let kit = course.target().join("wt/kit");
    std::os::unix::fs::symlink(kit, target.join("wt/kit")).unwrap();
    course
        .program("bench 01")
        .env("CARGO_TARGET_DIR", &target)
        .env("CARGO_HOME", course.root().with_file_name("empty"))
        .env("CARGO_NET_OFFLINE", "true")
        .run()
        .exits(3)
        .says("the measurement does not build; cargo's messages above say why")
        .says("type the same again with a network");
}

#[test]
fn verify_builds_the_workload_and_compares_the_answers() {
    let course = with_workload_in(Course::apart());
    course
        .program("verify 01")
        .patiently()
        .run()
        .exits(1)
        .says("holds   01 bench");
    for (file, text, problem) in [
        (
            BENCH,
            WORKLOAD.replace("total(numbers", "totals(numbers"),
            "with the reference `bench/bench.rs` does not build:",
        ),
        (
            BENCH,
            WORKLOAD.replace("WHAT", "OTHER"),
            "with `bench/naive.rs` `bench/bench.rs` does not build:",
        ),
        (
            NAIVE_FILE,
            NAIVE.replace("iter()", "iter().skip(2)"),
            "the answer of `run` is 499500 with the reference and 499499 with `bench/naive.rs`",
        ),
        (
            NAIVE_FILE,
            NAIVE.replace("pub fn", "fn"),
            "with `bench/naive.rs` `bench/bench.rs` does not build:",
        ),
        (NAIVE_FILE, String::new(), "bench/naive.rs is empty"),
    ] {
        course.write(BENCH, WORKLOAD);
        course.write(NAIVE_FILE, NAIVE);
        course.write(file, text);
        course
            .run("verify 01")
            .exits(1)
            .says("BROKEN  01 bench")
            .says(problem);
    }
}
