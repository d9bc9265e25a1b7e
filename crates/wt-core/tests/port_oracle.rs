//! Ports against a plain `VecDeque`: any sequence of calls gives what it would give.

use std::collections::VecDeque;

use wt_core::port::{self, Port, SendError, TryRecvError, TrySendError};

const RUNS: u64 = if cfg!(miri) { 5 } else { 400 };
const STEPS: usize = if cfg!(miri) { 60 } else { 400 };

/// What a bounded port is meant to be.
struct Oracle {
    messages: VecDeque<u32>,
    capacity: usize,
    sender_gone: bool,
}

impl Oracle {
    fn room(&self) -> usize {
        self.capacity - self.messages.len()
    }

    fn try_send(&mut self, message: u32) -> Result<(), TrySendError<u32>> {
        if self.sender_gone {
            return Err(TrySendError::Disconnected(message));
        }
        if self.room() == 0 {
            return Err(TrySendError::Full(message));
        }
        self.messages.push_back(message);
        Ok(())
    }

    fn force_send(&mut self, message: u32) -> Result<Option<u32>, SendError<u32>> {
        if self.sender_gone {
            return Err(SendError(message));
        }
        let oldest = (self.room() == 0)
            .then(|| self.messages.pop_front())
            .flatten();
        self.messages.push_back(message);
        Ok(oldest)
    }

    fn try_send_batch(&mut self, batch: &mut Vec<u32>) -> Result<usize, TrySendError<()>> {
        if self.sender_gone {
            return Err(TrySendError::Disconnected(()));
        }
        if self.room() == 0 && !batch.is_empty() {
            return Err(TrySendError::Full(()));
        }
        let count = self.room().min(batch.len());
        self.messages.extend(batch.drain(..count));
        Ok(count)
    }

    fn nothing(&self) -> TryRecvError {
        if self.sender_gone {
            TryRecvError::Disconnected
        } else {
            TryRecvError::Empty
        }
    }
}

#[test]
fn any_sequence_of_calls_does_what_a_queue_does() {
    for seed in 0..RUNS {
        let mut random = fastrand::Rng::with_seed(seed);
        let capacity = random.usize(1..9);
        let is_bounded = random.u8(..4) > 0;
        let (tx, rx) = if is_bounded {
            port::bounded::<u32, ()>(capacity)
        } else {
            port::pair()
        };
        let mut oracle = Oracle {
            messages: VecDeque::new(),
            capacity: if is_bounded { capacity } else { usize::MAX },
            sender_gone: false,
        };
        for step in 0..STEPS {
            compare(&tx, &rx, &mut oracle, &mut random, step as u32);
            assert_eq!(
                rx.unread(),
                oracle.messages.len(),
                "seed {seed}, step {step}"
            );
        }
        assert_eq!(rx.close(), Vec::from(oracle.messages), "seed {seed}");
    }
}

/// One random call on both.
fn compare(
    tx: &Port<u32, ()>,
    rx: &Port<(), u32>,
    oracle: &mut Oracle,
    random: &mut fastrand::Rng,
    message: u32,
) {
    match random.u8(..100) {
        0..35 => assert_eq!(tx.try_send(message), oracle.try_send(message)),
        35..42 => assert_eq!(tx.force_send(message), oracle.force_send(message)),
        42..55 => {
            let mut batch: Vec<_> = (0..random.u32(..6)).map(|i| message * 10 + i).collect();
            let mut expected = batch.clone();
            assert_eq!(
                tx.try_send_batch(&mut batch),
                oracle.try_send_batch(&mut expected)
            );
            assert_eq!(batch, expected, "what was not sent stays");
        }
        55..85 => {
            let expected = oracle.messages.pop_front().ok_or_else(|| oracle.nothing());
            assert_eq!(rx.try_recv(), expected);
        }
        85..99 => {
            let max = random.usize(1..6);
            let count = max.min(oracle.messages.len());
            let expected: Vec<_> = oracle.messages.drain(..count).collect();
            let mut batch = Vec::new();
            let received = rx.try_recv_batch(&mut batch, max);
            assert_eq!(batch, expected);
            assert_eq!(
                received,
                if count > 0 {
                    Ok(count)
                } else {
                    Err(oracle.nothing())
                }
            );
        }
        _ => {
            // Rarely, so that most runs are mostly open.
            if random.u8(..4) == 0 {
                tx.finish();
                oracle.sender_gone = true;
            }
        }
    }
}

/// Dropped once, wherever it ends up: received, handed back, or with the port.
#[test]
fn no_message_is_lost_or_dropped_twice() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    struct Counted(Arc<AtomicUsize>);
    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    for seed in 0..RUNS {
        let mut random = fastrand::Rng::with_seed(seed);
        let dropped = Arc::new(AtomicUsize::new(0));
        let capacity = random.usize(..5);
        let (tx, rx) = port::bounded::<Counted, ()>(capacity);
        let mut made = 0;
        for _ in 0..STEPS / 4 {
            match random.u8(..4) {
                0 | 1 => {
                    made += 1;
                    drop(tx.try_send(Counted(Arc::clone(&dropped))));
                }
                2 => {
                    made += 1;
                    drop(tx.force_send(Counted(Arc::clone(&dropped))));
                }
                _ => drop(rx.try_recv()),
            }
            assert_eq!(dropped.load(Ordering::Relaxed) + rx.unread(), made);
        }
        if random.bool() {
            drop((tx, rx));
        } else {
            drop((rx, tx));
        }
        assert_eq!(dropped.load(Ordering::Relaxed), made, "seed {seed}");
    }
}
