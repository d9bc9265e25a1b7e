//! Busy is not computing: two workers in jobs all the time, and what each has of the
//! processor, in total and in the period that has passed.
//!
//! Run:    cargo run -p eg14-usage-monitor
//! See:    `compute` has 100 ms in the first and the third period, and none in the
//!         second, where its total still says 100. `wait` is in a job and has nothing.
//! Try:    let `wait_for_the_end` ask `try_recv` in a loop. It does no more than
//!         before, and has more of the processor than `compute`.

use wt_core::channel::{self, Receiver, Sender};
use wt_core::monitor::CpuClock;
use wt_core::thread;
use wt_core::time::Duration;

fn main() {
    let (order, orders) = channel::bounded(0);
    let (clock, clocks) = channel::bounded(0);
    let (end, ended) = channel::bounded::<()>(0);
    thread::scope(|scope| {
        scope.spawn(|| compute(&clock, orders));
        let compute = clocks.recv().unwrap();
        scope.spawn(|| wait_for_the_end(&clock, &ended));
        let wait = clocks.recv().unwrap();
        let (Some(compute), Some(wait)) = (compute, wait) else {
            println!("this system does not tell how long a thread was on a processor");
            return drop((order, end));
        };
        println!("            compute           wait");
        println!("period      total   period    total   period");
        let mut before = [compute, wait].map(look);
        for (number, ms) in [100, 0, 100].into_iter().enumerate() {
            order.send(Duration::from_millis(ms)).unwrap();
            order.send(Duration::ZERO).unwrap(); // taken when the one before is done
            before = show(number + 1, [compute, wait], before);
        }
        drop((order, end));
    });
}

// ANCHOR: show
/// Prints the totals of two threads, and what was added to them since the last look.
fn show(number: usize, clocks: [CpuClock; 2], before: [Duration; 2]) -> [Duration; 2] {
    let now = clocks.map(look);
    let period = |thread: usize| now[thread] - before[thread];
    let [computed, waited] = [0, 1].map(|t| format!("{} {}", ms(now[t]), ms(period(t))));
    println!("{number:<9} {computed} {waited}");
    now
}

/// Reads the clock of another thread. It need not do anything for that.
fn look(clock: CpuClock) -> Duration {
    clock.read().expect("the thread has not ended")
}
// ANCHOR_END: show

/// To 10 ms: what the look itself costs does not matter.
fn ms(time: Duration) -> String {
    format!("{:>4} ms", time.as_millis() / 10 * 10)
}

/// Says which clock is its own, then computes for as long as it is told.
fn compute(clock: &Sender<Option<CpuClock>>, orders: Receiver<Duration>) {
    let own = CpuClock::of_this_thread();
    clock.send(own).unwrap();
    for time in orders {
        let Some(own) = own else { return };
        let until = look(own) + time;
        while look(own) < until {
            std::hint::black_box((0..1000_u64).sum::<u64>());
        }
    }
}

/// Says which clock is its own, then is in one long wait.
fn wait_for_the_end(clock: &Sender<Option<CpuClock>>, ended: &Receiver<()>) {
    clock.send(CpuClock::of_this_thread()).unwrap();
    let _ = ended.recv();
}
