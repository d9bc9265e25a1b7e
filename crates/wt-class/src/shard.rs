//! One part of a class: part `i` of `n`, for several machines.

use std::fmt;

use serde::{Deserialize, Serialize};
use wt_grader::GradeError;

/// Part `index` of `of`, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Shard {
    /// From 1.
    pub index: usize,
    /// How many there are.
    pub of: usize,
}

/// The variables of a Slurm array: this task, the first and the number of tasks.
const SLURM: [&str; 3] = [
    "SLURM_ARRAY_TASK_ID",
    "SLURM_ARRAY_TASK_MIN",
    "SLURM_ARRAY_TASK_COUNT",
];
/// This pod of a Kubernetes Indexed Job, from 0. How many there are, the job's file says.
const KUBERNETES: [&str; 2] = ["JOB_COMPLETION_INDEX", "JOB_COMPLETIONS"];

impl Shard {
    /// Of `2/4`, or of `auto`: then the environment of a Slurm array or a Kubernetes Indexed
    /// Job says it.
    ///
    /// # Errors
    ///
    /// [`GradeError::Usage`] says what is wrong with the text or missing in the environment.
    pub fn parse(text: &str) -> Result<Self, GradeError> {
        Self::parse_in(text, |name| std::env::var(name).ok())
    }

    fn parse_in(text: &str, variable: impl Fn(&str) -> Option<String>) -> Result<Self, GradeError> {
        let number = |name: &str| variable(name)?.parse::<usize>().ok();
        let found = if text == "auto" {
            let slurm = || {
                let index = number(SLURM[0])?.checked_sub(number(SLURM[1])?)? + 1;
                Some((index, number(SLURM[2])?))
            };
            let kubernetes = || Some((number(KUBERNETES[0])? + 1, number(KUBERNETES[1])?));
            slurm().or_else(kubernetes).ok_or_else(|| {
                GradeError::Usage(format!(
                    "`--shard auto` needs the variables of a Slurm array ({}) or of a Kubernetes Indexed Job ({}); \
                     elsewhere name the part, as in `--shard 2/4`",
                    SLURM.join(", "),
                    KUBERNETES.join(", ")
                ))
            })?
        } else {
            let parts = text.split_once('/');
            let parts = parts.and_then(|(index, of)| Some((index.parse().ok()?, of.parse().ok()?)));
            parts.ok_or_else(|| {
                GradeError::Usage(format!("`{text}` is no part; write it as in `--shard 2/4`"))
            })?
        };
        let (index, of) = found;
        if index < 1 || index > of {
            return Err(GradeError::Usage(format!(
                "there is no part {index} of {of}; parts are counted from 1"
            )));
        }
        Ok(Self { index, of })
    }

    /// Whether the submission at this place, of all sorted by name, is in this part.
    #[must_use]
    pub fn has(self, place: usize) -> bool {
        place % self.of == self.index - 1
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.index, self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_submission_is_in_exactly_one_part() {
        for of in 1..6 {
            for place in 0..40 {
                let parts = (1..=of).filter(|index| Shard { index: *index, of }.has(place));
                assert_eq!(parts.count(), 1);
            }
        }
    }

    #[test]
    fn the_environment_of_a_batch_system_tells_the_part() {
        let slurm = |name: &str| {
            let value = match name {
                "SLURM_ARRAY_TASK_ID" => "5",
                "SLURM_ARRAY_TASK_MIN" => "3",
                "SLURM_ARRAY_TASK_COUNT" => "4",
                _ => return None,
            };
            Some(value.to_owned())
        };
        assert_eq!(
            Shard::parse_in("auto", slurm).unwrap(),
            Shard { index: 3, of: 4 }
        );
        let kubernetes = |name: &str| {
            let value = match name {
                "JOB_COMPLETION_INDEX" => "0",
                "JOB_COMPLETIONS" => "4",
                _ => return None,
            };
            Some(value.to_owned())
        };
        assert_eq!(
            Shard::parse_in("auto", kubernetes).unwrap(),
            Shard { index: 1, of: 4 }
        );
        for text in ["auto", "3", "0/4", "5/4", "a/b", ""] {
            assert!(Shard::parse_in(text, |_| None).is_err(), "{text}");
        }
    }
}
