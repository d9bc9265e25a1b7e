//! Must fail: it_runs_without_its_maker (wrong), every_link_is_bounded (wrong)
//! Hint: Your `finish` carries each item from the second stage to the third. Who carries it before somebody calls `finish`?
//!
//! The mistake: the thread that made the pipeline keeps the ends in the middle and
//! passes every item on. Nothing arrives until it does, and it has no time for
//! anything else.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::ops::ControlFlow;

use wt_core::channel::{self, Sender};
use wt_core::thread::{self, JoinHandle};

/// A running pipeline.
///
/// It holds no end of any link. An end here would keep a link open that its stage has
/// left: a spare sender, and the next stage waits for items for ever; a spare receiver,
/// and the stage before fills a link that nobody empties.
pub struct Pipeline<R> {
    validate: JoinHandle<u64>,
    transform: JoinHandle<()>,
    aggregate: JoinHandle<R>,
    carry: Box<dyn FnOnce() + Send>,
}

impl<R: Send + 'static> Pipeline<R> {
    /// Starts three threads, wires them directly, and returns the end where items go in.
    ///
    /// - `validate` turns an item into what `transform` takes, or refuses it with `None`;
    ///   a refused item is counted and goes no further.
    /// - `aggregate` adds an item to `result`. With `Break` it has seen enough: the
    ///   pipeline stops, and what is still under way is dropped.
    ///
    /// Each of the three links has room for `room` items: who sends into a full one
    /// waits. The end of the items is when the last sender is dropped.
    ///
    /// # Panics
    ///
    /// When the operating system has no thread left.
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
        let (to_transform, valid) = channel::bounded(room);
        let (transformed, arriving) = channel::bounded(room);
        let (to_aggregate, made) = channel::bounded(room);
        // Every loop ends in two ways: from above, when the stage before has dropped its
        // sender, and from below, when the stage behind has dropped its receiver.
        let validate = stage(Stage::Validate, move || {
            let mut rejected = 0;
            for item in items {
                match validate(item) {
                    None => rejected += 1,
                    Some(item) => {
                        if to_transform.send(item).is_err() {
                            break;
                        }
                    }
                }
            }
            rejected
        });
        let transform = stage(Stage::Transform, move || {
            for item in valid {
                if transformed.send(transform(item)).is_err() {
                    break;
                }
            }
        });
        let aggregate = stage(Stage::Aggregate, move || {
            for item in made {
                if aggregate(&mut result, item).is_break() {
                    break;
                }
            }
            result
        });
        let pipeline = Pipeline {
            validate,
            transform,
            aggregate,
            carry: Box::new(move || {
                let _ = arriving.iter().try_for_each(|item| to_aggregate.send(item));
            }),
        };
        (source, pipeline)
    }

    /// Waits until all three threads have ended, and returns what came of it.
    ///
    /// # Errors
    ///
    /// [`StageFailed`] if a stage panicked. Then the other stages have stopped too, and
    /// sending an item fails.
    pub fn finish(self) -> Result<Report<R>, StageFailed> {
        (self.carry)();
        let rejected = self.validate.join();
        let transformed = self.transform.join();
        let result = self.aggregate.join();
        let rejected = rejected.map_err(|panic| StageFailed::new(Stage::Validate, &*panic))?;
        transformed.map_err(|panic| StageFailed::new(Stage::Transform, &*panic))?;
        let result = result.map_err(|panic| StageFailed::new(Stage::Aggregate, &*panic))?;
        Ok(Report { result, rejected })
    }
}

fn stage<T: Send + 'static>(
    stage: Stage,
    body: impl FnOnce() -> T + Send + 'static,
) -> JoinHandle<T> {
    thread::Builder::new()
        .name(stage.to_string())
        .spawn(body)
        .expect("the operating system has a thread left")
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
