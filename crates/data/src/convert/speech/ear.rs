//! An ear: from sound to events.
//!
//! Channels c are spaced evenly on the scale of equivalent rectangular bandwidths (ERB; Glasberg & Moore
//! 1990), with ERB(f) = 24.7 (0.00437 f + 1) Hz. Each is a gammatone filter of order 4 (four complex poles,
//! Hohmann 2002), rectified, compressed, and fed to a leaky integrate-and-fire cell whose threshold rises
//! with each event. At the sampling rate of the sound, with y^0_t = x_t,
//!
//! ```text
//! y^k_t = (1 - r) y^{k-1}_t + r exp(i omega) y^k_{t-1}, k = 1..4       (1)
//! d_t   = (2 max(0, Re y^4_t))^(1/4)                                  (2)
//! v_t   = a v_{t-1} + (1 - a) d_t                                     (3)
//! s_t   = H(v_t - theta - w_t)                                        (4)
//! v_t   = 0 where s_t;  w_{t+1} = b w_t + beta s_t                    (5)
//! ```
//!
//! | symbol | is |
//! |---|---|
//! | omega, r | 2 pi f_c / rate, exp(-2 pi 1.019 ERB(f_c) / rate) |
//! | a, b | exp(-1 / (rate tau)), for tau_mem and tau_adapt |
//! | theta, beta | the threshold, and its increment per event |
//!
//! Modelled on the inner ear of the Spiking Heidelberg Digits (Cramer et al. 2020), but not a copy: there a
//! hydrodynamic basilar membrane and hair cells drive populations of bushy cells. It is tuned so that spoken
//! digits have as many events: some 2 % of the pairs (channel, 1 ms) are active.

use std::f64::consts::PI;

use super::bank::{Bank, Cell};
use crate::error::DataError;

/// Ratio of a gammatone filter's bandwidth to the ERB.
const BANDWIDTH: f64 = 1.019;
/// Highest channel, as a share of the rate, where the user names none.
const TOP: f64 = 0.45;
const MAX_CHANNELS: usize = 1 << 16;

/// What an ear is like.
#[derive(Debug, Clone, PartialEq)]
pub struct EarOptions {
    /// How many channels there are, 700; channel 0 is the lowest.
    pub channels: usize,
    /// Frequency of the lowest channel in Hz, 60.
    pub low_hz: f64,
    /// Frequency of the highest channel in Hz; without one, 8,000 Hz or 0.45 of the rate, whichever is
    /// lower.
    pub high_hz: Option<f64>,
    /// Time constant of the cells in milliseconds, 5.
    pub tau_mem_ms: f64,
    /// Time constant of the thresholds in milliseconds, 50.
    pub tau_adapt_ms: f64,
    /// Threshold theta in the initial state; a higher value makes fewer events.
    pub threshold: f64,
    /// Threshold increment per event; a higher value emphasises the onset of a sound.
    pub adaptation: f64,
}

impl Default for EarOptions {
    fn default() -> Self {
        Self {
            channels: 700,
            low_hz: 60.0,
            high_hz: None,
            tau_mem_ms: 5.0,
            tau_adapt_ms: 50.0,
            threshold: 0.2,
            adaptation: 0.06,
        }
    }
}

/// An ear for sounds of one rate.
pub(super) struct Ear {
    options: EarOptions,
    rate_hz: f64,
    high_hz: f64,
    /// r exp(i omega) and 1 - r of each channel.
    pole_re: Vec<f32>,
    pole_im: Vec<f32>,
    gain: Vec<f32>,
}

impl Ear {
    pub(super) fn new(options: &EarOptions, rate_hz: f64) -> Result<Self, DataError> {
        let high_hz = options
            .high_hz
            .unwrap_or_else(|| (TOP * rate_hz).min(8_000.0));
        let bad = |option, found: String, expected: String| {
            Err(DataError::BadOption {
                option,
                found,
                expected,
            })
        };
        if !(1..=MAX_CHANNELS).contains(&options.channels) {
            let expected = "1 to 65,536".to_owned();
            return bad(
                "the number of channels",
                options.channels.to_string(),
                expected,
            );
        }
        if !(options.low_hz >= 10.0 && options.low_hz < high_hz && high_hz < 0.5 * rate_hz) {
            return bad(
                "the range of the channels",
                format!("{} to {high_hz} Hz", options.low_hz),
                format!(
                    "from 10 Hz up, and below half the rate, {} Hz",
                    0.5 * rate_hz
                ),
            );
        }
        for (option, value) in [
            ("the time constant of the cells (ms)", options.tau_mem_ms),
            (
                "the time constant of the thresholds (ms)",
                options.tau_adapt_ms,
            ),
            ("the threshold", options.threshold),
        ] {
            if !(value > 0.0 && value <= 1e4) {
                return bad(
                    option,
                    value.to_string(),
                    "above 0 and up to 10,000".to_owned(),
                );
            }
        }
        if !(0.0..=1e4).contains(&options.adaptation) {
            let expected = "0 to 10,000".to_owned();
            return bad("the adaptation", options.adaptation.to_string(), expected);
        }
        let mut ear = Self {
            options: options.clone(),
            rate_hz,
            high_hz,
            pole_re: Vec::new(),
            pole_im: Vec::new(),
            gain: Vec::new(),
        };
        for channel in 0..options.channels {
            let f = ear.centre_hz(channel);
            let r = (-2.0 * PI * BANDWIDTH * erb_hz(f) / rate_hz).exp();
            let omega = 2.0 * PI * f / rate_hz;
            ear.pole_re.push((r * omega.cos()) as f32);
            ear.pole_im.push((r * omega.sin()) as f32);
            ear.gain.push((1.0 - r) as f32);
        }
        Ok(ear)
    }

    pub(super) fn channels(&self) -> usize {
        self.options.channels
    }

    pub(super) fn describe(&self) -> String {
        let EarOptions {
            channels,
            low_hz,
            tau_mem_ms,
            tau_adapt_ms,
            threshold,
            adaptation,
            ..
        } = &self.options;
        format!(
            "ear: {channels} channels, {low_hz} to {} Hz, tau_mem {tau_mem_ms} ms, tau_adapt {tau_adapt_ms} \
             ms, threshold {threshold}, adaptation {adaptation}",
            self.high_hz
        )
    }

    /// Frequency of a channel in Hz.
    pub(super) fn centre_hz(&self, channel: usize) -> f64 {
        let (low, high) = (erb_number(self.options.low_hz), erb_number(self.high_hz));
        let share = channel as f64 / (self.options.channels - 1).max(1) as f64;
        hz_of(low + share * (high - low))
    }

    /// Times in seconds, ascending, and channels of a sound's events, from the initial state.
    pub(super) fn hear(&self, sound: &[f32]) -> (Vec<f64>, Vec<u32>) {
        let decay = |tau_ms: f64| (-1e3 / (tau_ms * self.rate_hz)).exp() as f32;
        let cell = Cell {
            a: decay(self.options.tau_mem_ms),
            b: decay(self.options.tau_adapt_ms),
            theta: self.options.threshold as f32,
            beta: self.options.adaptation as f32,
        };
        let bank = Bank::new(&self.pole_re, &self.pole_im, &self.gain, cell);
        let (mut times_s, mut units) = (Vec::new(), Vec::new());
        bank.run(sound, |t, channel| {
            times_s.push(t as f64 / self.rate_hz);
            units.push(channel);
        });
        (times_s, units)
    }
}

/// Equivalent rectangular bandwidth at `f` Hz.
fn erb_hz(f: f64) -> f64 {
    24.7 * (0.00437 * f + 1.0)
}

/// How many ERBs lie below `f` Hz.
fn erb_number(f: f64) -> f64 {
    21.4 * (0.00437 * f + 1.0).log10()
}

/// The inverse of [`erb_number`].
fn hz_of(erbs: f64) -> f64 {
    (10_f64.powf(erbs / 21.4) - 1.0) / 0.00437
}

#[cfg(test)]
mod tests;
