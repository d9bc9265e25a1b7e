//! Decides at each step who runs, and ends an execution that went wrong.
//!
//! shuttle's own first task is the *director*. It lets time pass when everybody
//! waits, and sees when nobody can ever go on. The explored function runs on the
//! second task, so the thread with number n is the task with number n + 1.

use std::cell::RefCell;
use std::panic::resume_unwind;
use std::rc::Rc;

use shuttle::scheduler::{Schedule, Scheduler, Task, TaskId};

use super::run::Plan;
use super::world::{self, Ending, ThreadNumber, World, here, with};

/// Of so many decisions at which it could, time passes once, in a hasty schedule.
const HASTE: usize = 8;
/// After so many decisions in a row for the same thread the others come first. A
/// loop that waits for another thread ends so, whatever the priorities are.
const IN_A_ROW: usize = 200;

/// After so many decisions time passes although threads can go on, or one that spins
/// until another has slept would spin for ever.
const WITHOUT_TIME: usize = 500;

const DIRECTOR: usize = 0;

/// The payload that unwinds out of an execution that is given up.
pub(super) struct GivenUp;

/// shuttle asks it.
pub(super) struct Guide {
    pub(super) plan: Rc<RefCell<Plan>>,
}

impl Scheduler for Guide {
    fn new_execution(&mut self) -> Option<Schedule> {
        let mut plan = self.plan.borrow_mut();
        if let Some(world) = world::leave()
            && plan.note(world)
        {
            return None;
        }
        let world = plan.next()?;
        world::enter(world);
        Some(Schedule::new(0))
    }

    fn next_task(
        &mut self,
        runnable: &[&Task],
        _: Option<TaskId>,
        yielding: bool,
    ) -> Option<TaskId> {
        let _ = yielding; // The world knows who yields.
        let most = self.plan.borrow().most_steps();
        let ready = runnable.iter().map(|task| usize::from(task.id()));
        let chosen = with(|world| choose(world, ready, most)).unwrap_or(Some(DIRECTOR));
        match chosen {
            Some(chosen) => Some(TaskId::from(chosen)),
            // On shuttle's own stack, which it clears up. The stacks of the threads
            // are left as they are: their destructors would wait for each other.
            None => resume_unwind(Box::new(GivenUp)),
        }
    }

    fn next_u64(&mut self) -> u64 {
        0
    }
}

/// The task that runs next; `None` ends the execution.
fn choose(
    world: &mut World,
    ready: impl Iterator<Item = usize>,
    most_steps: usize,
) -> Option<usize> {
    let mut director_is_ready = false;
    let mut threads = Vec::with_capacity(8);
    for task in ready {
        match task {
            DIRECTOR => director_is_ready = true,
            task => threads.push(task - 1),
        }
    }
    if world.leaving {
        return director_is_ready.then_some(DIRECTOR);
    }
    if world.ending.is_some() || threads.is_empty() {
        return Some(DIRECTOR);
    }
    world.decisions += 1;
    if world.decisions > most_steps {
        world.ending = Some(Ending::Livelock);
        return Some(DIRECTOR);
    }
    if world.next_deadline().is_some() {
        world.without_time += 1;
        let forced = world.without_time > WITHOUT_TIME;
        if forced || (world.hasty && world.policy.time_passes(HASTE)) {
            return Some(DIRECTOR);
        }
    }
    let chosen = thread(world, &threads);
    if threads.len() > 1 {
        world.hash = (world.hash ^ (chosen as u64 + 1)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    world::set_current(chosen);
    Some(chosen + 1)
}

fn thread(world: &mut World, ready: &[ThreadNumber]) -> ThreadNumber {
    let last = (world.decisions > 1).then(|| world.me());
    let yields = last.is_some_and(|last| std::mem::take(&mut world.threads[last].yields));
    let steps_back = yields || world.in_a_row >= IN_A_ROW;
    let chosen = world.policy.thread(last, steps_back, ready);
    let goes_on = last == Some(chosen) && ready.len() > 1 && !steps_back;
    world.in_a_row = if goes_on { world.in_a_row + 1 } else { 0 };
    chosen
}

/// What shuttle's first task does.
pub(super) fn direct() {
    loop {
        // It comes back when the guide has nobody else to choose, or wants it to.
        shuttle::thread::sleep(std::time::Duration::ZERO);
        let goes_on = here(|world| {
            let live = |world: &World| world.threads.iter().position(|thread| !thread.ended);
            if world.ending.is_none() {
                live(world)?;
                if world.pass_time() {
                    return Some(());
                }
                world.ending = Some(Ending::Deadlock);
            }
            // Somebody has to be ready for shuttle to ask the guide once more.
            let live = live(world)?;
            world.leaving = true;
            world.rouse(live);
            None
        });
        if goes_on.is_none() {
            return;
        }
    }
}
