//! Watch in a terminal: what is on the screen, and the keys.

use std::io::{Read, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::course::{Course, wait_for};

/// Runs the program between two questions to the terminal about its settings.
const SCRIPT: &str = "stty -a > ../before; \"$@\"; echo $? > ../code; stty -a > ../after";

/// A program that was started in a terminal of its own.
pub(crate) struct Session {
    terminal: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    screen: Arc<Mutex<vt100::Parser>>,
}

impl Session {
    /// `cargo xtask` with these words, at 80 columns and 24 lines.
    pub(crate) fn start(course: &Course, words: &str, env: &[(&str, &str)]) -> Self {
        let size = size(80, 24);
        let pair = native_pty_system().openpty(size).expect("a terminal");
        let mut command = CommandBuilder::new("sh");
        command.args(["-c", SCRIPT, "sh", env!("CARGO_BIN_EXE_xtask")]);
        command.args(words.split_whitespace());
        command.cwd(course.root());
        command.env_clear();
        for name in [
            "PATH",
            "HOME",
            "CARGO_HOME",
            "RUSTUP_HOME",
            "RUSTUP_TOOLCHAIN",
            "CARGO",
        ] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.env("CARGO_TARGET_DIR", course.target());
        command.env("TERM", "xterm-256color");
        for (name, value) in env {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).expect("a shell");
        let screen = Arc::new(Mutex::new(vt100::Parser::new(size.rows, size.cols, 0)));
        let mut output = pair.master.try_clone_reader().expect("the output");
        let drawn = Arc::clone(&screen);
        thread::spawn(move || {
            let mut chunk = [0; 4096];
            while let Ok(read @ 1..) = output.read(&mut chunk) {
                lock(&drawn).process(&chunk[..read]);
            }
        });
        Self {
            keys: pair.master.take_writer().expect("the keys"),
            terminal: pair.master,
            child,
            screen,
        }
    }

    /// The text on the screen.
    pub(crate) fn text(&self) -> String {
        lock(&self.screen).screen().contents()
    }

    /// Waits until these words are on the screen.
    #[track_caller]
    pub(crate) fn shows(&self, words: &str) -> &Self {
        let mut seen = false;
        let deadline = std::time::Instant::now() + super::PATIENCE;
        while !seen && std::time::Instant::now() < deadline {
            seen = self.text().contains(words);
            thread::sleep(std::time::Duration::from_millis(5));
        }
        assert!(seen, "it does not show `{words}`\n{}", self.text());
        self
    }

    /// Presses keys.
    pub(crate) fn press(&mut self, keys: &str) -> &mut Self {
        self.keys.write_all(keys.as_bytes()).expect("a key");
        self.keys.flush().expect("a key");
        self
    }

    pub(crate) fn resize(&mut self, columns: u16, lines: u16) {
        lock(&self.screen).screen_mut().set_size(lines, columns);
        self.terminal
            .resize(size(columns, lines))
            .expect("a new size");
    }

    /// Waits for the end. The exit code comes back, and the terminal must be as
    /// it was before.
    #[track_caller]
    pub(crate) fn end(mut self, course: &Course) -> i32 {
        wait_for("the end", || self.child.try_wait().unwrap().is_some());
        let left = |name: &str| {
            let path = course.root().with_file_name(name);
            std::fs::read_to_string(path).expect("the shell has written it")
        };
        assert_eq!(left("before"), left("after"), "the terminal's settings");
        wait_for("the old screen", || {
            let screen = lock(&self.screen);
            !screen.screen().alternate_screen() && !screen.screen().hide_cursor()
        });
        left("code").trim().parse().expect("an exit code")
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // A test that failed leaves nothing running: the shell's terminal goes.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn size(cols: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols,
        pixel_width: 0,
        pixel_height: 0,
    }
}

fn lock(screen: &Mutex<vt100::Parser>) -> std::sync::MutexGuard<'_, vt100::Parser> {
    screen.lock().unwrap_or_else(PoisonError::into_inner)
}
