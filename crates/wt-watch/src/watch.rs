//! The main loop: one event after the other changes the state, and what follows
//! from that is done.

use std::collections::VecDeque;
use std::io;
use std::process::Stdio;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use crate::app::{Action, App};
use crate::editor::Editor;
use crate::event::{self, Errand, Event};
use crate::job::{Course, Job};
use crate::keys::Keyboard;
use crate::lesson::{self, Lesson};
use crate::options::Options;
use crate::view::View;
use crate::{signals, terminal, watcher};

/// How often the seconds of a check in flight are counted.
const TICK: Duration = Duration::from_millis(250);

/// Watches until a key or a signal ends it, and gives the exit code.
///
/// # Errors
///
/// The system's reason if the files, the signals or the terminal cannot be had.
pub(crate) fn run(options: Options) -> io::Result<u8> {
    terminal::give_back_on_panic();
    let (events, inbox) = mpsc::channel();
    signals::listen(events.clone())?;
    let exercises = options.root.join("exercises");
    let app = App::new(
        lesson::all(&exercises),
        options.lesson,
        options.seek,
        options.poll,
    );
    watcher::start(exercises, options.poll, events.clone())?;
    let mut watch = Watch {
        app,
        // Dropped before the jobs: the terminal comes back at once.
        view: View::open()?,
        course: Course {
            xtask: options.xtask,
            root: options.root,
            color: options.color,
        },
        keyboard: Keyboard::default(),
        events,
        check: None,
        errand: None,
        asked: VecDeque::new(),
    };
    if watch.view.is_screen() {
        watch.keyboard.start(watch.events.clone())?;
    }
    let code = watch.follow(&inbox);
    let Watch { app, view, .. } = watch;
    view.close(&app);
    match code {
        // Nobody reads what is printed, as after the end of `head`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(0),
        code => code,
    }
}

struct Watch {
    app: App,
    view: View,
    course: Course,
    keyboard: Keyboard,
    events: Sender<Event>,
    check: Option<Job>,
    errand: Option<Job>,
    /// Run one after the other, so that the answers come in order.
    asked: VecDeque<(Errand, Lesson)>,
}

impl Watch {
    fn follow(&mut self, inbox: &Receiver<Event>) -> io::Result<u8> {
        let mut actions = self.app.begin(Instant::now());
        loop {
            if let Some(code) = self.do_all(actions)? {
                return Ok(code);
            }
            self.view.show(&mut self.app, self.course.color)?;
            actions = match self.next(inbox) {
                Some(event) => self.on(event)?,
                None => Vec::new(),
            };
        }
    }

    /// The next event; none when only time has passed.
    fn next(&self, inbox: &Receiver<Event>) -> Option<Event> {
        let event = if self.app.is_checking() {
            inbox.recv_timeout(TICK)
        } else {
            inbox.recv().map_err(RecvTimeoutError::from)
        };
        // The channel cannot be closed: we hold an end of it.
        event.ok()
    }

    fn on(&mut self, event: Event) -> io::Result<Vec<Action>> {
        match &event {
            // An editor in this terminal may have got it, and that is its matter.
            Event::Stop(true) if self.view.is_lent() => return Ok(Vec::new()),
            Event::Resized => self.view.forget(),
            Event::EditorClosed(_) => self.take_back()?,
            Event::Checked(_) => self.check = None,
            Event::Answered(..) => {
                self.errand = None;
                self.run_errand();
            }
            _ => {}
        }
        Ok(self.app.on(event, Instant::now()))
    }

    fn do_all(&mut self, actions: Vec<Action>) -> io::Result<Option<u8>> {
        for action in actions {
            match action {
                Action::Check(lesson) => self.start_check(&lesson),
                Action::StopCheck => {
                    if let Some(check) = &self.check {
                        check.stop();
                    }
                }
                Action::Ask(errand, lesson) => {
                    self.asked.push_back((errand, lesson));
                    self.run_errand();
                }
                Action::Open(lesson) => self.open(&lesson),
                Action::Suspend => {
                    self.lend();
                    signals::suspend();
                    self.take_back()?;
                }
                Action::Quit(code) => return Ok(Some(code)),
            }
        }
        Ok(None)
    }

    fn start_check(&mut self, lesson: &Lesson) {
        if !self.course.root.join(lesson.source()).is_dir() {
            let _ = self.events.send(Event::Missing);
            return;
        }
        let columns = self.view.columns();
        match self.course.check(lesson, columns, &self.events) {
            Ok(job) => self.check = Some(job),
            Err(error) => {
                let ended = event::Ended {
                    stderr: format!(
                        "`{}` cannot be started: {error}\nquit, and run `cargo xtask watch` again\n",
                        self.course.xtask.display()
                    ),
                    ..event::Ended::default()
                };
                let _ = self.events.send(Event::Checked(ended));
            }
        }
    }

    fn run_errand(&mut self) {
        if self.errand.is_some() {
            return;
        }
        let Some((errand, lesson)) = self.asked.pop_front() else {
            return;
        };
        let columns = self.view.columns();
        match self.course.run(errand, &lesson, columns, &self.events) {
            Ok(job) => self.errand = Some(job),
            Err(error) => self.report(&error),
        }
    }

    fn open(&mut self, lesson: &Lesson) {
        let file = format!("{}/lib.rs", lesson.source());
        let Some(editor) = Editor::find() else {
            let how = format!("{file} (o opens it if you set VISUAL or EDITOR)");
            let _ = self.events.send(Event::Note(how));
            return;
        };
        let mut command = editor.command(&self.course.root.join(file));
        if editor.windowed {
            command
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null());
        } else {
            self.lend();
        }
        let started = event::spawn("editor", self.events.clone(), move |events| {
            let problem = match command.status() {
                Ok(status) if status.success() => None,
                Ok(status) => Some(format!("the editor ended with {status}")),
                Err(error) => Some(format!("the editor cannot be started: {error}")),
            };
            let _ = events.send(Event::EditorClosed(problem));
        });
        if let Err(error) = started {
            self.report(&error);
        }
    }

    fn lend(&mut self) {
        self.keyboard.lend();
        self.view.lend();
    }

    fn take_back(&mut self) -> io::Result<()> {
        self.view.take_back()?;
        self.keyboard.take_back();
        Ok(())
    }

    fn report(&self, error: &io::Error) {
        let problem = format!("this cannot be done: {error}");
        let _ = self.events.send(Event::Note(problem));
    }
}
