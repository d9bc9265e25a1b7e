//! A lesson's hidden files in one file, for a course that has no solutions.
//!
//! ```text
//! wt-pack 1
//! What this is, in words.
//!
//! base64 of the files
//! checksum 00c0ffee00c0ffee
//! ```
//!
//! The form keeps people from reading the files by accident, and from finding
//! them with a search. It is no encryption. Before the first use the files are
//! written to the work folder, to a place named for the checksum.

use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::course::Course;
use crate::error::GradeError;
use crate::files::{read_course_file, sorted_entries};
use crate::lesson::Lesson;

/// The folder of the packs, in the root of a course that has them.
pub const FOLDER: &str = "hidden";

const FIRST_LINE: &str = "wt-pack 1";
/// Characters on a line of base64.
const WIDTH: usize = 76;

/// Files with paths below a lesson's solution, such as `hidden/checks.rs`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pack {
    files: Vec<(String, Vec<u8>)>,
}

impl Pack {
    /// Adds a file, or all files of a folder.
    ///
    /// # Errors
    ///
    /// [`GradeError::Course`] if one cannot be read.
    pub fn add(&mut self, name: &str, path: &Path) -> Result<(), GradeError> {
        if path.is_dir() {
            for entry in sorted_entries(path)? {
                let own = entry.file_name().unwrap_or_default().to_string_lossy();
                self.add(&format!("{name}/{own}"), &entry)?;
            }
            return Ok(());
        }
        let bytes = fs::read(path).map_err(|error| {
            GradeError::Course(format!("cannot read `{}`: {error}", path.display()))
        })?;
        self.add_bytes(name, bytes);
        Ok(())
    }

    /// Adds a file that is on no disk.
    pub fn add_bytes(&mut self, name: &str, bytes: Vec<u8>) {
        self.files.push((name.to_owned(), bytes));
    }

    /// The text of the file for the lesson in `folder`.
    #[must_use]
    pub fn text(&self, folder: &str) -> String {
        let body = self.body();
        let mut text = format!(
            "{FIRST_LINE}\n\
             The hidden checks of {folder}, for `cargo xtask check`. They are packed so that\n\
             nobody reads them by accident; this is no encryption.\n\n"
        );
        let encoded = base64(&body);
        for line in encoded.as_bytes().chunks(WIDTH) {
            text.extend(line.iter().map(|byte| char::from(*byte)));
            text.push('\n');
        }
        text.push_str(&format!("checksum {:016x}\n", checksum(&body)));
        text
    }

    /// Reads what [`text`](Self::text) gave.
    ///
    /// # Errors
    ///
    /// What is wrong with it, as one clause.
    pub fn parse(text: &str) -> Result<Self, String> {
        let damaged = || String::from("is damaged");
        if text.lines().next() != Some(FIRST_LINE) {
            return Err(format!("does not begin with `{FIRST_LINE}`"));
        }
        let text = text.replace('\r', "");
        let (_, rest) = text.split_once("\n\n").ok_or_else(damaged)?;
        let (encoded, sum) = rest.split_once("checksum ").ok_or_else(damaged)?;
        let body = from_base64(encoded).ok_or_else(damaged)?;
        if sum.trim() != format!("{:016x}", checksum(&body)) {
            return Err(damaged());
        }
        Self::from_body(&body).ok_or_else(damaged)
    }

    /// For each file its path and its length on a line, then its bytes.
    fn body(&self) -> Vec<u8> {
        let mut body = Vec::new();
        for (name, bytes) in &self.files {
            body.extend(format!("{name} {}\n", bytes.len()).bytes());
            body.extend(bytes);
        }
        body
    }

    fn from_body(mut body: &[u8]) -> Option<Self> {
        let mut pack = Self::default();
        while !body.is_empty() {
            let end = body.iter().position(|byte| *byte == b'\n')?;
            let head = std::str::from_utf8(&body[..end]).ok()?;
            let (name, length) = head.rsplit_once(' ')?;
            let (bytes, rest) = body[end + 1..].split_at_checked(length.parse().ok()?)?;
            // What comes from a file stays in its folder.
            let plain = |part: Component<'_>| matches!(part, Component::Normal(_));
            if !Path::new(name).components().all(plain) {
                return None;
            }
            pack.add_bytes(name, bytes.to_owned());
            body = rest;
        }
        Some(pack)
    }

    /// Writes the files below `work`, unless they are there, and returns their
    /// folder. Two that do so at once are both right.
    fn unpack(&self, lesson: &str, work: &Path) -> Result<PathBuf, GradeError> {
        let all = work.join("unpacked");
        let folder = all.join(format!("{lesson}-{:016x}", checksum(&self.body())));
        if folder.is_dir() {
            return Ok(folder);
        }
        let fresh = all.join(format!(".{lesson}-{}", std::process::id()));
        let written = self.write(&fresh);
        let moved = written.and_then(|()| match fs::rename(&fresh, &folder) {
            Err(_) if folder.is_dir() => Ok(()),
            moved => moved.map_err(|error| GradeError::io("write", &folder, &error)),
        });
        let _ = fs::remove_dir_all(&fresh);
        moved.map(|()| folder)
    }

    fn write(&self, folder: &Path) -> Result<(), GradeError> {
        for (name, bytes) in &self.files {
            let path = folder.join(name);
            let parent = path.parent().unwrap_or(folder);
            fs::create_dir_all(parent).map_err(|error| GradeError::io("create", parent, &error))?;
            fs::write(&path, bytes).map_err(|error| GradeError::io("write", &path, &error))?;
        }
        Ok(())
    }
}

/// The pack of a lesson, relative to the course.
#[must_use]
pub fn path(lesson: &Lesson) -> PathBuf {
    Path::new(FOLDER).join(format!("{}.pack", lesson.folder))
}

/// Unpacks the hidden files of `lesson` if its course has them in a pack, and
/// returns their folder.
///
/// # Errors
///
/// [`GradeError`] if the pack is damaged, or the disk is full or read-only.
pub(crate) fn open(course: &Course, lesson: &Lesson) -> Result<Option<PathBuf>, GradeError> {
    let path = path(lesson);
    let file = course.root.join(&path);
    if lesson.solution().is_dir() || !file.is_file() {
        return Ok(None);
    }
    let pack = Pack::parse(&read_course_file(&file)?).map_err(|why| {
        GradeError::Course(format!(
            "`{}` {why}; take it again from where you have the course from",
            path.display()
        ))
    })?;
    pack.unpack(&lesson.folder, &course.work_folder()).map(Some)
}

/// FNV-1a, whose value never changes with the compiler.
fn checksum(bytes: &[u8]) -> u64 {
    let step = |sum: u64, byte: &u8| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let at = |n: usize| u32::from(chunk.get(n).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for n in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * n)) as usize & 63];
            text.push(if n <= chunk.len() { digit.into() } else { '=' });
        }
    }
    text
}

/// The bytes; white space between the digits is skipped.
fn from_base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0);
    let digits = text.bytes().filter(|byte| !byte.is_ascii_whitespace());
    for digit in digits.take_while(|digit| *digit != b'=') {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pack() -> Pack {
        let mut pack = Pack::default();
        pack.add_bytes("hidden/checks.rs", b"fn main() {}\n".to_vec());
        pack.add_bytes("hidden/bytes and a space", (0..=255).collect());
        pack.add_bytes("times", Vec::new());
        pack
    }

    #[test]
    fn base64_is_that_of_the_rfc() {
        for (plain, encoded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(plain.as_bytes()), encoded);
            assert_eq!(from_base64(encoded), Some(plain.into()));
        }
    }

    #[test]
    fn a_pack_comes_back_whole_and_shows_nothing() {
        let text = pack().text("03-queue");
        assert_eq!(Pack::parse(&text), Ok(pack()));
        assert!(!text.contains("main") && !text.contains("checks.rs"));
        // As a checkout on Windows may have it.
        assert_eq!(Pack::parse(&text.replace('\n', "\r\n")), Ok(pack()));
    }

    #[test]
    fn a_damaged_pack_is_found() {
        let text = pack().text("03-queue");
        for damaged in [
            &text[..text.len() / 2],
            &text.replacen("aGlk", "aGlj", 1),
            &text.replace("checksum ", "checksum f"),
        ] {
            assert_eq!(Pack::parse(damaged), Err("is damaged".into()), "{damaged}");
        }
        let other = Pack::parse("something else").unwrap_err();
        assert_eq!(other, "does not begin with `wt-pack 1`");
    }

    #[test]
    fn a_file_of_a_pack_stays_in_its_folder() {
        for name in ["../up", "/etc/passwd", "a/../../up"] {
            let mut pack = Pack::default();
            pack.add_bytes(name, Vec::new());
            assert!(Pack::parse(&pack.text("03")).is_err(), "{name}");
        }
    }
}
