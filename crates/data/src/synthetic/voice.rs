//! Words, speakers and utterances: the sound of a synthetic set, as formants over time.
//!
//! A word's time runs from u = 0 to 1. Each of its `FORMANTS` tracks interpolates `KNOTS` points smoothly;
//! positions on the frequency axis are ERB numbers,
//!
//! ```text
//! E(f) = 21.4 log10(1 + 0.00437 f)                                                  (1)
//! ```
//!
//! (Glasberg & Moore 1990). Candidates for words are drawn at random, and of each batch the one
//! farthest from all earlier words, from their reversals and from its own is kept. Difficulty d
//! draws the tracks towards their middle by 0.6 d and widens every jitter.
//!
//! An utterance reads the word at
//!
//! ```text
//! u(t) = warp((t - onset) / duration), warp(s) = s + w sin(pi s), or 1 - warp if reversed   (2)
//! E_k(t) = track_k(u) + knot jitter + speaker's shift                               (3)
//! ```

use std::f64::consts::PI;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use super::spec::Synthetic;

/// Formant tracks of a word.
pub(super) const FORMANTS: usize = 3;
/// Points that a track goes through.
const KNOTS: usize = 4;
/// Candidates drawn for each word.
const CANDIDATES: usize = 32;
/// Each formant's part of the ear's range.
const BANDS: [[f64; 2]; FORMANTS] = [[0.10, 0.40], [0.42, 0.70], [0.72, 0.92]];
/// Each formant's strength.
const STRENGTHS: [f64; FORMANTS] = [1.0, 0.8, 0.6];

/// ERB number of a frequency in Hz, equation (1).
pub(super) fn erb(frequency_hz: f64) -> f64 {
    21.4 * (1.0 + 0.004_37 * frequency_hz).log10()
}

fn normal(rng: &mut ChaCha8Rng) -> f64 {
    rng.sample(StandardNormal)
}

/// A smooth track through `knots` at u in [0, 1]: half a cosine from each to the next.
fn through(knots: &[f64; KNOTS], u: f64) -> f64 {
    let place = u.clamp(0.0, 1.0) * (KNOTS - 1) as f64;
    let left = (place as usize).min(KNOTS - 2);
    let share = 0.5 - 0.5 * (PI * (place - left as f64)).cos();
    knots[left] + share * (knots[left + 1] - knots[left])
}

/// A word: one class, and, reversed, another.
#[derive(Debug, Clone)]
pub(super) struct Word {
    duration_s: f64,
    /// ERB number of each formant at each knot.
    tracks: [[f64; KNOTS]; FORMANTS],
    /// Loudness at each knot, 0 to 1.
    loudness: [f64; KNOTS],
    /// Interval of the word, in u, that is noise.
    noise_from: f64,
    noise_to: f64,
    noise_erb: f64,
}

impl Word {
    fn draw(spec: &Synthetic, rng: &mut ChaCha8Rng) -> Self {
        let (low, high) = (erb(spec.low_hz), erb(spec.high_hz));
        let nearness = 1.0 - 0.6 * spec.difficulty;
        let tracks = BANDS.map(|[from, to]| {
            std::array::from_fn(|_| {
                let share =
                    0.5 * (from + to) + nearness * (rng.random::<f64>() - 0.5) * (to - from);
                low + share * (high - low)
            })
        });
        let noise_from = rng.random_range(0.0..0.75);
        Self {
            duration_s: 1e-3 * rng.random_range(spec.word_ms[0]..=spec.word_ms[1]),
            tracks,
            loudness: std::array::from_fn(|_| rng.random_range(0.5..1.0)),
            noise_from,
            noise_to: noise_from + rng.random_range(0.15..0.25),
            noise_erb: low + rng.random_range(0.75..0.95) * (high - low),
        }
    }

    /// Mean square distance of the tracks of two words; with `reversed`, to the reversed other.
    fn distance(&self, other: &Self, reversed: bool) -> f64 {
        let mut sum = 0.0;
        for (own, others) in self.tracks.iter().zip(&other.tracks) {
            for (knot, place) in own.iter().enumerate() {
                let across = if reversed { KNOTS - 1 - knot } else { knot };
                sum += (place - others[across]).powi(2);
            }
        }
        sum / (FORMANTS * KNOTS) as f64
    }

    /// Distance to the nearest thing that it could be taken for.
    fn clearance(&self, earlier: &[Self]) -> f64 {
        earlier
            .iter()
            .flat_map(|word| [self.distance(word, false), self.distance(word, true)])
            .fold(self.distance(self, true), f64::min)
    }
}

/// The words of a set: one for each pair of classes.
pub(super) fn draw_words(spec: &Synthetic, rng: &mut ChaCha8Rng) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    for _ in 0..spec.classes.div_ceil(2) {
        let mut best = Word::draw(spec, rng);
        let mut clearance = best.clearance(&words);
        for _ in 1..CANDIDATES {
            let candidate = Word::draw(spec, rng);
            let other = candidate.clearance(&words);
            if other > clearance {
                (best, clearance) = (candidate, other);
            }
        }
        words.push(best);
    }
    words
}

/// A speaker.
#[derive(Debug, Clone)]
pub(super) struct Speaker {
    /// Shift of all formants (a shorter or longer vocal tract), in ERB.
    shift_erb: f64,
    /// Stretching of words in time; 1 leaves them as drawn.
    slowness: f64,
    pitch_hz: f64,
}

impl Speaker {
    pub(super) fn draw(spec: &Synthetic, rng: &mut ChaCha8Rng) -> Self {
        let d = spec.difficulty;
        Self {
            shift_erb: (0.2 + 0.8 * d) * normal(rng).clamp(-2.0, 2.0),
            slowness: ((0.04 + 0.15 * d) * normal(rng).clamp(-2.0, 2.0)).exp(),
            pitch_hz: rng.random_range(90.0..240.0),
        }
    }
}

/// The sound at one moment.
pub(super) struct Moment {
    /// Place (ERB number) and strength of each formant.
    pub formants: [(f64, f64); FORMANTS],
    /// Place and strength of the noise.
    pub noise: (f64, f64),
}

/// One word by one speaker, once.
pub(super) struct Utterance {
    word: Word,
    reversed: bool,
    onset_s: f64,
    warp: f64,
    pitch_hz: f64,
    level: f64,
}

impl Utterance {
    pub(super) fn draw(
        spec: &Synthetic,
        word: &Word,
        reversed: bool,
        speaker: &Speaker,
        rng: &mut ChaCha8Rng,
    ) -> Self {
        let d = spec.difficulty;
        let mut word = word.clone();
        for track in &mut word.tracks {
            for knot in track {
                *knot += speaker.shift_erb + (0.1 + 0.8 * d) * normal(rng);
            }
        }
        word.noise_erb += speaker.shift_erb;
        let slowness = speaker.slowness * ((0.03 + 0.1 * d) * normal(rng).clamp(-2.5, 2.5)).exp();
        word.duration_s *= slowness;
        Self {
            word,
            reversed,
            onset_s: rng.random_range(0.0..0.03),
            // Below 1 / pi in size, so that time never runs backwards in (2).
            warp: ((0.02 + 0.08 * d) * normal(rng)).clamp(-0.25, 0.25),
            pitch_hz: speaker.pitch_hz * (0.05 * normal(rng)).exp(),
            level: ((0.1 + 0.2 * d) * normal(rng).clamp(-2.5, 2.5)).exp(),
        }
    }

    /// When the utterance is over, in seconds.
    pub(super) fn end_s(&self) -> f64 {
        self.onset_s + self.word.duration_s
    }

    /// The sound at `time_s`; silence before the onset and after the end.
    pub(super) fn at(&self, time_s: f64) -> Option<Moment> {
        let spoken = (time_s - self.onset_s) / self.word.duration_s;
        if !(0.0..=1.0).contains(&spoken) {
            return None;
        }
        let warped = spoken + self.warp * (PI * spoken).sin(); // (2)
        let u = if self.reversed { 1.0 - warped } else { warped };
        // Words rise and fall within a tenth of their length at either end.
        let edge = (10.0 * spoken.min(1.0 - spoken)).min(1.0);
        let loudness = self.level * edge * through(&self.word.loudness, u);
        let noisy = (self.word.noise_from..self.word.noise_to).contains(&u);
        let voice = 0.6 + 0.4 * (2.0 * PI * self.pitch_hz * time_s).cos();
        let voiced = if noisy { 0.3 } else { 1.0 } * loudness * voice;
        let formants = std::array::from_fn(|k| {
            (through(&self.word.tracks[k], u), STRENGTHS[k] * voiced) // (3)
        });
        let noise = (
            self.word.noise_erb,
            if noisy { 0.6 * loudness } else { 0.0 },
        );
        Some(Moment { formants, noise })
    }
}
