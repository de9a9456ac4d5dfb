//! The ear of a synthetic set: from formants over time to events.
//!
//! Channels c = 0..N lie evenly on the ERB scale. In frames of `FRAME_S`,
//!
//! ```text
//! r_c = background + peak sum_k A_k exp(-(E_c - E_k)^2 / (2 w_k^2))                 (1)
//! ```
//!
//! where w_k is the tuning's width, and three times that for noise, whose strength is random from
//! frame to frame. Spikes are Poisson with rate r_c, made by rescaling time: a channel spikes where
//! the integral of its rate, which stands still in the refractory time, passes a number drawn from
//! the exponential distribution. So a channel takes one random number a spike.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::Exp1;

use super::spec::Synthetic;
use super::voice::{Utterance, erb};

/// Length of a frame in seconds.
const FRAME_S: f64 = 0.001;
/// How much wider noise is than a formant.
const NOISE_WIDTH: f64 = 3.0;
/// Beyond so many widths a channel hears nothing.
const REACH: f64 = 3.5;

/// An ear.
pub(super) struct Ear {
    channels: usize,
    lowest_erb: f64,
    /// Distance between channels.
    step_erb: f64,
    width_erb: f64,
    peak_rate_hz: f64,
    background_rate_hz: f64,
    refractory_s: f64,
}

impl Ear {
    pub(super) fn new(spec: &Synthetic) -> Self {
        let lowest_erb = erb(spec.low_hz);
        Self {
            channels: spec.channels,
            lowest_erb,
            step_erb: (erb(spec.high_hz) - lowest_erb) / (spec.channels - 1) as f64,
            width_erb: spec.tuning_erb,
            peak_rate_hz: spec.peak_rate_hz,
            background_rate_hz: spec.background_rate_hz,
            refractory_s: 1e-3 * spec.refractory_ms,
        }
    }

    /// Times in seconds, ascending, and channels of the events that `utterance` makes.
    pub(super) fn hear(&self, utterance: &Utterance, rng: &mut ChaCha8Rng) -> (Vec<f64>, Vec<u32>) {
        let mut rates_hz = vec![0.0; self.channels];
        let mut until_spike: Vec<f64> = (0..self.channels).map(|_| rng.sample(Exp1)).collect();
        let mut silent_until_s = vec![0.0_f64; self.channels];
        let mut events: Vec<(f64, u32)> = Vec::new();
        let frames = (utterance.end_s() / FRAME_S).ceil() as usize;
        for frame in 0..frames {
            let start_s = frame as f64 * FRAME_S;
            let end_s = start_s + FRAME_S;
            self.rates(utterance, start_s, rng, &mut rates_hz);
            for channel in 0..self.channels {
                let rate_hz = rates_hz[channel];
                let mut now_s = start_s.max(silent_until_s[channel]);
                while now_s < end_s && rate_hz > 0.0 {
                    let spike_s = now_s + until_spike[channel] / rate_hz;
                    if spike_s >= end_s {
                        until_spike[channel] -= (end_s - now_s) * rate_hz;
                        break;
                    }
                    events.push((spike_s, channel as u32));
                    until_spike[channel] = rng.sample(Exp1);
                    now_s = spike_s + self.refractory_s;
                    silent_until_s[channel] = now_s;
                }
            }
        }
        if events.is_empty() {
            // A recording has at least one event, however faint the word.
            events.push((0.0, 0));
        }
        events.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        events.into_iter().unzip()
    }

    /// Rate of each channel at `time_s`, equation (1).
    fn rates(
        &self,
        utterance: &Utterance,
        time_s: f64,
        rng: &mut ChaCha8Rng,
        rates_hz: &mut [f64],
    ) {
        rates_hz.fill(self.background_rate_hz);
        let Some(moment) = utterance.at(time_s) else {
            return;
        };
        for (place_erb, strength) in moment.formants {
            self.add(place_erb, self.width_erb, strength, rates_hz);
        }
        let (place_erb, strength) = moment.noise;
        if strength > 0.0 {
            let strength = strength * rng.random_range(0.0..2.0);
            self.add(place_erb, NOISE_WIDTH * self.width_erb, strength, rates_hz);
        }
    }

    fn add(&self, place_erb: f64, width_erb: f64, strength: f64, rates_hz: &mut [f64]) {
        let channel_at = |erb: f64| (erb - self.lowest_erb) / self.step_erb;
        let first = channel_at(place_erb - REACH * width_erb).ceil().max(0.0) as usize;
        let last = channel_at(place_erb + REACH * width_erb).floor();
        if last < 0.0 {
            return;
        }
        let heard = rates_hz.iter_mut().enumerate().skip(first);
        for (channel, rate_hz) in heard.take((last as usize + 1).saturating_sub(first)) {
            let distance = self.lowest_erb + channel as f64 * self.step_erb - place_erb;
            let tuning = (-0.5 * (distance / width_erb).powi(2)).exp();
            *rate_hz += self.peak_rate_hz * strength * tuning;
        }
    }
}
