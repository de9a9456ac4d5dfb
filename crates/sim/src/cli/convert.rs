//! The arguments of `saturn data convert`, one subcommand a format.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};
use saturn_data::convert::event_csv;

use crate::command;
use crate::run::Progress;

/// What to convert from.
#[derive(Subcommand)]
pub(super) enum From {
    /// Events as rows of text: sample,time_s,unit,label[,speaker]
    Csv(Csv),
}

#[derive(Args)]
pub(super) struct Csv {
    /// The rows: CSV whose first line names the columns
    input: PathBuf,
    /// The event file to write, HDF5
    out: PathBuf,
    /// Number of channels; the largest unit plus one by default
    #[arg(long, value_name = "N")]
    channels: Option<usize>,
}

impl From {
    /// Converts.
    pub(super) fn run(self, progress: &Progress) -> Result<()> {
        command::convert(progress, |watch| match self {
            Self::Csv(Csv {
                input,
                out,
                channels,
            }) => event_csv::convert(&input, &out, event_csv::CsvOptions { channels }, watch),
        })
    }
}
