//! Signals that ask watch to stop.

use std::sync::mpsc::Sender;

use crate::event::Event;

/// Listens from now on. A signal ends watch in good order; one more after SIGTERM
/// or SIGHUP, at once. Both give the terminal back.
///
/// # Errors
///
/// The system's reason if a handler cannot be installed.
#[cfg(unix)]
pub(crate) fn listen(events: Sender<Event>) -> std::io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    crate::event::spawn("signals", events, move |events| {
        let mut stopping = false;
        for signal in signals.forever() {
            let is_ctrl_c = signal == SIGINT;
            if stopping {
                crate::terminal::give_back();
                std::process::exit(crate::app::INTERRUPTED.into());
            }
            let _ = events.send(Event::Stop(is_ctrl_c));
            stopping = !is_ctrl_c;
        }
    })
}

/// Does nothing: without Unix signals the system ends the process.
///
/// # Errors
///
/// Never.
#[cfg(not(unix))]
pub(crate) fn listen(_events: Sender<Event>) -> std::io::Result<()> {
    Ok(())
}

/// Stops this process as Ctrl-Z does in a program that does not ask for keys;
/// returns when the shell lets it go on.
#[cfg(unix)]
pub(crate) fn suspend() {
    // The whole group, because the shell waits for its leader.
    let _ = rustix::process::kill_current_process_group(rustix::process::Signal::TSTP);
}

/// Does nothing: there is no such thing.
#[cfg(not(unix))]
pub(crate) fn suspend() {}
