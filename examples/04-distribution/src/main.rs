//! Distribution: the same twelve jobs, given to three workers in three ways.
//!
//! Run:    cargo run -p eg04-distribution
//! See:    a letter is a job, and its width the ticks that it takes. In turn, worker 0
//!         gets every loaf. By load all are done earlier. By key each sort stays together.
//! Try:    make the pies of `bakery.txt` long and the bread short. Who is slow now?

use std::hash::{DefaultHasher, Hash, Hasher};

const WORKERS: usize = 3;
const ORDERS: &str = include_str!("bakery.txt");

/// What a strategy may know: how many jobs came before, the key, and the loads.
type Pick = fn(usize, &str, &[usize]) -> usize;

// ANCHOR: strategies
fn in_turn(job: usize, _key: &str, loads: &[usize]) -> usize {
    job % loads.len()
}

fn least_loaded(_job: usize, _key: &str, loads: &[usize]) -> usize {
    (0..loads.len())
        .min_by_key(|&worker| loads[worker])
        .unwrap()
}

fn by_key(_job: usize, key: &str, loads: &[usize]) -> usize {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    (hasher.finish() % loads.len() as u64) as usize
}
// ANCHOR_END: strategies

fn main() {
    bake("in turn", in_turn);
    bake("least loaded", least_loaded);
    bake("by key", by_key);
}

// ANCHOR: bake
/// One order arrives at each tick, and every worker does one tick of its first job.
fn bake(title: &str, pick: Pick) {
    let mut queues = vec![Vec::<(char, u32)>::new(); WORKERS];
    let mut lanes = vec![String::new(); WORKERS];
    let mut orders = ORDERS.lines().enumerate();
    let mut ticks = 0;
    loop {
        let order = orders.next();
        if let Some((job, order)) = order {
            let (sort, cost) = order.split_at(8);
            let loads: Vec<usize> = queues.iter().map(Vec::len).collect();
            let letter = ('A'..).nth(job).unwrap();
            let worker = pick(job, sort.trim(), &loads);
            queues[worker].push((letter, cost.parse().unwrap()));
        }
        if order.is_none() && queues.iter().all(Vec::is_empty) {
            break;
        }
        for (queue, lane) in queues.iter_mut().zip(&mut lanes) {
            lane.push(work_a_tick(queue));
        }
        ticks += 1;
    }
    println!("{title}: done after {ticks} ticks");
    for (worker, lane) in lanes.iter().enumerate() {
        println!("  worker {worker}  {lane}");
    }
}
// ANCHOR_END: bake

/// The letter of the job that was worked at, or a dot.
fn work_a_tick(queue: &mut Vec<(char, u32)>) -> char {
    let Some((letter, left)) = queue.first_mut() else {
        return '.';
    };
    let letter = *letter;
    *left -= 1;
    if *left == 0 {
        queue.remove(0);
    }
    letter
}
