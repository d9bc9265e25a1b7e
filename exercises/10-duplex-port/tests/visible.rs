//! The example of the brief. The hidden checks look at much more.
#![allow(clippy::drop_non_drop, reason = "in the starter it holds nothing yet")]

use duplex_port::{introduce, pair};
use std::thread;

#[test]
fn main_and_a_worker_talk_and_hang_up() {
    let (main, worker) = pair::<u32, String>(4);
    let thread = thread::spawn(move || {
        for number in worker.iter() {
            worker.send(format!("<{number}>")).unwrap();
        }
    });
    main.send(7).unwrap();
    assert_eq!(main.recv().unwrap(), "<7>");
    drop(main); // hangs up: the worker's loop ends
    thread.join().unwrap();
}

#[test]
fn two_workers_are_introduced_to_each_other() {
    let (to_asker, asker) = pair::<_, ()>(1);
    let (to_answerer, answerer) = pair::<_, ()>(1);
    introduce::<u32, u32, _, _>(&to_asker, &to_answerer, 1).unwrap();
    let asks = asker.recv().unwrap();
    let answers = answerer.recv().unwrap();
    drop((to_asker, to_answerer)); // who introduced them has gone

    asks.send(20).unwrap();
    answers.send(answers.recv().unwrap() + 1).unwrap();
    assert_eq!(asks.recv(), Ok(21));
}
