//! `select!` and [`Select`]: several channels at once.

use std::marker::PhantomData;
use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crossbeam_channel::{
    ReadyTimeoutError, RecvError, SelectTimeoutError, SendError, TryReadyError, TrySelectError,
};

use super::ends::{Receiver, Sender};
use super::queue::{Case, Side, Token, earlier, is_over};
use crate::explore::time::Instant;
use crate::explore::wait::{Wait, after, block, switch};
use crate::explore::world::{Place, with};

/// Each attempt to choose gets numbers of its own.
static TICKETS: AtomicU64 = AtomicU64::new(1);

/// As [`crossbeam_channel::Select`].
pub struct Select<'a> {
    /// `None` where a case was removed.
    cases: Vec<Option<(&'a dyn Case, Side)>>,
    is_biased: bool,
}

impl<'a> Select<'a> {
    /// As [`crossbeam_channel::Select::new`].
    #[expect(
        clippy::new_without_default,
        reason = "crossbeam's Default is not used"
    )]
    #[must_use]
    pub fn new() -> Self {
        Self {
            cases: Vec::new(),
            is_biased: false,
        }
    }

    /// As [`crossbeam_channel::Select::new_biased`].
    #[must_use]
    pub fn new_biased() -> Self {
        Self {
            cases: Vec::new(),
            is_biased: true,
        }
    }

    /// As [`crossbeam_channel::Select::send`].
    pub fn send<T>(&mut self, sender: &'a Sender<T>) -> usize {
        self.cases.push(Some((&*sender.channel, Side::Send)));
        self.cases.len() - 1
    }

    /// As [`crossbeam_channel::Select::recv`].
    pub fn recv<T>(&mut self, receiver: &'a Receiver<T>) -> usize {
        self.cases.push(Some((&*receiver.channel, Side::Receive)));
        self.cases.len() - 1
    }

    /// As [`crossbeam_channel::Select::remove`].
    ///
    /// # Panics
    ///
    /// If there is no such case.
    pub fn remove(&mut self, index: usize) {
        assert!(
            self.cases.get(index).is_some_and(Option::is_some),
            "index out of bounds; {index}"
        );
        self.cases[index] = None;
    }

    /// As [`crossbeam_channel::Select::try_select`].
    ///
    /// # Errors
    ///
    /// If no case is ready.
    #[track_caller]
    pub fn try_select(&mut self) -> Result<SelectedOperation<'a>, TrySelectError> {
        switch();
        self.choose().ok_or(TrySelectError)
    }

    /// As [`crossbeam_channel::Select::select`].
    ///
    /// # Panics
    ///
    /// If there is no case.
    #[track_caller]
    pub fn select(&mut self) -> SelectedOperation<'a> {
        assert!(
            self.cases.iter().any(Option::is_some),
            "no operations have been added to `Select`"
        );
        let chosen = self.select_until(None, Location::caller());
        chosen.expect("it waits for as long as it takes")
    }

    /// As [`crossbeam_channel::Select::select_timeout`].
    ///
    /// # Errors
    ///
    /// If no case was ready in time.
    #[track_caller]
    pub fn select_timeout(
        &mut self,
        timeout: Duration,
    ) -> Result<SelectedOperation<'a>, SelectTimeoutError> {
        let until = after(timeout);
        let chosen = self.select_until(Some(until), Location::caller());
        chosen.ok_or(SelectTimeoutError)
    }

    /// As [`crossbeam_channel::Select::select_deadline`].
    ///
    /// # Errors
    ///
    /// If no case was ready in time.
    #[track_caller]
    pub fn select_deadline(
        &mut self,
        deadline: Instant,
    ) -> Result<SelectedOperation<'a>, SelectTimeoutError> {
        let until = deadline.since_the_start();
        let chosen = self.select_until(Some(until), Location::caller());
        chosen.ok_or(SelectTimeoutError)
    }

    /// As [`crossbeam_channel::Select::try_ready`].
    ///
    /// # Errors
    ///
    /// If no case is ready.
    #[track_caller]
    pub fn try_ready(&mut self) -> Result<usize, TryReadyError> {
        switch();
        self.ready_now().ok_or(TryReadyError)
    }

    /// As [`crossbeam_channel::Select::ready`].
    ///
    /// # Panics
    ///
    /// If there is no case.
    #[track_caller]
    pub fn ready(&mut self) -> usize {
        assert!(
            self.cases.iter().any(Option::is_some),
            "no operations have been added to `Select`"
        );
        let ready = self.ready_until(None, Location::caller());
        ready.expect("it waits for as long as it takes")
    }

    /// As [`crossbeam_channel::Select::ready_timeout`].
    ///
    /// # Errors
    ///
    /// If no case was ready in time.
    #[track_caller]
    pub fn ready_timeout(&mut self, timeout: Duration) -> Result<usize, ReadyTimeoutError> {
        let until = after(timeout);
        let ready = self.ready_until(Some(until), Location::caller());
        ready.ok_or(ReadyTimeoutError)
    }

    /// As [`crossbeam_channel::Select::ready_deadline`].
    ///
    /// # Errors
    ///
    /// If no case was ready in time.
    #[track_caller]
    pub fn ready_deadline(&mut self, deadline: Instant) -> Result<usize, ReadyTimeoutError> {
        let until = deadline.since_the_start();
        let ready = self.ready_until(Some(until), Location::caller());
        ready.ok_or(ReadyTimeoutError)
    }

    /// The cases in the order in which they are tried.
    fn order(&self) -> Vec<(usize, &'a dyn Case, Side)> {
        let cases = self.cases.iter().enumerate();
        let mut order: Vec<_> = cases
            .filter_map(|(index, case)| case.map(|(case, side)| (index, case, side)))
            .collect();
        if !self.is_biased && order.len() > 1 {
            let first = with(|world| world.policy.number(order.len()));
            order.rotate_left(first.unwrap_or(0));
        }
        order
    }

    fn choose(&self) -> Option<SelectedOperation<'a>> {
        let ticket = TICKETS.fetch_add(1, Ordering::Relaxed);
        let mut order = self.order().into_iter();
        let (index, case, side) = order.find(|(_, case, side)| case.choose(*side, ticket))?;
        Some(SelectedOperation::new(index, ticket, case, side))
    }

    fn ready_now(&self) -> Option<usize> {
        let mut order = self.order().into_iter();
        let (index, ..) = order.find(|(_, case, side)| case.is_ready(*side))?;
        Some(index)
    }

    fn next_time(&self) -> Option<Duration> {
        let cases = self.cases.iter().flatten();
        cases.filter_map(|(case, _)| case.next_time()).min()
    }

    fn select_until(&self, until: Option<Duration>, place: Place) -> Option<SelectedOperation<'a>> {
        switch();
        loop {
            if let Some(chosen) = self.choose() {
                return Some(chosen);
            }
            if is_over(until) {
                return None;
            }
            let token = Token::new();
            let first = TICKETS.fetch_add(self.cases.len() as u64, Ordering::Relaxed);
            let cases = || {
                let cases = self.cases.iter().enumerate();
                cases.filter_map(|(index, case)| case.map(|(case, side)| (index, case, side)))
            };
            for (index, case, side) in cases() {
                case.begin(side, &token, index, first + index as u64);
            }
            block(Wait::Select, place, earlier(until, self.next_time()));
            for (index, case, side) in cases() {
                let keep = token.case() == Some(index);
                case.end(side, &token, first + index as u64, keep);
            }
            if let Some(index) = token.case() {
                let (case, side) = self.cases[index].expect("a case that was chosen is there");
                let ticket = first + index as u64;
                return Some(SelectedOperation::new(index, ticket, case, side));
            }
        }
    }

    fn ready_until(&self, until: Option<Duration>, place: Place) -> Option<usize> {
        switch();
        loop {
            if let Some(index) = self.ready_now() {
                return Some(index);
            }
            if is_over(until) {
                return None;
            }
            let token = Token::new();
            let cases = || self.cases.iter().flatten();
            for (case, side) in cases() {
                case.begin(*side, &token, 0, 0);
            }
            block(Wait::Select, place, earlier(until, self.next_time()));
            for (case, side) in cases() {
                case.end(*side, &token, 0, false);
            }
        }
    }
}

/// As [`crossbeam_channel::SelectedOperation`].
#[must_use]
pub struct SelectedOperation<'a> {
    index: usize,
    ticket: u64,
    channel: usize,
    side: Side,
    done: bool,
    cases: PhantomData<&'a ()>,
}

impl<'a> SelectedOperation<'a> {
    fn new(index: usize, ticket: u64, case: &dyn Case, side: Side) -> Self {
        Self {
            index,
            ticket,
            channel: case.address(),
            side,
            done: false,
            cases: PhantomData,
        }
    }

    /// As [`crossbeam_channel::SelectedOperation::index`].
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// As [`crossbeam_channel::SelectedOperation::send`].
    ///
    /// # Errors
    ///
    /// The message, if all receivers are gone.
    ///
    /// # Panics
    ///
    /// If the sender is not the one that was chosen.
    #[track_caller]
    pub fn send<T>(mut self, sender: &Sender<T>, msg: T) -> Result<(), SendError<T>> {
        self.is_of(&*sender.channel, Side::Send);
        let place = Location::caller();
        sender.channel.finish_send(self.ticket, msg, place)
    }

    /// As [`crossbeam_channel::SelectedOperation::recv`].
    ///
    /// # Errors
    ///
    /// If the channel is empty and all senders are gone.
    ///
    /// # Panics
    ///
    /// If the receiver is not the one that was chosen.
    #[track_caller]
    pub fn recv<T>(mut self, receiver: &Receiver<T>) -> Result<T, RecvError> {
        self.is_of(&*receiver.channel, Side::Receive);
        let place = Location::caller();
        receiver.channel.finish_recv(self.ticket, place)
    }

    #[track_caller]
    fn is_of(&mut self, case: &dyn Case, side: Side) {
        self.done = true;
        assert!(
            self.channel == case.address() && self.side == side,
            "passed an end that wasn't selected"
        );
    }
}

impl Drop for SelectedOperation<'_> {
    fn drop(&mut self) {
        assert!(
            self.done || std::thread::panicking(),
            "dropped `SelectedOperation` without completing the operation"
        );
    }
}

impl std::fmt::Debug for Select<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad("Select { .. }")
    }
}

impl std::fmt::Debug for SelectedOperation<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad("SelectedOperation { .. }")
    }
}

/// As [`crossbeam_channel::select!`].
#[doc(hidden)]
#[macro_export]
macro_rules! __explore_select {
    ($($tokens:tt)*) => {
        $crate::__explore_cases!(@read new [] [] $($tokens)*)
    };
}

/// As [`crossbeam_channel::select_biased!`].
#[doc(hidden)]
#[macro_export]
macro_rules! __explore_select_biased {
    ($($tokens:tt)*) => {
        $crate::__explore_cases!(@read new_biased [] [] $($tokens)*)
    };
}

/// Reads the cases into two lists, the cases and the default, then writes the code.
#[doc(hidden)]
#[macro_export]
macro_rules! __explore_cases {
    // A body that is a block needs no comma.
    (@read $new:ident [$($cases:tt)*] $default:tt recv($r:expr $(,)?) -> $got:pat => $body:block $(,)? $($rest:tt)*) => {
        $crate::__explore_cases!(@read $new [$($cases)* (recv ($r) () ($got) ($body))] $default $($rest)*)
    };
    (@read $new:ident [$($cases:tt)*] $default:tt recv($r:expr $(,)?) -> $got:pat => $body:expr, $($rest:tt)*) => {
        $crate::__explore_cases!(@read $new [$($cases)* (recv ($r) () ($got) ($body))] $default $($rest)*)
    };
    (@read $new:ident [$($cases:tt)*] $default:tt recv($r:expr $(,)?) -> $got:pat => $body:expr) => {
        $crate::__explore_cases!(@read $new [$($cases)* (recv ($r) () ($got) ($body))] $default)
    };
    (@read $new:ident [$($cases:tt)*] $default:tt send($s:expr, $message:expr $(,)?) -> $got:pat => $body:block $(,)? $($rest:tt)*) => {
        $crate::__explore_cases!(@read $new [$($cases)* (send ($s) ($message) ($got) ($body))] $default $($rest)*)
    };
    (@read $new:ident [$($cases:tt)*] $default:tt send($s:expr, $message:expr $(,)?) -> $got:pat => $body:expr, $($rest:tt)*) => {
        $crate::__explore_cases!(@read $new [$($cases)* (send ($s) ($message) ($got) ($body))] $default $($rest)*)
    };
    (@read $new:ident [$($cases:tt)*] $default:tt send($s:expr, $message:expr $(,)?) -> $got:pat => $body:expr) => {
        $crate::__explore_cases!(@read $new [$($cases)* (send ($s) ($message) ($got) ($body))] $default)
    };
    (@read $new:ident $cases:tt [] default $(($timeout:expr))? => $body:block $(,)? $($rest:tt)*) => {
        $crate::__explore_cases!(@read $new $cases [($($timeout)?) ($body)] $($rest)*)
    };
    (@read $new:ident $cases:tt [] default() => $body:block $(,)? $($rest:tt)*) => {
        $crate::__explore_cases!(@read $new $cases [() ($body)] $($rest)*)
    };
    (@read $new:ident $cases:tt [] default $(($timeout:expr))? => $body:expr $(, $($rest:tt)*)?) => {
        $crate::__explore_cases!(@read $new $cases [($($timeout)?) ($body)] $($($rest)*)?)
    };
    (@read $new:ident $cases:tt [] default() => $body:expr $(, $($rest:tt)*)?) => {
        $crate::__explore_cases!(@read $new $cases [() ($body)] $($($rest)*)?)
    };
    (@read $new:ident [] []) => {
        compile_error!("select! needs a case")
    };
    (@read $new:ident [$($cases:tt)*] $default:tt) => {{
        let mut select = $crate::channel::Select::$new();
        $crate::__explore_cases!(@add select [] $default $($cases)*)
    }};

    // Each step names its end and its number anew, so that they differ.
    (@add $select:ident [$($done:tt)*] $default:tt ($kind:ident ($end:expr) $message:tt $got:tt $body:tt) $($rest:tt)*) => {
        match $end {
            ref end => {
                let index = $select.$kind(end);
                $crate::__explore_cases!(@add $select [$($done)* ($kind end index $message $got $body)] $default $($rest)*)
            }
        }
    };
    (@add $select:ident $done:tt []) => {{
        let chosen = $select.select();
        $crate::__explore_cases!(@run chosen $done)
    }};
    (@add $select:ident $done:tt [() ($default:expr)]) => {
        match $select.try_select() {
            Err(_) => $default,
            Ok(chosen) => $crate::__explore_cases!(@run chosen $done),
        }
    };
    (@add $select:ident $done:tt [($timeout:expr) ($default:expr)]) => {
        match $crate::channel::Select::select_timeout(&mut $select, $timeout) {
            Err(_) => $default,
            Ok(chosen) => $crate::__explore_cases!(@run chosen $done),
        }
    };

    (@run $chosen:ident []) => {
        unreachable!("one of the cases was chosen")
    };
    (@run $chosen:ident [(recv $end:ident $index:ident () ($got:pat) ($body:expr)) $($rest:tt)*]) => {
        if $chosen.index() == $index {
            let got = $chosen.recv($end);
            match got { $got => $body }
        } else {
            $crate::__explore_cases!(@run $chosen [$($rest)*])
        }
    };
    (@run $chosen:ident [(send $end:ident $index:ident ($message:expr) ($got:pat) ($body:expr)) $($rest:tt)*]) => {
        if $chosen.index() == $index {
            let sent = $chosen.send($end, $message);
            match sent { $got => $body }
        } else {
            $crate::__explore_cases!(@run $chosen [$($rest)*])
        }
    };
}
