//! Scheduling points and waits: the two things that everything else is made of.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use super::step::Verb;
use super::world::{ObjectNumber, Place, ThreadNumber, World, here, inside, short, with};

/// What a thread waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// To have a mutex, or a read-write lock for writing.
    Lock(ObjectNumber),
    /// To have a read-write lock for reading.
    Read(ObjectNumber),
    /// To be notified.
    Notify(ObjectNumber),
    /// For the others at a barrier.
    Barrier(ObjectNumber),
    /// Until somebody else has initialised the cell.
    Init(ObjectNumber),
    /// For the end of a thread.
    End(ThreadNumber),
    /// For the end of all threads of a scope.
    ScopeEnd(usize),
    /// For a message, or for the last sender to go.
    Receive(ObjectNumber),
    /// For room, or for the last receiver to go.
    Send(ObjectNumber),
    /// For one of several channels.
    Select,
    /// For `unpark`.
    Unpark,
    /// For time to pass.
    Time,
}

/// Lets any thread run before the caller goes on. Everything that another thread can
/// see or change begins with this.
pub(super) fn switch() {
    // A destructor that runs because of a panic does its work in one go.
    if inside() && !panicking() {
        // The one call of shuttle's that is a scheduling point and nothing else.
        shuttle::thread::sleep(Duration::ZERO);
    }
}

/// Whether the calling thread unwinds. All threads share one OS thread, so std's
/// answer may be about another, which waits while it unwinds.
pub(super) fn panicking() -> bool {
    let other = |world: &mut World| world.unwinding.is_some_and(|thread| thread != world.me());
    std::thread::panicking() && with(other) != Some(true)
}

/// Blocks the caller until somebody ends the wait or, where it has a deadline, the
/// time has come. Says whether it was somebody.
#[track_caller]
pub(super) fn block(wait: Wait, place: Place, until: Option<Duration>) -> bool {
    let unwinds = panicking();
    let me = here(|world| {
        if unwinds {
            world.unwinding = Some(world.me());
        }
        let holder = holder(world, wait);
        world.step(Verb::Waits(wait, holder), Some(place));
        let thread = world.mine();
        thread.waits = Some((wait, place));
        thread.until = until;
        thread.woken = None;
        world.me()
    });
    shuttle::future::block_on(poll_fn(|context| {
        here(|world| match world.threads[me].woken {
            Some(_) => Poll::Ready(()),
            None => {
                world.keep_waker(me, context.waker());
                Poll::Pending
            }
        })
    }));
    here(|world| {
        if unwinds {
            world.unwinding = None;
        }
        let thread = world.mine();
        thread.waits = None;
        thread.until = None;
        let by_somebody = thread.woken.take() == Some(true);
        if !by_somebody && wait != Wait::Time {
            world.step(Verb::TimeOver, Some(place));
        }
        by_somebody
    })
}

/// The moment after `duration`.
pub(super) fn after(duration: Duration) -> Duration {
    here(|world| world.now.saturating_add(duration))
}

/// Who has what `wait` is for, now.
pub(super) fn holder(world: &World, wait: Wait) -> Option<(ThreadNumber, Place)> {
    match wait {
        Wait::Lock(object) | Wait::Read(object) | Wait::Init(object) => {
            let object = &world.objects[object];
            object.owner.or(object.readers.last().copied())
        }
        _ => None,
    }
}

/// What a thread waits for, and who has it now.
pub(super) fn words(world: &World, wait: Wait) -> String {
    let what = begun(world, wait, holder(world, wait));
    match wait {
        Wait::Lock(_) | Wait::Read(_) => match holder(world, wait) {
            Some((thread, _)) if world.threads[thread].ended => {
                format!("{what} and took with it when it ended")
            }
            _ => what,
        },
        Wait::ScopeEnd(scope) => {
            let open: Vec<String> = (0..world.threads.len())
                .filter(|thread| {
                    let thread = &world.threads[*thread];
                    thread.scope == Some(scope) && !thread.ended
                })
                .map(|thread| format!("`{}`", world.name_of(thread)))
                .collect();
            format!("{what} {}", open.join(", "))
        }
        Wait::Receive(object) => {
            let senders = some(world.objects[object].senders, "sender");
            format!("{what}, which is empty and has {senders}")
        }
        Wait::Send(object) => {
            let channel = &world.objects[object];
            match channel.capacity {
                Some(0) => format!("{what}, where nobody receives"),
                _ => format!("{what}, which holds {}", some(channel.messages, "message")),
            }
        }
        _ => what,
    }
}

/// What a thread began to wait for, when `holder` had it.
pub(super) fn begun(world: &World, wait: Wait, holder: Option<(ThreadNumber, Place)>) -> String {
    let object = |object| world.object_text(object);
    let held = |verb: &str| match holder {
        Some((thread, since)) => format!(
            ", which `{}` {verb} since {}",
            world.name_of(thread),
            short(since)
        ),
        None => String::new(),
    };
    match wait {
        Wait::Lock(lock) | Wait::Read(lock) => format!("{}{}", object(lock), held("holds")),
        Wait::Init(cell) => format!("{}{}", object(cell), held("initialises")),
        Wait::Notify(condition) => format!("a notification at {}", object(condition)),
        Wait::Barrier(barrier) => format!("{}, where others are missing", object(barrier)),
        Wait::End(thread) => format!("the end of `{}`", world.name_of(thread)),
        Wait::ScopeEnd(_) => "the end of its scope's threads".into(),
        Wait::Receive(channel) => format!("a message of {}", object(channel)),
        Wait::Send(channel) => format!("room in {}", object(channel)),
        Wait::Select => "one of several channels".into(),
        Wait::Unpark => "an unpark".into(),
        Wait::Time => "time to pass".into(),
    }
}

fn some(count: usize, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    }
}
