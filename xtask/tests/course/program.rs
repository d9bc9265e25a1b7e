//! The real program: started, watched, ended, and what it said.

use std::ffi::{OsStr, OsString};
use std::io::{ErrorKind, Read};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::Course;

/// The time that one run may take.
const LIMIT: Duration = Duration::from_secs(60);
/// The time that it may take once it has said that it builds the kit, or a program.
const LIMIT_WITH_BUILD: Duration = Duration::from_secs(600);

/// A command line that has not been started.
pub(crate) struct Program {
    command: Command,
    closed_stdout: bool,
    limit: Duration,
}

impl Program {
    pub(crate) fn new(course: &Course, words: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.args(words).current_dir(course.root()).env_clear();
        for name in [
            "PATH",
            "HOME",
            "CARGO_HOME",
            "RUSTUP_HOME",
            "RUSTUP_TOOLCHAIN",
            "CARGO",
        ] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        command.env("CARGO_TARGET_DIR", course.target());
        Self {
            command,
            closed_stdout: false,
            limit: LIMIT,
        }
    }

    /// Gives it the time for a large build.
    pub(crate) fn patiently(mut self) -> Self {
        self.limit = LIMIT_WITH_BUILD;
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn without_env(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    pub(crate) fn arg(mut self, word: impl AsRef<OsStr>) -> Self {
        self.command.arg(word);
        self
    }

    /// Runs it in another folder than the course's root.
    pub(crate) fn inside(mut self, folder: impl AsRef<Path>) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Runs it as another user.
    pub(crate) fn by_user(mut self, uid: u32) -> Self {
        self.command.uid(uid).gid(uid);
        self
    }

    /// Runs this copy of the program, for a user who cannot reach the other.
    pub(crate) fn at(self, copy: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(copy);
        command.args(self.command.get_args()).env_clear();
        for (name, value) in self.command.get_envs() {
            command.envs(value.map(|value| (name, value)));
        }
        command.current_dir(self.command.get_current_dir().expect("it was set"));
        Self { command, ..self }
    }

    /// Nobody reads what it prints, as after the end of `head`.
    pub(crate) fn with_closed_stdout(mut self) -> Self {
        self.closed_stdout = true;
        self
    }

    /// The same program, started by `wrapper` with the program's path and
    /// arguments at its end.
    pub(crate) fn through(self, wrapper: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        let mut words = wrapper.into_iter();
        let first = words.next().expect("a wrapper has a name");
        let mut command = Command::new(first);
        command
            .args(words)
            .arg(self.command.get_program())
            .args(self.command.get_args())
            .env_clear();
        for (name, value) in self.command.get_envs() {
            command.envs(value.map(|value| (name, value)));
        }
        command.current_dir(self.command.get_current_dir().expect("it was set"));
        Self { command, ..self }
    }

    pub(crate) fn run(self) -> Ran {
        self.start().end()
    }

    pub(crate) fn start(mut self) -> Running {
        let name = command_line(&self.command);
        self.command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        let started = Instant::now();
        let mut child = spawn(&mut self.command).unwrap_or_else(|error| panic!("{name}: {error}"));
        let stdout = Stream::default();
        let stderr = Stream::default();
        let out: ChildStdout = child.stdout.take().expect("stdout is piped");
        let mut readers = Vec::new();
        if self.closed_stdout {
            drop(out);
        } else {
            readers.push(stdout.collect(out));
        }
        readers.push(stderr.collect(child.stderr.take().expect("stderr is piped")));
        Running {
            name,
            child,
            started,
            limit: self.limit,
            stdout,
            stderr,
            readers,
            peak_memory: 0,
        }
    }
}

fn command_line(command: &Command) -> String {
    let words: Vec<OsString> = command.get_args().map(OsStr::to_owned).collect();
    format!("xtask {}", words.join(OsStr::new(" ")).to_string_lossy())
}

/// What came through a pipe so far.
#[derive(Clone, Default)]
struct Stream(Arc<Mutex<Vec<u8>>>);

impl Stream {
    fn collect(&self, mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<()> {
        let kept = Arc::clone(&self.0);
        thread::spawn(move || {
            let mut chunk = [0; 8192];
            while let Ok(read @ 1..) = pipe.read(&mut chunk) {
                kept.lock().unwrap().extend_from_slice(&chunk[..read]);
            }
        })
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

/// A program that was started. It leads a process group of its own.
pub(crate) struct Running {
    name: String,
    child: Child,
    started: Instant,
    limit: Duration,
    stdout: Stream,
    stderr: Stream,
    readers: Vec<thread::JoinHandle<()>>,
    peak_memory: u64,
}

impl Running {
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// Whether it has not ended yet.
    pub(crate) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Sends a signal, such as `INT`, to the program alone.
    pub(crate) fn signal(&self, signal: &str) {
        send(signal, &self.id().to_string());
    }

    /// Sends a signal to the program and the programs of its group, as a
    /// terminal does on Ctrl-C.
    pub(crate) fn signal_group(&self, signal: &str) {
        send(signal, &format!("-{}", self.id()));
    }

    /// Waits for its end; kills it and fails the test if it does not come.
    #[track_caller]
    pub(crate) fn end(mut self) -> Ran {
        let status = loop {
            self.peak_memory = self.peak_memory.max(peak_memory(self.id()));
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if self.started.elapsed() > self.limit() {
                let _ = self.child.kill();
                let _ = self.child.wait();
                panic!(
                    "{} did not end in time\n{}{}",
                    self.name,
                    self.stdout.text(),
                    self.stderr.text()
                );
            }
            thread::sleep(Duration::from_millis(2));
        };
        let took = self.started.elapsed();
        self.read_the_rest();
        Ran {
            name: self.name.clone(),
            code: status.code(),
            stdout: self.stdout.text(),
            stderr: self.stderr.text(),
            took,
            peak_memory: self.peak_memory,
        }
    }

    /// Waits for the ends of the pipes, but not for long: a process that was left
    /// behind may hold them open.
    fn read_the_rest(&self) {
        let deadline = Instant::now() + Duration::from_secs(2);
        while !self.readers.iter().all(thread::JoinHandle::is_finished) && Instant::now() < deadline
        {
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn limit(&self) -> Duration {
        if self.stderr().contains("building ") {
            LIMIT_WITH_BUILD
        } else {
            self.limit
        }
    }
}

/// A process that has ended gets no signal, and that is no error.
fn send(signal: &str, to: &str) {
    let sent = Command::new("kill")
        .args([&format!("-{signal}"), "--", to])
        .stderr(Stdio::null())
        .status();
    assert!(sent.is_ok(), "`kill` cannot be run: {sent:?}");
}

impl Drop for Running {
    fn drop(&mut self) {
        // A test that failed leaves nothing running.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The most memory that a process has had, in bytes; 0 once it has ended.
fn peak_memory(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

/// A program that has ended.
pub(crate) struct Ran {
    name: String,
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
    pub(crate) peak_memory: u64,
}

impl Ran {
    /// Fails the test unless this is the exit code.
    #[track_caller]
    pub(crate) fn exits(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "{}", self.text());
        self
    }

    /// Fails the test unless it printed these words, to stdout or stderr.
    #[track_caller]
    pub(crate) fn says(&self, words: &str) -> &Self {
        assert!(
            self.text().contains(words),
            "it does not say `{words}`\n{}",
            self.text()
        );
        self
    }

    /// Fails the test if it printed these words, to stdout or stderr.
    #[track_caller]
    pub(crate) fn keeps_quiet_about(&self, words: &str) -> &Self {
        assert!(
            !self.text().contains(words),
            "it says `{words}`\n{}",
            self.text()
        );
        self
    }

    /// Fails the test if it took longer.
    #[track_caller]
    pub(crate) fn within(&self, seconds: u64) -> &Self {
        assert!(
            self.took < Duration::from_secs(seconds),
            "it took {:?}\n{}",
            self.took,
            self.text()
        );
        self
    }

    /// Everything that it printed.
    pub(crate) fn text(&self) -> String {
        let Self {
            name,
            code,
            stdout,
            stderr,
            ..
        } = self;
        format!("--- {name}: {code:?}\n{stdout}--- stderr\n{stderr}---\n")
    }
}

/// Another test's thread may be between fork and exec, and hold open for writing what this
/// one has just copied: the system then says that the program is busy, for a moment.
fn spawn(command: &mut Command) -> std::io::Result<Child> {
    loop {
        match command.spawn() {
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => std::thread::yield_now(),
            started => return started,
        }
    }
}
