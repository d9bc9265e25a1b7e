//! Correlation ids: replies come in the server's order and reach the right caller.
//!
//! Run:    cargo run -p eg11-request-response
//! See:    three questions go out in the order 1 2 3, the answers come back in the
//!         order 3 2 1, and each is printed beside its own question.
//! Try:    in `deliver`, take the smallest number out of the map instead of `id`:
//!         every word then has the length of another one.

use std::collections::HashMap;

use wt_core::channel::{self, Receiver, Sender};
use wt_core::thread;

struct Request {
    id: u64,
    word: &'static str,
}

struct Reply {
    id: u64,
    length: usize,
}

fn main() {
    let (to_server, requests) = channel::unbounded();
    let (to_client, replies) = channel::unbounded();
    let server = thread::spawn(move || serve(&requests, &to_client));

    // ANCHOR: ask
    let mut pending = HashMap::new();
    let mut answers = Vec::new();
    for (id, word) in (1..).zip(["worker", "pool", "id"]) {
        let (caller, answer) = channel::bounded(1);
        pending.insert(id, caller); // first remember, then send
        println!("--> {id} how long is `{word}`?");
        to_server.send(Request { id, word }).unwrap();
        answers.push((word, answer));
    }
    // ANCHOR_END: ask
    drop(to_server);

    deliver(&replies, &mut pending);
    for (word, answer) in answers {
        println!("    `{word}` has {} letters", answer.recv().unwrap());
    }
    println!("    {} calls are still pending", pending.len());
    server.join().unwrap();
}

// ANCHOR: deliver
/// Brings each reply to the caller with its number.
fn deliver(replies: &Receiver<Reply>, pending: &mut HashMap<u64, Sender<usize>>) {
    for Reply { id, length } in replies {
        println!("<-- {id} {length}");
        if let Some(caller) = pending.remove(&id) {
            caller.send(length).unwrap();
        }
    }
}
// ANCHOR_END: deliver

/// A server that collects its work and does the last question first. It answers the
/// second question twice, as a server does that was asked to repeat itself.
fn serve(requests: &Receiver<Request>, replies: &Sender<Reply>) {
    let mut open: Vec<Request> = requests.iter().collect();
    while let Some(Request { id, word }) = open.pop() {
        for _ in 0..if id == 2 { 2 } else { 1 } {
            let length = word.len();
            replies.send(Reply { id, length }).unwrap();
        }
    }
}
