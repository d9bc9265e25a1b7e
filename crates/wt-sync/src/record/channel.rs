//! [`crossbeam_channel`], watched.
//!
//! `select!` and [`Select`] are crossbeam's own and take these ends as they are. A
//! thread that waits in one counts as able to go on.

use std::fmt;
use std::iter::FusedIterator;
use std::ops::Deref;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

pub use crossbeam_channel::{
    ReadyTimeoutError, RecvError, RecvTimeoutError, Select, SelectTimeoutError, SelectedOperation,
    SendError, SendTimeoutError, TryReadyError, TryRecvError, TrySelectError, TrySendError, select,
    select_biased,
};

use super::ends::{Ends, Side};
use super::object::{ObjectRecord, Tag};
use super::state::{Place, Wait, known_me, state, waiting, waiting_for};
use super::step::StepKind;
use super::turn::{self, Go};

/// As [`crossbeam_channel::Sender`].
pub struct Sender<T> {
    // The order matters: when the channel tells that a sender is gone, the record does not count
    // it any more.
    end: End,
    inner: crossbeam_channel::Sender<T>,
}

/// As [`crossbeam_channel::Receiver`].
pub struct Receiver<T> {
    /// `None` for a timer.
    end: Option<End>,
    inner: crossbeam_channel::Receiver<T>,
}

/// One counted end of a channel.
struct End {
    tag: Arc<Tag>,
    side: Side,
    /// Its place in the channel's [`Ends`], if it has one.
    slot: Option<usize>,
    /// The number of the thread that used it last, plus 1.
    user: AtomicUsize,
}

impl End {
    #[track_caller]
    fn new(tag: &Arc<Tag>, side: Side) -> Self {
        let place = Location::caller();
        let mut state = state();
        let by = state.who();
        let record = tag.record(&mut state);
        *count(record, side) += 1;
        let ends = record.ends.as_mut();
        let slot = ends.and_then(|ends| ends.made(side, by, place));
        Self {
            tag: Arc::clone(tag),
            side,
            slot,
            user: AtomicUsize::new(0),
        }
    }

    #[track_caller]
    fn again(&self) -> Self {
        Self::new(&self.tag, self.side)
    }

    /// Writes down that the calling thread uses it.
    fn used(&self) {
        let Some(slot) = self.slot else { return };
        let me = known_me().map_or(0, |me| me + 1);
        if me != 0 && self.user.swap(me, Ordering::Relaxed) == me {
            return;
        }
        let mut state = state();
        let by = state.who();
        if let Some(ends) = &mut self.tag.record(&mut state).ends {
            ends.used(self.side, slot, by);
        }
    }
}

fn count(record: &mut ObjectRecord, side: Side) -> &mut usize {
    match side {
        Side::Senders => &mut record.senders,
        Side::Receivers => &mut record.receivers,
    }
}

impl Drop for End {
    fn drop(&mut self) {
        let mut state = state();
        let record = self.tag.record(&mut state);
        *count(record, self.side) -= 1;
        if let (Some(slot), Some(ends)) = (self.slot, &mut record.ends) {
            ends.gone(self.side, slot);
        }
    }
}

/// As [`crossbeam_channel::bounded`].
#[track_caller]
#[must_use]
pub fn bounded<T>(cap: usize) -> (Sender<T>, Receiver<T>) {
    ends(
        Tag::new("channel"),
        Some(cap),
        crossbeam_channel::bounded(cap),
    )
}

/// As [`crossbeam_channel::unbounded`].
#[track_caller]
#[must_use]
pub fn unbounded<T>() -> (Sender<T>, Receiver<T>) {
    ends(Tag::new("channel"), None, crossbeam_channel::unbounded())
}

#[track_caller]
fn ends<T>(
    tag: Tag,
    capacity: Option<usize>,
    (tx, rx): (crossbeam_channel::Sender<T>, crossbeam_channel::Receiver<T>),
) -> (Sender<T>, Receiver<T>) {
    let tag = Arc::new(tag);
    let known = Box::new(Ends::default());
    {
        let mut state = state();
        let record = tag.record(&mut state);
        record.capacity = capacity;
        record.ends = Some(known);
    }
    let sender = Sender {
        end: End::new(&tag, Side::Senders),
        inner: tx,
    };
    let receiver = Receiver {
        end: Some(End::new(&tag, Side::Receivers)),
        inner: rx,
    };
    (sender, receiver)
}

/// As [`crossbeam_channel::after`].
#[must_use]
pub fn after(duration: Duration) -> Receiver<Instant> {
    timer(crossbeam_channel::after(duration))
}

/// As [`crossbeam_channel::at`].
#[must_use]
pub fn at(when: Instant) -> Receiver<Instant> {
    timer(crossbeam_channel::at(when))
}

/// As [`crossbeam_channel::tick`].
#[must_use]
pub fn tick(duration: Duration) -> Receiver<Instant> {
    timer(crossbeam_channel::tick(duration))
}

/// As [`crossbeam_channel::never`].
#[must_use]
pub fn never<T>() -> Receiver<T> {
    timer(crossbeam_channel::never())
}

fn timer<T>(inner: crossbeam_channel::Receiver<T>) -> Receiver<T> {
    Receiver { end: None, inner }
}

impl<T> Sender<T> {
    /// As [`crossbeam_channel::Sender::send`].
    ///
    /// # Errors
    ///
    /// The message, if all receivers are gone.
    #[track_caller]
    pub fn send(&self, msg: T) -> Result<(), SendError<T>> {
        let place = Location::caller();
        let wait = self.wait();
        let sent = waiting(wait, place, || self.inner.send(msg));
        self.note(sent.is_ok(), place);
        sent
    }

    /// As [`crossbeam_channel::Sender::try_send`].
    ///
    /// # Errors
    ///
    /// The message, if there is no room or all receivers are gone.
    #[track_caller]
    pub fn try_send(&self, msg: T) -> Result<(), TrySendError<T>> {
        let sent = self.try_now(msg);
        self.note(sent.is_ok(), Location::caller());
        sent
    }

    /// As [`crossbeam_channel::Sender::send_timeout`].
    ///
    /// # Errors
    ///
    /// The message, if there was no room in time or all receivers are gone.
    #[track_caller]
    pub fn send_timeout(&self, msg: T, timeout: Duration) -> Result<(), SendTimeoutError<T>> {
        let place = Location::caller();
        let wait = self.wait();
        let sent = waiting_for(wait, Some(timeout), place, |go| match go {
            Go::Free => self.inner.send_timeout(msg, timeout),
            Go::Ready => self
                .inner
                .send(msg)
                .map_err(|SendError(msg)| SendTimeoutError::Disconnected(msg)),
            Go::TimedOut => Err(SendTimeoutError::Timeout(msg)),
        });
        self.note(sent.is_ok(), place);
        sent
    }

    /// As [`crossbeam_channel::Sender::send_deadline`].
    ///
    /// # Errors
    ///
    /// The message, if there was no room in time or all receivers are gone.
    #[track_caller]
    pub fn send_deadline(&self, msg: T, deadline: Instant) -> Result<(), SendTimeoutError<T>> {
        self.send_timeout(msg, deadline.saturating_duration_since(Instant::now()))
    }

    /// As [`crossbeam_channel::Sender::same_channel`].
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        self.inner.same_channel(&other.inner)
    }

    fn wait(&self) -> Wait {
        self.end.used();
        Wait::Send(self.end.tag.handle())
    }

    fn try_now(&self, msg: T) -> Result<(), TrySendError<T>> {
        let wait = self.wait();
        if turn::is_fixed() && turn::meet(&mut state(), wait) {
            // The partner is on its way to the real channel.
            let sent = self.inner.send(msg);
            return sent.map_err(|SendError(msg)| TrySendError::Disconnected(msg));
        }
        self.inner.try_send(msg)
    }

    fn note(&self, sent: bool, place: Place) {
        if sent {
            let mut state = state();
            let tag = &self.end.tag;
            tag.record(&mut state).messages += 1;
            let object = tag.object(&mut state);
            state.step(StepKind::Sent(object), place);
            drop(state);
            turn::pass();
        }
    }
}

impl<T> Receiver<T> {
    /// As [`crossbeam_channel::Receiver::recv`].
    ///
    /// # Errors
    ///
    /// If the channel is empty and all senders are gone.
    #[track_caller]
    pub fn recv(&self) -> Result<T, RecvError> {
        let place = Location::caller();
        let received = waiting(self.wait(), place, || self.inner.recv());
        self.note(received.is_ok(), place);
        received
    }

    /// As [`crossbeam_channel::Receiver::try_recv`].
    ///
    /// # Errors
    ///
    /// If the channel is empty.
    #[track_caller]
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        let received = self.try_now();
        self.note(received.is_ok(), Location::caller());
        received
    }

    /// As [`crossbeam_channel::Receiver::recv_timeout`].
    ///
    /// # Errors
    ///
    /// If nothing came in time, or the channel is empty and all senders are gone.
    #[track_caller]
    pub fn recv_timeout(&self, timeout: Duration) -> Result<T, RecvTimeoutError> {
        let place = Location::caller();
        let received = waiting_for(self.wait(), Some(timeout), place, |go| match go {
            Go::Free => self.inner.recv_timeout(timeout),
            Go::Ready => (self.inner.recv()).map_err(|RecvError| RecvTimeoutError::Disconnected),
            Go::TimedOut => Err(RecvTimeoutError::Timeout),
        });
        self.note(received.is_ok(), place);
        received
    }

    /// As [`crossbeam_channel::Receiver::recv_deadline`].
    ///
    /// # Errors
    ///
    /// If nothing came in time, or the channel is empty and all senders are gone.
    #[track_caller]
    pub fn recv_deadline(&self, deadline: Instant) -> Result<T, RecvTimeoutError> {
        self.recv_timeout(deadline.saturating_duration_since(Instant::now()))
    }

    /// As [`crossbeam_channel::Receiver::iter`].
    #[track_caller]
    #[must_use]
    pub fn iter(&self) -> Iter<'_, T> {
        Iter {
            receiver: self,
            place: Location::caller(),
        }
    }

    /// As [`crossbeam_channel::Receiver::try_iter`].
    #[must_use]
    pub fn try_iter(&self) -> TryIter<'_, T> {
        TryIter { receiver: self }
    }

    /// As [`crossbeam_channel::Receiver::same_channel`].
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        self.inner.same_channel(&other.inner)
    }

    fn wait(&self) -> Wait {
        match &self.end {
            Some(end) => {
                end.used();
                Wait::Receive(end.tag.handle())
            }
            None => Wait::Other,
        }
    }

    fn try_now(&self) -> Result<T, TryRecvError> {
        let wait = self.wait();
        if turn::is_fixed() && turn::meet(&mut state(), wait) {
            let received = self.inner.recv();
            return received.map_err(|RecvError| TryRecvError::Disconnected);
        }
        self.inner.try_recv()
    }

    fn note(&self, received: bool, place: Place) {
        if let Some(end) = self.end.as_ref().filter(|_| received) {
            let mut state = state();
            // A message that went through `select!` was not counted, and a sender may not have
            // counted its own yet. Either way, who sleeps in `recv` has no message.
            end.tag.record(&mut state).messages -= 1;
            let object = end.tag.object(&mut state);
            state.step(StepKind::Received(object), place);
        }
    }

    /// `recv`, on behalf of a loop that began at `place`.
    fn next_at(&self, place: Place) -> Option<T> {
        let received = waiting(self.wait(), place, || self.inner.recv());
        self.note(received.is_ok(), place);
        received.ok()
    }
}

/// As [`crossbeam_channel::Iter`].
pub struct Iter<'a, T> {
    receiver: &'a Receiver<T>,
    place: Place,
}

impl<T> Iterator for Iter<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.receiver.next_at(self.place)
    }
}

impl<T> FusedIterator for Iter<'_, T> {}

/// As [`crossbeam_channel::TryIter`].
pub struct TryIter<'a, T> {
    receiver: &'a Receiver<T>,
}

impl<T> Iterator for TryIter<'_, T> {
    type Item = T;

    #[track_caller]
    fn next(&mut self) -> Option<T> {
        self.receiver.try_recv().ok()
    }
}

/// As [`crossbeam_channel::IntoIter`].
pub struct IntoIter<T> {
    receiver: Receiver<T>,
    place: Place,
}

impl<T> Iterator for IntoIter<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.receiver.next_at(self.place)
    }
}

impl<T> FusedIterator for IntoIter<T> {}

impl<T> IntoIterator for Receiver<T> {
    type Item = T;
    type IntoIter = IntoIter<T>;

    #[track_caller]
    fn into_iter(self) -> IntoIter<T> {
        IntoIter {
            receiver: self,
            place: Location::caller(),
        }
    }
}

impl<'a, T> IntoIterator for &'a Receiver<T> {
    type Item = T;
    type IntoIter = Iter<'a, T>;

    #[track_caller]
    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<T> Clone for Sender<T> {
    #[track_caller]
    fn clone(&self) -> Self {
        Self {
            end: self.end.again(),
            inner: self.inner.clone(),
        }
    }
}

impl<T> Clone for Receiver<T> {
    #[track_caller]
    fn clone(&self) -> Self {
        Self {
            end: self.end.as_ref().map(End::again),
            inner: self.inner.clone(),
        }
    }
}

/// For `select!`, and for the questions that nobody waits in.
impl<T> Deref for Sender<T> {
    type Target = crossbeam_channel::Sender<T>;

    fn deref(&self) -> &Self::Target {
        &self.inner
    }
}

/// For `select!`, and for the questions that nobody waits in.
impl<T> Deref for Receiver<T> {
    type Target = crossbeam_channel::Receiver<T>;

    fn deref(&self) -> &Self::Target {
        &self.inner
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl<T> fmt::Debug for Iter<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("Iter { .. }")
    }
}

impl<T> fmt::Debug for TryIter<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("TryIter { .. }")
    }
}

impl<T> fmt::Debug for IntoIter<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("IntoIter { .. }")
    }
}
