//! A log, as lanes: what each thread did and when, and who told whom.

use std::collections::BTreeMap;

use crate::log::{Awaited, Event, Log, Outcome, Place, Stuck, Unit, What};
use crate::names::{Names, Sources, short};

/// Everything that a drawing shows.
#[derive(Debug, Clone)]
pub struct Timeline {
    /// How time is counted.
    pub unit: Unit,
    /// The time after the last event.
    pub end: u64,
    /// One per thread that did something, in the order of their numbers.
    pub lanes: Vec<Lane>,
    /// From the cause to what it caused.
    pub arrows: Vec<Arrow>,
    /// Every event as a sentence.
    pub told: Vec<Told>,
    /// Every lock's time, by its name.
    pub holds: Vec<Hold>,
    /// Every channel.
    pub channels: Vec<Channel>,
    /// How many events are missing at the end.
    pub lost: u64,
    /// Who waits for ever.
    pub stuck: Vec<Stuck>,
    /// How it ended.
    pub outcome: Outcome,
}

/// One thread.
#[derive(Debug, Clone)]
pub struct Lane {
    /// Its name.
    pub name: String,
    /// When it began.
    pub from: u64,
    /// When it ended, or when the log did.
    pub to: u64,
    /// The waits, in order; between them it ran.
    pub waits: Vec<Wait>,
    /// The named parts of its work, outer before inner.
    pub spans: Vec<Span>,
}

/// A time in which a thread waited.
#[derive(Debug, Clone)]
pub struct Wait {
    /// From when.
    pub from: u64,
    /// Until when.
    pub to: u64,
    /// For what.
    pub awaited: Awaited,
    /// In words.
    pub what: String,
    /// Where.
    pub place: Place,
    /// It did not end.
    pub open: bool,
}

/// A named part of the work.
#[derive(Debug, Clone)]
pub struct Span {
    /// From when.
    pub from: u64,
    /// Until when.
    pub to: u64,
    /// Its name.
    pub name: String,
    /// How many are around it.
    pub depth: usize,
}

/// A time in which a thread had a lock.
#[derive(Debug, Clone)]
pub struct Hold {
    /// The index of the thread's lane.
    pub lane: usize,
    /// From when.
    pub from: u64,
    /// Until when.
    pub to: u64,
    /// The lock.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// Where it was taken.
    pub place: Place,
}

/// A channel, over the time.
#[derive(Debug, Clone, Default)]
pub struct Channel {
    /// Its name.
    pub name: String,
    /// How many messages it can hold.
    pub capacity: Option<usize>,
    /// How many messages were sent.
    pub sent: usize,
    /// How many messages it held, each with since when.
    pub depth: Vec<(u64, usize)>,
    /// How long each received message had been in it.
    pub queued: Vec<u64>,
    /// How long a receiver was busy with each, until it wanted the next.
    pub service: Vec<u64>,
}

/// From a cause to what it caused.
#[derive(Debug, Clone)]
pub struct Arrow {
    /// The lane and the time of the cause.
    pub from: (usize, u64),
    /// The lane and the time of what it caused.
    pub to: (usize, u64),
    /// Of what kind.
    pub kind: ArrowKind,
    /// In words.
    pub what: String,
}

/// What an arrow stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArrowKind {
    /// A message.
    Message,
    /// A notification or an unpark.
    News,
    /// The start of a thread.
    Start,
}

/// An event as a sentence.
#[derive(Debug, Clone)]
pub struct Told {
    /// When.
    pub at: u64,
    /// In which lane.
    pub lane: usize,
    /// Without the thread's name.
    pub text: String,
}

impl Timeline {
    /// Reads the log from its first event to its last.
    #[must_use]
    pub fn new(log: &Log, sources: &Sources) -> Self {
        Reader::new(log, sources).read()
    }

    /// How long a lane waited in all, without what it slept.
    #[must_use]
    pub fn waited(lane: &Lane) -> u64 {
        let waits = lane
            .waits
            .iter()
            .filter(|wait| wait.awaited != Awaited::Time);
        waits.map(|wait| wait.to - wait.from).sum()
    }

    /// How long a lane slept in all.
    #[must_use]
    pub fn slept(lane: &Lane) -> u64 {
        let sleeps = lane
            .waits
            .iter()
            .filter(|wait| wait.awaited == Awaited::Time);
        sleeps.map(|wait| wait.to - wait.from).sum()
    }
}

/// What is known while a log is read.
struct Reader<'a> {
    log: &'a Log,
    names: Names,
    /// The lane of each thread that did something.
    lane_of: Vec<Option<usize>>,
    open_spans: Vec<Vec<usize>>,
    open_holds: BTreeMap<(usize, u32), usize>,
    /// Channels by their object's id, with the messages that are in them: sent when
    /// and in which lane.
    channels: BTreeMap<u32, (Channel, std::collections::VecDeque<(usize, u64)>)>,
    /// Of each lane: which channel's message it works on, and since when.
    serving: Vec<Option<(u32, u64)>>,
    /// News that nobody has taken yet, by the condition.
    news: BTreeMap<u32, Vec<(usize, u64)>>,
    /// Unparks that nobody has taken yet, by the lane.
    unparks: BTreeMap<usize, (usize, u64)>,
    /// Who started a thread, and when.
    starts: BTreeMap<usize, (usize, u64)>,
    timeline: Timeline,
}

impl<'a> Reader<'a> {
    fn new(log: &'a Log, sources: &Sources) -> Self {
        let mut lane_of = vec![None; log.threads.len()];
        for event in &log.events {
            lane_of[event.thread] = Some(0);
        }
        let mut lanes = Vec::new();
        for (thread, lane) in lane_of.iter_mut().enumerate() {
            if lane.is_some() {
                *lane = Some(lanes.len());
                lanes.push(Lane {
                    name: log.threads[thread].clone(),
                    from: u64::MAX,
                    to: u64::MAX,
                    waits: Vec::new(),
                    spans: Vec::new(),
                });
            }
        }
        let count = lanes.len();
        let end = log.events.iter().map(|event| event.at).max().unwrap_or(0);
        Self {
            log,
            names: Names::find(&log.objects, sources),
            lane_of,
            open_spans: vec![Vec::new(); count],
            open_holds: BTreeMap::new(),
            channels: BTreeMap::new(),
            serving: vec![None; count],
            news: BTreeMap::new(),
            unparks: BTreeMap::new(),
            starts: BTreeMap::new(),
            timeline: Timeline {
                unit: log.unit,
                end: end.saturating_add(1),
                lanes,
                arrows: Vec::new(),
                told: Vec::new(),
                holds: Vec::new(),
                channels: Vec::new(),
                lost: log.lost,
                stuck: log.stuck.clone(),
                outcome: log.outcome.clone(),
            },
        }
    }

    fn read(mut self) -> Timeline {
        for event in &self.log.events {
            let Some(lane) = self.lane_of[event.thread] else {
                continue;
            };
            self.add(event, lane);
        }
        let end = self.timeline.end;
        for lane in &mut self.timeline.lanes {
            lane.from = lane.from.min(end);
            lane.to = lane.to.min(end).max(lane.from);
        }
        let mut channels: Vec<_> = self.channels.into_values().collect();
        channels.retain(|(channel, _)| channel.sent > 0);
        self.timeline.channels = channels.into_iter().map(|(channel, _)| channel).collect();
        self.timeline
    }

    fn add(&mut self, event: &Event, lane: usize) {
        let at = event.at;
        let own = &mut self.timeline.lanes[lane];
        own.from = own.from.min(at);
        if let Some(text) = self.sentence(event) {
            self.timeline.told.push(Told { at, lane, text });
        }
        match &event.what {
            What::Began => {
                if let Some(from) = self.starts.remove(&event.thread) {
                    let what = format!("starts {}", self.timeline.lanes[lane].name);
                    self.arrow(from, (lane, at), ArrowKind::Start, what);
                }
            }
            What::Ended => {
                self.served(lane, at);
                self.timeline.lanes[lane].to = at;
            }
            What::Started(thread) => {
                self.starts.insert(*thread, (lane, at));
            }
            What::Waits(awaited) => self.wait(event, lane, *awaited),
            What::Wakes => self.wake(lane, at),
            What::Locked(id) => self.hold(event, lane, *id),
            What::Unlocked(id) => {
                if let Some(hold) = self.open_holds.remove(&(lane, *id)) {
                    self.timeline.holds[hold].to = at;
                }
            }
            What::Sent(id) => self.sent(lane, at, *id),
            What::Received(id) => self.received(lane, at, *id),
            What::Notified(id) => self.news.entry(*id).or_default().push((lane, at)),
            What::NotifiedAll(id) => {
                // As many pieces of news as there may be sleepers.
                let all = vec![(lane, at); self.timeline.lanes.len()];
                self.news.insert(*id, all);
            }
            What::Unparked(thread) => {
                if let Some(woken) = self.lane_of[*thread] {
                    self.unparks.insert(woken, (lane, at));
                }
            }
            What::Opened(name) => {
                let own = &mut self.timeline.lanes[lane];
                let depth = self.open_spans[lane].len();
                self.open_spans[lane].push(own.spans.len());
                own.spans.push(Span {
                    from: at,
                    to: self.timeline.end,
                    name: name.clone(),
                    depth,
                });
            }
            What::Closed => {
                if let Some(span) = self.open_spans[lane].pop() {
                    self.timeline.lanes[lane].spans[span].to = at;
                }
            }
            What::Joined(_) | What::Slept(_) | What::Missed(_) | What::Poisoned(_) => {}
        }
    }

    fn arrow(&mut self, from: (usize, u64), to: (usize, u64), kind: ArrowKind, what: String) {
        if from.0 != to.0 {
            self.timeline.arrows.push(Arrow {
                from,
                to,
                kind,
                what,
            });
        }
    }

    fn wait(&mut self, event: &Event, lane: usize, awaited: Awaited) {
        if let Awaited::Message(id) = awaited {
            let serves = self.serving[lane].is_some_and(|(channel, _)| channel == id);
            if serves {
                self.served(lane, event.at);
            }
        }
        let what = self.awaited(awaited);
        self.timeline.lanes[lane].waits.push(Wait {
            from: event.at,
            to: self.timeline.end,
            awaited,
            what,
            place: event.place.clone(),
            open: true,
        });
    }

    fn wake(&mut self, lane: usize, at: u64) {
        let own = &mut self.timeline.lanes[lane];
        let Some(wait) = own.waits.last_mut().filter(|wait| wait.open) else {
            return;
        };
        (wait.to, wait.open) = (at, false);
        let (from, awaited) = (wait.from, wait.awaited);
        let name = own.name.clone();
        match awaited {
            Awaited::Notify(id) => {
                // News that is older than the sleep went to nobody, or to another.
                let news = self.news.entry(id).or_default();
                news.retain(|(_, told)| *told >= from);
                if !news.is_empty() {
                    let told = news.remove(0);
                    let what = format!("notifies {name} at {}", self.names.of(id));
                    self.arrow(told, (lane, at), ArrowKind::News, what);
                }
            }
            Awaited::Unpark => {
                if let Some(told) = self.unparks.remove(&lane) {
                    self.arrow(told, (lane, at), ArrowKind::News, format!("unparks {name}"));
                }
            }
            _ => {}
        }
    }

    fn hold(&mut self, event: &Event, lane: usize, id: u32) {
        self.open_holds
            .insert((lane, id), self.timeline.holds.len());
        self.timeline.holds.push(Hold {
            lane,
            from: event.at,
            to: self.timeline.end,
            id,
            name: self.names.of(id),
            place: event.place.clone(),
        });
    }

    fn channel(&mut self, id: u32) -> &mut (Channel, std::collections::VecDeque<(usize, u64)>) {
        let capacity = || {
            let mut objects = self.log.objects.iter();
            objects.find(|object| object.id == id)?.capacity
        };
        let names = &self.names;
        self.channels.entry(id).or_insert_with(|| {
            let channel = Channel {
                name: names.of(id),
                capacity: capacity(),
                ..Channel::default()
            };
            (channel, std::collections::VecDeque::new())
        })
    }

    fn sent(&mut self, lane: usize, at: u64, id: u32) {
        let (channel, messages) = self.channel(id);
        channel.sent += 1;
        messages.push_back((lane, at));
        channel.depth.push((at, messages.len()));
    }

    fn received(&mut self, lane: usize, at: u64, id: u32) {
        self.served(lane, at);
        let (channel, messages) = self.channel(id);
        let Some(from) = messages.pop_front() else {
            return;
        };
        channel.depth.push((at, messages.len()));
        channel.queued.push(at.saturating_sub(from.1));
        let what = format!("message of {}", channel.name);
        self.serving[lane] = Some((id, at));
        self.arrow(from, (lane, at), ArrowKind::Message, what);
    }

    /// The lane is done with the message that it received last.
    fn served(&mut self, lane: usize, at: u64) {
        if let Some((id, since)) = self.serving[lane].take() {
            self.channel(id).0.service.push(at.saturating_sub(since));
        }
    }

    fn awaited(&self, awaited: Awaited) -> String {
        let of = |id| self.names.of(id);
        match awaited {
            Awaited::Lock(id) => format!("the lock {}", of(id)),
            Awaited::Notify(id) => format!("news at {}", of(id)),
            Awaited::Barrier(id) => format!("others at {}", of(id)),
            Awaited::Init(id) => format!("the value of {}", of(id)),
            Awaited::Message(id) => format!("a message of {}", of(id)),
            Awaited::Room(id) => format!("room in {}", of(id)),
            Awaited::End(thread) => format!("the end of {}", self.log.threads[thread]),
            Awaited::Scope => "the end of its scope's threads".into(),
            Awaited::Unpark => "an unpark".into(),
            Awaited::Time => "time to pass".into(),
            Awaited::Other => "something that is not watched".into(),
        }
    }

    /// `None` for what the next event says as well.
    fn sentence(&self, event: &Event) -> Option<String> {
        let of = |id: &u32| self.names.of(*id);
        let thread = |number: &usize| &self.log.threads[*number];
        let text = match &event.what {
            What::Began => return Some("begins".into()),
            What::Ended => return Some("ends".into()),
            What::Wakes | What::Slept(_) => return None,
            What::Opened(name) => return Some(format!("begins: {name}")),
            What::Closed => return Some("is done with it".into()),
            What::Unlocked(id) => return Some(format!("lets go of {}", of(id))),
            What::Started(number) => format!("starts {}", thread(number)),
            What::Joined(number) => format!("has joined {}", thread(number)),
            What::Unparked(number) => format!("unparks {}", thread(number)),
            What::Locked(id) => format!("takes {}", of(id)),
            What::Poisoned(id) => format!("finds {} poisoned", of(id)),
            What::Missed(id) => format!("tries {} in vain", of(id)),
            What::Notified(id) => format!("notifies one at {}", of(id)),
            What::NotifiedAll(id) => format!("notifies all at {}", of(id)),
            What::Sent(id) => format!("sends to {}", of(id)),
            What::Received(id) => format!("receives from {}", of(id)),
            What::Waits(Awaited::Time) => "sleeps".into(),
            What::Waits(awaited) => format!("waits for {}", self.awaited(*awaited)),
        };
        Some(format!("{text}, {}", short(&event.place)))
    }
}
