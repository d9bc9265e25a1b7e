//! Pool sizing: the same 48 jobs with one worker, with two, with four and more.
//!
//! Run:    cargo run -p eg05-pool-sizing
//! See:    two cores. Jobs that only compute are done no earlier with more than two
//!         workers. Jobs that wait three quarters of their time want eight.
//! Try:    set `CORES` to 4. Which lines change, and which do not?

const CORES: usize = 2;
const JOBS: usize = 48;

/// How many ticks a job computes, and then waits.
type Profile = (u32, u32);

fn main() {
    for (title, profile) in [
        ("resize an image", (4, 0)),
        ("ask a database", (1, 3)),
        ("fetch a page", (1, 15)),
    ] {
        let (compute, wait) = profile;
        println!("{title}: {compute} on a core, {wait} asleep");
        let sweep = [1, 2, 4, 8, 16, 32].map(|workers| (workers, ticks(workers, profile)));
        let best = sweep.iter().map(|(_, ticks)| *ticks).min().unwrap();
        let enough = sweep.iter().find(|(_, ticks)| best * 100 >= ticks * 95);
        for (workers, ticks) in &sweep {
            let bar = "#".repeat(JOBS * 20 / ticks);
            let chosen = enough.is_some_and(|(chosen, _)| chosen == workers);
            let mark = if chosen { " <- enough" } else { "" };
            println!("  {workers:>2} workers  {ticks:>3} ticks  {bar}{mark}");
        }
        println!("  formula: {}", formula(profile));
    }
}

// ANCHOR: formula
/// While one job waits, others compute on its core.
fn formula((compute, wait): Profile) -> u32 {
    (CORES as u32 * (compute + wait)).div_ceil(compute)
}
// ANCHOR_END: formula

// ANCHOR: ticks
/// How many ticks all jobs take. In each tick every worker that waits comes one tick
/// nearer to its end, and of those that want to compute as many go on as there are cores.
fn ticks(workers: usize, (compute, wait): Profile) -> usize {
    let mut queued = JOBS;
    let mut busy: Vec<Profile> = Vec::new();
    let mut ticks = 0;
    while queued > 0 || !busy.is_empty() {
        while busy.len() < workers && queued > 0 {
            queued -= 1;
            busy.push((compute, wait));
        }
        let mut free_cores = CORES;
        for (computing, waiting) in &mut busy {
            if *computing == 0 {
                *waiting -= 1;
            } else if free_cores > 0 {
                free_cores -= 1;
                *computing -= 1;
            }
        }
        busy.retain(|job| *job != (0, 0));
        ticks += 1;
    }
    ticks
}
// ANCHOR_END: ticks
