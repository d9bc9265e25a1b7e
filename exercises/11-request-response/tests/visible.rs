//! The example of the brief. The hidden checks look at much more.

use request_response::{CallError, Client, Reply, Request};
use wt_core::channel::{self, Receiver, Sender};
use wt_core::sync::Arc;
use wt_core::time::{Duration, SystemClock};

const MINUTE: Duration = Duration::from_secs(60);

fn connect() -> (Client, Receiver<Request>, Sender<Reply>) {
    let (to_server, requests) = channel::unbounded();
    let (replies, from_server) = channel::unbounded();
    let client = Client::connect(to_server, from_server, Arc::new(SystemClock));
    (client, requests, replies)
}

#[test]
fn a_question_is_answered() {
    let (client, requests, replies) = connect();

    let tea = client.call("price of tea", MINUTE);
    let Request { id, body } = requests.recv().unwrap();
    assert_eq!((id, body.as_str()), (1, "price of tea"));
    let outcome = Ok("3".to_owned());
    replies.send(Reply { id, outcome }).unwrap();

    assert_eq!(tea.wait(), Ok("3".to_owned()));
    assert_eq!(client.pending(), 0);
}

#[test]
fn a_refusal_is_an_error() {
    let (client, requests, replies) = connect();

    let gold = client.call("price of gold", MINUTE);
    let id = requests.recv().unwrap().id;
    let outcome = Err("not for sale".to_owned());
    replies.send(Reply { id, outcome }).unwrap();

    assert_eq!(
        gold.wait(),
        Err(CallError::Refused("not for sale".to_owned()))
    );
}
