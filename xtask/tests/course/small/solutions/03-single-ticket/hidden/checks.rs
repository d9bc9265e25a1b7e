//! Hidden checks of lesson 03.

use single_ticket::Ticket;
use wt_check::check;

fn main() -> std::process::ExitCode {
    wt_check::run(&[check!(a_ticket_has_its_number)])
}

fn a_ticket_has_its_number() {
    let number: u32 = Ticket(7).redeem();
    assert!(number == 7, "ticket 7 has the number {number}");
}
