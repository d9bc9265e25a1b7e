//! What an object is called: by the variable or the field it was made for.

use std::collections::BTreeMap;

use crate::log::{Object, Place};

/// The texts of the source files, by their names in the log.
pub type Sources = BTreeMap<String, String>;

/// A name for each object, by its id.
#[derive(Debug, Clone, Default)]
pub struct Names(BTreeMap<u32, String>);

impl Names {
    /// Finds the names of `objects` in the sources.
    ///
    /// Objects that would have the same name are told apart by a number.
    #[must_use]
    pub fn find(objects: &[Object], sources: &Sources) -> Self {
        let mut names: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        for object in objects {
            let found = variable(object, sources);
            let name =
                found.unwrap_or_else(|| format!("{} {}", object.kind, short(&object.made_at)));
            names.entry(name).or_default().push(object.id);
        }
        let mut by_id = BTreeMap::new();
        for (name, ids) in names {
            if let [id] = ids[..] {
                by_id.insert(id, name);
                continue;
            }
            for (n, id) in ids.into_iter().enumerate() {
                by_id.insert(id, format!("{name} #{}", n + 1));
            }
        }
        Self(by_id)
    }

    /// The name of an object.
    #[must_use]
    pub fn of(&self, id: u32) -> String {
        self.0.get(&id).cloned().unwrap_or_else(|| format!("#{id}"))
    }
}

/// Such as `lib.rs:31`.
#[must_use]
pub fn short(place: &Place) -> String {
    let file = place.file.rsplit('/').next().unwrap_or_default();
    format!("{file}:{}", place.line)
}

/// `queue` of `let queue = Mutex::new(…)`, `state` of `state: Mutex::new(…)`, `tx` of
/// `let (tx, rx) = bounded(1)`.
fn variable(object: &Object, sources: &Sources) -> Option<String> {
    let text = sources.get(&object.made_at.file)?;
    let line = text.lines().nth(object.made_at.line.checked_sub(1)?)?;
    let mut before = line.get(..object.column.checked_sub(1)?)?.trim_end();
    // What the object is wrapped in has no name of its own.
    while let Some(outer) = before.strip_suffix('(') {
        let path = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':');
        let rest = outer.trim_end_matches(path);
        if rest.len() == outer.len() {
            break;
        }
        // `queue:` of `queue:Arc::new(`, but not `Arc::new` itself.
        before = rest.trim_end();
    }
    let name = if let Some(left) = before.strip_suffix('=') {
        let left = left.split("let ").last()?.split("static ").last()?;
        let pattern = left
            .trim()
            .trim_start_matches('(')
            .trim_start_matches("mut ");
        pattern.split([',', ':', ')', ' ']).next()?
    } else {
        let field = before
            .strip_suffix(':')
            .filter(|field| !field.ends_with(':'))?;
        field.split([' ', '{', '(', ',']).next_back()?
    };
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    (!name.is_empty() && name.chars().all(is_name)).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(line: &str) -> String {
        let at = ["Mutex::new", "Condvar::new", "channel::", "bounded("];
        let column = at.iter().filter_map(|part| line.find(part)).min().unwrap() + 1;
        let object = Object {
            id: 1,
            kind: "Mutex".into(),
            made_at: Place {
                file: "src/lib.rs".into(),
                line: 1,
            },
            column,
            capacity: None,
        };
        let sources = Sources::from([("src/lib.rs".into(), line.into())]);
        Names::find(&[object], &sources).of(1)
    }

    #[test]
    fn an_object_is_called_as_what_it_was_made_for() {
        for (line, name) in [
            ("    let queue = Mutex::new(Vec::new());", "queue"),
            ("    let queue = Arc::new(Mutex::new(0));", "queue"),
            ("        state: Mutex::new(State {", "state"),
            (
                "Self { lock: Arc::new(Mutex::new(0)), ready: Condvar::new() }",
                "lock",
            ),
            ("        not_full: Condvar::new(),", "not_full"),
            ("let (jobs, queue) = channel::unbounded();", "jobs"),
            (
                "let (tx, rx): (Sender<u8>, Receiver<u8>) = bounded(1);",
                "tx",
            ),
            ("static TABLE: Mutex<u8> = Mutex::new(0);", "TABLE"),
            ("let mut slot = Some(Mutex::new(0));", "slot"),
            ("    Mutex::new(0)", "Mutex lib.rs:1"),
            (
                "let (a, b) = (Arc::new(Mutex::new(0)), 1);",
                "Mutex lib.rs:1",
            ),
        ] {
            assert_eq!(named(line), name, "{line}");
        }
    }

    #[test]
    fn objects_of_one_line_are_numbered() {
        let object = |id| Object {
            id,
            kind: "channel".into(),
            made_at: Place::default(),
            column: 1,
            capacity: None,
        };
        let names = Names::find(&[object(4), object(9)], &Sources::new());
        assert_eq!(
            (names.of(4), names.of(9)),
            ("channel :0 #1".into(), "channel :0 #2".into())
        );
    }
}
