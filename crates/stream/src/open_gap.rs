//! What fills the time between samples.

use std::sync::Arc;

use rand::RngExt;
use rand::seq::SliceRandom;
use saturn_cell::Real;
use saturn_cell::rng::{ChaCha8Rng, generator};
use saturn_data::DataError;
use serde::{Deserialize, Serialize};

use super::bins::Bins;
use super::columns::Columns;
use super::content::Content;
use super::gap::{Fill, Gap};
use super::sample::Sample;
use super::source::Source;
use super::tally::Tally;

/// A gap in progress.
#[derive(Clone, Debug)]
pub struct OpenGap {
    fill: Fill,
    /// For shuffled fills: the sample that is shuffled, and the next of its steps.
    shuffled: Option<(Arc<Sample>, usize)>,
    /// For recordings: the draw of the place, then the recording and the next of its steps.
    heard: Option<Heard>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum Heard {
    Anywhere(u64),
    From(usize, usize),
}

/// An open gap as stored in a checkpoint.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SavedGap {
    /// Which of the fills that the gap chooses from.
    fill: usize,
    /// A shuffled gap has already drawn its random numbers, so it is stored whole.
    shuffled: Option<(Sample, usize)>,
    heard: Option<Heard>,
}

impl OpenGap {
    /// Its state for a checkpoint; `gap` is what it was drawn from.
    pub fn save(&self, gap: &Gap) -> SavedGap {
        let fill = gap.fill.iter().position(|fill| *fill == self.fill);
        SavedGap {
            fill: fill.unwrap_or_default(),
            shuffled: (self.shuffled.as_ref()).map(|(sample, t)| ((**sample).clone(), *t)),
            heard: self.heard,
        }
    }

    /// Restores `saved`; `None` if it is not a gap of `gap`.
    pub fn restore(gap: &Gap, saved: SavedGap) -> Option<Self> {
        Some(Self {
            fill: *gap.fill.get(saved.fill)?,
            shuffled: saved.shuffled.map(|(sample, t)| (Arc::new(sample), t)),
            heard: saved.heard,
        })
    }

    /// Draws a gap: its length in steps and what fills it.
    pub fn draw(gap: &Gap, rng: &mut ChaCha8Rng) -> (usize, Self) {
        let steps = rng.random_range(gap.steps[0]..=gap.steps[1]);
        let fill = gap.fill[rng.random_range(0..gap.fill.len())];
        let heard = (fill == Fill::Recordings).then(|| Heard::Anywhere(rng.random()));
        (
            steps,
            Self {
                fill,
                shuffled: None,
                heard,
            },
        )
    }

    /// Adds one step to `out`.
    pub fn step<R: Real>(
        &mut self,
        source: Source,
        rng: &mut ChaCha8Rng,
        tally: &mut Tally,
        out: &mut Columns<R>,
    ) -> Result<(), DataError> {
        match self.fill {
            Fill::Silence => out.push_empty(),
            Fill::Noise(factor) => source.noise.step(factor, rng, tally, out),
            Fill::Shuffled => {
                let split = source.split;
                let (sample, t) = match self.shuffled.take() {
                    Some((sample, t)) if t < sample.steps() => (sample, t),
                    _ => {
                        let other = split.sample(rng.random_range(0..split.len()))?;
                        (Arc::new(shuffle(&other, rng)), 0)
                    }
                };
                sample.content.push(t, out);
                self.shuffled = Some((sample, t + 1));
            }
            Fill::Recordings => match source.split.background() {
                Some(background) => {
                    let (recording, t) = match self.heard.take() {
                        Some(Heard::From(recording, t)) => (recording, t),
                        Some(Heard::Anywhere(draw)) => {
                            background.place(&mut generator(draw, "background", 0))
                        }
                        None => background.place(rng),
                    };
                    background.push(recording, t, out);
                    self.heard = Some(Heard::From(recording, t + 1));
                }
                // A scenario with this fill names the file.
                None => out.push_empty(),
            },
        }
        Ok(())
    }
}

/// The sample in random order. Every event moves to a random step of the sample's own length, every frame to
/// another position: the rates stay, the order is lost.
pub(super) fn shuffle(sample: &Sample, rng: &mut ChaCha8Rng) -> Sample {
    let content = match &sample.content {
        Content::Events(bins) => {
            let steps = bins.steps() as u32;
            let mut events: Vec<(u32, u32)> = bins
                .events()
                .map(|(_, unit)| (rng.random_range(0..steps), unit))
                .collect();
            events.sort_unstable();
            Content::Events(Bins::from_sorted(&events, 0))
        }
        Content::Frames { channels, values } => {
            let mut frames: Vec<&[f32]> = values.chunks(*channels).collect();
            frames.shuffle(rng);
            Content::Frames {
                channels: *channels,
                values: frames.concat(),
            }
        }
    };
    Sample::cut(content, sample.label, sample.recording)
}
