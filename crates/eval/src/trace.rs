//! A complete stretch of one lane: input, mask, outputs and the states of a few units, in HDF5.
//!
//! ```text
//! /events         f32 [T, I]   events of each step and channel, or values of frames
//! /label          i32 [T]      the class of the sample, -1 in a gap
//! /recording      i32 [T]      the recording in its split, -1 in a gap
//! /mask           u8  [T]      1 from a sample's first event to its last
//! /probability    f32 [T, C]
//! /state/LAYER.FIELD f32 [T, n] n units, evenly spread over the field
//! ```
//!
//! Attributes of the root: `dt_ms`, `start` (the lane step of the first row).

use std::path::{Path, PathBuf};

use saturn_cell::{FieldKind, Real, column, compiled_once};
use saturn_data::DataError;
use saturn_loss::softmax::softmax;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::lanes::{CHUNK, Chunk, Lanes};
use crate::reset::Never;
use saturn_network::Network;
use saturn_stream::Source;

/// Number of units stored per field.
const UNITS: usize = 6;

/// A stretch of one lane.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// Milliseconds a step.
    pub dt_ms: f64,
    /// The lane step of the first row.
    pub start: u64,
    /// I.
    pub channels: usize,
    /// C.
    pub classes: usize,
    /// `[T, I]`, row-major.
    pub events: Vec<f32>,
    /// `[T]`.
    pub label: Vec<i32>,
    /// `[T]`.
    pub recording: Vec<i32>,
    /// `[T]`.
    pub mask: Vec<u8>,
    /// `[T, C]`, row-major.
    pub probability: Vec<f32>,
    /// Each field's units.
    pub states: Vec<StateTrace>,
}

/// Some units of one field of one cell.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StateTrace {
    /// `LAYER.FIELD`.
    pub name: String,
    /// n.
    pub units: usize,
    /// `[T, n]`, row-major.
    pub values: Vec<f32>,
}

/// What to do where there is no room.
const KEPT: &str = "free some space and run the same command again: finished results are kept";

/// The error of HDF5.
type Reason = Box<dyn std::error::Error + Send + Sync>;

/// What can go wrong with a trace.
#[derive(Debug, Error)]
pub enum TraceError {
    /// A sample could not be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The file has unexpected contents.
    #[error("{}: is damaged: {source}\nhint: move it and the JSON file of the same name in `results` out of the folder, and run the same command again", path.display())]
    Hdf5 {
        /// The file.
        path: PathBuf,
        /// The error of HDF5.
        source: Reason,
    },
    /// HDF5 could not write the file.
    #[error("{}: cannot write: {source}\nhint: {KEPT}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The error of HDF5.
        source: Reason,
    },
    /// This program was built without HDF5.
    #[error("{}: traces are HDF5 files, and this program was built without HDF5\nhint: build it with the feature `hdf5`", path.display())]
    NoHdf5 {
        /// The file.
        path: PathBuf,
    },
    /// Syncing or renaming the file failed.
    #[error("{}: cannot write: {source}\nhint: {KEPT}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
}

compiled_once! {
    /// Runs lane 0 of the stream of `seed` without any reset and records `steps` steps from `start` on.
    pub fn record<R>(
        net: &Network<R>,
        source: Source,
        channels: usize,
        dt_ms: f64,
        seed: u64,
        start: u64,
        steps: usize,
    ) -> Result<Trace, DataError> {
        let mut lane = Lanes::new(net, source, &Never {}, channels, "evaluation", seed, 0, 1)?;
        let mut left = start;
        while left > 0 {
            let now = left.min(CHUNK as u64);
            lane.run(now as usize)?;
            left -= now;
        }
        let mut trace = Trace::begin(net, start, channels, dt_ms);
        let mut left = steps;
        while left > 0 {
            let now = left.min(CHUNK);
            let chunk = lane.run(now)?;
            for t in 0..now {
                trace.push(net, &chunk, t);
            }
            left -= now;
        }
        Ok(trace)
    }
}

/// The units to store: name, rows of the state, layer. Spikes are left out: the raster shows them.
fn watched<R: Real>(net: &Network<R>) -> impl Iterator<Item = (String, Vec<usize>, usize)> + '_ {
    net.cells().iter().enumerate().flat_map(|(layer, cell)| {
        cell.fields()
            .into_iter()
            .filter(|field| field.kind != FieldKind::Spikes)
            .map(move |field| {
                let n = UNITS.min(field.rows.len());
                let rows = (0..n)
                    .map(|i| field.rows.start + i * field.rows.len() / n)
                    .collect();
                (format!("{layer}.{}", field.name), rows, layer)
            })
    })
}

impl Trace {
    /// An empty recording of `net` on an input of `channels` channels, from lane step `start` on.
    pub fn begin<R: Real>(net: &Network<R>, start: u64, channels: usize, dt_ms: f64) -> Self {
        Self {
            dt_ms,
            start,
            channels,
            classes: net.classes(),
            states: watched(net)
                .map(|(name, rows, _)| StateTrace {
                    name,
                    units: rows.len(),
                    values: Vec::new(),
                })
                .collect(),
            ..Self::default()
        }
    }

    /// Records step `t` of the first lane of a chunk.
    pub fn push<R: Real>(&mut self, net: &Network<R>, chunk: &Chunk<R>, t: usize) {
        let column_read = chunk.read[t];
        let start = self.events.len();
        self.events.resize(start + self.channels, 0.0);
        chunk.input.dense(column_read, &mut self.events[start..]);
        let segment = chunk.known[t * chunk.lanes].segment;
        self.label.push(segment.map_or(-1, |s| s.label as i32));
        self.recording
            .push(segment.map_or(-1, |s| s.recording as i32));
        self.mask
            .push(u8::from(segment.is_some_and(|s| s.informative)));
        let mut p = vec![0.0f32; net.outputs()];
        softmax(column(&chunk.logits, column_read), &mut p);
        self.probability.extend(&p[..self.classes]);
        for ((_, rows, layer), state) in watched(net).zip(&mut self.states) {
            let states = chunk.tapes.tape(layer).states();
            let values = rows.iter().map(|&i| states[(i, column_read)].wide() as f32);
            state.values.extend(values);
        }
    }

    /// T.
    pub fn steps(&self) -> usize {
        self.label.len()
    }
}

#[cfg(not(feature = "hdf5"))]
impl Trace {
    /// Writes the trace, where the feature `hdf5` is on.
    pub fn save(&self, path: &Path) -> Result<(), TraceError> {
        let path = path.to_owned();
        Err(TraceError::NoHdf5 { path })
    }
}

#[cfg(feature = "hdf5")]
impl Trace {
    /// Writes the trace to a temporary file, then renames it to `path`.
    pub fn save(&self, path: &Path) -> Result<(), TraceError> {
        let write = |temporary: &Path| {
            self.write(temporary).map_err(|source| TraceError::Write {
                path: path.to_owned(),
                source: source.into(),
            })
        };
        saturn_files::replace(path, write, |source| TraceError::Io {
            path: path.to_owned(),
            source,
        })
    }

    fn write(&self, path: &Path) -> hdf5::Result<()> {
        let file = hdf5::File::create(path)?;
        let scalar = |name: &str, value: f64| -> hdf5::Result<()> {
            file.new_attr::<f64>().create(name)?.write_scalar(&value)
        };
        scalar("dt_ms", self.dt_ms)?;
        scalar("start", self.start as f64)?;
        let t = self.steps();
        let flat = file.new_dataset::<f32>().deflate(4);
        flat.shape((t, self.channels))
            .create("events")?
            .write_raw(&self.events)?;
        file.new_dataset::<i32>()
            .shape(t)
            .create("label")?
            .write_raw(&self.label)?;
        file.new_dataset::<i32>()
            .shape(t)
            .create("recording")?
            .write_raw(&self.recording)?;
        file.new_dataset::<u8>()
            .shape(t)
            .create("mask")?
            .write_raw(&self.mask)?;
        file.new_dataset::<f32>()
            .shape((t, self.classes))
            .create("probability")?
            .write_raw(&self.probability)?;
        let group = file.create_group("state")?;
        for state in &self.states {
            group
                .new_dataset::<f32>()
                .shape((t, state.units))
                .create(state.name.as_str())?
                .write_raw(&state.values)?;
        }
        file.flush()
    }

    /// Reads a trace.
    pub fn load(path: &Path) -> Result<Self, TraceError> {
        Self::read(path).map_err(|source| TraceError::Hdf5 {
            path: path.to_owned(),
            source: source.into(),
        })
    }

    fn read(path: &Path) -> hdf5::Result<Self> {
        let file = hdf5::File::open(path)?;
        let columns = |name: &str| -> hdf5::Result<usize> {
            Ok(file.dataset(name)?.shape().get(1).copied().unwrap_or(0))
        };
        let group = file.group("state")?;
        let mut names = group.member_names()?;
        names.sort();
        let mut states = Vec::with_capacity(names.len());
        for name in names {
            let set = group.dataset(&name)?;
            states.push(StateTrace {
                units: set.shape().get(1).copied().unwrap_or(0),
                values: set.read_raw()?,
                name,
            });
        }
        Ok(Self {
            dt_ms: file.attr("dt_ms")?.read_scalar()?,
            start: file.attr("start")?.read_scalar::<f64>()? as u64,
            channels: columns("events")?,
            classes: columns("probability")?,
            events: file.dataset("events")?.read_raw()?,
            label: file.dataset("label")?.read_raw()?,
            recording: file.dataset("recording")?.read_raw()?,
            mask: file.dataset("mask")?.read_raw()?,
            probability: file.dataset("probability")?.read_raw()?,
            states,
        })
    }
}
