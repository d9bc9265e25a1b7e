//! Points: earned, lost, or not judged.

use std::iter::Sum;

use wt_grader::{LessonReport, Word};

use crate::graded::{costs, results};

/// What a check, a lesson or several are worth.
///
/// `possible` is the sum of the other three. What this machine cannot judge, and
/// what the grader broke on, is never lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Points {
    /// With every property.
    pub possible: u32,
    /// By the properties that hold.
    pub earned: u32,
    /// By those that do not.
    pub lost: u32,
    /// Of those nobody could judge.
    pub not_judged: u32,
}

impl Points {
    /// Of one check that is worth `points`.
    #[must_use]
    pub fn of(word: Word, points: u32) -> Self {
        let all = Self {
            possible: points,
            ..Self::default()
        };
        match word {
            Word::Pass => Self {
                earned: points,
                ..all
            },
            word if costs(word) => Self {
                lost: points,
                ..all
            },
            _ => Self {
                not_judged: points,
                ..all
            },
        }
    }

    /// Of all checks of a lesson.
    #[must_use]
    pub fn of_lesson(report: &LessonReport) -> Self {
        let results = results(report);
        let points = results
            .iter()
            .map(|result| Self::of(result.verdict.word, result.spec.points));
        points.sum()
    }
}

impl Sum for Points {
    fn sum<I: Iterator<Item = Self>>(each: I) -> Self {
        each.fold(Self::default(), |a, b| Self {
            possible: a.possible + b.possible,
            earned: a.earned + b.earned,
            lost: a.lost + b.lost,
            not_judged: a.not_judged + b.not_judged,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_could_judge_is_not_lost() {
        for word in [Word::Inconclusive, Word::GraderFault] {
            let points = Points::of(word, 3);
            assert_eq!((points.lost, points.not_judged), (0, 3), "{word}");
        }
        for word in [
            Word::Wrong,
            Word::Hung,
            Word::Rejected,
            Word::CompilerGaveUp,
        ] {
            assert_eq!(Points::of(word, 3).lost, 3, "{word}");
        }
        assert_eq!(Points::of(Word::Pass, 3).earned, 3);
    }
}
