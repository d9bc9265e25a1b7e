//! Uses a ticket twice.

use single_ticket::Ticket;

fn main() {
    let ticket = Ticket(7);
    ticket.redeem();
    ticket.redeem();
}
