//! Wall-clock time in steps.
//!
//! With e the moment at which step 0 would have begun and w the reorder window:
//!
//! ```text
//! (1) step k begins at e + k dt
//! (2) step k closes at e + (k + 1 + w) dt
//! ```
//!
//! The first event sets e so that its position within a step matches its stamp: so the steps of a stream in
//! real time are the bins of its stamps.

use std::time::{Duration, Instant};

/// More steps behind than this are given up.
const MOST_BEHIND: i64 = 1_000;

/// The clock of one stream.
#[derive(Clone, Debug)]
pub struct Clock {
    start: Instant,
    dt_ns: i64,
    /// e, ns after `start`.
    epoch_ns: i64,
    window: i64,
}

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Time until the next step is due.
    Wait(Duration),
    /// A step; whether it is late by a step or more.
    Step(bool),
    /// This many steps are skipped first.
    Skip(u64),
}

impl Clock {
    /// A clock on which step `next` begins now.
    pub fn new(start: Instant, dt_ms: f64, next: u64, window: u64) -> Self {
        let dt_ns = ((dt_ms * 1e6).round() as i64).max(1);
        let now = start.elapsed().as_nanos() as i64;
        Self {
            start,
            dt_ns,
            epoch_ns: now.saturating_sub(dt_ns.saturating_mul(next as i64)),
            window: window as i64,
        }
    }

    /// ns since the program's start.
    pub fn now_ns(&self) -> u64 {
        self.start.elapsed().as_nanos() as u64
    }

    /// The step in progress at `ns`.
    pub fn step_at(&self, ns: u64) -> u64 {
        ((ns as i64 - self.epoch_ns) / self.dt_ns).max(0) as u64
    }

    /// Sets e so that an event of `time_us` that arrived at `ns` is where it should be in its step.
    pub fn align(&mut self, time_us: u64, ns: u64) {
        let dt_us = self.dt_ns as f64 / 1e3;
        let phase_ns = ((time_us as f64 % dt_us) * 1e3) as i64;
        let step = self.step_at(ns) as i64;
        self.epoch_ns = ns as i64 - phase_ns - step * self.dt_ns;
    }

    /// What is due if `next` is the next step to close.
    pub fn due(&self, next: u64) -> Due {
        self.due_at(next, self.now_ns())
    }

    fn due_at(&self, next: u64, now: u64) -> Due {
        let closes = self.epoch_ns + (next as i64 + 1 + self.window) * self.dt_ns;
        let late = now as i64 - closes;
        if late < 0 {
            return Due::Wait(Duration::from_nanos(late.unsigned_abs()));
        }
        match late / self.dt_ns {
            0 => Due::Step(false),
            behind if behind > MOST_BEHIND => Due::Skip(behind as u64),
            _ => Due::Step(true),
        }
    }

    /// Skips `steps` steps: the time of later steps moves forward accordingly.
    pub fn skip(&mut self, steps: u64) {
        self.epoch_ns += steps as i64 * self.dt_ns;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_due_when_their_time_and_the_window_are_over() {
        let mut clock = Clock::new(Instant::now(), 10.0, 0, 1);
        clock.epoch_ns = 0;
        let ms = |ms: u64| ms * 1_000_000;
        assert_eq!(clock.due_at(0, ms(15)), Due::Wait(Duration::from_millis(5)));
        assert_eq!(clock.due_at(0, ms(20)), Due::Step(false));
        assert_eq!(clock.due_at(0, ms(31)), Due::Step(true));
        let Due::Skip(steps) = clock.due_at(0, ms(20 + 10 * 5_000)) else {
            panic!("5,000 steps behind");
        };
        clock.skip(steps);
        assert_eq!(clock.due_at(0, ms(20 + 10 * 5_000)), Due::Step(false));
        // An event 7 ms into its step that arrives 2 ms into one: that one began 5 ms earlier.
        clock.epoch_ns = 0;
        clock.align(57_000, ms(92));
        assert_eq!((clock.epoch_ns, clock.step_at(ms(92))), (-5_000_000, 9));
    }
}
