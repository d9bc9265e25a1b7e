//! A stranger's files, by bytes.
//!
//! Every file is opened with `openat2` below the class folder, so that no link, no device
//! and no `..` leads anywhere else. Nothing but `*.rs` of plain names is taken. A file that
//! would make cargo run code is a reason to reject the submission.

use std::ffi::{CString, OsStr};
use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Dir, FileType, Mode, OFlags, ResolveFlags, fstat, open, openat2};
use rustix::io::Errno;
use wt_grader::source::{FILE_COUNT, FILE_LIMIT, Rejected, SourceSet, accept};
use wt_grader::{GradeError, Lesson};

use crate::digest::Sum;
use crate::layout::Submission;

/// Names beside `src` that cargo or rustup would act on.
const FORBIDDEN: [&str; 4] = [
    "build.rs",
    ".cargo",
    "rust-toolchain",
    "rust-toolchain.toml",
];
/// The most entries of a folder that are looked at.
const ENTRIES: usize = 4096;
/// The most folders inside each other below `src`.
const DEPTH: usize = 4;

/// The class folder, open.
#[derive(Debug)]
pub struct ClassFolder {
    root: OwnedFd,
}

impl ClassFolder {
    /// Opens it.
    ///
    /// # Errors
    ///
    /// [`GradeError::Usage`] with the system's reason.
    pub fn open(folder: &Path) -> Result<Self, GradeError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = open(folder, flags, Mode::empty()).map_err(|error| {
            GradeError::Usage(format!("cannot open `{}`: {error}", folder.display()))
        })?;
        Ok(Self { root })
    }

    /// The sources of a submission.
    ///
    /// # Errors
    ///
    /// [`Rejected`] names the file and says what is wrong with it.
    pub fn read(&self, submission: &Submission, lesson: &Lesson) -> Result<SourceSet, Rejected> {
        let top = PathBuf::from(&submission.entry);
        if self.kind(&top)? == FileType::RegularFile {
            let text = self.text(&top, Path::new("lib.rs"))?;
            return Ok(SourceSet {
                files: vec![("lib.rs".into(), text)],
            });
        }
        self.find(&top, lesson)
    }

    /// The sources in a folder: the exercise's own place in a clone of the course, `src`, or
    /// the folder itself; or those in the one folder that is in it.
    fn find(&self, top: &Path, lesson: &Lesson) -> Result<SourceSet, Rejected> {
        let exercise = Path::new("exercises").join(&lesson.folder);
        let places = [exercise.as_path(), Path::new(&lesson.folder), Path::new("")];
        let mut bases: Vec<PathBuf> = places.map(Path::to_owned).to_vec();
        if let Some(inner) = self.only_folder(top)? {
            bases.extend(places.iter().map(|place| Path::new(&inner).join(place)));
        }
        for base in bases {
            let base = top.join(base);
            for src in ["src", ""] {
                let src = base.join(src);
                if self.exists(&src.join("lib.rs"))? {
                    self.refuse_what_cargo_runs(&base, top)?;
                    return self.read_src(&src, top);
                }
            }
        }
        self.only_source(top)
    }

    /// A single file of any name, as some upload forms have it.
    fn only_source(&self, top: &Path) -> Result<SourceSet, Rejected> {
        let mut sources = Vec::new();
        for (name, _) in self.list(top)? {
            if Path::new(OsStr::from_bytes(name.as_bytes())).extension() == Some(OsStr::new("rs")) {
                sources.push(name);
            }
        }
        match sources.as_slice() {
            [one] => {
                let path = top.join(OsStr::from_bytes(one.as_bytes()));
                self.refuse_what_cargo_runs(top, top)?;
                plain_name(&path, top)?;
                let text = self.text(&path, Path::new("lib.rs"))?;
                Ok(SourceSet {
                    files: vec![("lib.rs".into(), text)],
                })
            }
            _ => Err(no(Path::new("src/lib.rs"), "is missing")),
        }
    }

    /// Every `*.rs` below `src`.
    fn read_src(&self, src: &Path, top: &Path) -> Result<SourceSet, Rejected> {
        let lib = self.text(&src.join("lib.rs"), Path::new("src/lib.rs"))?;
        let mut files = vec![(PathBuf::from("lib.rs"), lib)];
        let mut folders = vec![PathBuf::new()];
        while let Some(folder) = folders.pop() {
            for (name, kind) in self.list(&src.join(&folder))? {
                let inner = folder.join(OsStr::from_bytes(name.as_bytes()));
                let is_source = inner.extension() == Some(OsStr::new("rs"));
                let is_lib = inner == Path::new("lib.rs");
                if name.as_bytes().starts_with(b".") || is_lib {
                    continue;
                }
                let path = src.join(&inner);
                if kind == FileType::Directory {
                    if inner.components().count() > DEPTH {
                        return Err(no(
                            &relative(&path, top),
                            "is a folder too deep inside others",
                        ));
                    }
                    folders.push(inner);
                } else if is_source {
                    plain_name(&path, top)?;
                    let text = self.text(&path, &relative(&path, top))?;
                    files.push((inner, text));
                }
                if files.len() > FILE_COUNT {
                    let why = format!("has more than {FILE_COUNT} files");
                    return Err(no(Path::new("src"), &why));
                }
            }
        }
        files[1..].sort();
        Ok(SourceSet { files })
    }

    fn refuse_what_cargo_runs(&self, base: &Path, top: &Path) -> Result<(), Rejected> {
        for name in FORBIDDEN {
            let path = base.join(name);
            if self.exists(&path)? {
                let why = "is no part of the exercise: cargo would run or obey it";
                return Err(no(&relative(&path, top), why));
            }
        }
        Ok(())
    }

    /// The name of the one folder in `top`, if it has no file beside it.
    fn only_folder(&self, top: &Path) -> Result<Option<PathBuf>, Rejected> {
        let mut entries = self.list(top)?;
        entries.retain(|(name, _)| !name.as_bytes().starts_with(b"."));
        Ok(match entries.as_slice() {
            [(name, FileType::Directory)] if name.as_bytes() != b"src" => {
                Some(OsStr::from_bytes(name.as_bytes()).into())
            }
            _ => None,
        })
    }

    fn reach(&self, path: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
        let mut flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        if !flags.contains(OFlags::PATH) {
            // A pipe without a writer must not make us wait.
            flags |= OFlags::NONBLOCK | OFlags::NOCTTY;
        }
        let inside =
            ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        openat2(&self.root, path, flags, Mode::empty(), inside)
    }

    fn kind(&self, path: &Path) -> Result<FileType, Rejected> {
        let opened = self.reach(path, OFlags::PATH);
        let stat = opened
            .and_then(fstat)
            .map_err(|error| refused(path, error))?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Symlink => Err(refused(path, Errno::LOOP)),
            kind => Ok(kind),
        }
    }

    fn exists(&self, path: &Path) -> Result<bool, Rejected> {
        match self.reach(path, OFlags::PATH) {
            Ok(_) => Ok(true),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(false),
            Err(error) => Err(refused(&relative_to_first(path), error)),
        }
    }

    fn list(&self, folder: &Path) -> Result<Vec<(CString, FileType)>, Rejected> {
        let told = relative_to_first(folder);
        let opened = self.reach(folder, OFlags::RDONLY | OFlags::DIRECTORY);
        let entries = opened
            .and_then(Dir::new)
            .map_err(|error| refused(&told, error))?;
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| refused(&told, error))?;
            let name = entry.file_name().to_owned();
            if name.as_bytes() != b"." && name.as_bytes() != b".." {
                found.push((name, entry.file_type()));
            }
            if found.len() > ENTRIES {
                return Err(no(&told, &format!("has more than {ENTRIES} entries")));
            }
        }
        found.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(found)
    }

    /// The text of a regular file, which is called `told` in what is said of it.
    fn text(&self, path: &Path, told: &Path) -> Result<String, Rejected> {
        let file = self
            .reach(path, OFlags::RDONLY)
            .map_err(|error| refused(told, error))?;
        let stat = fstat(&file).map_err(|error| refused(told, error))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(no(told, "is not a regular file"));
        }
        let mut bytes = Vec::new();
        File::from(file)
            .take(FILE_LIMIT + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| no(told, &format!("cannot be read: {error}")))?;
        accept(told, bytes)
    }
}

/// SHA-256 over the names and bytes of all files, in hexadecimal.
#[must_use]
pub fn fingerprint(source: &SourceSet) -> String {
    let mut sum = Sum::default();
    for (path, text) in &source.files {
        sum.part(path.as_os_str().as_bytes());
        sum.part(text.as_bytes());
    }
    sum.hex()
}

/// Only names that are a Rust module's: others are options to rustc, or trouble for whoever
/// reads a report.
fn plain_name(path: &Path, top: &Path) -> Result<(), Rejected> {
    let is_plain = |part: &OsStr| {
        let part = part
            .as_bytes()
            .strip_suffix(b".rs")
            .unwrap_or(part.as_bytes());
        let begins = part
            .first()
            .is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
        begins
            && part
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
    };
    let inner = relative(path, top);
    match inner.iter().all(is_plain) {
        true => Ok(()),
        false => Err(no(&inner, "has a file name that is no module's")),
    }
}

fn relative(path: &Path, top: &Path) -> PathBuf {
    path.strip_prefix(top).unwrap_or(path).to_owned()
}

/// Without the submission's own name.
fn relative_to_first(path: &Path) -> PathBuf {
    let inner: PathBuf = path.iter().skip(1).collect();
    match inner.as_os_str().is_empty() {
        true => PathBuf::from("the submission"),
        false => inner,
    }
}

fn refused(path: &Path, error: Errno) -> Rejected {
    match error {
        Errno::LOOP | Errno::XDEV => no(path, "is a symbolic link"),
        Errno::NOENT => no(path, "is missing"),
        Errno::NOTDIR => no(path, "is not a folder"),
        Errno::NXIO => no(path, "is not a regular file"),
        other => no(path, &format!("cannot be read: {other}")),
    }
}

fn no(file: &Path, why: &str) -> Rejected {
    Rejected {
        file: file.to_owned(),
        why: why.to_owned(),
    }
}
