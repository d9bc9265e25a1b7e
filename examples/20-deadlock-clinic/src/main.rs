//! A hang, read from a list of who waits for whom; and transfers that cannot hang.
//!
//! Run:    cargo run -p eg20-deadlock-clinic
//! See:    three of seven threads wait in a circle. Two more wait for them, and are not to blame.
//! Try:    let `packing` run in `data/dump.txt`, in place of its wait. Nobody waits in a circle any more.

use std::collections::BTreeMap;

use wt_core::sync::Mutex;
use wt_core::thread;

const DUMP: &str = include_str!("../data/dump.txt");

fn main() {
    let waits = read(DUMP);
    match circle(&waits) {
        Some(circle) => report(&waits, &circle),
        None => println!("nobody waits in a circle"),
    }
    let accounts = [Mutex::new(1000), Mutex::new(1000)];
    thread::scope(|scope| {
        scope.spawn(|| (0..50_000).for_each(|_| transfer(&accounts, 0, 1)));
        scope.spawn(|| (0..50_000).for_each(|_| transfer(&accounts, 1, 0)));
    });
    let left = accounts.map(|account| account.into_inner().unwrap());
    println!("\n100,000 transfers in both directions, and nobody hangs: {left:?}");
}

/// What a thread waits for, and who has it.
struct Wait<'a> {
    what: &'a str,
    who: &'a str,
    place: &'a str,
}

fn read<'a>(dump: &'a str) -> BTreeMap<&'a str, Wait<'a>> {
    let line = |line: &'a str| {
        let (name, rest) = line.split_once(' ')?;
        let (what, rest) = rest.trim().strip_prefix("waits for ")?.split_once(" of ")?;
        let (who, place) = rest.split_once(" at ")?;
        let (what, who) = (what.trim(), who.trim());
        Some((name, Wait { what, who, place }))
    };
    dump.lines().filter_map(line).collect()
}

/// Follows the arrows from each thread. Whoever comes back to the start is in a circle.
fn circle<'a>(waits: &BTreeMap<&'a str, Wait<'a>>) -> Option<Vec<&'a str>> {
    waits.keys().find_map(|start| {
        let mut way = vec![*start];
        while let Some(wait) = waits.get(way.last()?) {
            if wait.who == *start {
                return Some(way);
            }
            if way.contains(&wait.who) {
                return None; // it waits for a circle that it is not in
            }
            way.push(wait.who);
        }
        None // the last one runs, so everybody will
    })
}

fn report(waits: &BTreeMap<&str, Wait<'_>>, circle: &[&str]) {
    println!("these {} wait for each other:", circle.len());
    for name in circle {
        let Wait { what, who, place } = &waits[name];
        println!("  {name:<9} waits for {what:<16} which {who} has, {place}");
    }
    println!("and these wait for them:");
    for (name, wait) in waits {
        if !circle.contains(name) {
            println!(
                "  {name:<9} waits for {:<16} which {} has",
                wait.what, wait.who
            );
        }
    }
}

// ANCHOR: transfer
fn transfer(accounts: &[Mutex<i64>; 2], from: usize, to: usize) {
    let mut low = accounts[from.min(to)].lock().unwrap(); // everybody takes the lower one first
    let mut high = accounts[from.max(to)].lock().unwrap();
    let (from, to) = if from < to {
        (&mut *low, &mut *high)
    } else {
        (&mut *high, &mut *low)
    };
    *from -= 1;
    *to += 1;
}
// ANCHOR_END: transfer
