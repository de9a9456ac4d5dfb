//! The ear's loop over time, with several channels in parallel.
//!
//! The channels are independent, so `LANES` of them advance together in SIMD registers. The results of the
//! equations, numbered as in [`super::ear`], are rounded as for a single channel, independent of the register
//! width. A sound is processed in blocks of `STRETCH` samples, and the events of a block are sorted by time,
//! then channel.

use multiversion::multiversion;

/// Channels that advance together.
const LANES: usize = 64;
/// Samples after which events are sorted.
const STRETCH: usize = 1 << 12;

/// What all channels have in common: a, b, theta, beta of [`super::ear`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell {
    pub(super) a: f32,
    pub(super) b: f32,
    pub(super) theta: f32,
    pub(super) beta: f32,
}

/// Poles r exp(i omega) and gains 1 - r of channels, and their state.
#[derive(Clone)]
struct Lanes {
    re: [f32; LANES],
    im: [f32; LANES],
    gain: [f32; LANES],
    /// y^1..y^4.
    y_re: [[f32; LANES]; 4],
    y_im: [[f32; LANES]; 4],
    v: [f32; LANES],
    w: [f32; LANES],
    /// Whether a channel has just fired: 1 or 0.
    fires: [u32; LANES],
}

/// All channels, in their initial state.
#[derive(Clone)]
pub(super) struct Bank {
    lanes: Vec<Lanes>,
    cell: Cell,
}

impl Bank {
    /// A bank of channels with poles `re + i im` and `gain`.
    pub(super) fn new(re: &[f32], im: &[f32], gain: &[f32], cell: Cell) -> Self {
        // Lanes beyond the last channel have gain 0, so they never fire.
        let filled = |values: &[f32]| {
            let mut lanes = [0.0; LANES];
            lanes[..values.len()].copy_from_slice(values);
            lanes
        };
        let chunks = re
            .chunks(LANES)
            .zip(im.chunks(LANES))
            .zip(gain.chunks(LANES));
        let lanes = chunks.map(|((re, im), gain)| Lanes {
            re: filled(re),
            im: filled(im),
            gain: filled(gain),
            y_re: [[0.0; LANES]; 4],
            y_im: [[0.0; LANES]; 4],
            v: [0.0; LANES],
            w: [0.0; LANES],
            fires: [0; LANES],
        });
        Self {
            lanes: lanes.collect(),
            cell,
        }
    }

    /// Calls `event(t, channel)` for each event of a sound, in the order of t, then channel.
    pub(super) fn run(mut self, sound: &[f32], mut event: impl FnMut(usize, u32)) {
        let mut fired: Vec<(u32, u32)> = Vec::new();
        let mut ordered = Vec::new();
        let mut ends = vec![0_usize; STRETCH + 1];
        for (start, stretch) in (0..).step_by(STRETCH).zip(sound.chunks(STRETCH)) {
            fired.clear();
            for (first, lanes) in (0..).step_by(LANES).zip(&mut self.lanes) {
                advance(stretch, lanes, self.cell, first, &mut fired);
            }
            // A counting sort by t keeps the order of the channels.
            ends.fill(0);
            for (t, _) in &fired {
                ends[*t as usize + 1] += 1;
            }
            for t in 0..STRETCH {
                ends[t + 1] += ends[t];
            }
            ordered.resize(fired.len(), (0, 0));
            for (t, channel) in &fired {
                let place = &mut ends[*t as usize];
                ordered[*place] = (*t, *channel);
                *place += 1;
            }
            for (t, channel) in &ordered {
                event(start + *t as usize, *channel);
            }
        }
    }
}

/// Advances the channels from `first` on through a stretch of sound, and appends their events `(t, channel)`.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn advance(sound: &[f32], lanes: &mut Lanes, cell: Cell, first: u32, fired: &mut Vec<(u32, u32)>) {
    let Cell { a, b, theta, beta } = cell;
    for (t, x) in (0..).zip(sound) {
        let mut any = 0;
        for c in 0..LANES {
            let (re, im, gain) = (lanes.re[c], lanes.im[c], lanes.gain[c]);
            let (mut in_re, mut in_im) = (*x, 0.0);
            for k in 0..4 {
                let (y_re, y_im) = (lanes.y_re[k][c], lanes.y_im[k][c]);
                in_re = gain * in_re + re * y_re - im * y_im; // (1)
                in_im = gain * in_im + re * y_im + im * y_re;
                lanes.y_re[k][c] = in_re;
                lanes.y_im[k][c] = in_im;
            }
            let d = (2.0 * in_re.max(0.0)).sqrt().sqrt(); // (2)
            let v = a * lanes.v[c] + (1.0 - a) * d; // (3)
            let w = lanes.w[c] * b;
            let fires = v >= theta + w; // (4)
            lanes.v[c] = if fires { 0.0 } else { v }; // (5)
            lanes.w[c] = if fires { w + beta } else { w };
            lanes.fires[c] = u32::from(fires);
            any |= u32::from(fires);
        }
        if any != 0 {
            let hits = (first..)
                .zip(&lanes.fires)
                .filter(|(_, fires)| **fires != 0);
            fired.extend(hits.map(|(channel, _)| (t, channel)));
        }
    }
}
