//! Recordings: labelled events in time, read from HDF5, written to HDF5, or made.
//!
//! - [`EventFile`] reads the layout of the Spiking Heidelberg Digits, and validates everything in the file;
//! - [`write_events`] writes it;
//! - [`FrameFile`] and [`write_frames`] do the same for dense recordings with a mask;
//! - [`convert`] makes both kinds of file from other formats;
//! - [`checksum`] identifies files by their content;
//! - [`get`] fetches sets from their publishers;
//! - [`Synthetic`] makes spoken-digit-like sets of any size and difficulty;
//! - [`summarise`] summarises the contents of a file;
//! - [`Hdf5Tree`] reads the groups and arrays of any HDF5 file, and [`write_hdf5`] writes such files, for other formats.
//!
//! | feature | what it adds |
//! |---|---|
//! | none | recordings in memory, synthetic ones, the rule of steps |
//! | `hdf5` | files of events and of frames |
//! | `convert` | such files made from other formats |
//! | `get` (default) | sets fetched from their publishers |
//!
//! Time is in seconds here; [`steps`] is the only rule that maps a time to a step.

#![cfg_attr(
    not(feature = "hdf5"),
    allow(dead_code, reason = "what readers of files use")
)]

pub mod checksum;
#[cfg(feature = "hdf5")]
mod container;
#[cfg(feature = "convert")]
pub mod convert;
mod error;
#[cfg(feature = "hdf5")]
mod event_file;
mod frames;
#[cfg(feature = "get")]
pub mod get;
#[cfg(feature = "convert")]
mod in_order;
#[cfg(feature = "hdf5")]
mod labels;
mod length;
#[cfg(feature = "hdf5")]
mod lzf;
mod notices;
#[cfg(feature = "hdf5")]
mod number;
#[cfg(feature = "hdf5")]
mod output;
#[cfg(feature = "hdf5")]
mod place;
mod printable;
#[cfg(feature = "hdf5")]
mod ragged;
mod read_options;
mod recording;
pub mod steps;
#[cfg(feature = "hdf5")]
mod summary;
mod synthetic;
mod time_error;
#[cfg(feature = "hdf5")]
mod tree;
#[cfg(feature = "hdf5")]
mod tree_write;
mod watch;
#[cfg(feature = "hdf5")]
mod write;

pub use error::DataError;
#[cfg(feature = "hdf5")]
pub use event_file::EventFile;
pub use frames::Frames;
#[cfg(feature = "hdf5")]
pub use frames::{FrameFile, FrameMeta, write_frames};
#[cfg(feature = "hdf5")]
pub use labels::read_meta;
pub use notices::Notices;
#[cfg(feature = "hdf5")]
pub use place::{Place, read_places};
pub use printable::{printable, printable_name};
pub use read_options::{OnBadSample, ReadOptions, Times};
pub use recording::Recording;
pub use steps::{Grid, Steps, TimeUnit};
#[cfg(feature = "hdf5")]
pub use summary::{ClassCount, Quantiles, Summary, summarise};
pub use synthetic::{Split, Synthetic, SyntheticSet};
pub use time_error::{MAX_STEPS, MAX_TIME_S, TimeError};
#[cfg(feature = "hdf5")]
pub use tree::{Hdf5Array, Hdf5Group, Hdf5Names, Hdf5Tree};
#[cfg(feature = "hdf5")]
pub use tree_write::{Hdf5Contents, Hdf5Entry, write_hdf5};
pub use watch::SetProgress;
#[cfg(feature = "hdf5")]
pub use write::{StoredTimes, WriteMeta, write_events};
