//! `cargo xtask new`: a lesson in all its places, from the files in `templates`.

use std::fs;
use std::path::PathBuf;

use wt_grader::files::{read_course_file, replace};
use wt_grader::{Course, GradeError};

use super::course;
use crate::exit::{Exit, PASSED};
use crate::given::Given;
use crate::spec::{Group, Spec, Words};
use crate::terminal::Terminal;

pub(crate) const SPEC: Spec = Spec {
    name: "new",
    group: Group::Instructor,
    words: Words::One("NN-IDEA"),
    summary: "begin a lesson: exercise, solution, example and chapter",
    about: "\
Makes exercises/NN-idea, solutions/NN-idea, examples/NN-idea and the chapter
book/src/NN-idea.md, and puts the chapter into the book's summary. It compiles
at once. `cargo xtask verify NN` then names each line that is to be written, and
what is missing: known mistakes, another right solution, objectives.

Nothing that is there is overwritten. If something goes wrong, nothing is left.",
    options: &[],
    examples: &[("new 12-cancel-tokens", "begin lesson 12")],
    run,
};

/// Where a file goes below the course, with `@FOLDER@` in it, and its text.
macro_rules! templates {
    ($($path:literal from $file:literal,)*) => {
        &[$(($path, include_str!(concat!("../../templates/lesson/", $file)))),*]
    };
}

const TEMPLATES: &[(&str, &str)] = templates! {
    "exercises/@FOLDER@/Cargo.toml" from "exercise/Cargo.toml",
    "exercises/@FOLDER@/lesson.toml" from "exercise/lesson.toml",
    "exercises/@FOLDER@/README.md" from "exercise/README.md",
    "exercises/@FOLDER@/HINTS.md" from "exercise/HINTS.md",
    "exercises/@FOLDER@/src/lib.rs" from "exercise/src/lib.rs",
    "exercises/@FOLDER@/tests/visible.rs" from "exercise/tests/visible.rs",
    "solutions/@FOLDER@/Cargo.toml" from "solution/Cargo.toml",
    "solutions/@FOLDER@/NOTES.md" from "solution/NOTES.md",
    "solutions/@FOLDER@/src/lib.rs" from "solution/src/lib.rs",
    "solutions/@FOLDER@/starter/lib.rs" from "exercise/src/lib.rs",
    "solutions/@FOLDER@/hidden/checks.rs" from "solution/hidden/checks.rs",
    "examples/@FOLDER@/Cargo.toml" from "example/Cargo.toml",
    "examples/@FOLDER@/src/main.rs" from "example/src/main.rs",
    "examples/@FOLDER@/tests/output.rs" from "example/tests/output.rs",
    "examples/@FOLDER@/tests/snapshots/output__stdout.snap"
        from "example/tests/snapshots/output__stdout.snap",
    "book/src/@FOLDER@.md" from "chapter.md",
};

/// What appears as a whole, in this order.
const PLACES: [&str; 4] = [
    "solutions/@FOLDER@",
    "examples/@FOLDER@",
    "book/src/@FOLDER@.md",
    "exercises/@FOLDER@",
];

fn run(given: &Given, terminal: Terminal) -> Result<Exit, GradeError> {
    let course = course()?;
    course.needs_solutions("new")?;
    let name = Name::parse(given.word().unwrap_or_default()).map_err(GradeError::Usage)?;
    name.check_free(&course)?;
    let part = (course.lessons.iter())
        .rfind(|lesson| lesson.number < name.number)
        .map_or(1, |lesson| lesson.part);
    let draft = Draft::new(&course)?;
    for (path, text) in TEMPLATES {
        let text = name.filled(text).replace("@PART@", &part.to_string());
        draft.write(&name.filled(path), &text)?;
    }
    draft.publish(&name)?;
    let mut out = format!("{:02} {}: begun\n\n", name.number, name.idea);
    for place in PLACES {
        out.push_str(&format!("made   {}\n", name.filled(place)));
    }
    if course.root.join(Course::SUMMARY).is_file() {
        out.push_str(&format!("added  {}\n", Course::SUMMARY));
    }
    out.push_str(&format!(
        "\nnext   cargo xtask verify {:02} names what is to be written, line by line\n",
        name.number
    ));
    terminal.print(&out);
    Ok(PASSED)
}

/// A lesson's name in its parts.
struct Name {
    folder: String,
    number: u32,
    idea: String,
}

impl Name {
    /// Reads `12-cancel-tokens`.
    fn parse(folder: &str) -> Result<Self, String> {
        let like = "a lesson is named like `12-cancel-tokens`";
        let (digits, idea) = folder
            .split_once('-')
            .ok_or_else(|| format!("`{folder}` has no number and idea; {like}"))?;
        let number: u32 = match digits.parse() {
            Ok(number @ 1..) if digits.bytes().all(|digit| digit.is_ascii_digit()) => number,
            _ => return Err(format!("`{digits}` is no number from 1; {like}")),
        };
        if digits != format!("{number:02}") {
            return Err(format!(
                "write the number in two digits: `{number:02}-{idea}`"
            ));
        }
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if !idea.chars().all(plain) {
            return Err(format!(
                "`{idea}` has other characters than a to z, 0 to 9 and `-`; {like}"
            ));
        }
        if !idea.starts_with(|c: char| c.is_ascii_lowercase())
            || idea.ends_with('-')
            || idea.contains("--")
        {
            return Err(format!(
                "`{idea}` must begin with a letter and have single `-` between its words; {like}"
            ));
        }
        if RESERVED.contains(&idea) || idea.starts_with("wt-") {
            return Err(format!("a library cannot be called `{idea}`; {like}"));
        }
        Ok(Self {
            folder: folder.to_owned(),
            number,
            idea: idea.to_owned(),
        })
    }

    /// An error if the number, the name or a file of it is there already.
    fn check_free(&self, course: &Course) -> Result<(), GradeError> {
        let taken = |why: String| Err(GradeError::Usage(format!("{why}; nothing was changed")));
        for lesson in &course.lessons {
            if lesson.number == self.number {
                let next = course.lessons.last().map_or(1, |last| last.number + 1);
                return taken(format!(
                    "number {:02} is taken by `{}`, and {next:02} is free",
                    self.number, lesson.folder
                ));
            }
            if lesson.idea == self.idea || lesson.id == self.idea {
                return taken(format!("`{}` has this name already", lesson.folder));
            }
        }
        for place in PLACES {
            let path = self.filled(place);
            if fs::symlink_metadata(course.root.join(&path)).is_ok() {
                return taken(format!("`{path}` is there already"));
            }
        }
        Ok(())
    }

    /// A template with this lesson's names in it.
    fn filled(&self, template: &str) -> String {
        template
            .replace("@FOLDER@", &self.folder)
            .replace("@NUMBER@", &format!("{:02}", self.number))
            .replace("@IDEA@", &self.idea)
            .replace("@CRATE@", &self.idea.replace('-', "_"))
            .replace("@TITLE@", &self.title())
    }

    /// `Cancel tokens`
    fn title(&self) -> String {
        let words = self.idea.replace('-', " ");
        let first = words[..1].to_uppercase();
        format!("{first}{}", &words[1..])
    }
}

/// Words of Rust that no library can have as its name, and libraries of Rust.
const RESERVED: &[&str] = &[
    "alloc", "as", "async", "await", "box", "break", "const", "continue", "core", "crate", "do",
    "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in",
    "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref",
    "return", "self", "static", "std", "struct", "super", "test", "trait", "true", "try", "type",
    "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// A lesson that is being made, in a folder beside its places, so that each part
/// can be moved there as a whole. Nothing is left of one that is not published.
struct Draft<'a> {
    course: &'a Course,
    folder: PathBuf,
}

impl<'a> Draft<'a> {
    fn new(course: &'a Course) -> Result<Self, GradeError> {
        let folder = course
            .root
            .join(format!(".new-lesson-{}", std::process::id()));
        fs::create_dir(&folder).map_err(|error| GradeError::io("create", &folder, &error))?;
        Ok(Self { course, folder })
    }

    fn write(&self, path: &str, text: &str) -> Result<(), GradeError> {
        let path = self.folder.join(path);
        let parent = path.parent().unwrap_or(&self.folder);
        fs::create_dir_all(parent)
            .and_then(|()| fs::write(&path, text))
            .map_err(|error| GradeError::io("write", &path, &error))
    }

    /// Moves everything to its place, or nothing.
    fn publish(self, name: &Name) -> Result<(), GradeError> {
        let mut moved = Vec::new();
        let published = self.move_all(name, &mut moved);
        if published.is_err() {
            for path in moved {
                let _ = fs::remove_dir_all(&path).or_else(|_| fs::remove_file(&path));
            }
        }
        published
    }

    fn move_all(&self, name: &Name, moved: &mut Vec<PathBuf>) -> Result<(), GradeError> {
        let root = &self.course.root;
        for place in PLACES {
            let place = name.filled(place);
            let to = root.join(&place);
            let parent = to.parent().unwrap_or(root);
            fs::create_dir_all(parent).map_err(|error| GradeError::io("create", parent, &error))?;
            if fs::symlink_metadata(&to).is_ok() {
                return Err(GradeError::Usage(format!("`{place}` is there already")));
            }
            fs::rename(self.folder.join(&place), &to)
                .map_err(|error| GradeError::io("write", &to, &error))?;
            moved.push(to);
        }
        let path = root.join(Course::SUMMARY);
        if path.is_file() {
            let summary = with_chapter(&read_course_file(&path)?, name);
            replace(&path, &summary)?;
        }
        Ok(())
    }
}

impl Drop for Draft<'_> {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The summary with a line for the lesson, behind the last lower number.
fn with_chapter(summary: &str, name: &Name) -> String {
    let line = format!(
        "- [{:02} {}]({}.md)",
        name.number,
        name.title(),
        name.folder
    );
    let mut lines: Vec<&str> = summary.lines().collect();
    let numbers = (lines.iter().enumerate()).filter_map(|(n, line)| {
        let number = line.strip_prefix("- [")?.split(' ').next()?;
        Some((n, number.parse::<u32>().ok()?))
    });
    let (mut after, mut first) = (None, None);
    for (n, number) in numbers {
        first = first.or(Some(n));
        if number < name.number {
            after = Some(n + 1);
        }
    }
    lines.insert(after.or(first).unwrap_or(lines.len()), &line);
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use wt_grader::files::sorted_entries;

    use super::*;

    fn problem(name: &str) -> String {
        Name::parse(name).err().unwrap_or_default()
    }

    #[test]
    fn a_bad_name_is_told_what_is_wrong_with_it() {
        assert!(problem("cancel").starts_with("`cancel` has no number"));
        assert!(problem("x2-cancel").starts_with("`x2` is no number"));
        assert!(problem("00-cancel").starts_with("`00` is no number"));
        assert_eq!(
            problem("5-cancel"),
            "write the number in two digits: `05-cancel`"
        );
        assert!(problem("05-Cancel").starts_with("`Cancel` has other characters"));
        assert!(problem("05-a/../b").starts_with("`a/../b` has other characters"));
        assert!(problem("05-2d").starts_with("`2d` must begin with a letter"));
        assert!(problem("05-a--b").starts_with("`a--b` must begin"));
        assert!(problem("05-").starts_with("`` must begin"));
        assert!(problem("05-move").starts_with("a library cannot be called `move`"));
        assert!(problem("05-wt-check").starts_with("a library cannot be called"));
        assert_eq!(problem("05-move-it"), "");
        assert_eq!(problem("123-x"), "");
    }

    #[test]
    fn a_chapter_goes_behind_the_last_lower_number() {
        let name = Name::parse("04-key-by-key").unwrap();
        let summary = "# Summary\n\n# A\n\n- [03 X](03-x.md)\n\n# B\n\n- [06 Y](06-y.md)\n";
        assert_eq!(
            with_chapter(summary, &name),
            "# Summary\n\n# A\n\n- [03 X](03-x.md)\n- [04 Key by key](04-key-by-key.md)\n\n# B\n\n- [06 Y](06-y.md)\n"
        );
        let first = Name::parse("02-w").unwrap();
        assert!(with_chapter(summary, &first).contains("- [02 W](02-w.md)\n- [03 X]"));
        assert_eq!(
            with_chapter("# Summary\n", &first),
            "# Summary\n- [02 W](02-w.md)\n"
        );
    }

    /// Every file of the templates is used.
    #[test]
    fn no_template_is_left_out() {
        fn count(folder: &Path) -> usize {
            let entries = sorted_entries(folder).unwrap();
            let counts = entries
                .iter()
                .map(|path| if path.is_dir() { count(path) } else { 1 });
            counts.sum()
        }
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/lesson");
        // The starter is there twice.
        assert_eq!(TEMPLATES.len(), count(&folder) + 1);
    }
}
