//! Programs that try to get out, to prove at every start that the jail holds on this
//! machine.
//!
//! Each canary is our own program, started inside with `--canary NAME`. It tries one thing
//! and says whether it worked. The jail is fit for strangers' code when none did.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use wt_grader::GradeError;
use wt_grader::jail::{Jail, Room};
use wt_grader::process::{self, End, Finished, Limits};

use crate::walls::Bwrap;

/// The first argument of a program that is to be a canary.
pub const FLAG: &str = "--canary";
const CONTAINED: &str = "contained";
/// The memory that a canary is given, and more than it takes.
const MEMORY: u64 = 256 << 20;
const TOO_MUCH: usize = 3 << 30;
const THREADS: usize = 200;
/// A variable of our own environment that nobody inside may know.
const SECRET: &str = "WT_CANARY_SECRET";

/// One canary.
struct Kind {
    name: &'static str,
    /// What it proves, as a clause.
    claim: &'static str,
    /// Tries it. An error, or a reason, is what a good jail gives.
    attempt: fn(&Path) -> io::Result<String>,
    /// Whether the program may also be ended by a limit.
    may_be_ended: bool,
}

const KINDS: [Kind; 14] = [
    Kind::refused("network", "no connection leaves the jail", network),
    Kind::refused("datagram", "no datagram leaves the jail", datagram),
    Kind::refused("read", "no file outside can be read", read_outside),
    Kind::refused("write", "no file outside can be written", write_outside),
    Kind::refused(
        "memory_file",
        "nobody reads or writes its own memory as a file",
        proc,
    ),
    Kind::refused("environment", "the environment is empty", environment),
    Kind::refused(
        "user",
        "the program has no rights of the grader's user",
        user,
    ),
    Kind::refused("signal", "no process outside can be seen or ended", signal),
    Kind::refused("namespace", "no new namespace can be made", namespace),
    Kind::refused("trace", "no process can be traced", trace),
    Kind::refused("program", "no other program can be started", program),
    Kind::ended("disk", "the disk is small", disk),
    Kind::ended("threads", "the threads are few", threads),
    Kind::ended("memory", "the memory is small", memory),
];

impl Kind {
    const fn refused(
        name: &'static str,
        claim: &'static str,
        attempt: fn(&Path) -> io::Result<String>,
    ) -> Self {
        Self {
            name,
            claim,
            attempt,
            may_be_ended: false,
        }
    }

    const fn ended(
        name: &'static str,
        claim: &'static str,
        attempt: fn(&Path) -> io::Result<String>,
    ) -> Self {
        Self {
            may_be_ended: true,
            ..Self::refused(name, claim, attempt)
        }
    }
}

/// What a canary found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canary {
    /// Such as `network`.
    pub name: &'static str,
    /// What it proves, as a clause.
    pub claim: &'static str,
    /// How it got out; `None` if it did not.
    pub escape: Option<String>,
}

/// What all canaries found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// In a fixed order.
    pub canaries: Vec<Canary>,
}

impl Proof {
    /// A sentence for each canary that got out.
    #[must_use]
    pub fn missing(&self) -> Vec<String> {
        let escaped = self.canaries.iter().filter_map(|canary| {
            let how = canary.escape.as_ref()?;
            Some(format!("it does not hold that {}: {how}", canary.claim))
        });
        escaped.collect()
    }
}

/// Lets every canary try. Blocks for about a second.
///
/// # Errors
///
/// [`GradeError`] if a canary cannot be started at all, or after Ctrl-C.
pub fn prove(jail: &Bwrap, folder: &Path) -> Result<Proof, GradeError> {
    let own = std::env::current_exe()
        .and_then(fs::canonicalize)
        .map_err(|error| GradeError::io("find", Path::new("/proc/self/exe"), &error))?;
    let outside = Outside::new(folder)?;
    let mut canaries: Vec<Canary> = Vec::new();
    for kind in &KINDS {
        let finished = start(jail, &own, kind.name, &outside)?;
        canaries.push(Canary {
            name: kind.name,
            claim: kind.claim,
            escape: escape(kind, &finished),
        });
    }
    canaries.push(survivors(jail, &own, &outside)?);
    Ok(Proof { canaries })
}

/// What there is to be got at.
struct Outside {
    listener: TcpListener,
    secret: PathBuf,
    open: PathBuf,
}

impl Outside {
    fn new(folder: &Path) -> Result<Self, GradeError> {
        use std::os::unix::fs::PermissionsExt;

        let secret = folder.join("secret");
        let open = folder.join("open-to-all");
        let listener = TcpListener::bind("127.0.0.1:0");
        let made = fs::write(&secret, "the answer")
            .and_then(|()| fs::create_dir_all(&open))
            .and_then(|()| fs::set_permissions(&open, fs::Permissions::from_mode(0o777)));
        made.map_err(|error| GradeError::io("write", folder, &error))?;
        Ok(Self {
            listener: listener
                .map_err(|error| GradeError::io("listen at", Path::new("127.0.0.1"), &error))?,
            secret,
            open,
        })
    }

    /// All of it in one argument.
    fn argument(&self) -> String {
        let port = self.listener.local_addr().map_or(0, |at| at.port());
        format!(
            "{port}\n{}\n{}\n{}",
            std::process::id(),
            self.secret.display(),
            self.open.display()
        )
    }
}

fn start(jail: &Bwrap, own: &Path, name: &str, outside: &Outside) -> Result<Finished, GradeError> {
    let mut command = Command::new(own);
    command
        .args([FLAG, name, &outside.argument()])
        .env(SECRET, "known")
        .current_dir("/");
    let room = || Room {
        reads: vec![own.to_owned()],
        writes: None,
        starts_others: false,
        memory: MEMORY,
        file: 1 << 30,
        threads: THREADS,
        cpu: Duration::from_secs(10),
    };
    let limits = Limits {
        time: Duration::from_secs(20),
        output: 1 << 20,
        threads: 2 * THREADS,
    };
    let jail: &dyn Jail = jail;
    process::run_in(Some(jail), room, command, b"", limits)
}

/// How the canary got out; `None` if it did not.
fn escape(kind: &Kind, finished: &Finished) -> Option<String> {
    let said = String::from_utf8_lossy(&finished.stdout);
    match &finished.end {
        End::Exited(0) if said.starts_with(CONTAINED) => None,
        End::OverLimit(_) | End::TooManyThreads(_) | End::Signalled(_) if kind.may_be_ended => None,
        End::Exited(0) => Some(said.trim().to_owned()),
        other => Some(format!(
            "the canary ended by {other:?} {}",
            String::from_utf8_lossy(&finished.stderr).trim()
        )),
    }
}

/// What a program leaves behind must end with it.
fn survivors(jail: &Bwrap, own: &Path, outside: &Outside) -> Result<Canary, GradeError> {
    let finished = start(jail, own, "survivor", outside)?;
    let mark = outside.argument();
    let alive = fs::read_dir("/proc").into_iter().flatten().flatten();
    let alive = alive.filter(|entry| {
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let is_dead = fs::read_to_string(entry.path().join("stat")).is_ok_and(|stat| {
            stat.rsplit(')')
                .next()
                .is_some_and(|rest| rest.starts_with(" Z"))
        });
        !is_dead && line.windows(mark.len()).any(|part| part == mark.as_bytes())
    });
    let escape = match (alive.count(), &finished.end) {
        (0, End::Exited(0)) => None,
        (0, other) => Some(format!("the canary ended by {other:?}")),
        (n, _) => Some(format!("{n} processes live on")),
    };
    Ok(Canary {
        name: "survivor",
        claim: "no process outlives its program",
        escape,
    })
}

/// Does a canary's work and ends the process, if this program was started as one. To be
/// called first in `main`, after [`cell::enter`](crate::cell::enter).
pub fn enter() {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let [flag, name, outside] = arguments.as_slice() else {
        return;
    };
    if flag != FLAG {
        return;
    }
    if name == "survivor" {
        leave_a_child();
    }
    let kind = KINDS.iter().find(|kind| name == kind.name);
    let Some(kind) = kind else {
        std::process::exit(2);
    };
    match (kind.attempt)(Path::new(outside)) {
        Err(why) => println!("{CONTAINED}: {why}"),
        Ok(how) => println!("{how}"),
    }
    std::process::exit(0);
}

/// The lines of the argument.
fn outside(argument: &Path, line: usize) -> String {
    let text = argument.to_string_lossy();
    text.lines().nth(line).unwrap_or_default().to_owned()
}

fn network(argument: &Path) -> io::Result<String> {
    let port = outside(argument, 0);
    TcpStream::connect(format!("127.0.0.1:{port}"))?;
    Ok("it has connected to a port outside".into())
}

fn datagram(_: &Path) -> io::Result<String> {
    UdpSocket::bind("0.0.0.0:0")?.send_to(b"out", "192.0.2.1:9")?;
    Ok("it has sent a datagram".into())
}

fn read_outside(argument: &Path) -> io::Result<String> {
    let secret = outside(argument, 2);
    let more = ["/etc/passwd".to_owned(), "/root/.bashrc".to_owned(), secret];
    let mut last = io::Error::other("nothing to read");
    for path in more {
        match File::open(&path).and_then(|mut file| file.read(&mut [0; 1])) {
            Ok(_) => return Ok(format!("it has read `{path}`")),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn write_outside(argument: &Path) -> io::Result<String> {
    let open = outside(argument, 3);
    let mut last = io::Error::other("nothing to write");
    for folder in [open.as_str(), "/", "/usr/lib", "/var/tmp", "/dev/shm"] {
        let path = Path::new(folder).join("wt-canary");
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(_) => return Ok(format!("it has made `{}`", path.display())),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn proc(_: &Path) -> io::Result<String> {
    for path in [
        "/proc/self/mem",
        "/proc/self/maps",
        "/proc/self/fd/0",
        "/proc/1/environ",
        "/tasks/self/mem",
        "/dev/fd/0",
    ] {
        if File::open(path).is_ok() {
            return Ok(format!("it has opened `{path}`"));
        }
    }
    Err(io::Error::other("none of them is there"))
}

fn environment(_: &Path) -> io::Result<String> {
    match std::env::var(SECRET) {
        Ok(_) => Ok("it knows a variable of the grader's".into()),
        Err(error) => Err(io::Error::other(error)),
    }
}

fn user(_: &Path) -> io::Result<String> {
    if rustix::process::geteuid().is_root() {
        return Ok("it is root".into());
    }
    // SAFETY: the call takes a plain number.
    if unsafe { libc::setuid(0) } == 0 {
        return Ok("it has become root".into());
    }
    Err(io::Error::last_os_error())
}

fn signal(argument: &Path) -> io::Result<String> {
    let grader: i32 = outside(argument, 1).parse().map_err(io::Error::other)?;
    // SAFETY: the call takes plain numbers; signal 0 only asks.
    if unsafe { libc::kill(grader, 0) } == 0 {
        return Ok(format!("it can end the grader's process {grader}"));
    }
    Err(io::Error::last_os_error())
}

fn namespace(_: &Path) -> io::Result<String> {
    // SAFETY: the call takes plain numbers, and this process has one thread.
    if unsafe { libc::unshare(libc::CLONE_NEWUSER) } == 0 {
        return Ok("it has made a user namespace".into());
    }
    Err(io::Error::last_os_error())
}

fn trace(_: &Path) -> io::Result<String> {
    // SAFETY: the call asks to be traced, and passes no memory.
    if unsafe { libc::ptrace(libc::PTRACE_TRACEME) } == 0 {
        return Ok("it may be traced".into());
    }
    Err(io::Error::last_os_error())
}

fn program(_: &Path) -> io::Result<String> {
    let mut last = io::Error::other("nothing to start");
    for name in ["/bin/sh", "/usr/bin/env", "/usr/bin/id"] {
        match Command::new(name).arg("-c").arg(":").spawn() {
            Ok(_) => return Ok(format!("it has started `{name}`")),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn disk(_: &Path) -> io::Result<String> {
    let folder = std::env::temp_dir();
    let mut file = File::create(folder.join("large"))?;
    let block = vec![1; 1 << 20];
    for _ in 0..256 {
        file.write_all(&block)?;
    }
    Ok("it has written 256 MiB".into())
}

fn threads(_: &Path) -> io::Result<String> {
    for _ in 0..4 * THREADS {
        std::thread::Builder::new()
            .stack_size(64 << 10)
            .spawn(std::thread::park)?;
    }
    Ok(format!("it has started {} threads", 4 * THREADS))
}

fn memory(_: &Path) -> io::Result<String> {
    let mut all: Vec<Vec<u8>> = Vec::new();
    for _ in 0..TOO_MUCH >> 20 {
        let mut piece = Vec::new();
        piece.try_reserve_exact(1 << 20).map_err(io::Error::other)?;
        piece.resize(1 << 20, 1);
        all.push(piece);
    }
    Ok(format!("it has {} MiB", all.len()))
}

/// Starts a process in a session of its own that would live for ever, and ends.
fn leave_a_child() -> ! {
    // SAFETY: this process has one thread; the child only sleeps.
    unsafe {
        if libc::fork() == 0 {
            libc::setsid();
            loop {
                libc::pause();
            }
        }
    }
    std::process::exit(0);
}
