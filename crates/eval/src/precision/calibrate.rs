//! The range of each field of a state, from a stream: the values that a fixed-point format must cover.
//!
//! The net runs with stored weights and states in full on streams that are never reset, and the sizes |h| of
//! each field are counted in bins of 1/64 of an octave. A range covers the configured share of them; its
//! error is at most the width of a bin, 1.6 %, and it is never above the largest value seen.

use saturn_cell::compiled_once;
use saturn_data::DataError;

use super::config::PrecisionConfig;
use super::quantised::stored_fields;
use super::with_stored_weights;
use crate::lanes::Lanes;
use crate::reset::Never;
use saturn_network::Network;
use saturn_stream::Source;

/// Lanes and steps of the stream that ranges are taken from.
const LANES: usize = 8;
const STEPS: usize = 2_000;
/// Bits of a number's fraction that a bin distinguishes.
const FRACTION: u32 = 6;
/// Bins of a sign-less f32.
const BINS: usize = 1 << (8 + FRACTION);

/// The range of every field that is stored, cell by cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ranges(Vec<Vec<f64>>);

impl Ranges {
    /// For cell `i`, one per field of [`stored_fields`]; empty without data.
    pub fn of_cell(&self, i: usize) -> &[f64] {
        self.0.get(i).map_or(&[], Vec::as_slice)
    }
}

compiled_once! {
    /// The ranges of `net` under `config` on the streams of `source` for `seed`.
    pub fn ranges<R>(
        net: &Network<R>,
        config: &PrecisionConfig,
        source: Source,
        channels: usize,
        seed: u64,
    ) -> Result<Ranges, DataError> {
        if config.states.top().is_none() {
            return Ok(Ranges::default());
        }
        let net = with_stored_weights(net, config);
        let fields: Vec<Vec<_>> = (net.cells().iter())
            .map(|cell| stored_fields(cell.as_ref()))
            .collect();
        let mut sizes: Vec<Vec<Sizes>> = (fields.iter())
            .map(|fields| fields.iter().map(|_| Sizes::default()).collect())
            .collect();
        let never = Never {};
        let mut lanes = Lanes::new(
            &net,
            source,
            &never,
            channels,
            "calibration",
            seed,
            0,
            LANES,
        )?;
        let mut done = 0;
        while done < STEPS {
            let chunk = lanes.run(lanes.longest().min(STEPS - done))?;
            done += chunk.steps;
            for (i, (fields, sizes)) in fields.iter().zip(&mut sizes).enumerate() {
                let states = chunk.tapes.tape(i).states();
                for (field, sizes) in fields.iter().zip(sizes) {
                    let rows = states.rows(field.rows.start, field.rows.len());
                    rows.iter().for_each(|h| sizes.add(h.wide()));
                }
            }
        }
        let ranges = |sizes: &Vec<Sizes>| sizes.iter().map(|s| s.cover(config.covers)).collect();
        Ok(Ranges(sizes.iter().map(ranges).collect()))
    }
}

/// How often values of each size were seen.
#[derive(Clone, Debug)]
struct Sizes {
    counts: Vec<u64>,
    total: u64,
    largest: f64,
}

impl Default for Sizes {
    fn default() -> Self {
        Self {
            counts: vec![0; BINS],
            total: 0,
            largest: 0.0,
        }
    }
}

impl Sizes {
    fn add(&mut self, x: f64) {
        let x = x.abs();
        if x.is_finite() {
            self.counts[((x as f32).to_bits() >> (23 - FRACTION)) as usize] += 1;
            self.total += 1;
            self.largest = self.largest.max(x);
        }
    }

    /// The size that a share `covers` of the values does not exceed.
    fn cover(&self, covers: f64) -> f64 {
        let wanted = (covers * self.total as f64).ceil() as u64;
        let mut seen = 0;
        for (bin, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                let above = f32::from_bits((bin as u32 + 1) << (23 - FRACTION));
                return f64::from(above).min(self.largest);
            }
        }
        self.largest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of 1, 2, .., 1000 the share 0.9 is at most 900, and all are at most 1000.
    #[test]
    fn a_range_covers_its_share() {
        let mut sizes = Sizes::default();
        for i in 1..=1000 {
            sizes.add(if i % 2 == 0 {
                f64::from(i)
            } else {
                -f64::from(i)
            });
        }
        let most = sizes.cover(0.9);
        assert!((900.0..=900.0 * 1.016).contains(&most), "{most}");
        assert!((sizes.cover(1.0) - 1000.0).abs() < f64::EPSILON);
        assert!(sizes.cover(0.5) >= 500.0 && sizes.cover(0.5) < 509.0);
    }

    #[test]
    fn nothing_seen_has_no_range() {
        let mut sizes = Sizes::default();
        assert!(sizes.cover(0.999) <= 0.0);
        sizes.add(f64::NAN);
        sizes.add(f64::INFINITY);
        sizes.add(0.0);
        assert!(sizes.cover(0.999) <= 0.0);
    }
}
