//! A pipeline: three threads hand items on, and `main` only waits.
//!
//! Run:    cargo run -p eg12-pipeline
//! See:    eleven lines become three averages; each stage says how many items it had in
//!         its hands, and `main` had none.
//! Try:    keep a sender: make `let spare = to_validate.clone();` before the source
//!         starts, and `drop(spare)` the last line of `main`. The program never ends.

use std::collections::BTreeMap;

use wt_core::channel;
use wt_core::thread;

const READINGS: &str = include_str!("../readings.txt");

// ANCHOR: main
fn main() {
    let (to_validate, lines) = channel::bounded(2);
    let (to_transform, valid) = channel::bounded(2);
    let (to_aggregate, kelvin) = channel::bounded(2);

    let stages = [
        stage("source", move || {
            feed(READINGS.lines(), |line| to_validate.send(line).is_ok())
        }),
        stage("validate", move || {
            feed(lines.iter().filter_map(parse), |it| {
                to_transform.send(it).is_ok()
            })
        }),
        stage("transform", move || {
            feed(valid.iter().map(to_kelvin), |it| {
                to_aggregate.send(it).is_ok()
            })
        }),
    ];
    let aggregate = thread::spawn(move || average(kelvin.iter()));

    // Every end is in the hands of a stage: `main` steps out and waits.
    for (name, stage) in stages {
        println!("{name:<9} handed on {:>2} items", stage.join().unwrap());
    }
    for (sensor, kelvin) in aggregate.join().unwrap() {
        println!("{sensor:<9} {kelvin:.1} K on average");
    }
}
// ANCHOR_END: main

type Running = (&'static str, thread::JoinHandle<usize>);

fn stage(name: &'static str, body: impl FnOnce() -> usize + Send + 'static) -> Running {
    (name, thread::spawn(body))
}

// ANCHOR: feed
/// Hands items on until there are none, or until nobody takes them any more.
fn feed<T>(items: impl Iterator<Item = T>, mut send: impl FnMut(T) -> bool) -> usize {
    items.map(&mut send).take_while(|sent| *sent).count()
}
// ANCHOR_END: feed

/// `kitchen 21.5`, or nothing that can be used.
fn parse(line: &str) -> Option<(&str, f64)> {
    let (sensor, celsius) = line.split_once(' ')?;
    Some((sensor, celsius.parse().ok()?))
}

fn to_kelvin((sensor, celsius): (&str, f64)) -> (&str, f64) {
    (sensor, celsius + 273.15)
}

fn average<'a>(readings: impl Iterator<Item = (&'a str, f64)>) -> BTreeMap<&'a str, f64> {
    let mut sums: BTreeMap<_, (f64, f64)> = BTreeMap::new();
    for (sensor, kelvin) in readings {
        let (sum, count) = sums.entry(sensor).or_default();
        (*sum, *count) = (*sum + kelvin, *count + 1.0);
    }
    sums.into_iter()
        .map(|(sensor, (sum, count))| (sensor, sum / count))
        .collect()
}
