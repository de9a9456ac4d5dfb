//! Which events a trial was made on.
//!
//! The checksum of a data file tells two files apart; what a net receives are the file's events in steps, and
//! the rule that puts them there may change while the file does not. So a trial carries a checksum of the steps
//! of each split and the name of the rule. Trials on different events answer different questions: they stand in
//! tables and figures of their own. Frames are steps as they are in their file, and have no rule.

use serde::{Deserialize, Serialize};

use super::Shared;
use crate::run::dataset::Dataset;
use saturn_stream::{BINNING, Form};

/// Checksums of events in steps, and how they came there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Events {
    /// The rule that puts events in steps.
    pub rule: String,
    /// SHA-256 of the training split in steps.
    pub train: String,
    /// Of the validation split.
    pub valid: String,
    /// Of the test split, where it was evaluated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<String>,
}

impl Events {
    /// Those of `dataset`; `None` of frames.
    pub fn of(dataset: &Dataset) -> Option<Self> {
        if dataset.train.form() == Form::Frames {
            return None;
        }
        let test = dataset.test.as_ref();
        Some(Self {
            rule: BINNING.to_owned(),
            train: dataset.train.events_hash(),
            valid: dataset.valid.events_hash(),
            test: test.map(saturn_stream::Split::events_hash),
        })
    }
}

impl Shared {
    /// Whether what was received is the same: data and events, for any split that was evaluated.
    pub fn is_on_the_events_of(&self, other: &Self) -> bool {
        self.received() == other.received()
    }

    /// Whether events were put in steps as they are today; `frames` are as they are in their file.
    pub fn is_binned_as_now(&self, frames: bool) -> bool {
        match &self.events {
            None => frames,
            Some(events) => events.rule == BINNING,
        }
    }

    /// What a net's training depends on of what it received, for a key: the data, and the events but for the test
    /// split, which an earlier run on the validation split has not opened.
    pub fn received(&self) -> Vec<&str> {
        let events = self.events.as_ref();
        let events = events.map(|e| [&*e.rule, &*e.train, &*e.valid]);
        std::iter::once(&*self.data)
            .chain(events.into_iter().flatten())
            .collect()
    }

    /// A short name of the data and events, for folders: `old-binning-1a2b3c4d`, `events-1a2b3c4d`.
    pub fn short(&self) -> String {
        let start = |hash: &str| hash.chars().take(8).collect::<String>();
        match &self.events {
            None => format!("old-binning-{}", start(&self.data)),
            Some(events) => format!("events-{}", start(&events.train)),
        }
    }

    /// The same for readers.
    pub fn label(&self) -> String {
        let start = |hash: &str| hash.chars().take(8).collect::<String>();
        match &self.events {
            None => format!("old binning, data {}", start(&self.data)),
            Some(events) => format!("events {}, binned by {}", start(&events.train), events.rule),
        }
    }
}
