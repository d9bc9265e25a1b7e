//! Also right: links made of a lock and a condition variable, and stages that catch their
//! own panic and report it. Nobody is joined; `finish` waits for three reports.

use std::any::Any;
use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use wt_core::channel::{self, Receiver, Sender};
use wt_core::sync::{Arc, Condvar, Mutex};
use wt_core::thread;

/// A running pipeline.
pub struct Pipeline<R> {
    reports: Receiver<StageReport<R>>,
}

enum StageReport<R> {
    Validated(u64),
    Transformed,
    Aggregated(R),
    Failed(StageFailed, usize),
}

/// One link. Each side holds an [`End`]; when one is dropped the other learns of it.
struct Link<T> {
    state: Mutex<LinkState<T>>,
    changed: Condvar,
    room: usize,
}

struct LinkState<T> {
    items: VecDeque<T>,
    ends: usize,
}

struct End<T>(Arc<Link<T>>);

impl<T> End<T> {
    fn pair(room: usize) -> (End<T>, End<T>) {
        let link = Arc::new(Link {
            state: Mutex::new(LinkState {
                items: VecDeque::new(),
                ends: 2,
            }),
            changed: Condvar::new(),
            room,
        });
        (End(Arc::clone(&link)), End(link))
    }

    /// Waits for room. False once the other end has gone.
    fn put(&self, item: T) -> bool {
        let state = self.0.state.lock().unwrap();
        let full = |state: &mut LinkState<T>| state.ends == 2 && state.items.len() >= self.0.room;
        let mut state = self.0.changed.wait_while(state, full).unwrap();
        let open = state.ends == 2;
        if open {
            state.items.push_back(item);
            self.0.changed.notify_all();
        }
        open
    }

    /// Waits for an item. `None` once the link is empty and the other end has gone.
    fn take(&self) -> Option<T> {
        let state = self.0.state.lock().unwrap();
        let empty = |state: &mut LinkState<T>| state.ends == 2 && state.items.is_empty();
        let mut state = self.0.changed.wait_while(state, empty).unwrap();
        self.0.changed.notify_all();
        state.items.pop_front()
    }
}

impl<T> Drop for End<T> {
    fn drop(&mut self) {
        if let Ok(mut state) = self.0.state.lock() {
            state.ends -= 1;
        }
        self.0.changed.notify_all();
    }
}

impl<R: Send + 'static> Pipeline<R> {
    /// Starts three threads, wires them directly, and returns the end where items go in.
    pub fn start<A, B, C>(
        room: usize,
        mut validate: impl FnMut(A) -> Option<B> + Send + 'static,
        mut transform: impl FnMut(B) -> C + Send + 'static,
        mut aggregate: impl FnMut(&mut R, C) -> ControlFlow<()> + Send + 'static,
        mut result: R,
    ) -> (Sender<A>, Pipeline<R>)
    where
        A: Send + 'static,
        B: Send + 'static,
        C: Send + 'static,
    {
        let (source, items) = channel::bounded(room);
        let (to_transform, valid) = End::pair(room);
        let (to_aggregate, made) = End::pair(room);
        let (desk, reports) = channel::unbounded();
        stage(Stage::Validate, desk.clone(), move || {
            let mut rejected = 0;
            for item in items {
                match validate(item) {
                    None => rejected += 1,
                    Some(item) => {
                        if !to_transform.put(item) {
                            break;
                        }
                    }
                }
            }
            StageReport::Validated(rejected)
        });
        stage(Stage::Transform, desk.clone(), move || {
            while let Some(item) = valid.take() {
                if !to_aggregate.put(transform(item)) {
                    break;
                }
            }
            StageReport::Transformed
        });
        stage(Stage::Aggregate, desk, move || {
            while let Some(item) = made.take() {
                if aggregate(&mut result, item).is_break() {
                    break;
                }
            }
            StageReport::Aggregated(result)
        });
        (source, Pipeline { reports })
    }

    /// Waits until all three stages have ended, and returns what came of it.
    pub fn finish(self) -> Result<Report<R>, StageFailed> {
        let (mut rejected, mut result, mut failed) = (0, None, None);
        for report in self.reports {
            match report {
                StageReport::Validated(count) => rejected = count,
                StageReport::Transformed => {}
                StageReport::Aggregated(value) => result = Some(value),
                StageReport::Failed(failure, number) => {
                    if failed.as_ref().is_none_or(|(_, first)| number < *first) {
                        failed = Some((failure, number));
                    }
                }
            }
        }
        match (failed, result) {
            (None, Some(result)) => Ok(Report { result, rejected }),
            (Some((failure, _)), _) => Err(failure),
            (None, None) => unreachable!("the last stage reports its result or its panic"),
        }
    }
}

fn stage<R: Send + 'static>(
    stage: Stage,
    desk: Sender<StageReport<R>>,
    body: impl FnOnce() -> StageReport<R> + Send + 'static,
) {
    let body = move || {
        // The closure is dropped here, and with it the stage's ends of its links.
        let report = catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| {
            StageReport::Failed(StageFailed::new(stage, &*panic), stage as usize)
        });
        let _ = desk.send(report);
    };
    let thread = thread::Builder::new().name(stage.to_string()).spawn(body);
    thread.expect("the operating system has a thread left");
}

/// What came of a pipeline that was not stopped by a panic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report<R> {
    /// What `aggregate` made of the items.
    pub result: R,
    /// How many items `validate` refused.
    pub rejected: u64,
}

/// The stages, in the order in which an item meets them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The first: it refuses what is no good.
    Validate,
    /// The second: it makes something else of the item.
    Transform,
    /// The last: it adds the item to the result.
    Aggregate,
}

/// A stage panicked, so there is no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageFailed {
    /// Which stage it was; the first in the pipeline's order if several panicked.
    pub stage: Stage,
    /// The text of its panic.
    pub message: String,
}

impl StageFailed {
    /// Takes the text out of what [`join`](std::thread::JoinHandle::join) returns for a thread
    /// that panicked.
    #[must_use]
    pub fn new(stage: Stage, payload: &(dyn Any + Send)) -> Self {
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        let message = text.unwrap_or("a panic without a text").to_owned();
        Self { stage, message }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Validate => "validate",
            Self::Transform => "transform",
            Self::Aggregate => "aggregate",
        })
    }
}

impl fmt::Display for StageFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stage {} panicked: {}", self.stage, self.message)
    }
}

impl Error for StageFailed {}
