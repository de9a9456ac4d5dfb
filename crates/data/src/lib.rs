//! Recordings: labelled events in time, read from HDF5, written to HDF5, or made.
//!
//! - [`EventFile`] reads the layout of the Spiking Heidelberg Digits, and validates everything in the file;
//! - [`write_events`] writes it;
//! - [`FrameFile`] and [`write_frames`] do the same for dense recordings with a mask;
//! - [`convert`] makes both kinds of file from other formats;
//! - [`checksum`] identifies files by their content;
//! - [`get`] fetches sets from their publishers;
//! - [`Synthetic`] makes spoken-digit-like sets of any size and difficulty;
//! - [`summarise`] summarises the contents of a file.
//!
//! Time is in seconds here; [`steps`] is the only rule that maps a time to a step.

pub mod checksum;
mod container;
pub mod convert;
mod error;
mod event_file;
mod frames;
pub mod get;
mod in_order;
mod labels;
mod length;
mod lzf;
mod notices;
mod number;
mod output;
mod place;
mod printable;
mod ragged;
mod read_options;
mod recording;
pub mod steps;
mod summary;
mod synthetic;
mod time_error;
mod watch;
mod write;

pub use error::DataError;
pub use event_file::EventFile;
pub use frames::{FrameFile, FrameMeta, Frames, write_frames};
pub use labels::read_meta;
pub use notices::Notices;
pub use place::{Place, read_places};
pub use printable::{printable, printable_name};
pub use read_options::{OnBadSample, ReadOptions, Times};
pub use recording::Recording;
pub use steps::{Grid, Steps, TimeUnit};
pub use summary::{ClassCount, Quantiles, Summary, summarise};
pub use synthetic::{Split, Synthetic, SyntheticSet};
pub use time_error::{MAX_STEPS, MAX_TIME_S, TimeError};
pub use watch::SetProgress;
pub use write::{StoredTimes, WriteMeta, write_events};
