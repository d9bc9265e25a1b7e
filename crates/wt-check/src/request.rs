//! The request: what the grader asks of a checked process, through stdin.
//!
//! Lines of `key value`, ended by the end of the stream. Neither the arguments
//! nor the environment carry the check's name, so the checked code cannot behave
//! differently by looking there.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

/// Set when stdin carries a request. It says nothing else.
pub(crate) const MARKER: &str = "WT_CHECK_REQUEST";

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) check: String,
    pub(crate) role: Role,
    pub(crate) seed: u64,
    /// Ends the transcript, so that nobody who has not read the request can.
    pub(crate) secret: String,
    pub(crate) limit: Duration,
    /// Live bytes at which the process is stopped; 0 means no limit.
    pub(crate) memory: usize,
    /// Paths that start with this are the learner's.
    pub(crate) source: String,
    pub(crate) snapshots: PathBuf,
    /// The one schedule to run: a letter for the kind of search, and its number.
    pub(crate) schedule: String,
    /// Where the kernel's folder of our threads is open, if there is no `/proc`.
    pub(crate) tasks: Option<i32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Write the checks' names, one per line, and end.
    List,
    Check,
    Oracle,
}

static CURRENT: OnceLock<Request> = OnceLock::new();

impl Default for Request {
    fn default() -> Self {
        Self {
            check: String::new(),
            role: Role::Check,
            seed: 0,
            secret: String::new(),
            limit: Duration::from_secs(10),
            memory: 0,
            source: String::from("src/"),
            snapshots: PathBuf::from("hidden/snapshots"),
            schedule: String::new(),
            tasks: None,
        }
    }
}

impl Request {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut request = Self::default();
        for line in text.lines() {
            let (key, value) = line.split_once(' ').unwrap_or((line, ""));
            let number = || {
                value
                    .parse::<u64>()
                    .map_err(|_| format!("`{line}` needs a number"))
            };
            match key {
                "check" => request.check = value.to_owned(),
                "role" => request.role = Role::parse(value)?,
                "seed" => request.seed = number()?,
                "secret" => request.secret = value.to_owned(),
                "limit_ms" => request.limit = Duration::from_millis(number()?),
                "memory" => request.memory = number()? as usize,
                "source" => request.source = value.to_owned(),
                "snapshots" => request.snapshots = PathBuf::from(value),
                "schedule" => request.schedule = value.to_owned(),
                "tasks" => request.tasks = i32::try_from(number()?).ok(),
                _ => return Err(format!("unknown request line `{line}`")),
            }
        }
        Ok(request)
    }

    pub(crate) fn install(self) -> &'static Self {
        CURRENT.get_or_init(|| self)
    }

    /// The request of this process; the defaults where there is none, as in a
    /// unit test.
    pub(crate) fn current() -> &'static Self {
        CURRENT.get_or_init(Self::default)
    }

    pub(crate) fn render(&self) -> String {
        format!(
            "check {}\nrole {}\nseed {}\nsecret {}\nlimit_ms {}\nmemory {}\nsource {}\nsnapshots {}\nschedule {}\n",
            self.check,
            self.role.word(),
            self.seed,
            self.secret,
            self.limit.as_millis(),
            self.memory,
            self.source,
            self.snapshots.display(),
            self.schedule
        )
    }
}

impl Role {
    fn parse(word: &str) -> Result<Self, String> {
        match word {
            "list" => Ok(Self::List),
            "check" => Ok(Self::Check),
            "oracle" => Ok(Self::Oracle),
            _ => Err(format!("unknown role `{word}`")),
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Check => "check",
            Self::Oracle => "oracle",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rendered_request_reads_back_the_same() {
        let request = Request {
            check: "push_waits".into(),
            role: Role::Oracle,
            seed: u64::MAX,
            memory: 1 << 30,
            snapshots: "/a path/with spaces".into(),
            ..Request::default()
        };
        assert_eq!(Request::parse(&request.render()), Ok(request));
    }

    #[test]
    fn an_unknown_line_is_an_error_that_names_it() {
        assert_eq!(
            Request::parse("colour 1"),
            Err("unknown request line `colour 1`".into())
        );
    }
}
