//! What the two ends of a channel share.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crossbeam_channel::{RecvTimeoutError, SendTimeoutError, TryRecvError, TrySendError};

use crate::explore::step::Verb;
use crate::explore::time::Instant;
use crate::explore::wait::{Wait, block, switch};
use crate::explore::world::{Place, Tag, ThreadNumber, here, with};

/// A channel.
pub(super) struct Channel<T> {
    tag: Tag,
    state: Mutex<State<T>>,
    timer: Option<Timer<T>>,
}

struct State<T> {
    messages: VecDeque<T>,
    capacity: Option<usize>,
    /// Places that a `select` has, whose message is still to come.
    reserved: usize,
    senders: usize,
    receivers: usize,
    /// Those that wait.
    sending: Vec<Party<T>>,
    receiving: Vec<Party<T>>,
    /// What a `select` has chosen and not taken yet, by its ticket.
    chosen: Vec<(u64, Chosen<T>)>,
}

/// A message at a time, made without a sender.
pub(super) struct Timer<T> {
    pub(super) next: Mutex<Option<Duration>>,
    pub(super) period: Option<Duration>,
    pub(super) make: fn(Instant) -> T,
}

/// A thread that waits at a channel, perhaps at others too.
struct Party<T> {
    token: Arc<Token>,
    case: usize,
    packet: Arc<Packet<T>>,
}

/// Which of the things that a thread waits for has come.
pub(super) struct Token {
    thread: ThreadNumber,
    case: Mutex<Option<usize>>,
}

/// A message on its way from hand to hand, at capacity 0.
struct Packet<T> {
    message: Mutex<Option<T>>,
    reader: Mutex<Option<ThreadNumber>>,
}

/// What a `select` has got hold of.
enum Chosen<T> {
    /// A message that was taken out, or the news that none will come.
    Message(Result<T, crossbeam_channel::RecvError>),
    /// One that a sender has, or will have.
    FromHand(Arc<Packet<T>>),
    /// A place in the queue; `false`: nobody receives.
    Place(bool),
    /// A receiver that waits for it.
    ToHand(Arc<Packet<T>>),
}

/// What to do at a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Send,
    Receive,
}

impl Token {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            thread: here(|world| world.me()),
            case: Mutex::new(None),
        })
    }

    pub(super) fn case(&self) -> Option<usize> {
        *lock(&self.case)
    }

    /// Says that `case` has come, unless another has.
    fn choose(&self, case: usize) -> bool {
        let mut chosen = lock(&self.case);
        let is_first = chosen.is_none();
        if is_first {
            *chosen = Some(case);
        }
        is_first
    }
}

impl<T> Packet<T> {
    fn new(message: Option<T>) -> Arc<Self> {
        Arc::new(Self {
            message: Mutex::new(message),
            reader: Mutex::new(None),
        })
    }

    fn fill(&self, message: T) {
        *lock(&self.message) = Some(message);
        if let Some(reader) = lock(&self.reader).take() {
            with(|world| world.wake(reader));
        }
    }

    /// The message, waiting for a `select` that has promised it.
    fn take(&self, wait: Wait, place: Place) -> T {
        loop {
            if let Some(message) = lock(&self.message).take() {
                return message;
            }
            *lock(&self.reader) = Some(here(|world| world.me()));
            block(wait, place, None);
        }
    }
}

impl<T> State<T> {
    fn has_room(&self) -> bool {
        let taken = self.messages.len() + self.reserved;
        self.capacity.is_none_or(|most| taken < most)
    }

    /// A receiver that waits at a channel without places, now chosen.
    fn meet_receiver(&mut self) -> Option<(Arc<Packet<T>>, ThreadNumber)> {
        meet(&mut self.receiving)
    }

    fn meet_sender(&mut self) -> Option<(Arc<Packet<T>>, ThreadNumber)> {
        meet(&mut self.sending)
    }

    fn is_rendezvous(&self) -> bool {
        self.capacity == Some(0)
    }
}

fn meet<T>(parties: &mut Vec<Party<T>>) -> Option<(Arc<Packet<T>>, ThreadNumber)> {
    let me = with(|world| world.me());
    let other = |party: &Party<T>| Some(party.token.thread) != me && party.token.choose(party.case);
    let at = parties.iter().position(other)?;
    let party = parties.remove(at);
    Some((party.packet, party.token.thread))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wake<T>(parties: &[Party<T>]) {
    with(|world| {
        for party in parties {
            world.wake(party.token.thread);
        }
    });
}

impl<T> Channel<T> {
    #[track_caller]
    pub(super) fn new(capacity: Option<usize>) -> Arc<Self> {
        Arc::new(Self {
            tag: Tag::new("channel"),
            state: Mutex::new(State {
                messages: VecDeque::new(),
                capacity,
                reserved: 0,
                senders: 1,
                receivers: 1,
                sending: Vec::new(),
                receiving: Vec::new(),
                chosen: Vec::new(),
            }),
            timer: None,
        })
    }

    #[track_caller]
    pub(super) fn timer(timer: Timer<T>) -> Arc<Self> {
        let mut channel = Self::new(Some(1));
        let own = Arc::get_mut(&mut channel).expect("it is new");
        own.timer = Some(timer);
        channel
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        lock(&self.state)
    }

    /// Writes down what the channel holds, for whoever tells of it.
    fn tell(&self, state: &State<T>, verb: Option<Verb>, place: Option<Place>) {
        with(|world| {
            let object = self.tag.object(world);
            object.messages = state.messages.len();
            object.senders = state.senders;
            object.receivers = state.receivers;
            object.capacity = state.capacity;
            if let Some(verb) = verb {
                world.step(verb, place);
            }
        });
    }

    fn verb(&self, of: fn(usize) -> Verb) -> Option<Verb> {
        with(|world| of(self.tag.number(world)))
    }

    pub(super) fn another(&self, side: Side) {
        let mut state = self.state();
        match side {
            Side::Send => state.senders += 1,
            Side::Receive => state.receivers += 1,
        }
        self.tell(&state, None, None);
    }

    /// One end is gone. The last one wakes those that wait for it.
    pub(super) fn one_less(&self, side: Side) {
        switch();
        let mut state = self.state();
        let (left, name) = match side {
            Side::Send => {
                state.senders -= 1;
                (state.senders, "sender")
            }
            Side::Receive => {
                state.receivers -= 1;
                (state.receivers, "receiver")
            }
        };
        if left > 0 || self.timer.is_some() {
            self.tell(&state, None, None);
            return;
        }
        let verb = with(|world| Verb::HungUp(self.tag.number(world), name));
        self.tell(&state, verb, None);
        match side {
            Side::Send => wake(&state.receiving),
            Side::Receive => wake(&state.sending),
        }
        // Nobody will ever take them. Their destructors may use the channel.
        let lost = match side {
            Side::Receive => std::mem::take(&mut state.messages),
            Side::Send => VecDeque::new(),
        };
        drop(state);
        drop(lost);
    }

    /// Sends if that needs no waiting.
    pub(super) fn try_send(&self, message: T, place: Place) -> Result<(), TrySendError<T>> {
        let mut state = self.state();
        if state.receivers == 0 {
            self.tell(&state, self.verb(Verb::NotSent), Some(place));
            return Err(TrySendError::Disconnected(message));
        }
        if state.is_rendezvous() {
            let Some((packet, receiver)) = state.meet_receiver() else {
                return Err(TrySendError::Full(message));
            };
            self.tell(&state, self.verb(Verb::Sent), Some(place));
            packet.fill(message);
            with(|world| world.wake(receiver));
            return Ok(());
        }
        if !state.has_room() {
            return Err(TrySendError::Full(message));
        }
        state.messages.push_back(message);
        self.tell(&state, self.verb(Verb::Sent), Some(place));
        wake(&state.receiving);
        Ok(())
    }

    pub(super) fn send(
        &self,
        message: T,
        until: Option<Duration>,
        place: Place,
    ) -> Result<(), SendTimeoutError<T>> {
        let mut message = message;
        switch();
        loop {
            message = match self.try_send(message, place) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Disconnected(message)) => {
                    return Err(SendTimeoutError::Disconnected(message));
                }
                Err(TrySendError::Full(message)) => message,
            };
            if is_over(until) {
                return Err(SendTimeoutError::Timeout(message));
            }
            let token = Token::new();
            let is_rendezvous = self.state().is_rendezvous();
            let (offered, kept) = match is_rendezvous {
                true => (Some(message), None),
                false => (None, Some(message)),
            };
            let packet = Packet::new(offered);
            self.state().sending.push(Party {
                token: Arc::clone(&token),
                case: 0,
                packet: Arc::clone(&packet),
            });
            let wait = here(|world| Wait::Send(self.tag.number(world)));
            block(wait, place, until);
            self.state()
                .sending
                .retain(|party| !Arc::ptr_eq(&party.token, &token));
            if token.case().is_some() {
                self.tell(&self.state(), self.verb(Verb::Sent), Some(place));
                return Ok(());
            }
            let taken_back = kept.or_else(|| lock(&packet.message).take());
            message = taken_back.expect("nobody has taken it");
        }
    }

    /// Receives if that needs no waiting.
    pub(super) fn try_recv(&self, place: Place) -> Result<T, TryRecvError> {
        if let Some(timer) = &self.timer {
            return timer.message().ok_or(TryRecvError::Empty);
        }
        let mut state = self.state();
        if let Some(message) = state.messages.pop_front() {
            self.tell(&state, self.verb(Verb::Received), Some(place));
            wake(&state.sending);
            return Ok(message);
        }
        if state.is_rendezvous()
            && let Some((packet, sender)) = state.meet_sender()
        {
            self.tell(&state, self.verb(Verb::Received), Some(place));
            drop(state);
            with(|world| world.wake(sender));
            let wait = here(|world| Wait::Receive(self.tag.number(world)));
            return Ok(packet.take(wait, place));
        }
        if state.senders == 0 {
            self.tell(&state, self.verb(Verb::NotReceived), Some(place));
            return Err(TryRecvError::Disconnected);
        }
        Err(TryRecvError::Empty)
    }

    pub(super) fn recv(
        &self,
        until: Option<Duration>,
        place: Place,
    ) -> Result<T, RecvTimeoutError> {
        switch();
        loop {
            match self.try_recv(place) {
                Ok(message) => return Ok(message),
                Err(TryRecvError::Disconnected) => return Err(RecvTimeoutError::Disconnected),
                Err(TryRecvError::Empty) if is_over(until) => {
                    return Err(RecvTimeoutError::Timeout);
                }
                Err(TryRecvError::Empty) => {}
            }
            let token = Token::new();
            let packet = Packet::new(None);
            self.state().receiving.push(Party {
                token: Arc::clone(&token),
                case: 0,
                packet: Arc::clone(&packet),
            });
            let wait = here(|world| match self.timer {
                Some(_) => Wait::Time,
                None => Wait::Receive(self.tag.number(world)),
            });
            block(wait, place, earlier(until, self.next_time()));
            self.state()
                .receiving
                .retain(|party| !Arc::ptr_eq(&party.token, &token));
            if token.case().is_some() {
                let message = packet.take(wait, place);
                self.tell(&self.state(), self.verb(Verb::Received), Some(place));
                return Ok(message);
            }
        }
    }

    /// Notes that nothing could be done, for calls that do not wait.
    pub(super) fn in_vain(&self, side: Side, place: Place) {
        let verb = match side {
            Side::Send => Verb::NotSent,
            Side::Receive => Verb::NotReceived,
        };
        self.tell(&self.state(), self.verb(verb), Some(place));
    }

    pub(super) fn len(&self) -> usize {
        match &self.timer {
            Some(timer) => usize::from(timer.is_due()),
            None => self.state().messages.len(),
        }
    }

    pub(super) fn capacity(&self) -> Option<usize> {
        self.state().capacity
    }

    pub(super) fn is_full(&self) -> bool {
        Some(self.len()) == self.capacity()
    }
}

impl<T> Timer<T> {
    fn is_due(&self) -> bool {
        let now = with(|world| world.now).unwrap_or_default();
        lock(&self.next).is_some_and(|next| next <= now)
    }

    fn message(&self) -> Option<T> {
        if !self.is_due() {
            return None;
        }
        let now = with(|world| world.now).unwrap_or_default();
        let mut next = lock(&self.next);
        let due = next.take()?;
        *next = self.period.map(|period| now.saturating_add(period));
        Some((self.make)(Instant::at(due)))
    }
}

pub(super) fn is_over(until: Option<Duration>) -> bool {
    until.is_some_and(|until| here(|world| until <= world.now))
}

pub(super) fn earlier(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    one.into_iter().chain(other).min()
}

/// What a `select` needs of a channel, whatever its messages are.
pub(super) trait Case {
    /// Gets hold of what there is for `side`, under `ticket`; says whether there is
    /// something, be it the news that the other end is gone.
    fn choose(&self, side: Side, ticket: u64) -> bool;
    /// Whether there is something.
    fn is_ready(&self, side: Side) -> bool;
    /// Begins to wait. At capacity 0 others may choose this case from now on.
    fn begin(&self, side: Side, token: &Arc<Token>, case: usize, ticket: u64);
    /// Ends it. What is under the ticket stays only if `keep`.
    fn end(&self, side: Side, token: &Arc<Token>, ticket: u64, keep: bool);
    /// When a timer has its next message.
    fn next_time(&self) -> Option<Duration>;
    /// Tells one channel from another.
    fn address(&self) -> usize;
}

impl<T> Case for Channel<T> {
    fn choose(&self, side: Side, ticket: u64) -> bool {
        if let Some(timer) = &self.timer {
            let message = timer.message();
            let is_there = message.is_some();
            let chosen = message.map(|message| (ticket, Chosen::Message(Ok(message))));
            self.state().chosen.extend(chosen);
            return is_there;
        }
        let mut state = self.state();
        let chosen = match side {
            Side::Send if state.receivers == 0 => Chosen::Place(false),
            Side::Send if state.is_rendezvous() => match state.meet_receiver() {
                Some((packet, receiver)) => {
                    with(|world| world.wake(receiver));
                    Chosen::ToHand(packet)
                }
                None => return false,
            },
            Side::Send if state.has_room() => {
                state.reserved += 1;
                Chosen::Place(true)
            }
            Side::Send => return false,
            Side::Receive => {
                if let Some(message) = state.messages.pop_front() {
                    wake(&state.sending);
                    Chosen::Message(Ok(message))
                } else if let Some((packet, sender)) =
                    state.is_rendezvous().then(|| state.meet_sender()).flatten()
                {
                    with(|world| world.wake(sender));
                    Chosen::FromHand(packet)
                } else if state.senders == 0 {
                    Chosen::Message(Err(crossbeam_channel::RecvError))
                } else {
                    return false;
                }
            }
        };
        state.chosen.push((ticket, chosen));
        self.tell(&state, None, None);
        true
    }

    fn is_ready(&self, side: Side) -> bool {
        if let Some(timer) = &self.timer {
            return timer.is_due();
        }
        let state = self.state();
        let me = with(|world| world.me());
        let waits = |parties: &[Party<T>]| {
            let mut parties = parties.iter();
            parties.any(|party| Some(party.token.thread) != me && party.token.case().is_none())
        };
        match side {
            Side::Send if state.is_rendezvous() => state.receivers == 0 || waits(&state.receiving),
            Side::Send => state.receivers == 0 || state.has_room(),
            Side::Receive => {
                let from_hand = state.is_rendezvous() && waits(&state.sending);
                !state.messages.is_empty() || from_hand || state.senders == 0
            }
        }
    }

    fn begin(&self, side: Side, token: &Arc<Token>, case: usize, ticket: u64) {
        let packet = Packet::new(None);
        let party = Party {
            token: Arc::clone(token),
            case,
            packet: Arc::clone(&packet),
        };
        let mut state = self.state();
        match side {
            Side::Send => {
                state.sending.push(party);
                state.chosen.push((ticket, Chosen::ToHand(packet)));
            }
            Side::Receive => {
                state.receiving.push(party);
                state.chosen.push((ticket, Chosen::FromHand(packet)));
            }
        }
    }

    fn end(&self, side: Side, token: &Arc<Token>, ticket: u64, keep: bool) {
        let mut state = self.state();
        let other = |party: &Party<T>| !Arc::ptr_eq(&party.token, token);
        match side {
            Side::Send => state.sending.retain(other),
            Side::Receive => state.receiving.retain(other),
        }
        if !keep {
            state.chosen.retain(|(known, _)| *known != ticket);
        }
    }

    fn next_time(&self) -> Option<Duration> {
        self.timer.as_ref().and_then(|timer| *lock(&timer.next))
    }

    fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }
}

impl<T> Channel<T> {
    fn chosen(&self, ticket: u64) -> Chosen<T> {
        let mut state = self.state();
        let at = state.chosen.iter().position(|(known, _)| *known == ticket);
        let at = at.unwrap_or_else(|| panic!("passed a channel that wasn't selected"));
        state.chosen.remove(at).1
    }

    /// Takes what a `select` has got hold of.
    pub(super) fn finish_recv(
        &self,
        ticket: u64,
        place: Place,
    ) -> Result<T, crossbeam_channel::RecvError> {
        let received = match self.chosen(ticket) {
            Chosen::Message(message) => message,
            Chosen::FromHand(packet) => {
                let wait = here(|world| Wait::Receive(self.tag.number(world)));
                Ok(packet.take(wait, place))
            }
            _ => panic!("a case that sends was completed by receiving"),
        };
        let verb = match received {
            Ok(_) => Verb::Received,
            Err(_) => Verb::NotReceived,
        };
        self.tell(&self.state(), self.verb(verb), Some(place));
        received
    }

    /// Puts a message to the place that a `select` has got hold of.
    pub(super) fn finish_send(
        &self,
        ticket: u64,
        message: T,
        place: Place,
    ) -> Result<(), crossbeam_channel::SendError<T>> {
        let sent = match self.chosen(ticket) {
            Chosen::ToHand(packet) => {
                packet.fill(message);
                Ok(())
            }
            Chosen::Place(true) => {
                let mut state = self.state();
                state.reserved -= 1;
                if state.receivers == 0 {
                    Err(crossbeam_channel::SendError(message))
                } else {
                    state.messages.push_back(message);
                    wake(&state.receiving);
                    Ok(())
                }
            }
            Chosen::Place(false) => Err(crossbeam_channel::SendError(message)),
            _ => panic!("a case that receives was completed by sending"),
        };
        let verb = match sent {
            Ok(()) => Verb::Sent,
            Err(_) => Verb::NotSent,
        };
        self.tell(&self.state(), self.verb(verb), Some(place));
        sent
    }
}
