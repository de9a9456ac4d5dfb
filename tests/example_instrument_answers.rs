//! The worked example of `CONTRIBUTING.md`: an instrument on answers as it would be in
//! `crates/eval/src/instruments/on_answers/lapses.rs`, and the tests that it comes with.
//!
//! Lapses: how long a net that has begun to be wrong stays wrong. With r_1, r_2, .. whether the answers of a lane are
//! right, a lapse is a run of wrong ones, and with l_k the segments of lapse k over all lanes:
//!
//! ```text
//! (1) mean    = mean of l_k
//! (2) longest = max of l_k
//! ```
//!
//! Answers that are wrong independently with probability q have (1) = 1 / (1 - q), so a longer mean is a net that is
//! lost and not one that errs. Cost: three numbers a lane.

use saturn_eval::instruments::definition::{Answer, Column, Definition, OnAnswers, Stream};
use serde::{Deserialize, Serialize};

/// The lapses of one net on one stream.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LapseReport {
    /// How many there were.
    pub lapses: u64,
    /// (1), segments; `None` without one.
    pub mean: Option<f64>,
    /// (2), segments.
    pub longest: u64,
}

/// Counts the lapses of one lane, or of several.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Lapses {
    begun: u64,
    wrong: u64,
    longest: u64,
    /// Segments of the lapse that is open, of this lane alone.
    open: u64,
}

impl OnAnswers for Lapses {
    type Report = LapseReport;

    const DEFINITION: Definition<Self::Report> = Definition {
        title: "runs of wrong answers",
        columns: &[
            Column::number("lapse, segments", 2, |r| r.mean),
            Column::number("longest", 0, |r| Some(r.longest as f64)),
        ],
        panels: &[],
    };

    fn on(_stream: &Stream) -> Self {
        Self::default()
    }

    fn segment(&mut self, answer: &Answer) {
        if answer.right {
            self.open = 0;
            return;
        }
        self.begun += u64::from(self.open == 0);
        self.open += 1;
        self.wrong += 1;
        self.longest = self.longest.max(self.open);
    }

    /// A lapse ends with its lane.
    fn merge(&mut self, other: &Self) {
        self.begun += other.begun;
        self.wrong += other.wrong;
        self.longest = self.longest.max(other.longest);
        self.open = 0;
    }

    fn report(&self, _stream: &Stream) -> Self::Report {
        LapseReport {
            lapses: self.begun,
            mean: (self.begun > 0).then(|| self.wrong as f64 / self.begun as f64),
            longest: self.longest,
        }
    }
}

/// What the line in the list of `crates/eval/src/instruments/mod.rs` makes of it.
#[allow(dead_code, reason = "a list is made whole")]
mod registered {
    use super::Lapses;

    saturn_eval::instruments! {
        always {}
        states {}
        answers {
            /// How long runs of wrong answers are. Three numbers a lane.
            lapses: Lapses(Lapses),
        }
        experiments {}
    }
}

mod tests {
    use saturn_eval::instruments::shown::Values;
    use saturn_store::checkpoint::{decode, encode};

    use super::registered::{Answers, Instrument, Reports};
    use super::*;

    const STREAM: Stream = Stream {
        steps: 1_000,
        windows: 4,
        seed: 1,
    };

    /// A lane with these answers, `+` right and `-` wrong.
    fn observe(answers: &mut Answers, lane: &str) {
        for (k, answer) in lane.chars().enumerate() {
            answers.segment(&Answer {
                step: 10 * k as u64,
                label: 0,
                summed: &[0.5, 0.5],
                last: &[0.5, 0.5],
                right: answer == '+',
            });
        }
    }

    fn new() -> Answers {
        Answers::new(&[Instrument::Lapses], &STREAM)
    }

    #[test]
    fn the_line_is_the_one_that_contributors_read() {
        let line = "lapses: Lapses(";
        assert!(include_str!("example_instrument_answers.rs").contains(line));
        assert!(include_str!("../CONTRIBUTING.md").contains(line));
    }

    /// Two lanes by hand: the open lapse of the first does not reach into the second.
    #[test]
    fn lanes_merge_and_lapses_end_with_them() {
        let (mut all, mut second) = (new(), new());
        observe(&mut all, "+-+--");
        observe(&mut second, "---+++");
        all.merge(&second);
        let found = all.report(&STREAM).lapses.unwrap();
        let expected = LapseReport {
            lapses: 3,
            mean: Some(2.0),
            longest: 3,
        };
        assert_eq!(found, expected);
        assert_eq!(Answers::new(&[], &STREAM).report(&STREAM).lapses, None);
    }

    /// Its key, results and columns follow from the line, and a checkpoint resumes it bit for bit.
    #[test]
    fn it_is_kept_and_shown() {
        let key: Instrument = serde_json::from_str("\"lapses\"").unwrap();
        let mut whole = Answers::new(&[key], &STREAM);
        observe(&mut whole, "+--");
        let kept = encode("key", &whole).unwrap();
        let mut resumed: Answers = decode("key", &kept).unwrap();
        for answers in [&mut whole, &mut resumed] {
            observe(answers, "-+-");
        }
        let mut reports = whole.report(&STREAM);
        assert_eq!(reports, resumed.report(&STREAM));
        // A committed trial keeps all of it.
        reports.thin();
        let text = serde_json::to_string(&reports).unwrap();
        assert_eq!(text, r#"{"lapses":{"lapses":2,"mean":2.0,"longest":3}}"#);
        assert_eq!(serde_json::from_str::<Reports>(&text).unwrap(), reports);
        assert_eq!(
            serde_json::from_str::<Reports>("{}").unwrap(),
            Reports::default()
        );
        let columns = Reports::columns();
        let heads: Vec<&str> = columns.iter().map(|column| column.head).collect();
        assert_eq!(heads, ["lapse, segments", "longest"]);
        let Values::Numbers(2, read) = &columns[0].values else {
            panic!("a number with two places");
        };
        assert_eq!(read(&reports), [2.0]);
    }
}
