//! Labelled recordings for training, validation and test, and the gaps between them.

use saturn_data::{Frames, Recording, Synthetic, SyntheticSet};
use saturn_stream::{DT_MS, Form, Gap, Memory, Noise, Source, Split};

use crate::error::{Error, all_in_range, setting};

/// Milliseconds a step of synthetic sets.
const SYNTHETIC_DT_MS: f64 = 10.0;

/// Labelled recordings, events or dense frames, in memory or in files, and what lies between them in a stream.
///
/// Events are binned into steps of `dt_ms`.
pub struct Dataset {
    pub(crate) train: Split,
    pub(crate) valid: Split,
    pub(crate) test: Option<Split>,
    pub(crate) noise: Noise,
    pub(crate) mean_counts: Vec<f64>,
    pub(crate) density: f64,
    pub(crate) gap: Option<Gap>,
    pub(crate) channels: usize,
    pub(crate) dt_ms: f64,
    class_names: Vec<String>,
}

impl Dataset {
    /// Events in memory on `channels` channels, in steps of `dt_ms`. Classes are the numbers up to the highest label.
    pub fn from_recordings(
        train: Vec<Recording>,
        valid: Vec<Recording>,
        channels: usize,
        dt_ms: f64,
    ) -> Result<Self, Error> {
        check_step(dt_ms)?;
        check_channels(channels)?;
        let names = numbered(train.iter().chain(&valid).map(|r| r.label));
        let split = |recordings| Memory::events(recordings, channels, names.clone());
        let splits = [split(train)?, split(valid)?];
        Self::of_memory(splits, channels, dt_ms, names)
    }

    /// Dense recordings in memory of `channels` values a step of `dt_ms`, each channel on mean 0 and deviation 1 of the
    /// training set.
    pub fn from_frames(
        train: Vec<Frames>,
        valid: Vec<Frames>,
        channels: usize,
        dt_ms: f64,
    ) -> Result<Self, Error> {
        Self::of_frames([train, valid], channels, dt_ms, true)
    }

    /// The same with values as they are, which a network that was trained elsewhere expects.
    pub fn from_raw_frames(
        train: Vec<Frames>,
        valid: Vec<Frames>,
        channels: usize,
        dt_ms: f64,
    ) -> Result<Self, Error> {
        Self::of_frames([train, valid], channels, dt_ms, false)
    }

    fn of_frames(
        [train, valid]: [Vec<Frames>; 2],
        channels: usize,
        dt_ms: f64,
        standardise: bool,
    ) -> Result<Self, Error> {
        check_step(dt_ms)?;
        check_channels(channels)?;
        let names = numbered(train.iter().chain(&valid).map(|r| r.label));
        let split = |recordings| {
            let memory = Memory::frames(recordings, channels, names.clone())?;
            Ok::<_, Error>(Split::of_memory(memory, dt_ms)?)
        };
        let splits = [split(train)?, split(valid)?];
        Self::of(splits, channels, dt_ms, names, standardise)
    }

    /// The events in `train.h5`, `valid.h5` and, where it exists, `test.h5` of `folder`, in steps of `dt_ms`.
    #[cfg(feature = "hdf5")]
    pub fn open(
        folder: impl AsRef<std::path::Path>,
        channels: usize,
        dt_ms: f64,
    ) -> Result<Self, Error> {
        use saturn_data::{OnBadSample, ReadOptions};
        check_step(dt_ms)?;
        check_channels(channels)?;
        let folder = folder.as_ref();
        let open = |name: &str, classes| -> Result<Split, Error> {
            let options = ReadOptions {
                channels,
                classes,
                on_bad_sample: OnBadSample::Error,
            };
            Ok(Split::open(&folder.join(name), &options, dt_ms)?)
        };
        let train = open("train.h5", None)?;
        let names = train.file().class_names().to_vec();
        let valid = open("valid.h5", Some(names.len()))?;
        let test = if folder.join("test.h5").exists() {
            Some(open("test.h5", Some(names.len()))?)
        } else {
            None
        };
        let data = Self::of([train, valid], channels, dt_ms, names, true)?;
        Ok(Self { test, ..data })
    }

    /// Made-up words of any size and difficulty, see [`Synthetic`].
    pub fn synthetic(spec: &Synthetic) -> Result<Self, Error> {
        let set = SyntheticSet::new(spec)?;
        let names = set.class_names();
        let recordings = |part, samples| (0..samples).map(|i| set.sample(part, i)).collect();
        let split = |recordings| Memory::events(recordings, spec.channels, names.clone());
        let splits = [
            split(recordings(saturn_data::Split::Train, spec.train))?,
            split(recordings(saturn_data::Split::Valid, spec.valid))?,
        ];
        let test = recordings(saturn_data::Split::Test, spec.test);
        Self::of_memory(splits, spec.channels, SYNTHETIC_DT_MS, names.clone())?.with_test(test)
    }

    fn of_memory(
        [train, valid]: [Memory; 2],
        channels: usize,
        dt_ms: f64,
        class_names: Vec<String>,
    ) -> Result<Self, Error> {
        let split = |memory| Split::of_memory(memory, dt_ms);
        Self::of(
            [split(train)?, split(valid)?],
            channels,
            dt_ms,
            class_names,
            true,
        )
    }

    fn of(
        [mut train, mut valid]: [Split; 2],
        channels: usize,
        dt_ms: f64,
        class_names: Vec<String>,
        standardise: bool,
    ) -> Result<Self, Error> {
        let mean_counts = train.mean_counts(channels)?;
        let noise = match train.form() {
            Form::Events => Noise::new(&mean_counts),
            Form::Frames if !standardise => {
                let moments = train.moments(channels)?;
                Noise::Frames {
                    mean: moments.mean(),
                    std: moments.std(),
                }
            }
            Form::Frames => {
                let (scale, noise) = train.standardise(channels)?;
                valid.set_scale(scale);
                noise
            }
        };
        Ok(Self {
            density: train.density(channels)?,
            train,
            valid,
            test: None,
            noise,
            mean_counts,
            gap: Some(Gap::default()),
            channels,
            dt_ms,
            class_names,
        })
    }

    /// Adds events in memory that are kept for the end: [`crate::Evaluation::on_test`].
    pub fn with_test(mut self, test: Vec<Recording>) -> Result<Self, Error> {
        if self.train.form() != Form::Events {
            return Err(Error::Fit {
                what: "the training samples are dense, and the test samples are events".to_owned(),
                hint: "give dense samples that are kept for the end as validation samples of a data set of their own",
            });
        }
        let memory = Memory::events(test, self.channels, self.class_names.clone())?;
        self.test = Some(Split::of_memory(memory, self.dt_ms)?);
        Ok(self)
    }

    /// Sets the names of the classes, one for each.
    pub fn with_class_names(
        mut self,
        names: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<Self, Error> {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        if names.len() != self.class_names.len() {
            let what = format!(
                "{} names for {} classes",
                names.len(),
                self.class_names.len()
            );
            return Err(setting("class_names", what));
        }
        self.class_names = names;
        Ok(self)
    }

    /// Sets what lies before each sample in a stream: lengths in steps and what fills them; `None` joins sample to
    /// sample. Default: 10 to 60 steps of silence or of noise at the training set's rates.
    #[must_use]
    pub fn with_gap(mut self, gap: Option<Gap>) -> Self {
        self.gap = gap;
        self
    }

    /// I, the channels.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Milliseconds a step.
    pub fn dt_ms(&self) -> f64 {
        self.dt_ms
    }

    /// Names of the classes, `[C]`.
    pub fn class_names(&self) -> &[String] {
        &self.class_names
    }

    /// Numbers of training, validation and test samples.
    pub fn samples(&self) -> (usize, usize, usize) {
        let test = self.test.as_ref().map_or(0, Split::len);
        (self.train.len(), self.valid.len(), test)
    }

    pub(crate) fn source<'a>(&'a self, split: &'a Split) -> Source<'a> {
        Source {
            split,
            noise: &self.noise,
            gap: self.gap.as_ref(),
        }
    }
}

fn check_step(dt_ms: f64) -> Result<(), Error> {
    all_in_range([DT_MS.check("dt_ms", dt_ms)])
}

/// The most channels. A data set has numbers for each.
const MOST_CHANNELS: usize = 1 << 26;

fn check_channels(channels: usize) -> Result<(), Error> {
    if (1..=MOST_CHANNELS).contains(&channels) {
        return Ok(());
    }
    let what = format!("`{channels}` is out of range: it must be 1 to {MOST_CHANNELS}");
    Err(setting("channels", what))
}

/// The numbers up to the highest label, as names.
fn numbered(labels: impl Iterator<Item = usize>) -> Vec<String> {
    // A label that is no class number would ask for as many names.
    const MOST: usize = 1_000_000;
    let classes = labels.max().map_or(0, |label| label.saturating_add(1));
    (0..classes.min(MOST)).map(|c| c.to_string()).collect()
}
