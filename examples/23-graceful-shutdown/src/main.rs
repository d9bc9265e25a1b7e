//! Stopping in order: refuse, drain, close the results last. Ctrl-C begins it.
//!
//! Run:    cargo run -p eg23-graceful-shutdown
//! See:    the program sends itself the signal of Ctrl-C after the third job. No more is
//!         taken, the three are done, and only then do the results end.
//! Try:    send the signal twice, with a second `raise` behind the first. The process
//!         ends at once with code 130: whoever asks twice does not want to wait.

use signal_hook::consts::SIGINT;
use signal_hook::{flag, low_level};
use wt_core::channel::{self, Receiver, Sender};
use wt_core::sync::Arc;
use wt_core::sync::atomic::{AtomicBool, Ordering};
use wt_core::thread;

// ANCHOR: main
fn main() -> std::io::Result<()> {
    let stopping = on_ctrl_c()?;
    let (to_worker, jobs) = channel::unbounded();
    let (to_writer, results) = channel::unbounded();
    let worker = thread::spawn(move || square_each(&jobs, &to_writer));
    let writer = thread::spawn(move || results.iter().collect::<Vec<u32>>());

    for job in 1.. {
        if stopping.load(Ordering::Acquire) {
            println!("refuse: job {job} and all that follow");
            break;
        }
        to_worker.send(job).expect("the worker lives");
        if job == 3 {
            low_level::raise(SIGINT)?; // what the terminal does at Ctrl-C
        }
    }

    // First the end where jobs go in. The rest follows by itself, in the order of the flow.
    drop(to_worker);
    let done = worker.join().expect("the worker does not panic");
    println!("drain:  {done} jobs were taken, and done");
    let written = writer.join().expect("the writer does not panic");
    println!("close:  the results ended after {written:?}");
    Ok(())
}
// ANCHOR_END: main

// ANCHOR: signal
/// A mark that the first Ctrl-C sets. The second one ends the process.
fn on_ctrl_c() -> std::io::Result<Arc<AtomicBool>> {
    let stopping = Arc::new(AtomicBool::new(false));
    // The order matters: at the first signal the mark is not set yet when this one looks.
    flag::register_conditional_shutdown(SIGINT, 130, Arc::clone(&stopping))?;
    flag::register(SIGINT, Arc::clone(&stopping))?;
    Ok(stopping)
}
// ANCHOR_END: signal

/// Works off what comes, and ends when no more can come. It owns the sender of the
/// results, so they end when it has ended, and not before.
fn square_each(jobs: &Receiver<u32>, results: &Sender<u32>) -> usize {
    let square = |job| results.send(job * job).expect("the writer lives");
    jobs.iter().map(square).count()
}
