//! A set of synthetic words, like spoken digits as encoded by a cochlea, of any size and difficulty.
//!
//! - A **word** (`voice`) is three smooth formant tracks over 300 to 600 ms, with an envelope and a stretch
//!   of noise. Classes come in pairs: class `2k + 1` is class `2k` reversed in time, so the events of a pair
//!   differ only in their order, and counting them is not enough.
//! - A **speaker** shifts the formants, speaks faster or slower, and has a pitch.
//! - An **utterance** is a word by a speaker with some jitter.
//! - The **ear** (`ear`) turns it into events: channels on an ERB-like scale, Gaussian tuning,
//!   Poisson spikes with a refractory time and a background rate.
//!
//! Sample `i` of a split depends only on the specification, the split and `i`, not on the number of samples,
//! and no two splits share random numbers. Each random sequence is a separate ChaCha stream, numbered by
//! purpose and index.

mod ear;
#[cfg(feature = "hdf5")]
mod files;
mod spec;
mod voice;

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::error::DataError;
use crate::recording::Recording;
use ear::Ear;
use voice::{Speaker, Word};

pub use spec::Synthetic;

/// Which part of a set a sample belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Split {
    /// To learn from.
    Train,
    /// To choose settings by.
    Valid,
    /// Read once, at the end.
    Test,
}

impl Split {
    /// The three, in this order.
    pub const ALL: [Self; 3] = [Self::Train, Self::Valid, Self::Test];

    /// Name of the split's file.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Train => "train.h5",
            Self::Valid => "valid.h5",
            Self::Test => "test.h5",
        }
    }
}

/// Purpose of a random sequence; the top byte of its stream number.
#[derive(Clone, Copy)]
enum Purpose {
    Words = 1,
    Speakers = 2,
    /// Plus the split's number.
    Order = 16,
    /// Plus the split's number.
    Samples = 32,
}

fn random(seed: u64, purpose: Purpose, split: Option<Split>, index: u64) -> ChaCha8Rng {
    let number = purpose as u64 + split.map_or(0, |split| split as u64);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream((number << 56) | (index & ((1 << 56) - 1)));
    rng
}

/// A checked [`Synthetic`] with its words, speakers and ear: generates samples.
pub struct SyntheticSet {
    spec: Synthetic,
    words: Vec<Word>,
    speakers: Vec<Speaker>,
    ear: Ear,
}

impl SyntheticSet {
    /// Checks `spec` and draws its words and speakers.
    pub fn new(spec: &Synthetic) -> Result<Self, DataError> {
        spec.check()?;
        let mut rng = random(spec.seed, Purpose::Words, None, 0);
        let words = voice::draw_words(spec, &mut rng);
        let speakers = (0..spec.speakers)
            .map(|speaker| {
                let mut rng = random(spec.seed, Purpose::Speakers, None, speaker as u64);
                Speaker::draw(spec, &mut rng)
            })
            .collect();
        Ok(Self {
            spec: spec.clone(),
            words,
            speakers,
            ear: Ear::new(spec),
        })
    }

    /// The specification.
    pub fn spec(&self) -> &Synthetic {
        &self.spec
    }

    /// Names of the classes: `w0`, and `w0r` for the same word reversed, and so on.
    pub fn class_names(&self) -> Vec<String> {
        (0..self.spec.classes)
            .map(|class| format!("w{}{}", class / 2, if class % 2 == 1 { "r" } else { "" }))
            .collect()
    }

    /// Sample `index` of `split`. Every block of `classes` samples contains each class once.
    pub fn sample(&self, split: Split, index: usize) -> Recording {
        let label = self.label(split, index);
        let mut rng = random(self.spec.seed, Purpose::Samples, Some(split), index as u64);
        let speaker = rng.random_range(0..self.speakers.len());
        let utterance = voice::Utterance::draw(
            &self.spec,
            &self.words[label / 2],
            label % 2 == 1,
            &self.speakers[speaker],
            &mut rng,
        );
        let (times_s, units) = self.ear.hear(&utterance, &mut rng);
        Recording {
            times_s,
            units,
            label,
            speaker: Some(speaker as u32),
            index,
        }
    }

    fn label(&self, split: Split, index: usize) -> usize {
        let classes = self.spec.classes;
        let block = (index / classes) as u64;
        let mut rng = random(self.spec.seed, Purpose::Order, Some(split), block);
        let mut order: Vec<usize> = (0..classes).collect();
        order.shuffle(&mut rng);
        order[index % classes]
    }
}
