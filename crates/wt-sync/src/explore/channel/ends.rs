//! Senders, receivers and the iterators over what comes.

use std::fmt;
use std::iter::FusedIterator;
use std::panic::Location;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crossbeam_channel::{
    RecvError, RecvTimeoutError, SendError, SendTimeoutError, TryRecvError, TrySendError,
};

use super::queue::{Channel, Side, Timer};
use crate::explore::time::Instant;
use crate::explore::wait;
use crate::explore::wait::switch;

/// As [`crossbeam_channel::Sender`].
pub struct Sender<T> {
    pub(super) channel: Arc<Channel<T>>,
}

/// As [`crossbeam_channel::Receiver`].
pub struct Receiver<T> {
    pub(super) channel: Arc<Channel<T>>,
}

/// As [`crossbeam_channel::bounded`].
#[track_caller]
#[must_use]
pub fn bounded<T>(cap: usize) -> (Sender<T>, Receiver<T>) {
    ends(Channel::new(Some(cap)))
}

/// As [`crossbeam_channel::unbounded`].
#[track_caller]
#[must_use]
pub fn unbounded<T>() -> (Sender<T>, Receiver<T>) {
    ends(Channel::new(None))
}

fn ends<T>(channel: Arc<Channel<T>>) -> (Sender<T>, Receiver<T>) {
    let sender = Sender {
        channel: Arc::clone(&channel),
    };
    (sender, Receiver { channel })
}

/// As [`crossbeam_channel::after`], in virtual time.
#[track_caller]
#[must_use]
pub fn after(duration: Duration) -> Receiver<Instant> {
    timer(Some(wait::after(duration)), None, |now| now)
}

/// As [`crossbeam_channel::at`], in virtual time.
#[track_caller]
#[must_use]
pub fn at(when: Instant) -> Receiver<Instant> {
    timer(Some(when.since_the_start()), None, |now| now)
}

/// As [`crossbeam_channel::tick`], in virtual time.
#[track_caller]
#[must_use]
pub fn tick(duration: Duration) -> Receiver<Instant> {
    timer(Some(wait::after(duration)), Some(duration), |now| now)
}

/// As [`crossbeam_channel::never`].
#[track_caller]
#[must_use]
pub fn never<T>() -> Receiver<T> {
    timer(None, None, |_| unreachable!("it never comes"))
}

#[track_caller]
fn timer<T>(
    next: Option<Duration>,
    period: Option<Duration>,
    make: fn(Instant) -> T,
) -> Receiver<T> {
    let channel = Channel::timer(Timer {
        next: Mutex::new(next),
        period,
        make,
    });
    Receiver { channel }
}

impl<T> Sender<T> {
    /// As [`crossbeam_channel::Sender::send`].
    ///
    /// # Errors
    ///
    /// The message, if all receivers are gone.
    #[track_caller]
    pub fn send(&self, msg: T) -> Result<(), SendError<T>> {
        let sent = self.channel.send(msg, None, Location::caller());
        sent.map_err(|error| SendError(error.into_inner()))
    }

    /// As [`crossbeam_channel::Sender::try_send`].
    ///
    /// # Errors
    ///
    /// The message, if there is no room or all receivers are gone.
    #[track_caller]
    pub fn try_send(&self, msg: T) -> Result<(), TrySendError<T>> {
        let place = Location::caller();
        switch();
        let sent = self.channel.try_send(msg, place);
        if matches!(sent, Err(TrySendError::Full(_))) {
            self.channel.in_vain(Side::Send, place);
        }
        sent
    }

    /// As [`crossbeam_channel::Sender::send_timeout`].
    ///
    /// # Errors
    ///
    /// The message, if there was no room in time or all receivers are gone.
    #[track_caller]
    pub fn send_timeout(&self, msg: T, timeout: Duration) -> Result<(), SendTimeoutError<T>> {
        let until = wait::after(timeout);
        self.channel.send(msg, Some(until), Location::caller())
    }

    /// As [`crossbeam_channel::Sender::send_deadline`].
    ///
    /// # Errors
    ///
    /// The message, if there was no room in time or all receivers are gone.
    #[track_caller]
    pub fn send_deadline(&self, msg: T, deadline: Instant) -> Result<(), SendTimeoutError<T>> {
        let until = deadline.since_the_start();
        self.channel.send(msg, Some(until), Location::caller())
    }

    /// As [`crossbeam_channel::Sender::is_empty`].
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// As [`crossbeam_channel::Sender::is_full`].
    #[must_use]
    pub fn is_full(&self) -> bool {
        switch();
        self.channel.is_full()
    }

    /// As [`crossbeam_channel::Sender::len`].
    #[must_use]
    pub fn len(&self) -> usize {
        switch();
        self.channel.len()
    }

    /// As [`crossbeam_channel::Sender::capacity`].
    #[must_use]
    pub fn capacity(&self) -> Option<usize> {
        self.channel.capacity()
    }

    /// As [`crossbeam_channel::Sender::same_channel`].
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.channel, &other.channel)
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
        let received = self.channel.recv(None, Location::caller());
        received.map_err(|_| RecvError)
    }

    /// As [`crossbeam_channel::Receiver::try_recv`].
    ///
    /// # Errors
    ///
    /// If the channel is empty.
    #[track_caller]
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        let place = Location::caller();
        switch();
        let received = self.channel.try_recv(place);
        if matches!(received, Err(TryRecvError::Empty)) {
            self.channel.in_vain(Side::Receive, place);
        }
        received
    }

    /// As [`crossbeam_channel::Receiver::recv_timeout`].
    ///
    /// # Errors
    ///
    /// If nothing came in time, or the channel is empty and all senders are gone.
    #[track_caller]
    pub fn recv_timeout(&self, timeout: Duration) -> Result<T, RecvTimeoutError> {
        let until = wait::after(timeout);
        self.channel.recv(Some(until), Location::caller())
    }

    /// As [`crossbeam_channel::Receiver::recv_deadline`].
    ///
    /// # Errors
    ///
    /// If nothing came in time, or the channel is empty and all senders are gone.
    #[track_caller]
    pub fn recv_deadline(&self, deadline: Instant) -> Result<T, RecvTimeoutError> {
        let until = deadline.since_the_start();
        self.channel.recv(Some(until), Location::caller())
    }

    /// As [`crossbeam_channel::Receiver::is_empty`].
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// As [`crossbeam_channel::Receiver::is_full`].
    #[must_use]
    pub fn is_full(&self) -> bool {
        switch();
        self.channel.is_full()
    }

    /// As [`crossbeam_channel::Receiver::len`].
    #[must_use]
    pub fn len(&self) -> usize {
        switch();
        self.channel.len()
    }

    /// As [`crossbeam_channel::Receiver::capacity`].
    #[must_use]
    pub fn capacity(&self) -> Option<usize> {
        self.channel.capacity()
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
        Arc::ptr_eq(&self.channel, &other.channel)
    }
}

/// As [`crossbeam_channel::Iter`].
pub struct Iter<'a, T> {
    receiver: &'a Receiver<T>,
    place: &'static Location<'static>,
}

impl<T> Iterator for Iter<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.receiver.channel.recv(None, self.place).ok()
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
    place: &'static Location<'static>,
}

impl<T> Iterator for IntoIter<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.receiver.channel.recv(None, self.place).ok()
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
    fn clone(&self) -> Self {
        self.channel.another(Side::Send);
        Self {
            channel: Arc::clone(&self.channel),
        }
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        self.channel.another(Side::Receive);
        Self {
            channel: Arc::clone(&self.channel),
        }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.channel.one_less(Side::Send);
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.channel.one_less(Side::Receive);
    }
}

macro_rules! opaque {
    ($($name:ident$(<$lifetime:lifetime>)?)+) => { $(
        impl<T> fmt::Debug for $name<$($lifetime,)? T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(concat!(stringify!($name), " { .. }"))
            }
        }
    )+ };
}

opaque!(Sender Receiver Iter<'_> TryIter<'_> IntoIter);
