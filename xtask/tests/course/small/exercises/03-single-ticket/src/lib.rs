//! Tickets.

/// A ticket.
pub struct Ticket(pub u32);

impl Ticket {
    /// Its number; the ticket is gone.
    pub fn redeem(self) -> u32 {
        todo!("the number of the ticket, {}", self.0)
    }
}
