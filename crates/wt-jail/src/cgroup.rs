//! Control groups, where they can be written: version 1 with its controllers `memory` and
//! `pids`, or version 2.

use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use wt_grader::guard;

const ROOT: &str = "/sys/fs/cgroup";
/// The name of a group is this, the maker's process number, and a count.
const PREFIX: &str = "wt-jail-";
/// How often, a millisecond apart, to try to remove a group whose processes are ending.
const TRIES: usize = 500;

/// The folders below which groups can be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hierarchy {
    /// One folder per controller.
    First {
        /// Of `memory`.
        memory: PathBuf,
        /// Of `pids`.
        pids: PathBuf,
    },
    /// One folder for all.
    Second(PathBuf),
}

impl Hierarchy {
    /// The one of this machine, if it can be written: proved by making a group.
    #[must_use]
    pub fn find() -> Option<Self> {
        let root = Path::new(ROOT);
        let first = Self::First {
            memory: root.join("memory"),
            pids: root.join("pids"),
        };
        [first, Self::Second(root.to_owned())]
            .into_iter()
            .find(|found| found.make(64 << 20, 16).is_some())
    }

    /// A group with these limits: bytes, and threads.
    #[must_use]
    pub fn make(&self, memory: u64, threads: usize) -> Option<Group> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("{PREFIX}{}-{count}", std::process::id());
        let (memory, threads) = (memory.to_string(), threads.to_string());
        let mut group = Group {
            folders: Vec::new(),
            joins: Vec::new(),
        };
        match self {
            Self::First { memory: at, pids } => {
                group.add(&at.join(&name), &[("memory.limit_in_bytes", &memory)])?;
                group.add(&pids.join(&name), &[("pids.max", &threads)])?;
            }
            Self::Second(at) => group.add(
                &at.join(&name),
                &[
                    ("memory.max", &memory),
                    ("memory.swap.max", "0"),
                    ("pids.max", &threads),
                ],
            )?,
        }
        Some(group)
    }

    fn roots(&self) -> Vec<PathBuf> {
        match self {
            Self::First { memory, pids } => vec![memory.clone(), pids.clone()],
            Self::Second(root) => vec![root.clone()],
        }
    }

    /// Removes the groups of makers that are no more, and has ours removed if we are killed.
    pub fn sweep(&self) {
        for root in self.roots() {
            let ours = format!("{PREFIX}{}-", std::process::id());
            guard::end_control_groups(&root.join(ours));
            for entry in fs::read_dir(root).into_iter().flatten().flatten() {
                let name = entry.file_name();
                let maker = name
                    .to_str()
                    .and_then(|name| name.strip_prefix(PREFIX)?.split('-').next());
                let is_gone = |maker: &str| !Path::new("/proc").join(maker).exists();
                if maker.is_some_and(is_gone) {
                    let _ = fs::remove_dir(entry.path());
                }
            }
        }
    }
}

/// One group. Dropped, it is removed.
#[derive(Debug)]
pub struct Group {
    folders: Vec<PathBuf>,
    /// A process joins by writing `0` to each.
    pub(crate) joins: Vec<File>,
}

impl Group {
    fn add(&mut self, folder: &Path, limits: &[(&str, &str)]) -> Option<()> {
        fs::create_dir(folder).ok()?;
        self.folders.push(folder.to_owned());
        for (name, value) in limits {
            let written = fs::write(folder.join(name), value);
            // Not every kernel counts swap.
            if written.is_err() && !name.contains("swap") {
                return None;
            }
        }
        let join = OpenOptions::new()
            .write(true)
            .open(folder.join("cgroup.procs"))
            .ok()?;
        self.joins.push(join);
        Some(())
    }

    /// The limit that its processes came to, in words.
    #[must_use]
    pub fn over_limit(&self) -> Option<String> {
        let count = |file: &str, name: &str| {
            self.folders.iter().any(|folder| {
                let text = fs::read_to_string(folder.join(file)).unwrap_or_default();
                let mut lines = text.lines().filter_map(|line| line.split_once(' '));
                lines.any(|(key, value)| key == name && value.trim() != "0")
            })
        };
        if count("memory.oom_control", "oom_kill") || count("memory.events", "oom_kill") {
            return Some("memory: the kernel ended it at its limit".into());
        }
        if count("pids.events", "max") {
            return Some("threads: it was at its limit and wanted more".into());
        }
        None
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        for folder in &self.folders {
            for _ in 0..TRIES {
                match fs::remove_dir(folder) {
                    Err(error) if error.kind() == std::io::ErrorKind::ResourceBusy => {
                        thread::sleep(Duration::from_millis(1));
                    }
                    _ => break,
                }
            }
        }
    }
}
