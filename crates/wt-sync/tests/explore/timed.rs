use wt_sync::channel::{
    RecvTimeoutError, SendTimeoutError, after, at, bounded, never, select, tick,
};
use wt_sync::explore::{Options, Search, explore};
use wt_sync::sync::{Condvar, Mutex};
use wt_sync::thread;
use wt_sync::time::{Clock, Duration, Instant, SystemClock};

use super::{fault, holds};

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn an_hour_takes_no_time() {
    let real = std::time::Instant::now();
    holds(|| {
        let start = Instant::now();
        thread::sleep(HOUR);
        assert!(start.elapsed() >= HOUR);
        let before = SystemClock.now();
        SystemClock.sleep(HOUR);
        assert!(SystemClock.now() - before >= HOUR);
    });
    assert!(real.elapsed() < Duration::from_secs(60));
}

#[test]
fn who_sleeps_less_wakes_earlier() {
    holds(|| {
        let (tx, rx) = bounded(2);
        let late = tx.clone();
        let threads = [
            thread::spawn(move || (thread::sleep(2 * HOUR), late.send(2).unwrap()).1),
            thread::spawn(move || (thread::sleep(HOUR), tx.send(1).unwrap()).1),
        ];
        assert!(rx.recv().is_ok());
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
    });
    // With patience nothing overtakes the clock.
    let mut options = Options::default();
    options.search = Search::Patient;
    let explored = explore(&options, || {
        let (tx, rx) = bounded(2);
        let late = tx.clone();
        thread::spawn(move || (thread::sleep(2 * HOUR), late.send(2).unwrap()).1);
        thread::spawn(move || (thread::sleep(HOUR), tx.send(1).unwrap()).1);
        assert_eq!(rx.iter().collect::<Vec<_>>(), [1, 2]);
    });
    assert!(explored.failure.is_none());
}

#[test]
fn a_timeout_fires_when_nothing_comes_and_may_when_something_does() {
    holds(|| {
        let (tx, rx) = bounded::<u8>(0);
        assert_eq!(rx.recv_timeout(HOUR), Err(RecvTimeoutError::Timeout));
        assert_eq!(tx.send_timeout(1, HOUR), Err(SendTimeoutError::Timeout(1)));
        let deadline = Instant::now() + HOUR;
        assert_eq!(rx.recv_deadline(deadline), Err(RecvTimeoutError::Timeout));
        assert!(Instant::now() >= deadline);
        drop(tx);
        assert_eq!(rx.recv_timeout(HOUR), Err(RecvTimeoutError::Disconnected));
    });
    // On a slow machine the message comes too late.
    fault(|| {
        let (tx, rx) = bounded(1);
        let sender = thread::spawn(move || tx.send(1).is_ok());
        assert_eq!(rx.recv_timeout(HOUR), Ok(1));
        sender.join().unwrap();
    });
}

#[test]
fn a_condition_times_out_or_is_notified() {
    holds(|| {
        let pair = (Mutex::new(false), Condvar::new());
        let start = Instant::now();
        let (guard, result) = pair.1.wait_timeout(pair.0.lock().unwrap(), HOUR).unwrap();
        drop(guard);
        assert!(result.timed_out() && start.elapsed() >= HOUR);
        thread::scope(|scope| {
            scope.spawn(|| {
                *pair.0.lock().unwrap() = true;
                pair.1.notify_one();
            });
            let ready = |ready: &mut bool| !*ready;
            let waited = pair
                .1
                .wait_timeout_while(pair.0.lock().unwrap(), HOUR, ready);
            let (ready, result) = waited.unwrap();
            assert!(*ready || result.timed_out());
        });
    });
}

#[test]
fn timers_send_when_their_time_has_come() {
    holds(|| {
        let start = Instant::now();
        assert_eq!(after(HOUR).recv().unwrap() - start, HOUR);
        let ticks = tick(HOUR);
        let first = ticks.recv().unwrap();
        let second = ticks.recv().unwrap();
        assert!(second - first >= HOUR);
        let when = Instant::now() + HOUR;
        assert_eq!(at(when).recv(), Ok(when));
        let (_tx, rx) = bounded::<u8>(0);
        let timed_out = select! {
            recv(rx) -> _ => false,
            recv(never::<u8>()) -> _ => false,
            recv(after(HOUR)) -> _ => true,
        };
        assert!(timed_out);
        let timed_out = select! {
            recv(rx) -> _ => false,
            default(HOUR) => true,
        };
        assert!(timed_out);
        thread::park_timeout(HOUR);
    });
}

#[test]
fn a_loop_that_looks_at_the_clock_comes_to_an_end() {
    holds(|| {
        let until = Instant::now() + Duration::from_millis(20);
        while Instant::now() < until {
            thread::yield_now();
        }
    });
}

#[test]
fn an_instant_computes_as_stds_does() {
    let now = Instant::now();
    let later = now + HOUR;
    assert_eq!(later - now, HOUR);
    assert_eq!(now - later, Duration::ZERO);
    assert_eq!(now.checked_duration_since(later), None);
    assert_eq!((later - HOUR, later > now), (now, true));
    assert!(now.checked_add(Duration::MAX).is_none());
}
