//! The kit: the libraries that every lesson links, built once by cargo.
//!
//! It lives in a target folder of its own, so an editor that runs cargo never
//! makes a check wait. Whether it is fresh is decided by the content of its
//! sources, in a millisecond; cargo is asked only when they changed.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::course::Course;
use crate::error::GradeError;
use crate::files::{hash_file, hash_tree};
use crate::process;
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
}

/// The built kit.
#[derive(Debug, Clone)]
pub struct Kit {
    /// Where the compiled libraries are.
    folder: PathBuf,
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
        build(course, toolchain, facade, &kit.target())?;
        let stamp_file = kit.stamp_file();
        std::fs::write(&stamp_file, kit.stamp.to_string())
            .map_err(|error| GradeError::io("write", &stamp_file, &error))?;
        Ok(kit)
    }

    /// The kit of `course`, whether it is built or not.
    ///
    /// # Errors
    ///
    /// [`GradeError::Course`] if its sources cannot be read.
    pub fn of(course: &Course, toolchain: &Toolchain, facade: Facade) -> Result<Self, GradeError> {
        let name = match facade {
            Facade::Record => "kit",
            Facade::Plain => "kit-plain",
        };
        Ok(Self {
            folder: course.work_folder().join(name).join("debug"),
            stamp: stamp(&course.kit_root, toolchain)?,
        })
    }

    /// Whether it is built from the sources and with the compiler of now.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        std::fs::read_to_string(self.stamp_file()).is_ok_and(|text| text == self.stamp.to_string())
            && self.core().is_file()
            && self.check().is_file()
    }

    /// What cargo is told to use as its target folder.
    fn target(&self) -> PathBuf {
        self.folder.parent().unwrap_or(&self.folder).to_owned()
    }

    fn stamp_file(&self) -> PathBuf {
        self.target().join("stamp")
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
}

fn build(
    course: &Course,
    toolchain: &Toolchain,
    facade: Facade,
    target: &Path,
) -> Result<(), GradeError> {
    std::fs::create_dir_all(target).map_err(|error| GradeError::io("create", target, &error))?;
    let mut command = Command::new(&toolchain.cargo);
    command
        .args([
            "build",
            "--locked",
            "--package",
            "wt-core",
            "--package",
            "wt-check",
            "--manifest-path",
        ])
        .arg(course.kit_root.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(target);
    if facade == Facade::Record {
        command.args(["--features", "wt-check/record"]);
    }
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
