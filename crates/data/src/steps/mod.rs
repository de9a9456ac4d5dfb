//! Which step a time belongs to: the one rule, for files, streams, figures and senders of recordings.
//!
//! With x a time as its file stores it, dt the length of a step as it was written (an exact decimal: `ratio`),
//! and h half the distance from x to the next number of the stored type,
//!
//! ```text
//! step(x) = the last k with k dt <= x + h = floor((x + h) / dt)                      (1)
//! ```
//!
//! computed exactly, in whole numbers. A writer rounds a time to the nearest number of its type, so a time that lay
//! on k dt is stored within h of it, and (1) gives k, though x itself may lie below k dt: 29 ms in f32 is
//! 28.9999992 ms. So a time moves up to a step only where that step's start lies within half a unit of the stored
//! type; every other time is floored.
//!
//! | stored as | h |
//! |---|---|
//! | float64 | half a unit: 7 ps a day into a recording |
//! | float32 | half a unit: 30 ns at 0.5 s, 3.8 µs at 100 s |
//! | float16 | 0: the floor of the stored value, as the loaders of this field have it; half a unit would be 0.25 ms at 0.5 s |
//! | integers | 0: they are exact |
//!
//! h does not depend on dt, so rules nest: the microsecond of a time by (1) lies in the step of that time by
//! (1), for every dt of whole microseconds. That is why a recording that is sent with times in microseconds falls
//! into the same steps as one that is read from its file.
//!
//! **Sums.** The start of a piece in its recording plus a time in that piece carries the rounding of both and of the
//! sum: for n terms h is (2 n - 1) / 2 units of the largest, and half a unit of the stored type where that is more
//! than f64's.
//!
//! **A grid.** Times of a clock of f Hz may be rounded to it first, m = round(x f), and then
//!
//! ```text
//! step(x) = floor((m / f) / dt)                                                      (2)
//! ```

mod grid;
mod ratio;
mod stored;

#[cfg(test)]
mod tests;

#[cfg(feature = "hdf5")]
pub(crate) use grid::Finder;
pub use grid::Grid;
pub use stored::{Stored, TimeFloat, TimeUnit};

use ratio::Ratio;

/// The rule for one step length and one storage type of times.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Steps {
    stored: Stored,
    /// dt in seconds.
    dt_s: Ratio,
    /// dt in the unit that [`Stored::restore`] gives.
    dt: Ratio,
    /// dt in microseconds.
    dt_us: Ratio,
    /// The same as floats.
    near_s: f64,
    near: f64,
    grid: Option<Grid>,
}

impl Steps {
    /// Steps of `dt_ms` milliseconds, above 0, for times in f64 seconds.
    pub fn new(dt_ms: f64) -> Self {
        Self::stored(dt_ms, Stored::default(), None)
    }

    /// The same for times that are `stored` so, on a `grid` where one is given.
    pub fn stored(dt_ms: f64, stored: Stored, grid: Option<Grid>) -> Self {
        let dt_s = Ratio::decimal(dt_ms, -3);
        let dt = dt_s.times(stored.restored_per_second());
        Self {
            stored,
            dt_s,
            dt,
            dt_us: dt_s.times(1_000_000),
            near_s: dt_s.value(),
            near: dt.value(),
            grid,
        }
    }

    /// The step of a time in seconds from the recording's start, equation (1) or (2).
    pub fn of(&self, time_s: f64) -> u64 {
        if let Some(grid) = self.grid {
            return self.of_ticks(grid, grid.tick(time_s));
        }
        let x = self.stored.restore(time_s);
        let c = self.stored.tolerance();
        let q = x / self.near;
        if q.is_nan() || q < 0.5 {
            return 0;
        }
        // A rounded quotient is off by 2^-51 of itself at most; half an f64 unit is 2^-53 of x at most.
        let (below, rounding) = (q.floor(), q * 2.0_f64.powi(-50));
        let reach = rounding + q * c as f64 * 2.0_f64.powi(-53);
        if q - below > rounding && below + 1.0 - q > reach {
            return below as u64;
        }
        exact(x, u128::from(c), self.dt, q)
    }

    /// The step of a sum of times in seconds. The last one is stored in the file's type, the others are f64.
    pub fn of_sum(&self, terms_s: &[f64]) -> u64 {
        let Some((&last_s, others)) = terms_s.split_last() else {
            return 0;
        };
        let last_s = match self.grid {
            Some(grid) => grid.tick(last_s) as f64 / grid.hz(),
            None => last_s,
        };
        let sum_s = others.iter().sum::<f64>() + last_s;
        let largest = terms_s.iter().fold(sum_s.abs(), |a, b| a.max(b.abs()));
        let roundings = (2 * terms_s.len() - 1) as f64;
        let own_s = match self.grid {
            Some(_) => 0.0,
            None => self.stored.half_unit_s(last_s),
        };
        let half_s = roundings * half_unit(largest) + own_s;
        if sum_s.is_nan() || sum_s <= 0.0 || (sum_s + half_s) / self.near_s < 0.5 {
            return 0;
        }
        let c = (half_s / half_unit(sum_s)).ceil() as u128;
        exact(sum_s, c, self.dt_s, sum_s / self.near_s)
    }

    /// The step of a whole number of microseconds.
    pub fn of_us(&self, time_us: u64) -> u64 {
        let Ratio { over, under } = self.dt_us;
        match u128::from(time_us).checked_mul(under) {
            Some(time) => u64::try_from(time / over).unwrap_or(u64::MAX),
            None => (time_us as f64 / self.dt_us.value()) as u64,
        }
    }

    /// The first whole microsecond of `step`.
    pub fn start_us(&self, step: u64) -> u64 {
        let Ratio { over, under } = self.dt_us;
        match u128::from(step).checked_mul(over) {
            Some(start) => u64::try_from(start.div_ceil(under)).unwrap_or(u64::MAX),
            None => u64::MAX,
        }
    }

    /// Length of a step in seconds.
    pub fn dt_s(&self) -> f64 {
        self.near_s
    }

    /// Equation (2).
    fn of_ticks(&self, grid: Grid, tick: u64) -> u64 {
        let hz = Ratio::decimal(grid.hz(), 0);
        let over = u128::from(tick).checked_mul(self.dt_s.under);
        let over = over.and_then(|over| over.checked_mul(hz.under));
        let under = self.dt_s.over.checked_mul(hz.over);
        match (over, under) {
            (Some(over), Some(under)) => u64::try_from(over / under).unwrap_or(u64::MAX),
            // A rate and a step of seventeen digits each, which no real clock has.
            _ => (tick as f64 / grid.hz() / self.near_s) as u64,
        }
    }
}

/// floor((x + c u) / dt) with u half the distance from x to the next f64, and about `q` = x / dt. With x = M 2^E and
/// dt = P / Q it is the last k with k P 2^(1 - E) <= (2 M + c) Q.
fn exact(x: f64, c: u128, dt: Ratio, q: f64) -> u64 {
    let (mantissa, exponent) = parts(x);
    let moved = (2 * u128::from(mantissa))
        .checked_add(c)
        .and_then(|n| n.checked_mul(dt.under));
    let shift = 1 - exponent;
    let sides = if shift >= 0 {
        moved.zip(shifted(dt.over, shift))
    } else {
        moved.and_then(|n| shifted(n, -shift)).zip(Some(dt.over))
    };
    match sides {
        Some((time, step)) => u64::try_from(time / step).unwrap_or(u64::MAX),
        // Beyond 128 bits: a time of less than half a step, or one that no file may hold.
        None => q as u64,
    }
}

fn shifted(n: u128, by: i32) -> Option<u128> {
    (by as u32 <= n.leading_zeros()).then(|| n.checked_shl(by as u32).unwrap_or(0))
}

/// M and E of a positive, normal number M 2^E with M of 53 bits.
fn parts(x: f64) -> (u64, i32) {
    let bits = x.to_bits();
    let mantissa = (bits & ((1 << 52) - 1)) | (1 << 52);
    let exponent = ((bits >> 52) & 0x7ff) as i32 - 1_075;
    (mantissa, exponent)
}

/// Half the distance from |x| to the next f64.
fn half_unit(x: f64) -> f64 {
    let x = x.abs().max(f64::MIN_POSITIVE);
    2.0_f64.powi(parts(x).1 - 1).max(f64::MIN_POSITIVE)
}
