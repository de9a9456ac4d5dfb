//! What a split is made of: a file of events or of frames, or recordings in memory, with one face.

use std::path::Path;

use rayon::prelude::*;
use saturn_data::{DataError, Steps};
#[cfg(feature = "hdf5")]
use saturn_data::{EventFile, FrameFile, ReadOptions, Times, read_places};

use super::columns::Form;
use super::hash::Digest;
use super::length;
use super::memory::{Contents, Memory};
use super::records::Record;
#[cfg(feature = "hdf5")]
use super::records::files;
use super::sample::Sample;

/// Samples read together, and the limit on their total steps if there are several.
const AT_ONCE: usize = 256;
const STEPS_AT_ONCE: u64 = 1 << 24;
/// Frames this many samples apart are not read together.
#[cfg(feature = "hdf5")]
const NEAR: u32 = 64;

/// An open file of recordings, or recordings in memory.
#[allow(
    clippy::large_enum_variant,
    reason = "there are three of them in a program"
)]
pub enum File {
    /// Events.
    #[cfg(feature = "hdf5")]
    Events(EventFile),
    /// Frames, with the names of the classes that labels may have.
    #[cfg(feature = "hdf5")]
    Frames(FrameFile, Vec<String>),
    /// Recordings in memory.
    Memory(Memory),
}

#[cfg(feature = "hdf5")]
impl File {
    /// Opens events, and checks every sample.
    pub fn events(path: &Path, options: &ReadOptions) -> Result<Self, DataError> {
        Self::timed_events(path, options, Times::default())
    }

    /// The same where times are not plain seconds.
    pub fn timed_events(
        path: &Path,
        options: &ReadOptions,
        times: Times,
    ) -> Result<Self, DataError> {
        Ok(Self::Events(EventFile::open_timed(path, options, times)?))
    }

    /// Opens frames of `channels` values a step and `dt_ms` milliseconds from step to step, with `classes`
    /// classes, or as many as the file has.
    pub fn frames(
        path: &Path,
        channels: usize,
        classes: Option<usize>,
        dt_ms: f64,
    ) -> Result<Self, DataError> {
        let file = FrameFile::open(path)?;
        let unusable = |detail, hint| DataError::Unusable {
            path: path.to_owned(),
            detail,
            hint,
        };
        if file.channels() != channels {
            return Err(unusable(
                format!(
                    "its steps have {} values, and `data.channels` is {channels}",
                    file.channels()
                ),
                "set `data.channels` to the number of values of a step",
            ));
        }
        let own_ms = 1e3 * file.dt_s();
        if (own_ms - dt_ms).abs() > 1e-3 * own_ms {
            return Err(unusable(
                format!("its steps are {own_ms} ms apart, and `data.dt_ms` is {dt_ms}"),
                "set `data.dt_ms` to the time of a step of the file",
            ));
        }
        let mut names = file.class_names().to_vec();
        let classes = classes.unwrap_or(names.len());
        if let Some(index) = file.labels().iter().position(|label| *label >= classes) {
            return Err(DataError::LabelOutOfRange {
                path: path.to_owned(),
                index,
                label: file.labels()[index] as i128,
                classes,
            });
        }
        let unnamed = names.len()..classes;
        names.extend(unnamed.map(|class| class.to_string()));
        names.truncate(classes);
        Ok(Self::Frames(file, names))
    }
}

impl File {
    /// What a step is.
    pub fn form(&self) -> Form {
        match self {
            #[cfg(feature = "hdf5")]
            Self::Events(_) => Form::Events,
            #[cfg(feature = "hdf5")]
            Self::Frames(..) => Form::Frames,
            Self::Memory(memory) => match memory.contents {
                Contents::Events(_) => Form::Events,
                Contents::Frames(_) => Form::Frames,
            },
        }
    }

    /// Number of samples in the file.
    pub fn len(&self) -> usize {
        match self {
            #[cfg(feature = "hdf5")]
            Self::Events(file) => file.len(),
            #[cfg(feature = "hdf5")]
            Self::Frames(file, _) => file.len(),
            Self::Memory(memory) => memory.labels().len(),
        }
    }

    /// Never true: a file without samples is an error.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        match self {
            #[cfg(feature = "hdf5")]
            Self::Events(file) => file.path(),
            #[cfg(feature = "hdf5")]
            Self::Frames(file, _) => file.path(),
            Self::Memory(_) => Path::new("recordings in memory"),
        }
    }

    /// Class of each sample.
    pub fn labels(&self) -> &[usize] {
        match self {
            #[cfg(feature = "hdf5")]
            Self::Events(file) => file.labels(),
            #[cfg(feature = "hdf5")]
            Self::Frames(file, _) => file.labels(),
            Self::Memory(memory) => memory.labels(),
        }
    }

    /// Name of each class.
    pub fn class_names(&self) -> &[String] {
        match self {
            #[cfg(feature = "hdf5")]
            Self::Events(file) => file.class_names(),
            #[cfg(feature = "hdf5")]
            Self::Frames(_, names) => names,
            Self::Memory(memory) => memory.class_names(),
        }
    }

    /// What the reader repaired or left out, and times that are too coarse for steps of `dt_ms`; `None` if
    /// there is nothing to report.
    #[cfg_attr(
        not(feature = "hdf5"),
        allow(unused_variables, reason = "settings of files")
    )]
    pub fn notice(&self, dt_ms: f64) -> Result<Option<String>, DataError> {
        match self {
            #[cfg(feature = "hdf5")]
            Self::Events(file) => notice_of(file, dt_ms),
            _ => Ok(None),
        }
    }

    /// Number of steps of the sample at `position`, without reading it; an error if it exceeds the memory
    /// limit.
    fn steps(&self, position: usize, dt_ms: f64) -> Result<u64, DataError> {
        match self {
            #[cfg(feature = "hdf5")]
            Self::Events(file) => {
                let duration_s = file.last_s()[position];
                let steps = file.steps(dt_ms).of(duration_s).saturating_add(1);
                length::check_memory(file.path(), file.index(position), duration_s, steps, dt_ms)?;
                Ok(steps)
            }
            #[cfg(feature = "hdf5")]
            Self::Frames(file, _) => Ok(file.steps(position) as u64),
            Self::Memory(memory) => match &memory.contents {
                Contents::Events(recordings) => {
                    let duration_s = recordings[position].duration_s();
                    let steps = Steps::new(dt_ms).of(duration_s).saturating_add(1);
                    length::check_memory(self.path(), position, duration_s, steps, dt_ms)?;
                    Ok(steps)
                }
                Contents::Frames(frames) => Ok(frames[position].steps() as u64),
            },
        }
    }

    /// The sample at `position`.
    pub fn read(&self, position: usize, dt_ms: f64) -> Result<Sample, DataError> {
        match self {
            #[cfg(feature = "hdf5")]
            Self::Events(file) => {
                self.steps(position, dt_ms)?;
                let recording = file.read(position)?;
                length::check_sample(file.path(), recording.index, recording.duration_s(), dt_ms)?;
                Ok(Sample::bin(&recording, &file.steps(dt_ms)))
            }
            #[cfg(feature = "hdf5")]
            Self::Frames(file, _) => {
                let frames = file.read(position)?;
                self.known(Sample::from_frames(frames, file.channels()))
            }
            Self::Memory(memory) => match &memory.contents {
                Contents::Events(recordings) => {
                    let recording = &recordings[position];
                    self.steps(position, dt_ms)?;
                    length::check_sample(self.path(), position, recording.duration_s(), dt_ms)?;
                    Ok(Sample::bin(recording, &Steps::new(dt_ms)))
                }
                Contents::Frames(frames) => Ok(Sample::from_frames(
                    frames[position].clone(),
                    memory.channels,
                )),
            },
        }
    }

    /// Frees what the reader keeps of the samples that were read last.
    pub(super) fn forget_reads(&mut self) {
        #[cfg(feature = "hdf5")]
        if let Self::Events(file) = self {
            file.forget_reads();
        }
    }

    /// The samples at `positions`, which ascend, one after the other, each with a hash of it.
    pub(super) fn each(
        &mut self,
        positions: &[u32],
        dt_ms: f64,
        take: &mut dyn FnMut(Sample, Digest),
    ) -> Result<(), DataError> {
        #[cfg(feature = "hdf5")]
        if let Self::Frames(file, _) = &*self {
            return self.each_frames(file, positions, take);
        }
        for some in self.at_once(positions, dt_ms)? {
            let read = |position: &u32| {
                let sample = self.read(*position as usize, dt_ms)?;
                let digest = sample.digest();
                Ok((sample, digest))
            };
            let samples: Vec<Result<_, DataError>> = some.par_iter().map(read).collect();
            for sample in samples {
                let (sample, digest) = sample?;
                take(sample, digest);
            }
            self.forget_reads();
        }
        Ok(())
    }

    /// The same of a file of frames: neighbours are read together, and nothing far between them.
    #[cfg(feature = "hdf5")]
    fn each_frames(
        &self,
        file: &FrameFile,
        positions: &[u32],
        take: &mut dyn FnMut(Sample, Digest),
    ) -> Result<(), DataError> {
        let near =
            |a: &u32, b: &u32| *a as usize / AT_ONCE == *b as usize / AT_ONCE && b - a < NEAR;
        for chosen in positions.chunk_by(near) {
            let first = chosen[0] as usize;
            let last = chosen[chosen.len() - 1] as usize;
            let mut chosen = chosen.iter().peekable();
            for frames in file.read_range(first..last + 1)? {
                if chosen.next_if(|p| **p as usize == frames.index).is_some() {
                    let sample = self.known(Sample::from_frames(frames, file.channels()))?;
                    let digest = sample.digest();
                    take(sample, digest);
                }
            }
        }
        Ok(())
    }

    /// `positions` in groups that are read together within the memory limit.
    fn at_once<'a>(&self, positions: &'a [u32], dt_ms: f64) -> Result<Vec<&'a [u32]>, DataError> {
        let (mut groups, mut start, mut steps) = (Vec::new(), 0, 0);
        for (at, position) in positions.iter().enumerate() {
            let more = self.steps(*position as usize, dt_ms)?;
            if at > start && (at - start == AT_ONCE || steps + more > STEPS_AT_ONCE) {
                groups.push(&positions[start..at]);
                (start, steps) = (at, 0);
            }
            steps += more;
        }
        groups.push(&positions[start..]);
        Ok(groups)
    }

    /// The records that the samples were cut from, whole; or what the first `rows` samples are of them.
    #[cfg_attr(
        not(feature = "hdf5"),
        allow(unused_variables, reason = "settings of files")
    )]
    pub fn records(
        &self,
        dt_ms: f64,
        window_ms: Option<[f64; 2]>,
        rows: usize,
    ) -> Result<Vec<Record>, DataError> {
        match self {
            #[cfg(feature = "hdf5")]
            Self::Events(file) => {
                let places = read_places(file.path())?;
                files::of_events(file, places.as_deref(), dt_ms, window_ms, rows)
            }
            #[cfg(feature = "hdf5")]
            Self::Frames(file, _) => files::of_frames(file, rows),
            Self::Memory(_) => Err(self.no_records()),
        }
    }

    /// The recordings that the samples are pieces of, as they are, without regard to labels; or what the first `rows`
    /// samples are of them.
    #[cfg_attr(
        not(feature = "hdf5"),
        allow(unused_variables, reason = "settings of files")
    )]
    pub fn laid(&self, dt_ms: f64, rows: usize) -> Result<Vec<Record>, DataError> {
        match self {
            #[cfg(feature = "hdf5")]
            Self::Events(file) => {
                let places = read_places(file.path())?;
                files::lay_events(file, places.as_deref(), dt_ms, rows)
            }
            #[cfg(feature = "hdf5")]
            Self::Frames(file, _) => files::of_frames(file, rows),
            Self::Memory(_) => Err(self.no_records()),
        }
    }

    /// Recordings in memory have no places in a longer one.
    fn no_records(&self) -> DataError {
        DataError::Unusable {
            path: self.path().to_owned(),
            detail: "it does not contain where in a longer recording its samples are".to_owned(),
            hint: "use a file of records",
        }
    }

    /// A sample whose label holds somewhere.
    #[cfg(feature = "hdf5")]
    fn known(&self, sample: Sample) -> Result<Sample, DataError> {
        if sample.until > 0 {
            return Ok(sample);
        }
        Err(DataError::Unusable {
            path: self.path().to_owned(),
            detail: format!(
                "the mask of sample {} is 0 everywhere, so its label is never valid",
                sample.recording
            ),
            hint: "omit the sample when writing the file; gaps have a separate file",
        })
    }
}

/// What the reader of `file` repaired or left out.
#[cfg(feature = "hdf5")]
fn notice_of(file: &EventFile, dt_ms: f64) -> Result<Option<String>, DataError> {
    let mut lines = Vec::new();
    if !file.notices().is_empty() {
        lines.push(file.notices().to_string());
    }
    if let Some((index, time_s)) = file.first_coarse(dt_ms)? {
        lines.push(format!(
            "times are {}-bit floats, and from {time_s} s on (first in sample {index}) {} ms or more lie between \
             one and the next, half a step of {dt_ms} ms: later events may fall into a neighbouring step; hint: \
             write them as float64, or use a larger `data.dt_ms`",
            file.time_bits(),
            1e3 * file.stored().spacing_s(time_s)
        ));
    }
    let path = file.path().display();
    Ok((!lines.is_empty()).then(|| format!("{path}: {}", lines.join("\n"))))
}
