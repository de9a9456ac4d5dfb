//! Change points of accuracy along a stream: of the probabilities summed over the known segment, and of the detector.
//!
//! The test and its sources: [`crate::stats::change_point`]. Two series of 256 counts a lane.

use serde::{Deserialize, Serialize};

use crate::instruments::definition::{Answer, Column, Definition, OnAnswers, Stream};
use crate::numbers::{NOTHING, count, fixed, p_value};
use crate::stats::change_point::{Answers, Changes};

/// Where accuracy changes along a stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangesReport {
    /// That of the probabilities summed over the known segment.
    pub summed: Changes,
    /// That of the boundary-free detector.
    pub detector: Changes,
}

/// Counts right answers by stream position: summed over the segment, and of the detector.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ChangePoints([Answers; 2]);

impl OnAnswers for ChangePoints {
    type Report = ChangesReport;

    const DEFINITION: Definition<Self::Report> = Definition {
        title: "where accuracy changes (one a seed)",
        columns: &[
            Column::text("changes of summed accuracy", |r| words(&r.summed)),
            Column::text("changes of the detector's", |r| words(&r.detector)),
        ],
        panels: &[],
    };

    fn on(stream: &Stream) -> Self {
        Self([Answers::new(stream.steps), Answers::new(stream.steps)])
    }

    fn segment(&mut self, answer: &Answer) {
        self.0[0].add(answer.step, answer.right);
    }

    fn detected(&mut self, step: u64, right: bool) {
        self.0[1].add(step, right);
    }

    fn merge(&mut self, other: &Self) {
        let both = self.0.iter_mut().zip(&other.0);
        both.for_each(|(to, from)| to.merge(from));
    }

    fn report(&self, stream: &Stream) -> Self::Report {
        let [summed, detector] = &self.0;
        ChangesReport {
            summed: summed.changes(stream.seed),
            detector: detector.changes(stream.seed),
        }
    }
}

/// `none (p 0.31)`, or `at 12 000: 91 to 84 %`.
fn words(changes: &Changes) -> String {
    if changes.changes.is_empty() {
        let p = changes.p_value.map_or(NOTHING.to_owned(), p_value);
        return format!("none (p {p})");
    }
    let each = changes.changes.iter().map(|c| {
        let [before, after] = [c.before, c.after].map(|share| fixed(100.0 * share, 0));
        format!("at {}: {before} to {after} %", count(c.step))
    });
    each.collect::<Vec<_>>().join(", ")
}
