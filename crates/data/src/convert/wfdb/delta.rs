//! Changes of a lead, as events: equations (1) and (2) of [`super`], computed in whole numbers.
//!
//! A change of exactly the threshold is an event, and an f64 cannot distinguish it from one that is a little
//! smaller: (0.3 - 0.2) < 0.1. So the n-th level, v_0 + n delta, is computed in counts of the converter as
//! the fraction
//!
//! ```text
//! c_n = BASELINE + GAIN (v_0 + n delta) = (a + n b) / c                     (3)
//! ```
//!
//! with whole numbers a, b and c of any size, where v_0 is the lead's first value. A count reaches the level
//! above where it is at least c_{n+1} rounded up, and the level below where it is at most c_{n-1} rounded
//! down. A lead with a negative gain is inverted first.

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{ToPrimitive, Zero};

use super::decimal;
use super::lead::{Lead, Scale};

/// A change: when, in samples from the first, and whether the lead went up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Change {
    pub(super) at: f64,
    pub(super) up: bool,
}

/// A lead has more changes than [`limit`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooMany {
    pub(super) limit: usize,
}

/// Maximum number of changes of a lead with this many samples. An electrocardiogram has one or two in ten
/// samples; more than 32 per sample mean a wrong gain or unit.
fn limit(samples: usize) -> usize {
    50_000 + 32 * samples
}

/// Whole part and fraction of a level in counts.
struct Level {
    floor: i64,
    fraction: f64,
    whole: bool,
}

impl Level {
    /// The first count that is not below it.
    fn ceiling(&self) -> i64 {
        self.floor.saturating_add(i64::from(!self.whole))
    }
}

/// The levels in the counts of one scale: (3).
struct Levels {
    a: BigInt,
    b: BigInt,
    c: BigInt,
}

impl Levels {
    fn new(scale: &Scale, turned: bool, first: &BigRational, delta: &BigRational) -> Self {
        let gain = if turned {
            -scale.gain.clone()
        } else {
            scale.gain.clone()
        };
        let baseline = BigInt::from(scale.baseline) * if turned { -1 } else { 1 };
        let start = BigRational::from_integer(baseline) + &gain * first;
        let step = gain * delta;
        let c = start.denom().lcm(step.denom());
        Self {
            a: start.numer() * (&c / start.denom()),
            b: step.numer() * (&c / step.denom()),
            c,
        }
    }

    fn at(&self, n: i64) -> Level {
        let (floor, rest) = (&self.a + &self.b * n).div_mod_floor(&self.c);
        let of = |number: &BigInt| number.to_f64().unwrap_or(f64::MAX);
        Level {
            whole: rest.is_zero(),
            fraction: of(&rest) / of(&self.c),
            // Outside the range of a count, on either side.
            floor: floor.to_i64().unwrap_or(if floor < BigInt::zero() {
                i64::MIN / 2
            } else {
                i64::MAX / 2
            }),
        }
    }
}

/// Changes of `lead` by `delta`, ascending in time.
pub(super) fn changes(lead: &Lead, delta: &BigRational) -> Result<Vec<Change>, TooMany> {
    let mut changes = Vec::new();
    let limit = limit(lead.counts.len());
    let value = |count: i64, scale: &Scale| {
        BigRational::from_integer((count - scale.baseline).into()) / &scale.gain
    };
    let mut present = lead.present();
    let Some((_, first, first_scale)) = present.next() else {
        return Ok(changes);
    };
    let first_value = value(first.into(), first_scale);
    // In a scale that is turned over, counts have the other sign.
    let turned = |scale: &Scale| !decimal::is_positive(&scale.gain);
    let sign = |scale: &Scale| if turned(scale) { -1 } else { 1 };

    let mut scale = first_scale;
    let mut levels = Levels::new(scale, turned(scale), &first_value, delta);
    let mut n = 0;
    let (mut below, mut here, mut above) = (levels.at(-1), levels.at(0), levels.at(1));
    // The count before, in the counts of `scale`, as a line is drawn from it.
    let mut before = (sign(scale) * i64::from(first)) as f64;
    let mut before_count = first;
    for (sample, count, its_scale) in present {
        if !std::ptr::eq(scale, its_scale) {
            let held = value(before_count.into(), scale);
            let held =
                held * &its_scale.gain + BigRational::from_integer(its_scale.baseline.into());
            before = sign(its_scale) as f64 * decimal::to_f64(&held);
            scale = its_scale;
            levels = Levels::new(scale, turned(scale), &first_value, delta);
            (below, here, above) = (levels.at(n - 1), levels.at(n), levels.at(n + 1));
        }
        let now = sign(scale) * i64::from(count);
        loop {
            let up = now >= above.ceiling();
            if !up && now > below.floor {
                break;
            }
            if changes.len() == limit {
                return Err(TooMany { limit });
            }
            // The line from `before` to `now` crosses the level within the last sample.
            let level = if up { &above } else { &below };
            let from_before = (level.floor as f64 - before) + level.fraction;
            let share = (from_before / (now as f64 - before)).clamp(0.0, 1.0);
            let at = (sample - 1) as f64 + if share.is_nan() { 1.0 } else { share };
            changes.push(Change { at, up });
            if up {
                n += 1;
                (below, here, above) = (here, above, levels.at(n + 1));
            } else {
                n -= 1;
                (below, here, above) = (levels.at(n - 1), below, here);
            }
        }
        (before, before_count) = (now as f64, count);
    }
    Ok(changes)
}
