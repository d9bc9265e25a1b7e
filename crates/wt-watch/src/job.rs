//! A command of the course, run beside watch.
//!
//! Each is a process group of its own, so that Ctrl-C in the terminal and
//! whatever an exercise does to its group meet only one of both.

use std::io::{self, BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use std::sync::mpsc::Sender;

use crate::event::{self, Ended, Errand, Event};
use crate::lesson::Lesson;

/// How a command of the course is started.
#[derive(Debug, Clone)]
pub(crate) struct Course {
    /// The program behind `cargo xtask`.
    pub(crate) xtask: PathBuf,
    pub(crate) root: PathBuf,
    pub(crate) color: bool,
}

/// How long a command that was asked to stop may take: it kills what it has
/// started, and removes its folder.
const TIDYING: Duration = Duration::from_secs(2);
/// How often the end of a process is asked for whose output has ended.
const TICK: Duration = Duration::from_millis(1);

/// A command that was started. Dropping it stops it and waits for its end.
#[derive(Debug)]
pub(crate) struct Job {
    child: Arc<Mutex<Child>>,
}

impl Course {
    fn command(&self, words: &[&str], columns: usize) -> Command {
        let mut command = Command::new(&self.xtask);
        command
            .args(["--color", if self.color { "always" } else { "never" }])
            .args(words)
            .env("COLUMNS", columns.to_string())
            .current_dir(&self.root);
        command
    }

    /// Starts a check; its progress and its end become events.
    ///
    /// # Errors
    ///
    /// The system's reason if it cannot be started.
    pub(crate) fn check(
        &self,
        lesson: &Lesson,
        columns: usize,
        events: &Sender<Event>,
    ) -> io::Result<Job> {
        let command = self.command(&["check", &lesson.folder], columns);
        let said = events.clone();
        let say = move |line: &str| {
            let _ = said.send(Event::Said(line.to_owned()));
        };
        Job::start(command, events.clone(), say, Event::Checked)
    }

    /// Starts another command; its end becomes an event.
    ///
    /// # Errors
    ///
    /// The system's reason if it cannot be started.
    pub(crate) fn run(
        &self,
        errand: Errand,
        lesson: &Lesson,
        columns: usize,
        events: &Sender<Event>,
    ) -> io::Result<Job> {
        let level;
        let words: &[&str] = match errand {
            Errand::Hint(number) => {
                level = number.to_string();
                &["hint", &lesson.folder, "--level", &level]
            }
            Errand::List => &["list"],
            Errand::Reset => &["reset", &lesson.folder],
        };
        let command = self.command(words, columns);
        let about = lesson.clone();
        let ended = move |ended| Event::Answered(errand, about, ended);
        Job::start(command, events.clone(), |_| {}, ended)
    }
}

impl Job {
    fn start(
        mut command: Command,
        events: Sender<Event>,
        say: impl Fn(&str) + Send + 'static,
        ended: impl FnOnce(Ended) -> Event + Send + 'static,
    ) -> io::Result<Self> {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        lead_a_group(&mut command);
        let started = Instant::now();
        let mut child = command.spawn()?;
        let stdout = child.stdout.take().expect("stdout is piped");
        let stderr = child.stderr.take().expect("stderr is piped");
        let job = Self {
            child: Arc::new(Mutex::new(child)),
        };
        let child = Arc::clone(&job.child);
        event::spawn("job", events, move |events| {
            let told = thread::spawn(move || lines(stderr, &say));
            let stdout = rest(stdout);
            let stderr = told.join().unwrap_or_default();
            let code = loop {
                match lock(&child).try_wait() {
                    Ok(Some(status)) => break status.code(),
                    Ok(None) => {}
                    Err(_) => break None,
                }
                thread::sleep(TICK);
            };
            let _ = events.send(ended(Ended {
                code,
                stdout,
                stderr,
                took: started.elapsed(),
            }));
        })?;
        Ok(job)
    }

    /// Asks it to stop, as Ctrl-C would. Its end is still an event. If it does not
    /// come in time, it is killed.
    pub(crate) fn stop(&self) {
        ask_to_stop(&mut lock(&self.child));
        let child = Arc::clone(&self.child);
        thread::spawn(move || kill_after(&child, TIDYING));
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        ask_to_stop(&mut lock(&self.child));
        kill_after(&self.child, TIDYING);
    }
}

/// Waits for the end, and kills the process if it does not come in time.
fn kill_after(child: &Mutex<Child>, limit: Duration) {
    let deadline = Instant::now() + limit;
    while is_running(&mut lock(child)) {
        if Instant::now() >= deadline {
            let mut child = lock(child);
            kill(&mut child);
            let _ = child.wait();
            return;
        }
        thread::sleep(TICK);
    }
}

/// Under the lock its number cannot belong to another process: nobody else can
/// learn of its end.
fn is_running(child: &mut Child) -> bool {
    matches!(child.try_wait(), Ok(None))
}

fn lock(child: &Mutex<Child>) -> MutexGuard<'_, Child> {
    child.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(unix)]
fn lead_a_group(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

#[cfg(not(unix))]
fn lead_a_group(_command: &mut Command) {}

#[cfg(unix)]
fn ask_to_stop(child: &mut Child) {
    use rustix::process::{Pid, Signal, kill_process};

    if is_running(child) {
        // What has just ended needs no signal.
        let _ = kill_process(Pid::from_child(child), Signal::TERM);
    }
}

/// There is no way to ask.
#[cfg(not(unix))]
fn ask_to_stop(child: &mut Child) {
    kill(child);
}

#[cfg(unix)]
fn kill(child: &mut Child) {
    use rustix::process::{Pid, Signal, kill_process_group};

    if is_running(child) {
        let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
    }
}

#[cfg(not(unix))]
fn kill(child: &mut Child) {
    let _ = child.kill();
}

fn rest(mut pipe: impl Read) -> String {
    let mut bytes = Vec::new();
    let _ = pipe.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Everything that comes, and each line as soon as it is there.
fn lines(pipe: impl Read, say: &impl Fn(&str)) -> String {
    let mut pipe = BufReader::new(pipe);
    let mut all = String::new();
    let mut line = Vec::new();
    while let Ok(1..) = pipe.read_until(b'\n', &mut line) {
        let text = String::from_utf8_lossy(&line);
        say(text.trim_end());
        all.push_str(&text);
        line.clear();
    }
    all
}

#[cfg(all(test, unix))]
mod tests {
    use std::sync::mpsc;

    use super::*;

    const SOON: Duration = Duration::from_secs(20);

    fn sh(script: &str) -> (Job, mpsc::Receiver<Event>) {
        let (events, inbox) = mpsc::channel();
        let said = events.clone();
        let say = move |line: &str| said.send(Event::Said(line.into())).unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        let job = Job::start(command, events, say, Event::Checked).unwrap();
        (job, inbox)
    }

    fn end(inbox: &mpsc::Receiver<Event>) -> Ended {
        loop {
            if let Event::Checked(ended) = inbox.recv_timeout(SOON).expect("the end comes") {
                return ended;
            }
        }
    }

    #[test]
    fn progress_comes_before_the_end() {
        let (_job, inbox) = sh("echo building >&2; echo verdict; exit 1");
        let Ok(Event::Said(line)) = inbox.recv_timeout(SOON) else {
            panic!("no progress");
        };
        assert_eq!(line, "building");
        let ended = end(&inbox);
        assert_eq!(ended.code, Some(1));
        assert_eq!(
            (ended.stdout.as_str(), ended.stderr.as_str()),
            ("verdict\n", "building\n")
        );
    }

    #[test]
    fn a_job_that_is_asked_to_stop_tidies_up() {
        let (job, inbox) =
            sh("trap 'echo tidy; exit 130' TERM; echo up >&2; while :; do sleep 0.01; done");
        assert!(matches!(inbox.recv_timeout(SOON), Ok(Event::Said(_))));
        job.stop();
        let ended = end(&inbox);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(130), "tidy\n"));
    }

    #[test]
    fn a_job_that_does_not_listen_is_killed() {
        let (job, inbox) = sh("trap '' TERM; echo up >&2; while :; do sleep 0.01; done");
        assert!(matches!(inbox.recv_timeout(SOON), Ok(Event::Said(_))));
        job.stop();
        assert_eq!(end(&inbox).code, None);
    }

    #[test]
    fn a_job_ends_with_its_owner() {
        let (job, inbox) = sh("echo up >&2; exec sleep 1000");
        assert!(matches!(inbox.recv_timeout(SOON), Ok(Event::Said(_))));
        drop(job);
        assert_eq!(end(&inbox).code, None);
    }
}
