//! The fate of every item that was sent: each event is in exactly one of these counts.

use serde::{Deserialize, Serialize};

use super::protocol::Fault;

/// Counts since the stream began, over all resumptions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Events that reached the net.
    pub taken: u64,
    /// Marks of time.
    pub marks: u64,
    /// Of those that were taken, the ones with an earlier time than one before.
    pub reordered: u64,
    /// Dropped: their step had closed.
    pub late: u64,
    /// Dropped: too far ahead of the stream.
    pub ahead: u64,
    /// Dropped, if repeats count once: same time and unit as another event.
    pub duplicates: u64,
    /// Dropped: their step was full.
    pub crowded: u64,
    /// Dropped: the queue was full.
    pub flooded: u64,
    /// Dropped: malformed, by [`Fault`].
    pub malformed: [u64; Fault::ALL.len()],
    /// Number of resynchronisations to the sender's clock.
    pub rebased: u64,
    /// Steps of wall-clock time that were given up, as the machine was asleep or too slow.
    pub skipped: u64,
    /// Steps that came out later than they should have by a step or more.
    pub overruns: u64,
    /// Times at which the state could not be written.
    pub failed_saves: u64,
    /// Notes that were not written because there were too many in one second.
    pub unsaid_notes: u64,
}

impl Counts {
    /// Total of malformed items.
    pub fn all_malformed(&self) -> u64 {
        self.malformed.iter().sum()
    }

    /// The number of malformed lines or frames, if the input had nothing else.
    pub fn unread(&self) -> Option<u64> {
        let malformed = self.all_malformed();
        let dropped: u64 = self.dropped().iter().map(|(_, n)| n).sum();
        let others = self.taken + self.marks + dropped - malformed;
        (malformed > 0 && others == 0).then_some(malformed)
    }

    /// Dropped events with their reasons.
    pub fn dropped(&self) -> [(&'static str, u64); 6] {
        [
            ("late", self.late),
            ("ahead", self.ahead),
            ("duplicate", self.duplicates),
            ("crowded", self.crowded),
            ("flooded", self.flooded),
            ("malformed", self.all_malformed()),
        ]
    }
}
