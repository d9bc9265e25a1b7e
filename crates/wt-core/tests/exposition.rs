//! The metrics' text, read back by the rules of its format.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use wt_core::monitor::{CONTENT_TYPE, Exposition, MemoryUse, Sample, WorkerSample};

/// What a page says, and proof that it keeps the rules of Prometheus' text
/// format 0.0.4: anything else panics.
#[derive(Debug, Default)]
struct Page {
    kinds: HashMap<String, String>,
    values: HashMap<(String, Labels), f64>,
}

type Labels = Vec<(String, String)>;

impl Page {
    fn read(text: &str) -> Self {
        let mut page = Self::default();
        let mut finished: HashSet<String> = HashSet::new();
        let mut current = String::new();
        let mut helped = HashSet::new();
        assert!(text.is_empty() || text.ends_with('\n'), "a last line ends");
        for line in text.lines() {
            if let Some(help) = line.strip_prefix("# HELP ") {
                let (name, help) = help.split_once(' ').unwrap();
                assert!(!help.is_empty() && helped.insert(name.to_owned()), "{line}");
            } else if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (name, kind) = kind.split_once(' ').unwrap();
                assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
                assert!(is_name(name, ":"), "{line}");
                let before = page.kinds.insert(name.to_owned(), kind.to_owned());
                assert!(before.is_none() && helped.contains(name), "{line}");
                finished.insert(std::mem::replace(&mut current, name.to_owned()));
            } else {
                let (name, labels, value) = sample_line(line);
                let family = family(&name, page.kinds.get(&current).unwrap(), &labels);
                assert_eq!(family, current, "the lines of a metric are together");
                assert!(!finished.contains(&current), "{line}");
                let before = page.values.insert((name, labels), value);
                assert!(before.is_none(), "twice: {line}");
            }
        }
        page.check_histograms();
        page
    }

    fn check_histograms(&self) {
        let kinds = self.kinds.iter();
        for (family, _) in kinds.filter(|(_, kind)| *kind == "histogram") {
            let count = format!("{family}_count");
            for ((_, labels), total) in self.values.iter().filter(|((n, _), _)| *n == count) {
                assert!(self.get(&format!("{family}_sum"), labels) >= 0.0);
                self.check_buckets(&format!("{family}_bucket"), labels, *total);
            }
        }
    }

    fn check_buckets(&self, bucket: &str, labels: &Labels, total: f64) {
        let mut buckets: Vec<(f64, f64)> = self
            .values
            .iter()
            .filter(|((name, _), _)| name == bucket)
            .filter_map(|((_, of), count)| {
                let (bound, rest) = of.split_last()?;
                (rest == *labels).then(|| (number(&bound.1), *count))
            })
            .collect();
        buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        assert!(buckets.is_sorted_by_key(|bucket| bucket.1), "{buckets:?}");
        assert_eq!(buckets.last(), Some(&(f64::INFINITY, total)));
    }

    #[track_caller]
    fn get(&self, name: &str, labels: &Labels) -> f64 {
        let key = (name.to_owned(), labels.clone());
        *self
            .values
            .get(&key)
            .unwrap_or_else(|| panic!("no {key:?}"))
    }
}

/// The metric that a line belongs to.
fn family(name: &str, kind: &str, labels: &Labels) -> String {
    if kind == "counter" {
        assert!(name.ends_with("_total"), "a counter ends so: {name}");
    }
    if kind != "histogram" {
        return name.to_owned();
    }
    let (family, part) = name.rsplit_once('_').unwrap();
    assert!(["bucket", "sum", "count"].contains(&part), "{name}");
    let bound = labels.iter().position(|(name, _)| name == "le");
    assert_eq!(bound, (part == "bucket").then(|| labels.len() - 1));
    family.to_owned()
}

fn sample_line(line: &str) -> (String, Labels, f64) {
    let (name, rest) = line.split_once('{').unwrap();
    assert!(is_name(name, ":"), "{line}");
    let (labels, value) = labels(rest);
    let value = value.strip_prefix(' ').unwrap();
    (name.to_owned(), labels, number(value))
}

/// The labels up to the closing brace, and what follows it.
fn labels(mut text: &str) -> (Labels, &str) {
    let mut labels = Labels::new();
    loop {
        let (name, rest) = text.split_once("=\"").unwrap();
        assert!(is_name(name, ""), "{text}");
        let mut value = String::new();
        let mut letters = rest.char_indices();
        let end = loop {
            match letters.next().unwrap() {
                (end, '"') => break end,
                (_, '\\') => value.push(match letters.next().unwrap().1 {
                    'n' => '\n',
                    same @ ('\\' | '"') => same,
                    other => panic!("\\{other} is no escape"),
                }),
                (_, letter) => value.push(letter),
            }
        };
        labels.push((name.to_owned(), value));
        let rest = &rest[end + 1..];
        match rest.strip_prefix('}') {
            Some(after) => return (labels, after),
            None => text = rest.strip_prefix(',').unwrap(),
        }
    }
}

fn is_name(name: &str, also: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || also.contains(c);
    !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()) && name.chars().all(fits)
}

fn number(text: &str) -> f64 {
    match text {
        "+Inf" => f64::INFINITY,
        digits => {
            assert!(digits.chars().all(|c| "0123456789.-".contains(c)), "{text}");
            digits.parse().unwrap()
        }
    }
}

fn labelled(labels: &[(&str, &str)]) -> Labels {
    let owned = labels
        .iter()
        .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
    owned.collect()
}

fn busy_sample() -> Sample {
    let mut sample = Sample::new(Instant::now());
    (sample.jobs.submitted, sample.jobs.done, sample.jobs.failed) = (10, 6, 1);
    (sample.jobs.queued, sample.jobs.running, sample.jobs.workers) = (2, 1, 2);
    for millis in [0, 1, 5, 20, 20, 3000, 200_000] {
        sample.wait.record(Duration::from_millis(millis));
    }
    sample.run.record(Duration::from_micros(1500));
    let mut worker = WorkerSample::new(1, "w-1");
    (worker.begun, worker.busy) = (4, Duration::from_millis(2500));
    worker.cpu = Some(Duration::from_micros(1));
    let mut memory = MemoryUse::default();
    (memory.allocated, memory.freed, memory.peak) = (100, 300, 70);
    worker.memory = Some(memory);
    sample.workers = vec![WorkerSample::new(0, "w-0"), worker];
    sample
}

#[test]
fn the_text_keeps_the_rules_and_tells_the_numbers() {
    let mut exposition = Exposition::new();
    exposition.add("render", &busy_sample());
    let page = Page::read(&exposition.to_string());
    let pool = labelled(&[("pool", "render")]);
    for (name, value) in [
        ("wt_pool_submitted_total", 10.0),
        ("wt_pool_queued", 2.0),
        ("wt_pool_running", 1.0),
        ("wt_pool_workers", 2.0),
        ("wt_job_wait_seconds_count", 7.0),
        ("wt_job_wait_seconds_sum", 203.046),
        ("wt_job_run_seconds_sum", 0.0015),
    ] {
        assert_eq!(page.get(name, &pool), value, "{name}");
    }
    let done = labelled(&[("pool", "render"), ("outcome", "done")]);
    assert_eq!(page.get("wt_pool_finished_total", &done), 6.0);
    let worker = labelled(&[("pool", "render"), ("worker", "1")]);
    for (name, value) in [
        ("wt_worker_begun_total", 4.0),
        ("wt_worker_busy_seconds_total", 2.5),
        ("wt_worker_cpu_seconds_total", 0.000001),
        ("wt_worker_allocated_bytes_total", 100.0),
        ("wt_worker_live_bytes", -200.0),
        ("wt_worker_peak_bytes", 70.0),
    ] {
        assert_eq!(page.get(name, &worker), value, "{name}");
    }
    for (bound, count) in [("0.000001", 1.0), ("0.01", 3.0), ("0.1", 5.0), ("100", 6.0)] {
        let bucket = labelled(&[("pool", "render"), ("le", bound)]);
        assert_eq!(page.get("wt_job_wait_seconds_bucket", &bucket), count);
    }
}

#[test]
fn several_pools_share_one_page() {
    let mut exposition = Exposition::new();
    exposition.add("render", &busy_sample());
    exposition.add("upload", &Sample::new(Instant::now()));
    let page = Page::read(&exposition.to_string());
    for (pool, submitted) in [("render", 10.0), ("upload", 0.0)] {
        let labels = labelled(&[("pool", pool)]);
        assert_eq!(page.get("wt_pool_submitted_total", &labels), submitted);
    }
}

#[test]
fn any_name_survives_the_way_through_the_text() {
    for name in ["", "a \"b\" \\ c\nd", "käse=,}{", "\\n", "\r\t"] {
        let mut exposition = Exposition::new();
        exposition.add(name, &busy_sample());
        let page = Page::read(&exposition.to_string());
        let labels = labelled(&[("pool", name)]);
        assert_eq!(page.get("wt_pool_queued", &labels), 2.0);
    }
}

#[test]
fn an_empty_page_is_empty() {
    assert_eq!(Exposition::new().to_string(), "");
    assert!(CONTENT_TYPE.starts_with("text/plain; version=0.0.4"));
}

#[test]
fn random_times_fill_the_buckets_in_order() {
    let mut rng = fastrand::Rng::with_seed(4);
    for _ in 0..50 {
        let mut sample = Sample::new(Instant::now());
        for _ in 0..rng.usize(..200) {
            let nanos = rng.u64(..) >> rng.u32(20..64);
            sample.run.record(Duration::from_nanos(nanos));
        }
        let mut exposition = Exposition::new();
        exposition.add("p", &sample);
        // `read` checks that each bucket holds the ones before it.
        let page = Page::read(&exposition.to_string());
        let all = page.get("wt_job_run_seconds_count", &labelled(&[("pool", "p")]));
        assert_eq!(all, sample.run.count() as f64);
    }
}
