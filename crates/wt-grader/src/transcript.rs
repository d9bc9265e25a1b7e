//! Reads what a checked process wrote. `wt-check`'s `transcript.rs` has the table
//! of its lines.

/// The format that this reader understands.
const VERSION: &str = "1";

/// A transcript that began as it must; `verdict` is there only if it also ended
/// as it must.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Transcript {
    /// Facts, in order.
    pub observed: Vec<(String, String)>,
    /// Panics on any thread, in order.
    pub panics: Vec<Panic>,
    /// The threads of a hang report.
    pub threads: Vec<Thread>,
    /// The last steps before a deadlock, oldest first.
    pub steps: Vec<String>,
    /// Sentences for the report.
    pub notes: Vec<String>,
    /// How many schedules were tried.
    pub count: Option<Count>,
    /// The one that went wrong, or that was asked for: a letter and a number.
    pub schedule: Option<String>,
    /// All that happened under it.
    pub story: Vec<Told>,
    /// What the harness concluded.
    pub verdict: Option<Claimed>,
}

/// The harness's conclusion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// A verdict word.
    pub word: String,
    /// What happened.
    pub what: String,
    /// Where a panic was, if it was one.
    pub place: Option<Place>,
}

/// A line in a source file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// As rustc was told.
    pub file: String,
    /// From 1.
    pub line: u32,
}

/// What an exploration tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// How many schedules, up to the first that went wrong.
    pub tried: u64,
    /// How many of them differed.
    pub distinct: u64,
    /// Whether there are no others.
    pub complete: bool,
}

/// One step of an interleaving.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Who did it; empty when time passed.
    pub thread: String,
    /// What, as a sentence without its subject.
    pub what: String,
    /// Where; the file is empty where that is not known.
    pub place: Place,
}

/// One panic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Panic {
    /// The thread's name.
    pub thread: String,
    /// Where it panicked.
    pub place: Place,
    /// With which words.
    pub message: String,
}

/// One thread at the moment of a hang.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thread {
    /// At most 15 bytes of its name.
    pub name: String,
    /// `asleep` or `running`.
    pub state: String,
    /// In words; empty if unknown.
    pub waits_for: String,
    /// Innermost first.
    pub frames: Vec<Frame>,
}

/// One call on a thread's stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The function's path.
    pub function: String,
    /// Where in it.
    pub place: Place,
}

impl Transcript {
    /// Reads a transcript whose last line must have `secret`, which only the grader
    /// and the harness know. Anything that does not belong there ends the reading:
    /// what follows does not count, and neither does a verdict.
    #[must_use]
    pub fn read(bytes: &[u8], secret: &str) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let mut transcript = Self::default();
        let mut verdict = None;
        for (n, line) in text.split_terminator('\n').enumerate() {
            let fields: Vec<String> = line.split('\t').map(unescape).collect();
            let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
            match (n, fields.as_slice()) {
                (0, ["wt-check", VERSION]) => {}
                (0, _) => break,
                (_, ["verdict", word, what, file, at]) if verdict.is_none() => {
                    let place = place(file, at).filter(|place| !place.file.is_empty());
                    verdict = Some(Claimed {
                        word: (*word).to_owned(),
                        what: (*what).to_owned(),
                        place,
                    });
                }
                (_, ["done", count, said]) => {
                    let whole = count.parse() == Ok(n) && *said == secret && text.ends_with('\n');
                    transcript.verdict = verdict
                        .take()
                        .filter(|_| whole && text.lines().count() == n + 1);
                    break;
                }
                (_, fields) => {
                    if verdict.is_some() || transcript.add(fields).is_none() {
                        break;
                    }
                }
            }
        }
        transcript
    }

    fn add(&mut self, fields: &[&str]) -> Option<()> {
        match *fields {
            ["observe", key, value] => self.observed.push((key.to_owned(), value.to_owned())),
            ["step", text] => self.steps.push(text.to_owned()),
            ["note", text] => self.notes.push(text.to_owned()),
            ["explored", tried, distinct, complete] => {
                self.count = Some(Count {
                    tried: tried.parse().ok()?,
                    distinct: distinct.parse().ok()?,
                    complete: complete == "complete",
                });
            }
            ["schedule", schedule] => self.schedule = Some(schedule.to_owned()),
            ["story", thread, what, file, line] => self.story.push(Told {
                thread: thread.to_owned(),
                what: what.to_owned(),
                place: place(file, line)?,
            }),
            ["panic", thread, file, line, message] => self.panics.push(Panic {
                thread: thread.to_owned(),
                place: place(file, line)?,
                message: message.to_owned(),
            }),
            ["thread", name, state, waits_for] => self.threads.push(Thread {
                name: name.to_owned(),
                state: state.to_owned(),
                waits_for: waits_for.to_owned(),
                frames: Vec::new(),
            }),
            ["frame", function, file, line] => {
                let frame = Frame {
                    function: function.to_owned(),
                    place: place(file, line)?,
                };
                self.threads.last_mut()?.frames.push(frame);
            }
            _ => return None,
        }
        Some(())
    }
}

fn place(file: &str, line: &str) -> Option<Place> {
    Some(Place {
        file: file.to_owned(),
        line: line.parse().ok()?,
    })
}

fn unescape(field: &str) -> String {
    let mut out = String::with_capacity(field.len());
    let mut chars = field.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('t') => out.push('\t'),
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some(other) => out.push(other),
                None => {}
            },
            (c, false) => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str) -> Option<String> {
        Transcript::read(text.as_bytes(), "s")
            .verdict
            .map(|verdict| verdict.word)
    }

    #[test]
    fn a_whole_transcript_has_a_verdict() {
        let text = "wt-check\t1\nobserve\tsum\t42\nverdict\tpass\t\t\t0\ndone\t3\ts\n";
        assert_eq!(word(text), Some("pass".into()));
        assert_eq!(
            Transcript::read(text.as_bytes(), "s").observed,
            [("sum".into(), "42".into())]
        );
    }

    #[test]
    fn anything_short_of_whole_has_none() {
        for text in [
            "",
            "wt-check\t1\nverdict\tpass\t\t\t0\ndone\t2\tguess\n",
            "wt-check\t1\nverdict\tpass\t\t\t0\ndone\t2\n",
            "wt-check\t1\n",
            "wt-check\t1\nverdict\tpass\t\t\t0\n",
            "wt-check\t1\nverdict\tpass\t\t\t0\ndone\t1\ts\n",
            "wt-check\t1\nverdict\tpass\t\t\t0\ndone\t2\ts",
            "wt-check\t1\nverdict\tpass\t\t\t0\ndone\t2\ts\nmore\n",
            "wt-check\t1\nverdict\twrong\t\t\t0\nverdict\tpass\t\t\t0\ndone\t3\ts\n",
            "wt-check\t2\nverdict\tpass\t\t\t0\ndone\t2\ts\n",
            "verdict\tpass\t\t\t0\ndone\t1\ts\n",
            "wt-check\t1\nnonsense\nverdict\tpass\t\t\t0\ndone\t3\ts\n",
        ] {
            assert_eq!(word(text), None, "{text:?}");
        }
    }

    #[test]
    fn escaped_text_comes_back() {
        let text = "wt-check\t1\nnote\ta\\tb\\nc\\\\d\n";
        assert_eq!(Transcript::read(text.as_bytes(), "s").notes, ["a\tb\nc\\d"]);
    }

    #[test]
    fn any_bytes_are_read_without_a_panic() {
        let mut rng = fastrand::Rng::with_seed(7);
        let whole = b"wt-check\t1\npanic\tt\tf\t1\tm\nthread\ta\tasleep\t\nframe\tf\tf\t3\nverdict\tpass\t\t\t0\ndone\t5\ts\n";
        for _ in 0..20_000 {
            let mut bytes = whole.to_vec();
            for _ in 0..rng.usize(1..6) {
                let at = rng.usize(..bytes.len());
                match rng.u8(..3) {
                    0 => bytes[at] = rng.u8(..),
                    1 => bytes.truncate(at.max(1)),
                    _ => bytes.insert(at, *rng.choice(b"\t\n\\0").unwrap()),
                }
            }
            let _ = Transcript::read(&bytes, "s");
        }
    }
}
