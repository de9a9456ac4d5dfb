//! From events to steps: which step an event belongs to, and when a step is complete.
//!
//! With dt the length of a step in microseconds, o the step at which the stream began on the sender's clock,
//! w the reorder window in steps and n the next step that is not closed yet:
//!
//! ```text
//! (1) step(t) = floor(t / dt) - o                exactly: t is whole, and dt the decimal that was written
//! (2) late           step < n                    dropped
//! (3) too far ahead  step > newest + most        dropped: no input makes the network run through years of silence
//! (4) step n closes  once an event or mark of step > n + w arrives (by the stamps), or when its time has
//!                    come and w more steps have passed (by the clock)
//! (5) repeats        events of one unit at one microsecond count separately, as in training; or once, and
//!                    the others are duplicates, dropped when the step closes
//! ```
//!
//! If the sender's counter wraps, t is the possible time nearest to the newest one (see `wrap`).
//!
//! An open step is a bucket of bounded size; events for a full bucket are dropped and counted. Within the
//! window the order of arrival does not matter: a bucket is sorted when it closes, so its counts do not
//! depend on the order.
//!
//! Events of a sender whose clock jumps would be dropped for ever. After `rebase_after` consecutive dropped
//! events, (2) or (3), the next event is assigned to the newest open step, and o is recomputed. The same is
//! done after [`CONFIRMED`] consecutive events that are too far ahead and within the bound of each other: one
//! damaged time has no effect, and a long pause does not end the stream.

use std::collections::VecDeque;

use saturn_cell::EventBatch;
use saturn_data::Steps;
use serde::{Deserialize, Serialize};

use super::counts::Counts;
use super::protocol::Item;
use super::wrap::unwrapped;

/// Consecutive events that are too far ahead, and agree, after which the sender's clock has jumped.
pub const CONFIRMED: u64 = 16;

/// What several events of one unit at one microsecond are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Repeats {
    /// Each counts, as in training.
    #[default]
    Count,
    /// As one event that was received several times; the lowest of their counts is used.
    Once,
}

/// How events become steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AssembleConfig {
    /// I.
    pub channels: usize,
    /// Length of a step, ms.
    pub dt_ms: f64,
    /// w, steps that an event may come late.
    pub window: u64,
    /// Steps beyond w that an event may come early, where steps close by the clock.
    pub early: u64,
    /// The most steps that time may jump ahead.
    pub most_ahead: u64,
    /// The most events of a step.
    pub most_events: usize,
    /// Consecutive dropped events after which the clock is resynchronised; `None` for never.
    pub rebase_after: Option<u64>,
    /// Treatment of repeated events of the same unit at the same time.
    pub repeats: Repeats,
    /// Bits of the sender's counter of microseconds, where it wraps.
    pub wrap_bits: Option<u32>,
}

/// One event in an open step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Waiting {
    unit: u32,
    time_us: u64,
    count: u32,
}

/// What to do with an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placed {
    /// It is of this step.
    In(u64),
    /// This many steps close before it: see [`Assembler::close`].
    After(u64),
    /// It was dropped, and counted.
    Dropped,
}

/// The open steps of a stream.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Assembler {
    /// o; `None` before the first item.
    origin: Option<i64>,
    /// n.
    next: u64,
    /// The newest step received.
    newest: u64,
    /// The latest time received, for detecting events out of order.
    latest_us: u64,
    refused: u64,
    /// Consecutive events that are too far ahead and agree, and the step of the last.
    far: (u64, i64),
    /// Distance of the last dropped event from the newest time, microseconds.
    off_us: i64,
    heard: bool,
    /// Steps n, n + 1, ...
    open: VecDeque<Vec<Waiting>>,
    /// Those of dt.
    #[serde(skip)]
    steps: Option<Steps>,
}

impl Assembler {
    /// A stream that begins with its first item, or at `origin_us`.
    pub fn new(config: &AssembleConfig, origin_us: Option<u64>) -> Self {
        let buckets = (config.window + config.early + 1) as usize;
        let bucket = || Vec::with_capacity(config.most_events);
        Self {
            origin: origin_us.map(|t| bin(Steps::new(config.dt_ms), t)),
            next: 0,
            newest: 0,
            latest_us: origin_us.unwrap_or(0),
            refused: 0,
            far: (0, 0),
            off_us: 0,
            heard: false,
            open: (0..buckets).map(|_| bucket()).collect(),
            steps: Some(Steps::new(config.dt_ms)),
        }
    }

    /// Whether data read from a file fit `config`; allocates the room they need.
    pub fn restore(&mut self, config: &AssembleConfig) -> bool {
        let buckets = (config.window + config.early + 1) as usize;
        let fits = self.open.len() == buckets
            && self.newest >= self.next.saturating_sub(1)
            && self.origin.is_none_or(|o| o.unsigned_abs() < 1 << 60)
            && self.next < 1 << 60
            && self.latest_us < 1 << 60
            && self.refused < 1 << 60
            && self.far.0 < 1 << 60
            && self.newest < 1 << 60
            && self.open.iter().all(|bucket| {
                bucket.len() <= config.most_events
                    && bucket.iter().all(|w| (w.unit as usize) < config.channels)
            });
        self.steps = Some(Steps::new(config.dt_ms));
        if fits {
            for bucket in &mut self.open {
                bucket.reserve_exact(config.most_events - bucket.len());
            }
        }
        fits
    }

    /// n, the next step to close.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// The sender's time at which step `step` begins, microseconds; `None` before the first item.
    pub fn time_us(&self, config: &AssembleConfig, step: u64) -> Option<u64> {
        let bin = self.origin?.checked_add_unsigned(step)?;
        Some(self.steps(config).start_us(bin.max(0) as u64))
    }

    fn steps(&self, config: &AssembleConfig) -> Steps {
        self.steps.unwrap_or_else(|| Steps::new(config.dt_ms))
    }

    /// By the clock, step `now` has begun; the next item belongs to that step if none came before.
    pub fn tick(&mut self, now: u64) {
        self.newest = self.newest.max(now);
    }

    /// Whether the sender's clock is known.
    pub fn anchored(&self) -> bool {
        self.origin.is_some()
    }

    /// Discards the sender's clock: the next item belongs to the newest step.
    pub fn unanchor(&mut self) {
        (self.origin, self.latest_us, self.heard) = (None, 0, false);
    }

    /// Adds an item, or returns what must be done first. `by_clock`: steps do not close because of it.
    pub fn place(
        &mut self,
        config: &AssembleConfig,
        item: Item,
        by_clock: bool,
        counts: &mut Counts,
    ) -> Placed {
        let current = self.newest.max(self.next);
        let shown_us = item.time_us();
        let meant_us = match (config.wrap_bits, self.origin) {
            (Some(bits), Some(_)) => unwrapped(shown_us, self.latest_us, bits),
            _ => Some(shown_us),
        };
        // Before the first period of the counter: late.
        let time_us = meant_us.unwrap_or(shown_us);
        let bin = bin(self.steps(config), time_us);
        let mut origin = *self.origin.get_or_insert(bin - current as i64);
        let refused = |step: i64| {
            if step < self.next as i64 || meant_us.is_none() {
                return Some(true);
            }
            let most = if by_clock {
                self.next + config.window + config.early
            } else {
                current.saturating_add(config.most_ahead)
            };
            (step as u64 > most).then_some(false)
        };
        if let Some(late) = refused(bin - origin) {
            self.refused += 1;
            self.off_us = time_us as i64 - self.latest_us as i64;
            self.agree(config, bin, late);
            let again = (config.rebase_after).is_some_and(|after| self.refused > after);
            let confirmed = !by_clock && self.far.0 > CONFIRMED;
            if !again && !confirmed {
                *(if late {
                    &mut counts.late
                } else {
                    &mut counts.ahead
                }) += 1;
                return Placed::Dropped;
            }
            counts.rebased += 1;
            origin = bin - current as i64;
            self.origin = Some(origin);
            self.latest_us = time_us;
        }
        (self.refused, self.far.0, self.heard) = (0, 0, true);
        let step = (bin - origin) as u64;
        // Steps that must close to make room for it: (4) solved for n.
        let first = step.saturating_sub(config.window);
        if !by_clock && first > self.next {
            return Placed::After(first - self.next);
        }
        self.newest = self.newest.max(step);
        let behind = time_us < self.latest_us;
        self.latest_us = self.latest_us.max(time_us);
        let Item::Event { unit, count, .. } = item else {
            counts.marks += 1;
            return Placed::In(step);
        };
        counts.reordered += u64::from(behind);
        let bucket = &mut self.open[(step - self.next) as usize];
        if bucket.len() == config.most_events {
            counts.crowded += 1;
            return Placed::Dropped;
        }
        counts.taken += 1;
        bucket.push(Waiting {
            unit,
            time_us,
            count,
        });
        Placed::In(step)
    }

    /// Number of consecutive dropped events, and the distance of the last from the newest time, microseconds.
    pub fn refused(&self) -> (u64, i64) {
        (self.refused, self.off_us)
    }

    /// Counts consecutive events that are too far ahead and within the bound of each other.
    fn agree(&mut self, config: &AssembleConfig, bin: i64, late: bool) {
        let (count, last) = self.far;
        let near = bin.abs_diff(last) <= config.most_ahead;
        let count = match (late, near) {
            (true, _) => 0,
            (false, true) => count + 1,
            (false, false) => 1,
        };
        self.far = (count, bin);
    }

    /// Closes step n: its events are the one column of `column`.
    pub fn close(&mut self, config: &AssembleConfig, column: &mut EventBatch, counts: &mut Counts) {
        column.clear(config.channels);
        let Some(mut bucket) = self.open.pop_front() else {
            return;
        };
        bucket.sort_unstable();
        let before = bucket.len();
        if config.repeats == Repeats::Once {
            bucket.dedup_by_key(|event| (event.unit, event.time_us));
        }
        let duplicates = (before - bucket.len()) as u64;
        counts.duplicates += duplicates;
        counts.taken -= duplicates;
        for same in bucket.chunk_by(|a, b| a.unit == b.unit) {
            let count: u64 = same.iter().map(|event| u64::from(event.count)).sum();
            column.push(same[0].unit, count as f32);
        }
        column.end_column();
        bucket.clear();
        self.open.push_back(bucket);
        self.next += 1;
    }

    /// Number of steps up to the last that is not empty: those to close at the end of the input.
    pub fn unfinished(&self) -> u64 {
        let last = self.open.iter().rposition(|bucket| !bucket.is_empty());
        let heard = (self.newest + 1).saturating_sub(self.next);
        let marked = if self.heard { heard } else { 0 };
        last.map_or(0, |at| at as u64 + 1).max(marked)
    }
}

/// floor(t / dt).
fn bin(steps: Steps, time_us: u64) -> i64 {
    i64::try_from(steps.of_us(time_us)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
