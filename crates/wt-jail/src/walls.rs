//! The jail: bubblewrap's namespaces around the cell, and what this machine has of it.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::Read;
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::pipe::{PipeFlags, pipe_with};
use wt_grader::GradeError;
use wt_grader::jail::{Enclosed, Jail, ProgramEnd, Room};

use crate::cell::{Orders, STATUS, TASKS};
use crate::cgroup::{Group, Hierarchy};
use crate::rules::{Files, Limits};

/// Where our own program is inside.
const CELL: &str = "/cell";
/// Where a `/proc` is mounted until the cell takes it away.
const PROC: &str = "/tasks";
/// The size of `/tmp`, below every limit of memory, so that a full one is a clear error.
const TMP_BYTES: u64 = 64 << 20;
/// Users from this number on have no file and no process of their own.
const FIRST_USER: u32 = 61_000;
const USERS: u32 = 2_000;
/// What a program has of its limit of data beside what it is to have: thread stacks.
const BESIDE_DATA: u64 = 1 << 30;

/// What a program that was linked needs to start.
const LIBRARIES: [&str; 5] = ["/lib", "/lib64", "/lib32", "/usr/lib", "/usr/lib64"];
/// What rustc needs beside its own folder: the linker.
const TOOLS: [&str; 6] = [
    "/bin",
    "/usr/bin",
    "/usr/libexec",
    "/usr/local/lib",
    "/etc/alternatives",
    "/etc/ld.so.cache",
];
/// Of the environment, these are passed on.
const PASSED_ON: [&str; 6] = [
    "WT_CHECK_REQUEST",
    "INSTA_WORKSPACE_ROOT",
    "INSTA_OUTPUT",
    "INSTA_UPDATE",
    "CARGO_MANIFEST_DIR",
    "CARGO_PKG_NAME",
];

/// What this machine has to make walls of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facilities {
    /// bubblewrap, if it is there and can make namespaces.
    pub bubblewrap: Option<PathBuf>,
    /// Why there is none, in words.
    pub without_bubblewrap: String,
    /// The folders of control groups.
    pub cgroups: Option<Hierarchy>,
    /// Whether we may become other users.
    pub is_root: bool,
}

/// A jail, or what is possible of it.
#[derive(Debug)]
pub struct Bwrap {
    facilities: Facilities,
    /// Our own program, which is the cell.
    own: PathBuf,
    /// The compiler's folder.
    toolchain: PathBuf,
    next_user: AtomicU32,
}

impl Facilities {
    /// Looks what is here.
    #[must_use]
    pub fn find() -> Self {
        let mut found = Self {
            is_root: rustix::process::geteuid().is_root(),
            cgroups: Hierarchy::find(),
            ..Self::default()
        };
        let paths = std::env::var_os("PATH").unwrap_or_default();
        let program = std::env::split_paths(&paths)
            .map(|folder| folder.join("bwrap"))
            .find(|path| path.is_file());
        match program {
            None => found.without_bubblewrap = "`bwrap` is not on PATH".into(),
            Some(program) => match try_namespaces(&program) {
                Ok(()) => found.bubblewrap = Some(program),
                Err(why) => found.without_bubblewrap = why,
            },
        }
        found
    }
}

/// Starts the smallest program in namespaces of its own.
fn try_namespaces(bwrap: &Path) -> Result<(), String> {
    let tried = Command::new(bwrap)
        .args(["--unshare-user", "--unshare-pid", "--unshare-net"])
        .args(["--ro-bind", "/", "/", "true"])
        .output();
    match tried {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            Err(format!(
                "`bwrap` cannot make namespaces here: {}",
                said.trim()
            ))
        }
        Err(error) => Err(format!("`bwrap` cannot be started: {error}")),
    }
}

impl Bwrap {
    /// A jail of what there is, for programs that the compiler in `toolchain` makes.
    ///
    /// # Errors
    ///
    /// [`GradeError::Fault`] if this program does not know its own path.
    pub fn new(facilities: Facilities, toolchain: &Path) -> Result<Self, GradeError> {
        let own = std::env::current_exe()
            .and_then(fs::canonicalize)
            .map_err(|error| GradeError::io("find", Path::new("/proc/self/exe"), &error))?;
        if let Some(cgroups) = &facilities.cgroups {
            cgroups.sweep();
        }
        Ok(Self {
            facilities,
            own,
            toolchain: toolchain.to_owned(),
            next_user: AtomicU32::new(0),
        })
    }

    /// What it is made of.
    #[must_use]
    pub fn facilities(&self) -> &Facilities {
        &self.facilities
    }

    /// The user for a room. A folder that is to be written belongs to one from then on.
    fn user(&self, room: &Room) -> Result<Option<u32>, GradeError> {
        use std::os::unix::fs::{MetadataExt, chown};

        // Without namespaces another user could not reach the compiler in our home.
        if !self.facilities.is_root || self.facilities.bubblewrap.is_none() {
            return Ok(None);
        }
        let next = || FIRST_USER + self.next_user.fetch_add(1, Ordering::Relaxed) % USERS;
        let Some(folder) = &room.writes else {
            return Ok(Some(next()));
        };
        let owner = fs::metadata(folder)
            .map_err(|error| GradeError::io("read", folder, &error))?
            .uid();
        if (FIRST_USER..FIRST_USER + USERS).contains(&owner) {
            return Ok(Some(owner));
        }
        let user = next();
        chown(folder, Some(user), Some(user))
            .map_err(|error| GradeError::io("give away", folder, &error))?;
        Ok(Some(user))
    }

    /// Where the program's temporary files go.
    fn tmp_of(&self, room: &Room) -> Result<PathBuf, GradeError> {
        if let Some(folder) = &room.writes {
            return Ok(folder.clone());
        }
        let own = PathBuf::from("/tmp");
        if self.facilities.bubblewrap.is_some() {
            return Ok(own);
        }
        // Without namespaces there is no `/tmp` of one's own.
        let Some(folder) = room.reads.iter().find(|path| path.is_dir()) else {
            return Ok(PathBuf::from("/nonexistent"));
        };
        let own = folder.join("tmp");
        open_to_all(&own)?;
        Ok(own)
    }

    fn orders(&self, command: &Command, room: &Room) -> Result<Orders, GradeError> {
        let program = command.get_program();
        let is_jailed = self.facilities.bubblewrap.is_some();
        let own_tmp = self.tmp_of(room)?;
        let user = self.user(room)?;
        let mut files = Files {
            reads: room.reads.clone(),
            starts: paths(&LIBRARIES),
            writes: vec![own_tmp.clone(), "/dev/null".into()],
        };
        if room.starts_others {
            files.starts.extend(paths(&TOOLS));
            files.starts.push(self.toolchain.clone());
            files.reads.push("/proc".into());
        } else {
            files.starts.push(program.into());
        }
        let mut environment: Vec<OsString> = command
            .get_envs()
            .filter(|(name, _)| PASSED_ON.iter().any(|passed| name == passed))
            .filter_map(|(name, value)| Some(joined(&[name, OsStr::new("="), value?])))
            .collect();
        environment.push("PATH=/usr/bin:/bin".into());
        environment.push(joined(&[OsStr::new("TMPDIR="), own_tmp.as_os_str()]));
        let mut arguments = vec![program.to_owned()];
        arguments.extend(command.get_args().map(OsStr::to_owned));
        Ok(Orders {
            files,
            limits: Limits {
                memory: room.memory + BESIDE_DATA,
                file: room.file,
                threads: room.threads as u64,
                cpu: room.cpu.as_secs().max(1),
            },
            user,
            proc: (is_jailed && !room.starts_others).then(|| PROC.into()),
            folder: command.get_current_dir().unwrap_or(Path::new("/")).into(),
            environment,
            program: arguments,
        })
    }

    /// bubblewrap around the cell.
    fn walled(&self, bwrap: &Path, orders: &Orders, room: &Room) -> Command {
        let mut command = Command::new(bwrap);
        command.args(["--die-with-parent", "--new-session", "--as-pid-1"]);
        command.args(["--unshare-pid", "--unshare-net", "--unshare-ipc"]);
        command.args(["--unshare-uts", "--unshare-cgroup-try"]);
        command.args(["--hostname", "jail", "--clearenv", "--cap-drop", "ALL"]);
        if self.facilities.is_root {
            command.args(["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]);
        } else {
            let user = FIRST_USER.to_string();
            command.args(["--unshare-user", "--uid", &user, "--gid", &user]);
        }
        // For one thing only: to take `/proc` away.
        command.args(["--cap-add", "CAP_SYS_ADMIN"]);
        let mut bound = BTreeSet::new();
        let system = match room.starts_others {
            true => [&LIBRARIES[..], &TOOLS[..]].concat(),
            false => LIBRARIES.to_vec(),
        };
        for path in system {
            bind_system(&mut command, Path::new(path), &mut bound);
        }
        make_parents(&mut command, Path::new("/dev/null"), &mut bound);
        command.args(["--dev-bind", "/dev/null", "/dev/null"]);
        command.arg("--ro-bind").arg(&self.own).arg(CELL);
        if room.starts_others {
            command.args(["--proc", "/proc"]);
            make_parents(&mut command, &self.toolchain, &mut bound);
            command
                .arg("--ro-bind")
                .args([&self.toolchain, &self.toolchain]);
        } else {
            command.args(["--proc", PROC]);
            // A backtrace looks here for the program that it is about, and nowhere else.
            make_parents(&mut command, Path::new("/proc/self/exe"), &mut bound);
            command.arg("--symlink").arg(&orders.program[0]);
            command.arg("/proc/self/exe");
            let size = TMP_BYTES.to_string();
            command.args(["--size", &size, "--perms", "1777", "--tmpfs", "/tmp"]);
        }
        for path in room.reads.iter().filter(|path| path.exists()) {
            make_parents(&mut command, path, &mut bound);
            command.arg("--ro-bind").args([path, path]);
        }
        if let Some(path) = &room.writes {
            make_parents(&mut command, path, &mut bound);
            command.arg("--bind").args([path, path]);
        }
        command.args(["--remount-ro", "/", "--chdir", "/", "--", CELL]);
        command.args(orders.to_arguments());
        command
    }
}

/// A folder of the system at its own path; a link to one, as `/lib` to `usr/lib`, as a link.
fn bind_system(command: &mut Command, path: &Path, bound: &mut BTreeSet<PathBuf>) {
    make_parents(command, path, bound);
    bound.insert(path.to_owned());
    match fs::read_link(path) {
        Ok(target) => {
            command.arg("--symlink").arg(target).arg(path);
        }
        Err(_) if path.exists() => {
            command.arg("--ro-bind").args([path, path]);
        }
        Err(_) => {}
    }
}

/// The folders above `path`, such that every user can go through them; bubblewrap itself
/// would make them for root alone.
fn make_parents(command: &mut Command, path: &Path, made: &mut BTreeSet<PathBuf>) {
    let mut above: Vec<&Path> = path.ancestors().skip(1).collect();
    above.pop();
    for folder in above.into_iter().rev() {
        if made.insert(folder.to_owned()) {
            command.args(["--perms", "0755", "--dir"]).arg(folder);
        }
    }
}

/// A folder that any user may write to.
fn open_to_all(folder: &Path) -> Result<(), GradeError> {
    use std::os::unix::fs::PermissionsExt;

    fs::create_dir_all(folder)
        .and_then(|()| fs::set_permissions(folder, fs::Permissions::from_mode(0o1777)))
        .map_err(|error| GradeError::io("create", folder, &error))
}

fn paths(names: &[&str]) -> Vec<PathBuf> {
    names.iter().map(PathBuf::from).collect()
}

fn joined(parts: &[&OsStr]) -> OsString {
    parts.iter().copied().collect()
}

impl Jail for Bwrap {
    fn enclose(&self, command: &Command, room: &Room) -> Result<Box<dyn Enclosed>, GradeError> {
        let orders = self.orders(command, room)?;
        let group = match &self.facilities.cgroups {
            None => None,
            Some(cgroups) => Some(cgroups.make(room.memory, room.threads).ok_or_else(|| {
                GradeError::Fault("a control group could be made before, and cannot now".into())
            })?),
        };
        let walled = match &self.facilities.bubblewrap {
            Some(bwrap) => self.walled(bwrap, &orders, room),
            None => {
                let mut bare = Command::new(&self.own);
                bare.env_clear().args(orders.to_arguments());
                bare
            }
        };
        Enclosure::new(walled, group).map(|enclosure| Box::new(enclosure) as Box<dyn Enclosed>)
    }

    fn tasks(&self) -> Option<i32> {
        self.facilities.bubblewrap.as_ref().map(|_| TASKS)
    }
}

/// An enclosed command, the pipe through which its cell tells, and its group.
#[derive(Debug)]
struct Enclosure {
    command: Command,
    status: File,
    /// Whether the program has left its disk full.
    is_full: bool,
    group: Option<Group>,
}

impl Enclosure {
    fn new(mut command: Command, mut group: Option<Group>) -> Result<Self, GradeError> {
        let pipe = pipe_with(PipeFlags::CLOEXEC)
            .map_err(|error| GradeError::io("open", Path::new("a pipe"), &error.into()))?;
        let (reader, writer) = (File::from(pipe.0), File::from(pipe.1));
        let joins = group
            .as_mut()
            .map(|group| std::mem::take(&mut group.joins))
            .unwrap_or_default();
        // SAFETY: between fork and exec only `write` and `dup2` are called, on files that
        // are open.
        unsafe {
            command.pre_exec(move || {
                for join in &joins {
                    if libc::write(join.as_raw_fd(), c"0".as_ptr().cast(), 1) != 1 {
                        return Err(std::io::Error::last_os_error());
                    }
                }
                match libc::dup2(writer.as_raw_fd(), STATUS) {
                    STATUS => Ok(()),
                    _ => Err(std::io::Error::last_os_error()),
                }
            });
        }
        Ok(Self {
            command,
            status: reader,
            is_full: false,
            group,
        })
    }
}

impl Enclosed for Enclosure {
    fn command(&mut self) -> &mut Command {
        &mut self.command
    }

    fn ended(&mut self) -> Option<ProgramEnd> {
        // With the command goes our own end of the pipe.
        self.command = Command::new("true");
        let mut text = String::new();
        self.status.read_to_string(&mut text).ok()?;
        let mut lines = text.lines();
        let (how, number) = lines.next()?.split_once(' ')?;
        self.is_full = lines.next() == Some("full");
        let number = number.parse().ok()?;
        match how {
            "exited" => Some(ProgramEnd::Exited(number)),
            "signal" => Some(ProgramEnd::Signalled(number)),
            _ => None,
        }
    }

    fn over_limit(&mut self) -> Option<String> {
        if self.is_full {
            return Some(format!("disk: it filled its {} MiB", TMP_BYTES >> 20));
        }
        self.group.as_ref()?.over_limit()
    }
}
