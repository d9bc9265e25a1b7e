//! Disks that are full or may not be written to: the grader's trouble, told as
//! such, and the learner's work stays whole.

mod course;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use course::{ADDER, Course, RIGHT_ADDER, adder_that, is_root, mounted_apart};

const NOBODY: u32 = 65534;

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn nobody_can_read(path: &Path) -> bool {
    Command::new("cat")
        .arg(path)
        .uid(NOBODY)
        .output()
        .is_ok_and(|output| output.status.success())
}

/// Root may write anywhere, so as root it is run as somebody else.
#[test]
fn a_folder_without_permission_is_told_with_the_way_out() {
    let course = Course::new();
    course.solve(RIGHT_ADDER);
    let folder = course.root().parent().unwrap();
    let program = course.program("check 01").without_env("CARGO_TARGET_DIR");
    let program = if is_root() {
        if !nobody_can_read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml")) {
            eprintln!("skipped: only root can read the repository");
            return;
        }
        set_mode(folder, 0o755);
        let copy = folder.join("xtask");
        fs::copy(env!("CARGO_BIN_EXE_xtask"), &copy).unwrap();
        program.at(copy).by_user(NOBODY)
    } else {
        set_mode(course.root(), 0o555);
        program
    };
    let ran = program.run();
    set_mode(course.root(), 0o755);
    ran.exits(3)
        .says("the grader could not do its work, and your code is not to blame")
        .says("course/target")
        .says("set CARGO_TARGET_DIR to a folder that you can write to")
        .keeps_quiet_about("panicked at");
}

#[test]
fn a_read_only_disk_is_told_with_the_way_out_and_the_way_works() {
    let course = Course::new();
    course.solve(RIGHT_ADDER);
    let root = course.root().display();
    let script = format!("mount --bind {root} {root}; mount -o remount,bind,ro {root}; cd {root}");
    let Some(read_only) = mounted_apart(&script) else {
        return;
    };
    let program = course.program("check 01").without_env("CARGO_TARGET_DIR");
    program
        .through(&read_only)
        .run()
        .exits(3)
        .says("Read-only file system")
        .says("set CARGO_TARGET_DIR to a folder that you can write to");
    course
        .program("check 01")
        .through(&read_only)
        .run()
        .exits(0)
        .says("01 adder: done");
}

#[test]
fn a_target_folder_that_is_a_file_is_told() {
    let course = Course::new();
    course.solve(RIGHT_ADDER);
    course.write("target", "not a folder");
    let ran = course
        .program("check 01")
        .without_env("CARGO_TARGET_DIR")
        .run();
    ran.exits(3)
        .says("course/target")
        .says("set CARGO_TARGET_DIR");
}

/// The course's target folder on a disk of this size, with the kit on another.
fn small_disk(course: &Course, size: &str) -> String {
    let target = course.target().display();
    let kit = Path::new(env!("CARGO_TARGET_TMPDIR")).join("wt/kit");
    let kit = kit.display();
    format!(
        "mount -t tmpfs -o size={size} tmpfs {target}
         mkdir {target}/wt
         ln -s {kit} {target}/wt/kit"
    )
}

/// It may be full at any step: at the first file, in rustc or in the linker.
#[test]
fn a_full_disk_is_never_the_learners_fault() {
    let course = Course::apart().with_kit();
    course.solve(RIGHT_ADDER);
    let mut codes = Vec::new();
    for size in [
        "4k", "16k", "64k", "256k", "1m", "2m", "3m", "4m", "6m", "8m", "12m", "128m",
    ] {
        let Some(disk) = mounted_apart(&small_disk(&course, size)) else {
            return;
        };
        let ran = course.program("check 01").through(disk).run();
        match ran.code {
            Some(0) => ran.says("01 adder: done (3 of 3 properties hold)"),
            _ => ran
                .exits(3)
                .says("disk is full")
                .keeps_quiet_about("did not compile"),
        };
        codes.push(ran.code);
    }
    assert_eq!(
        (codes.first(), codes.last()),
        (Some(&Some(3)), Some(&Some(0))),
        "{codes:?}"
    );
    assert_eq!(course.read(ADDER), RIGHT_ADDER);
}

#[test]
fn a_check_works_again_once_there_is_space() {
    let course = Course::apart().with_kit();
    course.solve(adder_that("return 1;"));
    let filler = course.target().join("filler");
    let filler = filler.display();
    let script = format!(
        "{}
         dd if=/dev/zero of={filler} bs=64k 2>/dev/null || true
         full=0; \"$@\" || full=$?
         echo \"on a full disk: $full\"
         rm {filler}",
        small_disk(&course, "128m")
    );
    let Some(disk) = mounted_apart(&script) else {
        return;
    };
    course
        .program("check 01")
        .through(disk)
        .run()
        .exits(1)
        .says("disk is full")
        .says("on a full disk: 3")
        .says("the sum of no numbers is 1, not 0");
}

#[test]
fn a_full_disk_during_the_build_of_the_kit_is_told() {
    let course = Course::apart().with_kit();
    let script = format!(
        "mount -t tmpfs -o size=256k tmpfs {}",
        course.target().display()
    );
    let Some(disk) = mounted_apart(&script) else {
        return;
    };
    course
        .program("check 01")
        .through(disk)
        .run()
        .exits(3)
        .says("disk is full");
}

/// Whatever the space that is left, there are the old work and an error, or the
/// starter and a whole backup.
#[test]
fn reset_on_a_full_disk_loses_nothing() {
    let course = Course::new();
    let work = "// my work\n".repeat(2000);
    course.solve(&work);
    let (root, lesson) = (course.root().display(), "exercises/01-adder");
    let disk = course.root().with_file_name("disk");
    fs::create_dir(&disk).unwrap();
    let disk = disk.display();
    for left in (0..48).step_by(4) {
        let script = format!(
            "mount -t tmpfs -o size=1m tmpfs {disk}; cp -r {root}/. {disk}; cd {disk}
             head -c {left}k /dev/zero > left
             dd if=/dev/zero of=filler bs=4k 2>/dev/null || true
             rm left
             code=0; \"$@\" || code=$?
             work={root}/{lesson}/src/lib.rs
             starter=solutions/01-adder/starter/lib.rs
             if cmp -s {lesson}/src/lib.rs $work; then echo the work is there; fi
             if cmp -s {lesson}/src/lib.rs $starter; then echo the starter is there; fi
             if cmp -s {lesson}/backup/1/lib.rs $work; then echo the backup is there; fi
             ls -A {lesson}/src
             exit $code"
        );
        let Some(apart) = mounted_apart(&script) else {
            return;
        };
        let ran = course.program("reset 01").through(apart).run();
        match ran.code {
            Some(0) => ran.says("the starter is there").says("the backup is there"),
            _ => ran
                .exits(3)
                .says("the work is there")
                .says("disk is full")
                .keeps_quiet_about(".new"),
        };
    }
}
