//! The kit: the libraries that every lesson links, built once by cargo.
//!
//! An editor that runs cargo never makes a check wait: the kit is in folders that only
//! the grader uses. Whether it is fresh is decided by the content of its sources, in a
//! millisecond; cargo is asked only when they changed.
//!
//! The kit that `check` uses is built along with the command line itself, by the same
//! call of cargo (the feature `kit` of the package xtask): so neither core is idle while
//! the other one is at the last crates of the command line. What was built is copied, for
//! the next call of cargo may build some of it anew, and all of a kit must be of one piece.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::course::Course;
use crate::error::GradeError;
use crate::files::{hash_file, hash_tree, read_course_file, replace, sorted_entries};
use crate::process;
use crate::replay::code::hash;
use crate::toolchain::Toolchain;

/// The crates whose sources make up the kit.
const CRATES: [&str; 3] = ["wt-sync", "wt-core", "wt-check"];

/// How the façade `wt-sync` is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Facade {
    /// Watched: a deadlock is found and explained. What `check` uses.
    Record,
    /// Plain re-exports of std and crossbeam-channel.
    Plain,
    /// On shuttle's scheduler, which is compiled for it: only once all other checks
    /// pass.
    Explore,
}

impl Facade {
    /// The profile of the workspace in which the kit is built.
    fn profile(self) -> &'static str {
        match self {
            // That of the command line.
            Self::Record => "xtask",
            Self::Plain => "kit",
            // A scheduler that is fast enough to try thousands of schedules.
            Self::Explore => "explore",
        }
    }

    /// The packages and features that cargo builds.
    fn packages(self) -> &'static [&'static str] {
        match self {
            Self::Record => &["--package", "xtask", "--features", "xtask/kit"],
            Self::Plain => &[],
            Self::Explore => &["--features", "wt-check/explore"],
        }
    }
}

/// The built kit.
#[derive(Debug, Clone)]
pub struct Kit {
    /// Where the compiled libraries are.
    folder: PathBuf,
    facade: Facade,
    /// Changes with the kit's sources and the compiler.
    pub stamp: u64,
}

impl Kit {
    /// Builds the kit unless the built one is fresh. `announce` is called first
    /// when there is something to build.
    ///
    /// Blocks for the build: some seconds the first time.
    ///
    /// # Errors
    ///
    /// [`GradeError::Fault`] if cargo cannot be started or the kit does not build.
    pub fn prepare(
        course: &Course,
        toolchain: &Toolchain,
        facade: Facade,
        announce: impl FnOnce(),
    ) -> Result<Self, GradeError> {
        let kit = Self::of(course, toolchain, facade)?;
        if kit.is_fresh() {
            return Ok(kit);
        }
        announce();
        kit.build(course, toolchain)?;
        match facade {
            Facade::Record => kit.keep(&course.target().join(facade.profile()))?,
            Facade::Plain | Facade::Explore => {
                replace(&kit.stamp_file(), &kit.stamp.to_string())?;
            }
        }
        Ok(kit)
    }

    /// The kit of `course`, whether it is built or not.
    ///
    /// # Errors
    ///
    /// [`GradeError::Course`] if its sources cannot be read.
    pub fn of(course: &Course, toolchain: &Toolchain, facade: Facade) -> Result<Self, GradeError> {
        let work = course.work_folder();
        let stamp = stamp(&course.kit_root, toolchain)?;
        Ok(Self {
            folder: match facade {
                Facade::Record => work.join("kit").join(format!("{stamp:016x}")),
                Facade::Plain => work.join("kit-plain").join(facade.profile()),
                Facade::Explore => work.join("kit-explore").join(facade.profile()),
            },
            facade,
            stamp,
        })
    }

    /// Whether it is built from the sources and with the compiler of now.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        let is_stamped = match self.facade {
            // The folder has the stamp for its name.
            Facade::Record => true,
            Facade::Plain | Facade::Explore => std::fs::read_to_string(self.stamp_file())
                .is_ok_and(|text| text == self.stamp.to_string()),
        };
        is_stamped && self.core().is_file() && self.check().is_file()
    }

    /// The folder with all that is linked.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.folder.clone()
    }

    /// The folder below which all kits of this kind are.
    fn parent(&self) -> &Path {
        self.folder.parent().unwrap_or(&self.folder)
    }

    /// Has the stamp of what was built last.
    fn stamp_file(&self) -> PathBuf {
        self.parent().join("stamp")
    }

    /// How rustc has to translate the checked code. What runs under thousands of
    /// schedules is optimised a little; whatever panics otherwise still does. The
    /// checks are not: rustc would need four times as long, to save a tenth of a second.
    #[must_use]
    pub fn codegen(&self) -> &'static [&'static str] {
        match self.facade {
            Facade::Record | Facade::Plain => &[],
            Facade::Explore => &[
                "-Copt-level=1",
                "-Cdebug-assertions=yes",
                "-Coverflow-checks=yes",
            ],
        }
    }

    /// The library `wt_core`.
    #[must_use]
    pub fn core(&self) -> PathBuf {
        self.folder.join("libwt_core.rlib")
    }

    /// The library `wt_check`.
    #[must_use]
    pub fn check(&self) -> PathBuf {
        self.folder.join("libwt_check.rlib")
    }

    /// Where rustc finds what those two depend on.
    #[must_use]
    pub fn dependencies(&self) -> PathBuf {
        self.folder.join("deps")
    }

    /// Copies the libraries that cargo has built in `built`. The folder is there as a whole
    /// or not at all; older ones go.
    fn keep(&self, built: &Path) -> Result<(), GradeError> {
        let parent = self.parent();
        let fresh = parent.join(format!("new-{}", std::process::id()));
        let copied = copy_libraries(built, &fresh)
            .and_then(|()| copy_libraries(&built.join("deps"), &fresh.join("deps")));
        copied.map_err(|error| {
            let _ = std::fs::remove_dir_all(&fresh);
            GradeError::io("copy the kit to", &fresh, &error)
        })?;
        let mut kept = std::fs::rename(&fresh, &self.folder);
        if kept.is_err() && !self.is_fresh() {
            // In its place is a folder that somebody took something out of.
            let _ = std::fs::remove_dir_all(&self.folder);
            kept = std::fs::rename(&fresh, &self.folder);
        }
        if let Err(error) = kept {
            let _ = std::fs::remove_dir_all(&fresh);
            // Somebody else may have been faster, and theirs is the same.
            if !self.is_fresh() {
                return Err(GradeError::io("create", &self.folder, &error));
            }
        }
        for other in sorted_entries(parent)? {
            if other != self.folder && !is_being_made(&other) {
                // Not worth a failure: it is only old.
                let _ = std::fs::remove_dir_all(&other);
            }
        }
        Ok(())
    }

    fn build(&self, course: &Course, toolchain: &Toolchain) -> Result<(), GradeError> {
        let target = match self.facade {
            Facade::Record => course.target(),
            Facade::Plain | Facade::Explore => self.parent().to_owned(),
        };
        std::fs::create_dir_all(&target)
            .map_err(|error| GradeError::io("create", &target, &error))?;
        let mut command = Command::new(&toolchain.cargo);
        command
            .args([
                "build",
                "--locked",
                "--package",
                "wt-core",
                "--package",
                "wt-check",
            ])
            .args(self.facade.packages())
            .args(["--profile", self.facade.profile(), "--manifest-path"])
            .arg(course.kit_root.join("Cargo.toml"))
            .arg("--target-dir")
            .arg(target);
        // The learner's code is compiled without these, so the kit must be, too.
        for name in [
            "RUSTFLAGS",
            "CARGO_ENCODED_RUSTFLAGS",
            "CARGO_BUILD_TARGET",
            "CARGO_BUILD_RUSTFLAGS",
        ] {
            command.env_remove(name);
        }
        if process::run_visibly(command)? {
            return Ok(());
        }
        Err(GradeError::Fault(String::from(
            "the kit (wt-core and wt-check) does not build; cargo's messages above say why. \
             If it is the network, try again: what was downloaded is kept. If the disk is full, free some space",
        )))
    }
}

/// Whether another process may be about to make the folder.
fn is_being_made(folder: &Path) -> bool {
    const LONG: Duration = Duration::from_secs(600);
    let changed = std::fs::metadata(folder).and_then(|data| data.modified());
    let is_new = folder
        .file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with("new-"));
    is_new && changed.is_ok_and(|time| time.elapsed().is_ok_and(|age| age < LONG))
}

/// Copies what rustc can link, and makes the folder `to`.
fn copy_libraries(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let path = entry.path();
        let extension = path.extension().and_then(|own| own.to_str());
        if matches!(extension, Some("rlib" | "so" | "dylib" | "dll")) {
            std::fs::copy(&path, to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

/// A number for what decides the steps of a schedule, apart from the checked code and
/// the checks: the kit's sources and shuttle's version. The same on every machine.
///
/// # Errors
///
/// [`GradeError::Course`] if the sources cannot be read.
pub fn fingerprint(course: &Course) -> Result<u64, GradeError> {
    let mut texts: Vec<Vec<u8>> = Vec::new();
    let lock = read_course_file(&course.kit_root.join("Cargo.lock"))?;
    let shuttles = lock
        .split("[[package]]")
        .filter(|package| package.contains("name = \"shuttle"));
    texts.extend(shuttles.map(|package| package.as_bytes().to_owned()));
    for name in CRATES {
        collect(
            &course.kit_root.join("crates").join(name).join("src"),
            &mut texts,
        )?;
    }
    Ok(hash(texts.iter().map(Vec::as_slice)))
}

/// The names and bytes of all files below `folder`.
fn collect(folder: &Path, texts: &mut Vec<Vec<u8>>) -> Result<(), GradeError> {
    for path in sorted_entries(folder)? {
        if path.is_dir() {
            collect(&path, texts)?;
            continue;
        }
        let name = path.file_name().unwrap_or_default();
        texts.push(name.as_encoded_bytes().to_owned());
        texts.push(std::fs::read(&path).map_err(|error| GradeError::io("read", &path, &error))?);
    }
    Ok(())
}

fn stamp(root: &Path, toolchain: &Toolchain) -> Result<u64, GradeError> {
    let mut hasher = DefaultHasher::new();
    toolchain.identity().hash(&mut hasher);
    for file in ["Cargo.toml", "Cargo.lock"] {
        hash_file(&root.join(file), &mut hasher)?;
    }
    for name in CRATES {
        let folder = root.join("crates").join(name);
        hash_file(&folder.join("Cargo.toml"), &mut hasher)?;
        hash_tree(&folder.join("src"), &mut hasher)?;
    }
    Ok(hasher.finish())
}
