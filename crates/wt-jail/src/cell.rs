//! The first process inside a jail.
//!
//! It is our own program, started again with `--cell`. It starts the stranger's program
//! behind the walls that can only be put up from inside, waits for its end, and tells it
//! through a pipe: bubblewrap itself makes one number of an exit code and a signal.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, AsRawFd, FromRawFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use landlock::{AccessFs, PathBeneath, RulesetCreated, RulesetCreatedAttr};
use seccompiler::BpfProgram;
use wt_grader::process::JAIL_FAILED;

use crate::rules::{self, Files, Limits};

/// The first argument of a program that is to be the cell.
pub const FLAG: &str = "--cell";
/// Where the cell tells how the program ended.
pub const STATUS: i32 = 900;
/// Where the program has the folder of its own threads open.
pub const TASKS: i32 = 901;

/// What the cell is told, in its arguments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Orders {
    /// What may be used.
    pub files: Files,
    /// What the kernel limits.
    pub limits: Limits,
    /// Whose rights the program has; `None` where the cell has no others.
    pub user: Option<u32>,
    /// Where a `/proc` is mounted that the program must not have.
    pub proc: Option<PathBuf>,
    /// Where the program begins.
    pub folder: PathBuf,
    /// Its environment, all of it, as `NAME=value`.
    pub environment: Vec<OsString>,
    /// The program and its arguments.
    pub program: Vec<OsString>,
}

impl Orders {
    /// As arguments.
    #[must_use]
    pub fn to_arguments(&self) -> Vec<OsString> {
        let mut all = vec![OsString::from(FLAG)];
        let mut add = |name: &str, value: &OsStr| {
            all.push(name.into());
            all.push(value.to_owned());
        };
        for path in &self.files.reads {
            add("read", path.as_os_str());
        }
        for path in &self.files.starts {
            add("start", path.as_os_str());
        }
        for path in &self.files.writes {
            add("write", path.as_os_str());
        }
        let Limits {
            memory,
            file,
            threads,
            cpu,
        } = self.limits;
        for (name, value) in [
            ("memory", memory),
            ("file", file),
            ("threads", threads),
            ("cpu", cpu),
        ] {
            add(name, OsStr::new(&value.to_string()));
        }
        if let Some(user) = self.user {
            add("user", OsStr::new(&user.to_string()));
        }
        if let Some(proc) = &self.proc {
            add("proc", proc.as_os_str());
        }
        add("folder", self.folder.as_os_str());
        for variable in &self.environment {
            add("env", variable);
        }
        all.push("run".into());
        all.extend(self.program.iter().cloned());
        all
    }

    /// From what follows [`FLAG`].
    fn parse(mut arguments: impl Iterator<Item = OsString>) -> Option<Self> {
        let mut orders = Self::default();
        loop {
            let name = arguments.next()?;
            if name == "run" {
                orders.program = arguments.collect();
                return (!orders.program.is_empty()).then_some(orders);
            }
            let value = arguments.next()?;
            let number = || value.to_str()?.parse::<u64>().ok();
            match name.to_str()? {
                "read" => orders.files.reads.push(value.into()),
                "start" => orders.files.starts.push(value.into()),
                "write" => orders.files.writes.push(value.into()),
                "memory" => orders.limits.memory = number()?,
                "file" => orders.limits.file = number()?,
                "threads" => orders.limits.threads = number()?,
                "cpu" => orders.limits.cpu = number()?,
                "user" => orders.user = Some(u32::try_from(number()?).ok()?),
                "proc" => orders.proc = Some(value.into()),
                "folder" => orders.folder = value.into(),
                "env" => orders.environment.push(value),
                _ => return None,
            }
        }
    }
}

/// Does the cell's work and ends the process, if this program was started as one. To be
/// called first in `main`.
pub fn enter() {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().as_deref() != Some(OsStr::new(FLAG)) {
        return;
    }
    let result = match Orders::parse(arguments) {
        Some(orders) => run(&orders),
        None => Err(io::Error::other("orders that it does not understand")),
    };
    if let Err(error) = &result {
        eprintln!("the cell: {error}");
    }
    std::process::exit(if result.is_ok() { 0 } else { JAIL_FAILED });
}

/// Starts the program, waits for it, and tells.
fn run(orders: &Orders) -> io::Result<()> {
    let rules = rules::landlock(&orders.files)?;
    let filters = rules::seccomp()?;
    let (name, arguments) = orders
        .program
        .split_first()
        .ok_or_else(|| io::Error::other("no program"))?;
    let mut command = Command::new(name);
    command
        .args(arguments)
        .current_dir(&orders.folder)
        .env_clear();
    for variable in &orders.environment {
        let bytes = variable.as_encoded_bytes();
        if let Some(at) = bytes.iter().position(|byte| *byte == b'=') {
            // SAFETY: both parts end at an ASCII character of a valid string.
            let part =
                |bytes: &[u8]| unsafe { OsString::from_encoded_bytes_unchecked(bytes.to_vec()) };
            command.env(part(&bytes[..at]), part(&bytes[at + 1..]));
        }
    }
    let own = orders.clone();
    let mut rules = Some(rules);
    // SAFETY: this process has one thread, so its child may do whatever it may do itself.
    unsafe {
        command.pre_exec(move || match rules.take() {
            Some(rules) => shut_in(&own, rules, &filters),
            None => Err(io::Error::other("started twice")),
        });
    }
    let mut child = command.spawn()?;
    drop_rights(orders.user)?;
    let status = child.wait()?;
    tell(status, orders.files.writes.iter().any(|path| is_full(path)))
}

/// Whether nothing more fits on the disk of a folder of our own.
fn is_full(path: &Path) -> bool {
    let is_own = path == Path::new("/tmp");
    is_own && rustix::fs::statvfs(path).is_ok_and(|disk| disk.f_bavail == 0 || disk.f_favail == 0)
}

/// In the child, before it becomes the program.
fn shut_in(orders: &Orders, mut rules: RulesetCreated, filters: &[BpfProgram]) -> io::Result<()> {
    // SAFETY: the call takes plain numbers.
    unsafe { libc::fcntl(STATUS, libc::F_SETFD, libc::FD_CLOEXEC) };
    if let Some(proc) = &orders.proc {
        let tasks = File::open(proc.join("self/task"))?;
        let seen = AccessFs::ReadFile | AccessFs::ReadDir;
        rules = rules
            .add_rule(PathBeneath::new(tasks.as_fd(), seen))
            .map_err(io::Error::other)?;
        // SAFETY: the call takes plain numbers; nobody uses the second one.
        if unsafe { libc::dup2(tasks.as_raw_fd(), TASKS) } < 0 {
            return Err(io::Error::last_os_error());
        }
        // From here on the folder can only be reached by whoever has it open.
        rustix::mount::unmount(proc, rustix::mount::UnmountFlags::DETACH)?;
    }
    rules::limit(orders.limits)?;
    rules.restrict_self().map_err(io::Error::other)?;
    drop_rights(orders.user)?;
    for filter in filters {
        seccompiler::apply_filter(filter).map_err(io::Error::other)?;
    }
    Ok(())
}

/// Becomes this user, for ever, and gives up every capability.
fn drop_rights(user: Option<u32>) -> io::Result<()> {
    use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities};

    rustix::thread::set_no_new_privs(true)?;
    if let Some(user) = user {
        // SAFETY: the calls take plain numbers and an empty list. This process has one
        // thread, so none keeps the old rights.
        let refused = unsafe {
            libc::setgroups(0, std::ptr::null()) != 0
                || libc::setresgid(user, user, user) != 0
                || libc::setresuid(user, user, user) != 0
        };
        if refused {
            return Err(io::Error::last_os_error());
        }
    }
    // SAFETY: the call takes plain numbers. An old kernel without it has nothing to clear.
    unsafe {
        libc::prctl(
            libc::PR_CAP_AMBIENT,
            libc::PR_CAP_AMBIENT_CLEAR_ALL,
            0,
            0,
            0,
        )
    };
    let none = CapabilitySets {
        effective: CapabilitySet::empty(),
        permitted: CapabilitySet::empty(),
        inheritable: CapabilitySet::empty(),
    };
    set_capabilities(None, none)?;
    Ok(())
}

fn tell(status: ExitStatus, is_full: bool) -> io::Result<()> {
    let mut text = match (status.code(), status.signal()) {
        (Some(code), _) => format!("exited {code}\n"),
        (None, signal) => format!("signal {}\n", signal.unwrap_or(0)),
    };
    if is_full {
        text.push_str("full\n");
    }
    // SAFETY: whoever started us has put the pipe there, and nothing else uses it.
    let mut pipe = unsafe { File::from_raw_fd(STATUS) };
    pipe.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_come_through_as_they_were_given() {
        let orders = Orders {
            files: Files {
                reads: vec!["/a path".into(), "run".into()],
                starts: vec!["/usr".into()],
                writes: vec!["/tmp".into()],
            },
            limits: Limits {
                memory: 1,
                file: 2,
                threads: 3,
                cpu: 4,
            },
            user: Some(61_001),
            proc: Some("/tasks".into()),
            folder: "/box".into(),
            environment: vec!["A=b=c".into()],
            program: vec!["/box/run".into(), "run".into()],
        };
        let arguments = orders.to_arguments();
        assert_eq!(
            Orders::parse(arguments.into_iter().skip(1)),
            Some(orders.clone())
        );
        assert_eq!(
            Orders::parse(["walls".into(), "0".into()].into_iter()),
            None
        );
    }
}
