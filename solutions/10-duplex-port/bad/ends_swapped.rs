//! Must fail: messages_go_both_ways_in_order (wrong), recv_waits_for_a_message (wrong), one_thread_sends_while_another_receives (wrong), the_try_variants_answer_at_once (wrong), the_timeout_variants_give_up (wrong), what_was_sent_before_the_hang_up_arrives (wrong), a_hang_up_wakes_a_waiting_receiver (wrong), a_hang_up_wakes_a_waiting_sender (wrong), sending_after_the_hang_up_is_an_error (wrong), a_port_travels_through_a_port (wrong), introduced_workers_talk_directly (wrong), an_absent_worker_is_reported (wrong)
//! Hint: Look at which queue each of your ports sends to, and which it receives from. Whose messages does the left one get?
//!
//! The mistake: messages are stored as `Any`, so that one type of queue does for all; and then
//! each port receives from the queue that it sends to. With a channel of `A` and one of `B` the
//! compiler would have refused.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::iter;
use std::marker::PhantomData;

use wt_core::channel::{
    self, Receiver, RecvError, RecvTimeoutError, SendError, SendTimeoutError, Sender, TryRecvError,
    TrySendError,
};
use wt_core::time::Duration;

#[derive(Debug)]
pub struct Port<Out, In> {
    outbound: Sender<Box<dyn Any + Send>>,
    inbound: Receiver<Box<dyn Any + Send>>,
    types: PhantomData<fn(Out) -> In>,
}

#[must_use]
pub fn pair<A: Send + 'static, B: Send + 'static>(capacity: usize) -> (Port<A, B>, Port<B, A>) {
    assert!(capacity > 0, "a port of capacity 0 can hold no message");
    let (a_tx, a_rx) = channel::bounded(capacity);
    let (b_tx, b_rx) = channel::bounded(capacity);
    let left = Port {
        outbound: a_tx,
        inbound: a_rx,
        types: PhantomData,
    };
    let right = Port {
        outbound: b_tx,
        inbound: b_rx,
        types: PhantomData,
    };
    (left, right)
}

impl<Out: Send + 'static, In: Send + 'static> Port<Out, In> {
    pub fn send(&self, message: Out) -> Result<(), SendError<Out>> {
        let sent = self.outbound.send(Box::new(message));
        sent.map_err(|SendError(message)| SendError(unpack(message)))
    }

    pub fn try_send(&self, message: Out) -> Result<(), TrySendError<Out>> {
        let sent = self.outbound.try_send(Box::new(message));
        sent.map_err(|error| match error {
            TrySendError::Full(message) => TrySendError::Full(unpack(message)),
            TrySendError::Disconnected(message) => TrySendError::Disconnected(unpack(message)),
        })
    }

    pub fn send_timeout(
        &self,
        message: Out,
        timeout: Duration,
    ) -> Result<(), SendTimeoutError<Out>> {
        let sent = self.outbound.send_timeout(Box::new(message), timeout);
        sent.map_err(|error| match error {
            SendTimeoutError::Timeout(message) => SendTimeoutError::Timeout(unpack(message)),
            SendTimeoutError::Disconnected(message) => {
                SendTimeoutError::Disconnected(unpack(message))
            }
        })
    }

    pub fn recv(&self) -> Result<In, RecvError> {
        self.inbound.recv().map(unpack)
    }

    pub fn try_recv(&self) -> Result<In, TryRecvError> {
        self.inbound.try_recv().map(unpack)
    }

    pub fn recv_timeout(&self, timeout: Duration) -> Result<In, RecvTimeoutError> {
        self.inbound.recv_timeout(timeout).map(unpack)
    }

    pub fn iter(&self) -> impl Iterator<Item = In> + '_ {
        iter::from_fn(|| self.recv().ok())
    }
}

fn unpack<T: 'static>(message: Box<dyn Any + Send>) -> T {
    *message.downcast().expect("both sides agree on the type")
}

pub fn introduce<A: Send + 'static, B: Send + 'static, X: Send + 'static, Y: Send + 'static>(
    one: &Port<Port<A, B>, X>,
    other: &Port<Port<B, A>, Y>,
    capacity: usize,
) -> Result<(), Absent> {
    let (left, right) = pair(capacity);
    one.send(left).map_err(|_| Absent)?;
    other.send(right).map_err(|_| Absent)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Absent;

impl fmt::Display for Absent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one of the two workers has hung up")
    }
}

impl Error for Absent {}
