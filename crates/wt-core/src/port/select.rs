//! Waiting for whichever of several ports has something first.

use std::fmt;
use std::task::{Poll, Waker};

use wt_sync::time::{Duration, Instant};

use super::link::{Link, deadline_after};
use super::wait;
use super::waiters::Place;
use super::{Port, Server, Subscription};

/// A set of ports, servers and subscriptions, of which a thread waits for the first
/// that has something to receive.
///
/// It tells which one is ready, and the caller receives with `try_recv`. If other
/// threads receive there too, one of them may have been faster: then `try_recv` gives
/// `Empty`, and the caller waits again. Ready ports take turns, so that a busy one
/// does not hide the others.
///
/// # A port and something else
///
/// - *A point in time*: [`ready_timeout`](Self::ready_timeout).
/// - *A job*: a [`JoinHandle`](crate::pool::JoinHandle) and
///   [`recv_async`](Port::recv_async) are futures, so any async `select` takes both.
///   Without async, let the job send its result through a port.
/// - *A channel of crossbeam or std*: let what feeds the channel send through a port
///   instead. Only a list of wakers can be waited for together with others, and foreign
///   channels keep theirs to themselves.
///
/// # Examples
///
/// ```
/// use wt_core::port::{self, Select};
///
/// let (work, worker) = port::pair::<u32, ()>();
/// let (control, commands) = port::pair::<&str, ()>();
/// work.send(7)?;
/// control.send("stop")?;
///
/// let mut select = Select::new();
/// let (at_work, at_commands) = (select.add(&worker), select.add(&commands));
/// let mut seen = Vec::new();
/// while seen.len() < 2 {
///     match select.ready() {
///         i if i == at_work => seen.extend(worker.try_recv().map(|n| n.to_string())),
///         i if i == at_commands => seen.extend(commands.try_recv().map(str::to_owned)),
///         _ => unreachable!("two were added"),
///     }
/// }
/// assert_eq!(seen, ["7", "stop"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Default)]
pub struct Select<'a> {
    sources: Vec<Option<Source<'a>>>,
    /// Whose turn it is to be asked first.
    turn: usize,
}

/// Something that a [`Select`] can wait for: made from a reference to a [`Port`], a
/// [`Server`] or a [`Subscription`].
pub struct Source<'a> {
    watched: &'a dyn Watched,
    place: Place,
}

/// A link, whatever it carries.
trait Watched: Sync {
    fn poll_ready(&self, place: &mut Place, waker: &Waker) -> Poll<()>;
    fn leave_ready(&self, place: &mut Place);
}

impl<T: Send> Watched for Link<T> {
    fn poll_ready(&self, place: &mut Place, waker: &Waker) -> Poll<()> {
        self.poll_ready(place, waker)
    }

    fn leave_ready(&self, place: &mut Place) {
        self.leave_ready(place);
    }
}

impl<'a, T: Send> From<&'a Link<T>> for Source<'a> {
    fn from(link: &'a Link<T>) -> Self {
        Self {
            watched: link,
            place: Place::default(),
        }
    }
}

impl<'a, Out, In: Send> From<&'a Port<Out, In>> for Source<'a> {
    fn from(port: &'a Port<Out, In>) -> Self {
        Self::from(port.inbound())
    }
}

impl<'a, Req: Send, Rep: Send> From<&'a Server<Req, Rep>> for Source<'a> {
    fn from(server: &'a Server<Req, Rep>) -> Self {
        Self::from(server.requests())
    }
}

impl<'a, T: Send> From<&'a Subscription<T>> for Source<'a> {
    fn from(subscription: &'a Subscription<T>) -> Self {
        Self::from(subscription.link())
    }
}

impl<'a> Select<'a> {
    /// A set of nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a port, a server or a subscription. Returns the number by which it is
    /// called when it is ready: 0 for the first, 1 for the second, and so on.
    pub fn add(&mut self, source: impl Into<Source<'a>>) -> usize {
        self.sources.push(Some(source.into()));
        self.sources.len() - 1
    }

    /// Takes one out, for instance because it has hung up: it would be ready for ever.
    /// The numbers of the others stay. Returns whether it was there.
    pub fn remove(&mut self, number: usize) -> bool {
        let source = self.sources.get_mut(number).and_then(Option::take);
        source.is_some()
    }

    /// Whether there is nothing to wait for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sources.iter().all(Option::is_none)
    }

    /// The number of one that is ready: it has a message, or its other side has hung
    /// up. Blocks until there is one.
    ///
    /// # Panics
    ///
    /// If the set [is empty](Self::is_empty): the wait would never end.
    pub fn ready(&mut self) -> usize {
        assert!(!self.is_empty(), "a wait for nothing would never end");
        self.ready_until(None).expect("there is no deadline")
    }

    /// As [`ready`](Self::ready), for at most `timeout`. `None` if none was ready in
    /// time.
    pub fn ready_timeout(&mut self, timeout: Duration) -> Option<usize> {
        self.ready_until(deadline_after(timeout))
    }

    /// As [`ready`](Self::ready), without waiting.
    pub fn try_ready(&mut self) -> Option<usize> {
        self.ready_until(Some(Instant::now()))
    }

    fn ready_until(&mut self, deadline: Option<Instant>) -> Option<usize> {
        let ready = wait::block_on(deadline, |waker| self.poll_ready(waker));
        for source in self.sources.iter_mut().flatten() {
            source.watched.leave_ready(&mut source.place);
        }
        if let Some(number) = ready {
            self.turn = number + 1;
        }
        ready
    }

    fn poll_ready(&mut self, waker: &Waker) -> Poll<usize> {
        let count = self.sources.len();
        for number in (0..count).map(|i| (self.turn + i) % count) {
            if let Some(source) = &mut self.sources[number]
                && source
                    .watched
                    .poll_ready(&mut source.place, waker)
                    .is_ready()
            {
                return Poll::Ready(number);
            }
        }
        Poll::Pending
    }
}

impl fmt::Debug for Select<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waiting_for = self.sources.iter().flatten().count();
        f.debug_struct("Select")
            .field("sources", &waiting_for)
            .finish()
    }
}

impl fmt::Debug for Source<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").finish_non_exhaustive()
    }
}
