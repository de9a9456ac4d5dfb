//! A histogram of fixed bins: quantiles of any number of values in constant memory.
//!
//! Bins are even in u = f(v), with f the identity for values in 0..1 and asinh(v / 0.05) for signed
//! ones: fine around 0 and of constant relative width (2.5 %) far from it. A quantile is linear in u
//! within its bin, so it is off by one bin's width at most. Values beyond the ends count in the last
//! bin; what is not a number is passed over.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// Which values a histogram is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Scale {
    /// 0..1, in bins of 0.005.
    Unit,
    /// Any sign and size up to 11,000.
    Signed,
}

/// Near 0, bins of signed values are even on this scale.
const FINE: f64 = 0.05;

impl Scale {
    /// The range of u, and how many bins it has.
    fn range(self) -> (f64, f64, usize) {
        match self {
            Self::Unit => (0.0, 1.0, 200),
            Self::Signed => (-13.0, 13.0, 1_040),
        }
    }

    fn forward(self, v: f64) -> f64 {
        match self {
            Self::Unit => v,
            Self::Signed => (v / FINE).asinh(),
        }
    }

    /// The bin of a value that is a number.
    fn bin(self, v: f64) -> usize {
        let (low, high, bins) = self.range();
        let place = (self.forward(v) - low) / (high - low) * bins as f64;
        // The cast saturates at both ends.
        (place as usize).min(bins - 1)
    }

    fn back(self, u: f64) -> f64 {
        match self {
            Self::Unit => u,
            Self::Signed => FINE * u.sinh(),
        }
    }
}

/// The bins of [`Scale::Signed`] without a logarithm a value: a cell of numbers of the same sign, exponent and first six bits
/// of the mantissa is 1.6 % wide at most, so at most one bin begins within it.
struct Signed {
    /// The least number of each bin; not a number for the first, and beyond the last.
    edges: Vec<f64>,
    /// The bin of the least number in each cell, of both signs.
    first: [Vec<u16>; 2],
}

static SIGNED: LazyLock<Signed> = LazyLock::new(Signed::new);

/// Bits of a mantissa that a cell does not fix.
const WITHIN: u32 = 52 - 6;
/// The cell of 2^-11, below which all positive numbers are in one bin.
const FIRST_CELL: u64 = (1023 - 11) << 6;
/// The cell of 2^14, from which all are in the last bin.
const LAST_CELL: u64 = (1023 + 14) << 6;

impl Signed {
    fn new() -> Self {
        let scale = Scale::Signed;
        let bins = scale.range().2;
        let mut edges = vec![f64::NAN; bins + 1];
        for (bin, edge) in edges.iter_mut().enumerate().take(bins).skip(1) {
            // Numbers in order, by their bits.
            let (mut below, mut above) = (ordinal(f64::MIN), ordinal(f64::MAX));
            while above > below + 1 {
                let middle = i64::midpoint(below, above);
                if scale.bin(at(middle)) < bin {
                    below = middle;
                } else {
                    above = middle;
                }
            }
            *edge = at(above);
        }
        let cells = LAST_CELL - FIRST_CELL + 1;
        let first = |least: &dyn Fn(u64) -> f64| -> Vec<u16> {
            (0..cells)
                .map(|cell| scale.bin(least(cell)) as u16)
                .collect()
        };
        let start = |cell: u64| match cell {
            0 => 0.0,
            cell => f64::from_bits((FIRST_CELL + cell) << WITHIN),
        };
        let end = |cell: u64| match cell {
            cell if cell + 1 == cells => f64::INFINITY,
            cell => start(cell + 1).next_down(),
        };
        Self {
            edges,
            first: [first(&start), first(&|cell| -end(cell))],
        }
    }

    /// The bin of a number.
    fn bin(&self, v: f64) -> usize {
        let cell = (v.abs().to_bits() >> WITHIN).clamp(FIRST_CELL, LAST_CELL) - FIRST_CELL;
        let first = usize::from(self.first[usize::from(v.is_sign_negative())][cell as usize]);
        first + usize::from(v >= self.edges[first + 1])
    }
}

/// The place of a number in the order of all, -0 before 0.
fn ordinal(v: f64) -> i64 {
    let bits = v.to_bits() as i64;
    bits ^ (((bits >> 63) as u64) >> 1) as i64
}

/// The number at a place.
fn at(ordinal: i64) -> f64 {
    f64::from_bits((ordinal ^ (((ordinal >> 63) as u64) >> 1) as i64) as u64)
}

/// Counts of values by bin.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Histogram {
    scale: Scale,
    counts: Vec<u64>,
    total: u64,
}

impl Histogram {
    pub fn new(scale: Scale) -> Self {
        Self {
            scale,
            counts: vec![0; scale.range().2],
            total: 0,
        }
    }

    pub fn add(&mut self, value: f64) {
        if value.is_nan() {
            return;
        }
        let bin = match self.scale {
            Scale::Unit => self.scale.bin(value),
            Scale::Signed => SIGNED.bin(value),
        };
        self.counts[bin] += 1;
        self.total += 1;
    }

    /// The value that a share `q` of all lies below; `None` without values.
    pub fn quantile(&self, q: f64) -> Option<f64> {
        if self.total == 0 {
            return None;
        }
        let (low, high, bins) = self.scale.range();
        let mut left = q * self.total as f64;
        let mut place = bins as f64;
        for (bin, &count) in self.counts.iter().enumerate() {
            let count = count as f64;
            if count > 0.0 && left <= count {
                place = bin as f64 + left / count;
                break;
            }
            left -= count;
        }
        Some(self.scale.back(low + place / bins as f64 * (high - low)))
    }

    pub fn clear(&mut self) {
        self.counts.fill(0);
        self.total = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table has the bins of the formula: at all edges, in all cells, at both ends and around 0.
    #[test]
    fn the_table_of_signed_values_has_the_bins_of_the_formula() {
        let mut values = vec![
            0.0,
            -0.0,
            1e-300,
            -1e-300,
            5e-324,
            1e-12,
            f64::MAX,
            f64::MIN,
        ];
        values.extend([f64::INFINITY, f64::NEG_INFINITY, 1.0, -1.0]);
        for &edge in &SIGNED.edges[1..1_040] {
            values.extend([edge, edge.next_up(), edge.next_down(), -edge]);
        }
        for k in -60_000..60_000 {
            let v = (f64::from(k) / 4_000.0).sinh() * 0.01;
            values.extend([v, f64::from(v as f32)]);
        }
        for cell in FIRST_CELL - 2..LAST_CELL + 2 {
            let v = f64::from_bits(cell << WITHIN);
            values.extend([v, -v, v.next_down(), -v.next_down()]);
        }
        for v in values {
            assert_eq!(SIGNED.bin(v), Scale::Signed.bin(v), "{v:e}");
        }
    }

    #[test]
    fn quantiles_of_even_values() {
        let mut histogram = Histogram::new(Scale::Unit);
        for k in 0..10_000 {
            histogram.add((f64::from(k) + 0.5) / 10_000.0);
        }
        for q in [0.05, 0.25, 0.5, 0.95, 1.0] {
            let found = histogram.quantile(q).unwrap();
            assert!((found - q).abs() < 1e-9, "{found} for {q}");
        }
    }

    /// Each quantile is a bin's width from the value at its place in the sorted list, at most.
    #[test]
    fn quantiles_of_signed_values_over_six_decades() {
        let mut histogram = Histogram::new(Scale::Signed);
        let mut values: Vec<f64> = (-999..1_000)
            .map(|k| f64::from(k).signum() * 10f64.powf(f64::from(k).abs() / 200.0 - 2.0))
            .collect();
        for &v in &values {
            histogram.add(v);
        }
        values.sort_by(f64::total_cmp);
        for q in [0.01, 0.05, 0.3, 0.5, 0.7, 0.95] {
            let exact = values[(q * 1_999.0) as usize];
            let found = histogram.quantile(q).unwrap();
            assert!(
                (found - exact).abs() < 0.03 * exact.abs() + 0.012,
                "{found}, {exact}"
            );
        }
    }

    #[test]
    fn ends_hold_what_is_beyond_and_nan_is_passed_over() {
        let mut histogram = Histogram::new(Scale::Unit);
        assert_eq!(histogram.quantile(0.5), None);
        for v in [f64::NAN, -3.0, 7.0, f64::INFINITY] {
            histogram.add(v);
        }
        assert!(histogram.quantile(0.3).unwrap() <= 0.005);
        assert!(histogram.quantile(0.4).unwrap() >= 0.995);
        histogram.clear();
        assert_eq!(histogram.quantile(0.5), None);
    }
}
