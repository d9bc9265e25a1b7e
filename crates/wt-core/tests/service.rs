//! Request-response: each caller gets its own reply, or an error.

mod deadline;

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use deadline::{block_on, wait_until, within_patience};
use wt_core::port::{self, CallError, RecvError, RecvTimeoutError, SendError, TryRecvError};

const CALLS: u32 = if cfg!(miri) { 10 } else { 500 };

#[test]
fn replies_in_any_order_reach_their_callers() {
    within_patience(|| {
        let (client, server) = port::service::<u32, u32>();
        let callers: Vec<_> = (0..4)
            .map(|i| {
                let client = client.clone();
                thread::spawn(move || client.call(i).unwrap())
            })
            .collect();
        // All four are asked before any is answered, and the last is answered first.
        let mut requests: Vec<_> = (0..4).map(|_| server.recv().unwrap()).collect();
        while let Some(request) = requests.pop() {
            let answer = request.message() + 100;
            request.reply(answer).unwrap();
        }
        for (i, caller) in callers.into_iter().enumerate() {
            assert_eq!(caller.join().unwrap(), i as u32 + 100);
        }
    });
}

#[test]
fn a_late_reply_reaches_nobody() {
    let (client, server) = port::service::<u32, u32>();
    let early = client.call_timeout(1, Duration::from_millis(1));
    assert_eq!(early, Err(CallError::Timeout));
    let request = server.recv().unwrap();
    assert!(request.is_abandoned());
    assert_eq!(request.reply(11), Err(SendError(11)));

    within_patience(move || {
        let answering = thread::spawn(move || {
            let (message, reply_to) = server.recv().unwrap().into_parts();
            assert!(!reply_to.is_abandoned());
            reply_to.send(message * 10).unwrap();
        });
        assert_eq!(client.call_timeout(2, Duration::MAX), Ok(20));
        answering.join().unwrap();
    });
}

#[test]
fn a_dropped_request_is_no_reply() {
    within_patience(|| {
        let (client, server) = port::service::<u8, u8>();
        let dropping = thread::spawn(move || {
            drop(server.recv().unwrap());
            server
        });
        assert_eq!(client.call(1), Err(CallError::NoReply));
        drop(dropping.join().unwrap());
    });
}

#[test]
fn a_server_that_goes_answers_those_it_never_heard() {
    within_patience(|| {
        for _ in 0..CALLS {
            let (client, server) = port::service::<u8, u8>();
            let callers: Vec<_> = (0..2)
                .map(|_| {
                    let client = client.clone();
                    thread::spawn(move || client.call(1))
                })
                .collect();
            drop(server);
            for caller in callers {
                // Before or after the call was queued; never a hang.
                let error = caller.join().unwrap().unwrap_err();
                assert!(matches!(
                    error,
                    CallError::NoReply | CallError::Disconnected(1)
                ));
            }
            assert_eq!(client.call(2), Err(CallError::Disconnected(2)));
        }
    });
}

#[test]
fn a_panicking_server_leaves_no_caller_waiting() {
    within_patience(|| {
        let (client, server) = port::service::<u8, u8>();
        let serving = thread::spawn(move || {
            let _request = server.recv().unwrap();
            std::panic::resume_unwind(Box::new(()));
        });
        assert_eq!(client.call(1), Err(CallError::NoReply));
        assert!(serving.join().is_err());
    });
}

#[test]
fn the_server_ends_with_the_last_client() {
    within_patience(|| {
        let (client, server) = port::service::<u8, u8>();
        assert_eq!(server.try_recv().unwrap_err(), TryRecvError::Empty);
        let waited = server.recv_timeout(Duration::from_millis(1));
        assert_eq!(waited.unwrap_err(), RecvTimeoutError::Timeout);
        let other = client.clone();
        drop(client);
        assert_eq!(server.try_recv().unwrap_err(), TryRecvError::Empty);
        let serving = thread::spawn(move || server.recv().map(drop));
        drop(other);
        assert_eq!(serving.join().unwrap(), Err(RecvError));
    });
}

#[test]
fn many_callers_and_many_servers_mix_nothing_up() {
    within_patience(|| {
        let (client, server) = port::service::<(u32, u32), (u32, u32)>();
        let server = Arc::new(server);
        let servers: Vec<_> = (0..2)
            .map(|_| {
                let server = Arc::clone(&server);
                thread::spawn(move || {
                    while let Ok(request) = server.recv() {
                        let message = *request.message();
                        request.reply(message).unwrap();
                    }
                })
            })
            .collect();
        thread::scope(|s| {
            for caller in 0..4 {
                let client = &client;
                s.spawn(move || {
                    for call in 0..CALLS {
                        assert_eq!(client.call((caller, call)), Ok((caller, call)));
                    }
                });
            }
        });
        drop(client);
        for server in servers {
            server.join().unwrap();
        }
    });
}

#[test]
fn async_callers_and_servers_are_served_too() {
    within_patience(|| {
        let (client, server) = port::service::<u32, u32>();
        let serving = thread::spawn(move || {
            block_on(async {
                while let Ok(request) = server.recv_async().await {
                    let message = *request.message();
                    request.reply(message + 1).unwrap();
                }
            });
        });
        block_on(async {
            for call in 0..CALLS {
                assert_eq!(client.call_async(call).await, Ok(call + 1));
            }
        });
        drop(client);
        serving.join().unwrap();
    });
}

#[test]
fn an_abandoned_async_call_is_seen_by_the_server() {
    let (client, server) = port::service::<u32, u32>();
    let mut call = Box::pin(client.call_async(1));
    assert!(deadline::poll_once(&mut call).is_pending());
    let request = server.recv().unwrap();
    assert!(!request.is_abandoned());
    drop(call);
    wait_until(|| request.is_abandoned());
}
