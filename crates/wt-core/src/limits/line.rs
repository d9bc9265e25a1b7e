//! Those who wait for a budget, in the order in which they came.
//!
//! A request is served if and only if it is no longer in the line. So a thread
//! that wakes up, for whatever reason, finds out by looking for its ticket.

use std::collections::VecDeque;

use wt_sync::sync::{Arc, Condvar};

#[derive(Default)]
pub(super) struct Line {
    requests: VecDeque<Request>,
    next_ticket: u64,
}

struct Request {
    ticket: u64,
    amount: usize,
    /// Each request has its own, so that nobody wakes up for another's turn.
    turn: Arc<Condvar>,
}

impl Line {
    pub(super) fn join(&mut self, amount: usize, turn: Arc<Condvar>) -> u64 {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        self.requests.push_back(Request {
            ticket,
            amount,
            turn,
        });
        ticket
    }

    pub(super) fn is_waiting(&self, ticket: u64) -> bool {
        self.place(ticket).is_ok()
    }

    /// Removes a request that gives up, wherever it stands.
    pub(super) fn leave(&mut self, ticket: u64) {
        if let Ok(place) = self.place(ticket) {
            self.requests.remove(place);
        }
    }

    /// Serves the first request if `free` is enough for it, and tells what it
    /// took. Never one behind it: whoever overtakes a large request may do so for
    /// ever.
    pub(super) fn serve_first(&mut self, free: usize) -> Option<usize> {
        if self.requests.front()?.amount > free {
            return None;
        }
        let request = self.requests.pop_front()?;
        request.turn.notify_one();
        Some(request.amount)
    }

    pub(super) fn wake_all(&self) {
        for request in &self.requests {
            request.turn.notify_one();
        }
    }

    pub(super) fn len(&self) -> usize {
        self.requests.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }

    /// Tickets grow along the line, because everybody joins at its end.
    fn place(&self, ticket: u64) -> Result<usize, usize> {
        self.requests
            .binary_search_by_key(&ticket, |request| request.ticket)
    }
}
