//! Log-mel frames.
//!
//! A frame of `window_ms` of the sound x, weighted by a Hann window h and zero-padded to a power of two, has
//! the power |X_k|^2 / sum h^2. Channel c sums it under a triangle from m_c to m_{c+2} with its top, 1, at
//! m_{c+1}; the m are spaced evenly on the mel scale, 2595 log10(1 + f / 700). Its value is ln(10^-6 + sum).
//! A frame's label is valid from the first to the last frame that is less than `mask_db` below the loudest.

use std::f64::consts::PI;

use rustfft::algorithm::Radix4;
use rustfft::num_complex::Complex;
use rustfft::{Fft, FftDirection, Length};

use crate::error::DataError;

/// Added to a channel's power, so that silence has a logarithm.
const FLOOR: f64 = 1e-6;
const MAX_CHANNELS: usize = 512;

/// What log-mel frames are like.
#[derive(Debug, Clone, PartialEq)]
pub struct MelOptions {
    /// How many channels there are, 40; channel 0 is the lowest.
    pub channels: usize,
    /// Where the lowest triangle begins in Hz, 60.
    pub low_hz: f64,
    /// Where the highest triangle ends in Hz; without one, 8,000 Hz or half the rate, whichever is
    /// lower.
    pub high_hz: Option<f64>,
    /// Length of a frame in milliseconds, 25.
    pub window_ms: f64,
    /// Time from a frame to the next in milliseconds, 10.
    pub hop_ms: f64,
    /// How far below the loudest frame a frame may be where the label holds, in dB, 40.
    pub mask_db: f64,
}

impl Default for MelOptions {
    fn default() -> Self {
        Self {
            channels: 40,
            low_hz: 60.0,
            high_hz: None,
            window_ms: 25.0,
            hop_ms: 10.0,
            mask_db: 40.0,
        }
    }
}

/// Computes log-mel frames of sounds of one sampling rate.
pub(super) struct Mel {
    options: MelOptions,
    high_hz: f64,
    rate_hz: f64,
    window: Vec<f32>,
    hop: usize,
    /// Without the planner, which takes other algorithms, and so gives other bits, on other processors.
    fft: Radix4<f32>,
    /// First bin and weights of each channel.
    triangles: Vec<(usize, Vec<f32>)>,
}

impl Mel {
    pub(super) fn new(options: &MelOptions, rate_hz: f64) -> Result<Self, DataError> {
        let high_hz = options
            .high_hz
            .unwrap_or_else(|| (0.5 * rate_hz).min(8_000.0));
        let bad = |option, found: String, expected: String| {
            Err(DataError::BadOption {
                option,
                found,
                expected,
            })
        };
        if !(1..=MAX_CHANNELS).contains(&options.channels) {
            let expected = "1 to 512".to_owned();
            return bad(
                "the number of channels",
                options.channels.to_string(),
                expected,
            );
        }
        if !(options.low_hz >= 0.0 && options.low_hz < high_hz && high_hz <= 0.5 * rate_hz) {
            return bad(
                "the range of the channels",
                format!("{} to {high_hz} Hz", options.low_hz),
                format!(
                    "from 0 Hz up, and at most half the rate, {} Hz",
                    0.5 * rate_hz
                ),
            );
        }
        for (option, time_ms) in [
            ("the length of a frame", options.window_ms),
            ("the time between frames", options.hop_ms),
        ] {
            if !(time_ms * rate_hz >= 2e3 && time_ms <= 1e3) {
                let expected = "up to 1,000 ms, and two samples at least".to_owned();
                return bad(option, format!("{time_ms} ms"), expected);
            }
        }
        if !(options.mask_db > 0.0 && options.mask_db <= 200.0) {
            let expected = "above 0 and up to 200 dB".to_owned();
            return bad(
                "the depth of the mask",
                options.mask_db.to_string(),
                expected,
            );
        }
        let length = (1e-3 * options.window_ms * rate_hz).round() as usize;
        let hann = |s: usize| 0.5 - 0.5 * (2.0 * PI * s as f64 / length as f64).cos();
        let size = length.next_power_of_two();
        let edges_hz = edges_hz(options.channels, options.low_hz, high_hz);
        let bin_hz = rate_hz / size as f64;
        let triangle = |edges: &[f64]| {
            let first = (edges[0] / bin_hz).ceil() as usize;
            let last = ((edges[2] / bin_hz).floor() as usize).min(size / 2);
            let weight = |bin: usize| {
                let f = bin as f64 * bin_hz;
                let rise = (f - edges[0]) / (edges[1] - edges[0]);
                let fall = (edges[2] - f) / (edges[2] - edges[1]);
                rise.min(fall).max(0.0) as f32
            };
            (first, (first..=last).map(weight).collect())
        };
        Ok(Self {
            high_hz,
            rate_hz,
            window: (0..length).map(|s| hann(s) as f32).collect(),
            hop: (1e-3 * options.hop_ms * rate_hz).round() as usize,
            fft: Radix4::new(size, FftDirection::Forward),
            triangles: edges_hz.windows(3).map(triangle).collect(),
            options: options.clone(),
        })
    }

    pub(super) fn channels(&self) -> usize {
        self.options.channels
    }

    /// Time from a frame to the next in seconds.
    pub(super) fn hop_s(&self) -> f64 {
        self.hop as f64 / self.rate_hz
    }

    pub(super) fn describe(&self) -> String {
        format!(
            "log-mel: {} channels, {} to {} Hz, frames of {} ms every {} ms",
            self.options.channels,
            self.options.low_hz,
            self.high_hz,
            self.options.window_ms,
            self.options.hop_ms
        )
    }

    /// Values `[T, channels]` and mask `[T]` of a sound; T is one at least.
    pub(super) fn hear(&self, sound: &[f32]) -> (Vec<f32>, Vec<bool>) {
        let length = self.window.len();
        let steps = 1 + sound.len().saturating_sub(length) / self.hop;
        let norm: f64 = self.window.iter().map(|h| f64::from(h * h)).sum();
        let mut values = Vec::with_capacity(steps * self.options.channels);
        let mut powers = Vec::with_capacity(steps);
        for step in 0..steps {
            let mut frame = vec![Complex::default(); self.fft.len()];
            let heard = &sound[(step * self.hop).min(sound.len())..];
            for ((to, x), h) in frame.iter_mut().zip(heard).zip(&self.window) {
                to.re = x * h;
            }
            powers.push(frame.iter().map(|x| f64::from(x.re * x.re)).sum::<f64>());
            self.fft.process(&mut frame);
            for (first, weights) in &self.triangles {
                let bins = frame.get(*first..).unwrap_or_default();
                let under = bins.iter().zip(weights);
                let power: f64 = under
                    .map(|(bin, weight)| f64::from(bin.norm_sqr() * weight))
                    .sum();
                values.push((FLOOR + power / norm).ln() as f32);
            }
        }
        let loudest = powers.iter().copied().fold(0.0, f64::max);
        let least = loudest * 10_f64.powf(-0.1 * self.options.mask_db);
        let heard = |power: &f64| *power > 0.0 && *power >= least;
        let first = powers.iter().position(heard).unwrap_or(steps);
        let last = powers.iter().rposition(heard).map_or(0, |last| last + 1);
        let mask = (0..steps)
            .map(|step| (first..last).contains(&step))
            .collect();
        (values, mask)
    }
}

/// The corners of the triangles.
fn edges_hz(channels: usize, low_hz: f64, high_hz: f64) -> Vec<f64> {
    let mel = |f: f64| 2_595.0 * (1.0 + f / 700.0).log10();
    let (low, high) = (mel(low_hz), mel(high_hz));
    let at = |edge: usize| low + (high - low) * edge as f64 / (channels + 1) as f64;
    let hz = |mel: f64| 700.0 * (10_f64.powf(mel / 2_595.0) - 1.0);
    (0..channels + 2).map(|edge| hz(at(edge))).collect()
}
