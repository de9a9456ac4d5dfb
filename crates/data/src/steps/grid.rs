//! The clock behind a file's times: a grid that all of them lie on.
//!
//! A time lies on the grid of f Hz where a multiple of 1 / f is within half a unit of the stored type. A
//! random time does so by chance with probability p = min(1, f u), u the distance from a stored time to the
//! next. Of the usual clocks, the slowest on whose grid all times lie is the file's, if chance is ruled out:
//!
//! ```text
//! -sum over the times of ln p > 30                                                  (1)
//! ```

use super::stored::Stored;

/// Rates of the usual clocks in Hz: frames of 100 ms to 1 µs, sounds, electrocardiograms.
const CLOCKS_HZ: [f64; 24] = [
    10.0,
    20.0,
    50.0,
    100.0,
    125.0,
    128.0,
    200.0,
    250.0,
    256.0,
    360.0,
    500.0,
    1_000.0,
    2_000.0,
    4_000.0,
    8_000.0,
    10_000.0,
    11_025.0,
    16_000.0,
    22_050.0,
    32_000.0,
    44_100.0,
    48_000.0,
    100_000.0,
    1_000_000.0,
];
/// Evidence that is enough, equation (1).
const ENOUGH: f64 = 30.0;

/// A grid of times: the multiples of 1 / f.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grid {
    hz: f64,
}

impl Grid {
    /// Of a clock of `hz`; `None` where that is no rate from 0.001 Hz to 1 GHz.
    pub fn new(hz: f64) -> Option<Self> {
        (1e-3..=1e9).contains(&hz).then_some(Self { hz })
    }

    /// f.
    pub fn hz(self) -> f64 {
        self.hz
    }

    /// The number of the multiple that is nearest to a time.
    pub fn tick(self, time_s: f64) -> u64 {
        (time_s * self.hz).round() as u64
    }

    /// Whether a time that is `stored` so may have lain on the grid.
    pub fn holds(self, time_s: f64, stored: Stored) -> bool {
        let ticks = time_s * self.hz;
        let off = (ticks - ticks.round()).abs();
        off <= 0.5 * self.hz * stored.spacing_s(time_s) + 4.0 * f64::EPSILON * ticks
    }
}

impl std::fmt::Display for Grid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ms = 1e3 / self.hz;
        if ms >= 1.0 && ms.fract() == 0.0 {
            write!(f, "{ms} ms ({} Hz)", self.hz)
        } else {
            write!(f, "1/{} s ({} Hz)", self.hz, self.hz)
        }
    }
}

/// Searches for the grid of a file, time by time.
pub(crate) struct Finder {
    stored: Stored,
    /// The clocks compatible with all times so far.
    alive: Vec<Clock>,
}

#[derive(Clone, Copy)]
struct Clock {
    grid: Grid,
    /// The left side of equation (1).
    evidence: f64,
    /// Whether a time is stored off the grid.
    off: bool,
}

impl Finder {
    pub(crate) fn new(stored: Stored) -> Self {
        Self {
            stored,
            alive: CLOCKS_HZ
                .map(|hz| Clock {
                    grid: Grid { hz },
                    evidence: 0.0,
                    off: false,
                })
                .to_vec(),
        }
    }

    /// Whether any clock is left.
    pub(crate) fn is_over(&self) -> bool {
        self.alive.is_empty()
    }

    /// Takes a time in seconds; 0 lies on every grid.
    pub(crate) fn add(&mut self, time_s: f64) {
        if time_s <= 0.0 {
            return;
        }
        let spacing_s = self.stored.spacing_s(time_s);
        let stored = self.stored;
        self.alive.retain_mut(|clock| {
            let ticks = time_s * clock.grid.hz;
            clock.evidence -= (clock.grid.hz * spacing_s).min(1.0).ln();
            clock.off |= ticks.fract() != 0.0;
            clock.grid.holds(time_s, stored)
        });
    }

    /// The slowest clock that is beyond chance.
    pub(crate) fn found(&self) -> Option<Grid> {
        self.sure().map(|clock| clock.grid)
    }

    /// The same where rounding to it moves a time, and where no two of its ticks up to `latest_s` are stored as the
    /// same time.
    pub(crate) fn restorable(&self, latest_s: f64) -> Option<Grid> {
        let apart = |grid: Grid| self.stored.spacing_s(latest_s) * grid.hz <= 1.0;
        let clock = self.sure().filter(|clock| clock.off && apart(clock.grid));
        clock.map(|clock| clock.grid)
    }

    fn sure(&self) -> Option<&Clock> {
        self.alive.iter().find(|clock| clock.evidence > ENOUGH)
    }
}
