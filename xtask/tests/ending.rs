//! How a checked process may end, and that no ending but the honest one passes.

mod course;

use course::{Course, RIGHT_ADDER, Ran, adder_that};

/// Runs the adder that does this when there is nothing to add; the other two
/// properties hold. Nothing of the solution or of the hidden checks is shown.
#[track_caller]
fn checked(body: &str) -> Ran {
    let course = Course::new();
    course.solve(adder_that(body));
    let ran = course.run("check 01");
    ran.exits(1)
        .says("2 of 3 properties hold")
        .keeps_quiet_about("solutions/")
        .keeps_quiet_about("checks.rs");
    ran
}

#[test]
fn a_right_solution_passes_and_the_next_lesson_is_named() {
    let course = Course::new();
    course.solve(RIGHT_ADDER);
    let ran = course.run("check 01");
    ran.exits(0);
    let expected = "\
01 adder: done (3 of 3 properties hold)
  pass          the sum is right
  pass          no numbers sum to 0
  pass          every thread is joined

read   how we did it, and why: cargo xtask solution 01
next   02 adding-aloud (10 minutes): exercises/02-adding-aloud/README.md
";
    assert_eq!(ran.stdout, expected, "{}", ran.text());
}

#[test]
fn a_wrong_answer_is_told_with_place_and_question() {
    let ran = checked("return 1;");
    let expected = "\
01 adder: not yet (2 of 3 properties hold)
  pass          the sum is right
  wrong         no numbers sum to 0
  pass          every thread is joined

what   nothing_sums_to_zero: the sum of no numbers is 1, not 0
where  exercises/01-adder/src/lib.rs:4, `total`
next   with no numbers the sum is 1. What should a sum begin with?   more: cargo xtask hint 01
";
    assert_eq!(ran.stdout, expected, "{}", ran.text());
}

#[test]
fn a_wrong_value_on_random_input_is_told_with_the_seed() {
    let course = Course::new();
    course.solve("pub fn total(_: Vec<u64>, _: usize) -> u64 { 0 }");
    course
        .run("check 01")
        .exits(1)
        .says("wrong         the sum is right")
        .says("the_sum_is_right: the sum is wrong")
        .says("< yours   > expected")
        .says("(seed ");
}

#[test]
fn verbose_explains_every_property_that_does_not_hold() {
    let course = Course::new();
    course.solve("pub fn total(_: Vec<u64>, _: usize) -> u64 { 1 }");
    course
        .run("check 01")
        .exits(1)
        .says("what   the_sum_is_right")
        .keeps_quiet_about("what   nothing");
    course
        .run("check 01 -v")
        .exits(1)
        .says("what   the_sum_is_right")
        .says("what   nothing_sums_to_zero");
}

#[test]
fn a_panic_is_told_with_its_line() {
    checked("let empty: [u64; 0] = []; let first = empty.iter().next().unwrap(); return *first;")
        .says("panicked      no numbers sum to 0")
        .says("called `Option::unwrap()` on a `None` value")
        .says("where  exercises/01-adder/src/lib.rs:6, `total`");
}

#[test]
fn a_panic_without_a_text_is_a_panic() {
    checked("std::panic::panic_any(7_u8)").says("panicked      no numbers sum to 0");
}

#[test]
fn exit_code_zero_is_no_pass() {
    checked("std::process::exit(0)")
        .says("ended early   no numbers sum to 0")
        .says("the process ended with code 0 before the check was over");
}

#[test]
fn a_panic_hook_that_exits_is_no_pass() {
    checked("std::panic::set_hook(Box::new(|_| std::process::exit(0))); panic!(\"now\")")
        .says("ended early   no numbers sum to 0");
}

/// The hook is called by the check's own failing assertion.
#[test]
fn a_panic_hook_that_exits_does_not_hide_a_wrong_answer() {
    checked("std::panic::set_hook(Box::new(|_| std::process::exit(0))); return 1;")
        .says("ended early   no numbers sum to 0");
}

#[test]
fn the_words_of_a_passing_test_are_no_pass() {
    checked(
        "println!(\"test total ... ok\\n\\ntest result: ok. 1 passed; 0 failed\");
         std::process::exit(0)",
    )
    .says("ended early   no numbers sum to 0")
    .says("output test total ... ok");
}

#[test]
fn the_lines_of_a_transcript_on_stdout_are_no_pass() {
    checked(
        "print!(\"wt-check\\t1\\nverdict\\tpass\\t\\t\\t0\\ndone\\t2\\n\");
         use std::io::Write; std::io::stdout().flush().unwrap();
         std::process::exit(0)",
    )
    .says("ended early   no numbers sum to 0");
}

#[test]
fn the_lines_of_a_transcript_do_not_outweigh_a_wrong_answer() {
    checked("println!(\"verdict\\tpass\\t\\t\\t0\\ndone\\t2\"); return 1;")
        .says("wrong         no numbers sum to 0");
}

/// Writes `text` into every descriptor that can be opened by its name.
fn write_everywhere(text: &str) -> String {
    format!(
        "for fd in 3..64 {{
             use std::io::Write;
             let name = format!(\"/proc/self/fd/{{fd}}\");
             let file = std::fs::File::options().append(true).open(name);
             if let Ok(mut file) = file {{ let _ = file.write_all({text:?}.as_bytes()); }}
         }}"
    )
}

#[test]
fn a_transcript_that_was_tampered_with_is_no_pass() {
    let course = Course::new();
    course.solve(adder_that(&(write_everywhere("nonsense\n") + "return 1;")));
    course
        .run("check 01")
        .exits(1)
        .says("2 of 3 properties hold")
        .keeps_quiet_about("pass          no numbers");
}

/// The verdict alone is not enough where the answer is compared outside.
#[test]
fn a_forged_verdict_does_not_stand_in_for_an_answer() {
    let course = Course::new();
    let forged = write_everywhere("verdict\tpass\t\t\t0\ndone\t2\n");
    course.solve(format!(
        "pub fn total(_: Vec<u64>, _: usize) -> u64 {{ {forged} std::process::exit(0) }}"
    ));
    course
        .run("check 01")
        .exits(1)
        .keeps_quiet_about("pass          the sum is right");
}

#[test]
fn a_forged_verdict_in_the_private_pipe_is_no_pass() {
    checked(&(write_everywhere("verdict\tpass\t\t\t0\ndone\t2\n") + "std::process::exit(0)"));
}

#[test]
fn an_abort_is_a_crash_with_the_signals_name() {
    checked("std::process::abort()")
        .says("crashed       no numbers sum to 0")
        .says("the process aborted (SIGABRT)");
}

#[test]
fn a_stack_overflow_is_named() {
    checked(
        "fn deeper(n: u64) -> u64 {
             let room = [n; 512];
             deeper(n + 1) + std::hint::black_box(room)[3]
         }
         return deeper(0);",
    )
    .says("crashed       no numbers sum to 0")
    .says("stack overflow: thread 'check'");
}

#[test]
fn a_stack_overflow_on_a_worker_names_the_worker() {
    checked(
        "fn deeper(n: u64) -> u64 {
             let room = [n; 512];
             deeper(n + 1) + std::hint::black_box(room)[3]
         }
         let worker = std::thread::Builder::new().name(\"digger\".into()).spawn(|| deeper(0));
         return worker.unwrap().join().unwrap();",
    )
    .says("stack overflow: thread 'digger'");
}

#[test]
fn a_panic_on_a_worker_that_is_swallowed_is_told_beside_the_fact() {
    checked(
        "let worker = std::thread::Builder::new().name(\"adding\".into());
         let _ = worker.spawn(|| panic!(\"too few numbers\")).unwrap().join();
         return 1;",
    )
    .says("wrong         no numbers sum to 0")
    .says("what   nothing_sums_to_zero: the sum of no numbers is 1, not 0")
    .says("also   thread `adding` panicked at exercises/01-adder/src/lib.rs:7: too few numbers");
}

#[test]
fn a_panic_in_drop_is_a_panic() {
    checked(
        "struct Bomb;
         impl Drop for Bomb { fn drop(&mut self) { panic!(\"dropped\") } }
         let _bomb = Bomb;",
    )
    .says("panicked      no numbers sum to 0")
    .says("dropped")
    .says("src/lib.rs:7");
}

#[test]
fn a_panic_in_drop_during_a_panic_is_a_crash() {
    checked(
        "struct Bomb;
         impl Drop for Bomb { fn drop(&mut self) { panic!(\"dropped\") } }
         let _bomb = Bomb;
         panic!(\"first\")",
    )
    .says("crashed       no numbers sum to 0")
    .says("a `drop` panicked while another panic was unwinding")
    .says("first");
}

/// The payload is dropped when somebody has looked at it.
#[test]
fn a_panic_whose_payload_panics_is_a_panic() {
    checked(
        "struct Bomb;
         impl Drop for Bomb { fn drop(&mut self) { panic!(\"dropped\") } }
         std::panic::panic_any(Bomb)",
    )
    .says("panicked      no numbers sum to 0");
}

#[test]
fn a_thread_that_is_left_behind_is_told() {
    let course = Course::new();
    course.solve(
        "pub fn total(numbers: Vec<u64>, _: usize) -> u64 {
             let idle = std::thread::Builder::new().name(\"idle\".into());
             idle.spawn(|| loop { std::thread::park() }).unwrap();
             numbers.iter().sum()
         }",
    );
    course
        .run("check 01")
        .exits(1)
        .says("pass          the sum is right")
        .says("wrong         every thread is joined")
        .says("threads were left behind: idle");
}

/// What a destructor of the check's thread does, or a handler at the exit, comes
/// after the verdict.
#[test]
fn what_runs_after_the_check_does_not_count() {
    let course = Course::new();
    course.solve(adder_that(
        "struct Late;
         impl Drop for Late { fn drop(&mut self) { std::process::exit(7) } }
         thread_local!(static LATE: Late = const { Late });
         LATE.with(|_| ());
         std::thread::spawn(|| loop { std::thread::park() });",
    ));
    course.run("check 01").exits(0);
}

#[test]
fn a_programs_own_child_does_not_outlive_the_check() {
    let course = Course::new();
    let mark = format!("{}.25", 1_000_000 + std::process::id());
    course.solve(adder_that(&format!(
        "std::process::Command::new(\"sleep\").arg(\"{mark}\").spawn().unwrap(); return 1;"
    )));
    course.program("check 01").run().exits(1);
    course::wait_for("the end of the child", || !is_sleeping(&mark));
}

#[test]
fn a_child_in_a_session_of_its_own_does_not_outlive_the_check_either() {
    let mark = format!("{}.75", 1_000_000 + std::process::id());
    // Two of them: one that holds the check's output open, and one whose parent is
    // gone while the check still runs.
    let script = format!("setsid sleep {mark} & setsid sh -c 'sleep {mark} & wait' & exit");
    let start =
        format!("std::process::Command::new(\"sh\").args([\"-c\", {script:?}]).status().unwrap();");
    for body in [
        "return 1;",
        "std::process::exit(0)",
        "loop { std::thread::park() }",
    ] {
        checked(&format!("{start} {body}"));
        // No waiting here: when the verdict comes they have ended.
        assert!(!is_sleeping(&mark), "a child lives on after `{body}`");
    }
}

fn is_sleeping(mark: &str) -> bool {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter_map(|process| std::fs::read_to_string(process.path().join("cmdline")).ok())
        .any(|line| line.contains(mark) && line.contains("sleep"))
}

#[test]
fn stdin_is_empty_and_nobody_waits_for_it() {
    checked(
        "let mut line = String::new();
         return std::io::stdin().read_line(&mut line).unwrap() as u64 + 1;",
    )
    .says("the sum of no numbers is 1, not 0");
}

#[test]
fn the_code_cannot_tell_by_arguments_or_environment_which_check_runs() {
    let course = Course::new();
    course.solve(adder_that(
        "let words: Vec<String> = std::env::args().chain(std::env::vars().map(|v| v.1)).collect();
         println!(\"<{}>\", words.join(\" \")); return 1;",
    ));
    let ran = course.run("check 01");
    ran.exits(1);
    let shown = ran
        .stdout
        .split_once("output <")
        .and_then(|(_, rest)| rest.split_once('>'));
    let (shown, _) = shown.unwrap_or_else(|| panic!("{}", ran.text()));
    assert!(!shown.contains("nothing_sums_to_zero"), "{shown}");
}

#[test]
fn escape_sequences_of_a_program_are_shown_and_not_obeyed() {
    checked(
        "println!(\"a\\u{1b}[2Jb\\u{7}c\\r\\u{202e}d\");
         std::thread::Builder::new().name(\"e\\u{1b}[1m\".into())
             .spawn(|| panic!(\"f\\u{1b}]0;g\\u{2066}\")).unwrap().join().ok();
         panic!(\"h\\u{1b}[31m\")",
    )
    .says("output a\\u{1b}[2Jb\\u{7}c\\u{d}\\u{202e}d")
    .says("f\\u{1b}]0;g\\u{2066}")
    .says("h\\u{1b}[31m")
    .keeps_quiet_about("\u{1b}")
    .keeps_quiet_about("\u{7}")
    .keeps_quiet_about("\u{202e}")
    .keeps_quiet_about("\u{2066}");
}

#[test]
fn bytes_that_are_not_text_are_shown_as_well_as_they_can_be() {
    checked(
        "use std::io::Write; std::io::stdout().write_all(b\"a\\xff\\0b\\n\").unwrap(); return 1;",
    )
    .says("output a\u{fffd}\\u{0}b");
}

#[test]
fn a_check_that_the_program_does_not_have_is_the_graders_fault() {
    let course = Course::new();
    course.solve(RIGHT_ADDER);
    course.edit(
        "exercises/01-adder/lesson.toml",
        "no_thread_is_left",
        "no_thread_is_lost",
    );
    course
        .run("check 01")
        .exits(3)
        .says("grader fault  every thread is joined")
        .says("names a check that `hidden/checks.rs` does not have");
}

#[test]
fn an_oracle_that_panics_is_the_graders_fault() {
    let course = Course::new();
    course.solve(RIGHT_ADDER);
    let oracle = "observe(\"the sum\", numbers().iter().sum::<u64>());";
    course.edit(
        "solutions/01-adder/hidden/checks.rs",
        oracle,
        "panic!(\"no oracle today\");",
    );
    course
        .run("check 01")
        .exits(3)
        .says("grader fault  the sum is right")
        .says("oracle did not answer");
}

#[test]
fn an_oracle_that_says_nothing_is_the_graders_fault() {
    let course = Course::new();
    course.solve(RIGHT_ADDER);
    let oracle = "observe(\"the sum\", numbers().iter().sum::<u64>());";
    course.edit("solutions/01-adder/hidden/checks.rs", oracle, "numbers();");
    course
        .run("check 01")
        .exits(3)
        .says("grader fault  the sum is right");
}

#[test]
fn hidden_checks_that_do_not_compile_are_the_graders_fault() {
    let course = Course::new();
    course.solve(RIGHT_ADDER);
    course.edit(
        "solutions/01-adder/hidden/checks.rs",
        "Vec::new()",
        "Vec::fresh()",
    );
    course.run("check 01").exits(3);
}

#[test]
fn missing_hidden_checks_are_the_graders_fault() {
    let course = Course::new();
    course.solve(RIGHT_ADDER);
    course.remove("solutions/01-adder/hidden/checks.rs");
    course.run("check 01").exits(3);
}

#[test]
fn a_snapshot_that_differs_is_wrong_and_nothing_is_written() {
    let course = Course::new();
    course.write("exercises/02-adding-aloud/src/lib.rs", LOUD);
    let before = course.files();
    course
        .run("check 02")
        .exits(1)
        .says("wrong         the words are those of the brief")
        .says("<1 plus 2 = 3")
        .says(">1 + 2 = 3");
    assert!(course.files() == before, "a file has changed");
}

#[test]
fn instas_own_variables_do_not_make_a_snapshot_pass() {
    let course = Course::new();
    course.write("exercises/02-adding-aloud/src/lib.rs", LOUD);
    let before = course.files();
    for (name, value) in [
        ("INSTA_UPDATE", "always"),
        ("INSTA_UPDATE", "new"),
        ("INSTA_FORCE_PASS", "1"),
        ("INSTA_FORCE_UPDATE_SNAPSHOTS", "1"),
        ("INSTA_FORCE_UPDATE", "1"),
    ] {
        let ran = course.program("check 02").env(name, value).run();
        ran.exits(1)
            .says("wrong         the words are those of the brief");
        assert!(
            course.files() == before,
            "{name}={value}: a file has changed"
        );
    }
}

const LOUD: &str =
    "pub fn sum_in_words(a: u32, b: u32) -> String { format!(\"{a} plus {b} = {}\", a + b) }";
