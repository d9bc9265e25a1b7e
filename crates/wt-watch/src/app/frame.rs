//! What the screen shows of the state.

use std::time::Instant;

use super::{App, FAILED, PASSED, State};
use crate::keys::{HELP, HELP_ON_A_PAGE};
use crate::screen::{Frame, Part};
use crate::text::plain;

impl App {
    /// What the screen shows now.
    pub(crate) fn frame(&self, now: Instant) -> Frame {
        let polling = if self.polling { " (polling)" } else { "" };
        let (about, body, part) = match (&self.page, &self.verdict) {
            (Some(page), _) => {
                // The newest hint is the last.
                let is_hint = page.name == "hint";
                let part = if is_hint { Part::End } else { Part::Beginning };
                (format!(" · {}", page.name), page.text.clone(), part)
            }
            (None, Some(verdict)) => {
                // Where rustc's words come first, the first error matters most.
                let is_report = plain(&verdict.text).starts_with(&self.current.label());
                let part = if is_report {
                    Part::Advice
                } else {
                    Part::Beginning
                };
                (String::new(), verdict.text.clone(), part)
            }
            (None, None) => (String::new(), self.without_verdict(), Part::Beginning),
        };
        Frame {
            title: format!("watch{polling} · {}{about}", self.current.label()),
            state: self.state_text(now),
            body,
            stale: self.page.is_none() && self.verdict.is_some() && self.is_checking(),
            part: self.part.map_or(part, Part::From),
            note: self.what_now(),
            keys: if self.page.is_some() {
                HELP_ON_A_PAGE
            } else {
                HELP
            },
        }
    }

    fn without_verdict(&self) -> String {
        let lesson = &self.current;
        if self.state == State::Gone {
            return format!(
                "`{}` is not there. It is checked as soon as it is back.\n\
                 If only this folder is gone, x brings the starter back.\n",
                lesson.source()
            );
        }
        format!(
            "read   exercises/{}/README.md\nedit   {}/lib.rs\n",
            lesson.folder,
            lesson.source()
        )
    }

    fn what_now(&self) -> String {
        let aside = self.aside();
        let passed = self
            .verdict
            .as_ref()
            .is_some_and(|verdict| verdict.code == Some(PASSED));
        match self.next() {
            _ if self.state == State::Gone => String::new(),
            _ if !aside.is_empty() || !passed || self.is_checking() => aside.to_owned(),
            Some(next) => format!("done: n goes on with {}", next.label()),
            None => "done: this is the last lesson".into(),
        }
    }

    fn state_text(&self, now: Instant) -> String {
        match (self.state, &self.verdict) {
            (State::Checking { since }, _) => {
                format!(
                    "checking, {} s",
                    now.saturating_duration_since(since).as_secs()
                )
            }
            (State::Stopping, _) => "checking again".into(),
            (State::Gone, _) => "waiting".into(),
            (State::Judged, Some(verdict)) => {
                let word = match verdict.code {
                    Some(PASSED) => "done",
                    Some(FAILED) => "not yet",
                    _ => "no verdict",
                };
                format!("{word}, {:.1} s", verdict.took.as_secs_f64())
            }
            (State::Judged, None) => String::new(),
        }
    }
}
