//! Which rustc and cargo to call.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::GradeError;

/// The tools that build everything.
#[derive(Debug, Clone)]
pub struct Toolchain {
    /// Builds the kit.
    pub cargo: PathBuf,
    /// Builds the learner's code.
    pub rustc: PathBuf,
}

/// What a compiler needs of the environment; it gets nothing else.
const PASSED_ON: [&str; 11] = [
    "PATH",
    "HOME",
    "CARGO_HOME",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "LANG",
    "SDKROOT",
    "DEVELOPER_DIR",
    "TERM",
    "SystemRoot",
    "LD_LIBRARY_PATH",
];

impl Toolchain {
    /// The toolchain whose cargo started this program, or the one on `PATH`.
    #[must_use]
    pub fn find() -> Self {
        let cargo = std::env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from);
        let name = if cfg!(windows) { "rustc.exe" } else { "rustc" };
        let beside = cargo
            .parent()
            .map(|folder| folder.join(name))
            .filter(|path| path.is_file());
        let named = std::env::var_os("RUSTC").map(PathBuf::from);
        Self {
            rustc: named.or(beside).unwrap_or_else(|| PathBuf::from("rustc")),
            cargo,
        }
    }

    /// rustc with a cleared environment; temporary files go to `scratch`.
    #[must_use]
    pub fn rustc(&self, scratch: &Path) -> Command {
        let mut command = Command::new(&self.rustc);
        command
            .env_clear()
            .env("TMPDIR", scratch)
            .current_dir(scratch);
        for name in PASSED_ON {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command
    }

    /// The folder with the compiler and its libraries.
    ///
    /// # Errors
    ///
    /// [`GradeError::Fault`] if rustc does not tell.
    pub fn sysroot(&self) -> Result<PathBuf, GradeError> {
        let output = Command::new(&self.rustc)
            .args(["--print", "sysroot"])
            .output()
            .map_err(|error| GradeError::io("start", &self.rustc, &error))?;
        let said = String::from_utf8_lossy(&output.stdout);
        match said.trim() {
            "" => Err(GradeError::Fault(format!(
                "`{} --print sysroot` says nothing: {}",
                self.rustc.display(),
                String::from_utf8_lossy(&output.stderr).trim()
            ))),
            folder => Ok(PathBuf::from(folder)),
        }
    }

    /// Text that changes when the compiler does.
    #[must_use]
    pub fn identity(&self) -> String {
        let resolved = find_in_path(&self.rustc).and_then(|path| path.canonicalize().ok());
        let path = resolved.unwrap_or_else(|| self.rustc.clone());
        let stamp = std::fs::metadata(&path)
            .ok()
            .map(|meta| (meta.len(), meta.modified().ok()));
        format!(
            "{} {stamp:?} {:?}",
            path.display(),
            std::env::var_os("RUSTUP_TOOLCHAIN")
        )
    }
}

fn find_in_path(program: &Path) -> Option<PathBuf> {
    if program.is_absolute() {
        return Some(program.to_owned());
    }
    let paths = std::env::var_os("PATH")?;
    std::env::split_paths(&paths)
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
}
