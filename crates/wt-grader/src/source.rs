//! A learner's code, read once into memory.
//!
//! Only files named `*.rs` below `src` are taken, as bytes, and nothing is
//! followed: no build script, no cargo configuration, no link and no device can
//! come along.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::error::GradeError;

/// The most bytes one file may have.
pub const FILE_LIMIT: u64 = 256 * 1024;
/// The most files one solution may have.
pub const FILE_COUNT: usize = 32;

/// The sources of one library, `lib.rs` first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceSet {
    /// Paths relative to `src`, with their text.
    pub files: Vec<(PathBuf, String)>,
}

/// Why a source was not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// The file, as the learner knows it.
    pub file: PathBuf,
    /// What is wrong with it and what to do, as one clause.
    pub why: String,
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.file.display(), self.why)
    }
}

impl SourceSet {
    /// Reads every `*.rs` below `src`.
    ///
    /// # Errors
    ///
    /// [`Rejected`] names the file and says what is wrong with it.
    pub fn read(src: &Path) -> Result<Self, Rejected> {
        if std::fs::symlink_metadata(src).is_ok_and(|found| !found.is_dir()) {
            return Err(reject(src, "is not a folder".into()));
        }
        let mut files = vec![(PathBuf::from("lib.rs"), read_file(&src.join("lib.rs"))?)];
        let mut folders = vec![PathBuf::new()];
        while let Some(folder) = folders.pop() {
            for (path, is_folder) in list(&src.join(&folder))? {
                let inner = folder.join(path.file_name().unwrap_or_default());
                if is_folder {
                    folders.push(inner);
                } else if inner != Path::new("lib.rs") {
                    let text = read_file(&path)?;
                    files.push((inner, text));
                }
                if files.len() > FILE_COUNT {
                    return Err(reject(src, format!("has more than {FILE_COUNT} files")));
                }
            }
        }
        files[1..].sort();
        Ok(Self { files })
    }

    /// One file as a whole library: a known-bad solution, or a starter.
    ///
    /// # Errors
    ///
    /// [`Rejected`], as for [`read`](Self::read).
    pub fn single(file: &Path) -> Result<Self, Rejected> {
        Ok(Self {
            files: vec![(PathBuf::from("lib.rs"), read_file(file)?)],
        })
    }

    /// The text of `lib.rs`.
    #[must_use]
    pub fn root(&self) -> &str {
        &self.files[0].1
    }

    /// Writes the files below `folder`.
    ///
    /// # Errors
    ///
    /// [`GradeError::Fault`] with the path, as on a full disk.
    pub fn write(&self, folder: &Path) -> Result<(), GradeError> {
        for (path, text) in &self.files {
            let path = folder.join(path);
            let parent = path.parent().unwrap_or(folder);
            std::fs::create_dir_all(parent)
                .map_err(|error| GradeError::io("create", parent, &error))?;
            std::fs::write(&path, text).map_err(|error| GradeError::io("write", &path, &error))?;
        }
        Ok(())
    }

    /// The file and line where `item`, such as `Queue::push`, is defined, as far
    /// as the words tell: the first `fn push` after an `impl` that names `Queue`,
    /// or else the first `fn push`.
    #[must_use]
    pub fn line_of(&self, item: &str) -> Option<(&Path, u32)> {
        let (owner, name) = item
            .rsplit_once("::")
            .map_or(("", item), |(owner, name)| (owner, name));
        let name = name.trim_end_matches("()");
        let find = |owner: &str| {
            self.files.iter().find_map(|(path, text)| {
                let line = find_item(text, owner, name)?;
                Some((path.as_path(), line))
            })
        };
        find(owner).or_else(|| find(""))
    }
}

impl SourceSet {
    /// The function that a line is in, such as `Queue::push`, as far as the words and
    /// the indentation tell.
    #[must_use]
    pub fn item_at(&self, file: &Path, line: u32) -> Option<String> {
        let (_, text) = self.files.iter().find(|(path, _)| path == file)?;
        let lines: Vec<&str> = text.lines().take(line as usize).collect();
        let indent = |line: &str| line.len() - line.trim_start().len();
        let (last, above) = lines.split_last()?;
        let name_of = |line: &str| {
            let mut words = words(line.trim_start())
                .skip_while(|word| *word != "fn")
                .skip(1);
            (!line.trim_start().starts_with("//")).then(|| words.next().map(str::to_owned))?
        };
        let (name, margin) = match name_of(last) {
            Some(name) => (name, indent(last)),
            None => {
                let inside = |line: &&&str| indent(line) < indent(last) && name_of(line).is_some();
                let function = above.iter().rfind(inside)?;
                (name_of(function)?, indent(function))
            }
        };
        let holds = |line: &&&str| indent(line) < margin && line.trim_start().starts_with("impl");
        let owner = above.iter().rfind(holds).and_then(|line| owner_of(line));
        Some(owner.map_or_else(|| name.clone(), |owner| format!("{owner}::{name}")))
    }
}

/// `Queue` of `impl<T> fmt::Debug for Queue<T> {`.
fn owner_of(header: &str) -> Option<&str> {
    let header = header.split(" where ").next()?;
    let of = match header.split_once(" for ") {
        Some((_, of)) => of,
        None => {
            let rest = header.trim_start().strip_prefix("impl")?;
            let mut depth = 0_usize;
            let end = rest.find(|c| {
                match c {
                    '<' => depth += 1,
                    '>' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                depth == 0 && c.is_whitespace()
            });
            &rest[end?..]
        }
    };
    let path = of.trim_start().split(['<', ' ', '{']).next()?;
    path.rsplit("::").next().filter(|name| !name.is_empty())
}

fn find_item(text: &str, owner: &str, name: &str) -> Option<u32> {
    let mut inside = owner.is_empty();
    for (n, line) in text.lines().enumerate() {
        let code = line.trim_start();
        if code.starts_with("impl") {
            inside = owner.is_empty() || words(code).any(|word| word == owner);
        }
        let mut before = "";
        for word in words(code) {
            let defines = ["fn", "struct", "enum", "trait", "const", "type"].contains(&before);
            if inside && word == name && defines && !code.starts_with("//") {
                return u32::try_from(n + 1).ok();
            }
            before = word;
        }
    }
    None
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
}

/// The folders and `*.rs` files in `folder`.
fn list(folder: &Path) -> Result<Vec<(PathBuf, bool)>, Rejected> {
    let entries = std::fs::read_dir(folder)
        .map_err(|error| reject(folder, format!("cannot be listed: {error}")))?;
    let mut found = Vec::new();
    for entry in entries.flatten() {
        let path = entry.path();
        // Editors put their own files beside the one that is edited: Emacs a link
        // `.#lib.rs`, others a backup.
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let kind = entry
            .file_type()
            .map_err(|error| reject(&path, format!("cannot be read: {error}")))?;
        if kind.is_dir() || path.extension().is_some_and(|extension| extension == "rs") {
            found.push((path, kind.is_dir()));
        }
    }
    Ok(found)
}

fn read_file(path: &Path) -> Result<String, Rejected> {
    let no = |why: String| reject(path, why);
    let kind = std::fs::symlink_metadata(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            no("is missing; `cargo xtask reset` brings the starter back".into())
        }
        _ => no(format!("cannot be read: {error}")),
    })?;
    if !kind.is_file() {
        return Err(no("is not a regular file".into()));
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(FILE_LIMIT + 1).read_to_end(&mut bytes))
        .map_err(|error| no(format!("cannot be read: {error}")))?;
    accept(path, bytes)
}

/// The text of a source file; `path` is only told.
///
/// # Errors
///
/// [`Rejected`] if it is too long, no UTF-8, empty, or has a NUL.
pub fn accept(path: &Path, bytes: Vec<u8>) -> Result<String, Rejected> {
    let no = |why: String| reject(path, why);
    if bytes.len() as u64 > FILE_LIMIT {
        return Err(no(format!("is larger than {} KiB", FILE_LIMIT / 1024)));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..at]
            .iter()
            .filter(|&&byte| byte == b'\n')
            .count()
            + 1;
        no(format!("is not UTF-8: byte {at}, on line {line}"))
    })?;
    if let Some(at) = text.find('\0') {
        return Err(no(format!("has a NUL character at byte {at}")));
    }
    if text.trim_start_matches('\u{feff}').trim().is_empty() {
        return Err(no(
            "is empty; `cargo xtask reset` brings the starter back".into()
        ));
    }
    Ok(text)
}

fn reject(file: &Path, why: String) -> Rejected {
    Rejected {
        file: file.to_owned(),
        why,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> SourceSet {
        SourceSet {
            files: vec![("lib.rs".into(), text.into())],
        }
    }

    #[test]
    fn an_item_is_found_in_the_impl_of_its_owner() {
        let source =
            of("impl A {\n    fn push() {}\n}\nimpl<T> Queue<T> {\n    pub fn push(&self) {}\n}\n");
        assert_eq!(
            source.line_of("Queue::push"),
            Some((Path::new("lib.rs"), 5))
        );
        assert_eq!(source.line_of("push"), Some((Path::new("lib.rs"), 2)));
        assert_eq!(source.line_of("Queue::pop"), None);
    }

    #[test]
    fn a_line_is_in_the_function_around_it() {
        let source = of(
            "use a;\nimpl<T: Fn(u8)> Queue<T> {\n    /// Like fn x.\n    pub fn push(&self) {\n        \
            loop {\n            wait();\n        }\n    }\n}\n\nimpl<T> fmt::Debug for a::Pool<T> {\n    \
            fn drop(&mut self)\n    where\n        T: B,\n    {\n        c();\n    }\n}\n\nfn free() {\n    d();\n}\n",
        );
        let at = |line| source.item_at(Path::new("lib.rs"), line);
        assert_eq!(at(6).as_deref(), Some("Queue::push"));
        assert_eq!(at(4).as_deref(), Some("Queue::push"));
        assert_eq!(at(16).as_deref(), Some("Pool::drop"));
        assert_eq!(at(21).as_deref(), Some("free"));
        assert_eq!(at(1), None);
        assert_eq!(at(99).as_deref(), None);
        assert_eq!(source.item_at(Path::new("other.rs"), 1), None);
    }

    #[test]
    fn a_comment_defines_nothing() {
        assert_eq!(
            of("// fn push\nfn push() {}\n").line_of("push"),
            Some((Path::new("lib.rs"), 2))
        );
    }
}
