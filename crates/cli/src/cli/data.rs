//! The commands of `saturn data`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use saturn_data::get::SETS;

use super::numbers::channels;
use super::{convert, examples, times};
use crate::command::{self, InspectFigures};
use saturn_store::Progress;

#[derive(Subcommand)]
pub enum DataCommand {
    /// Make the synthetic set that a scenario describes
    #[command(after_help = examples::DATA_MAKE)]
    Make {
        /// The scenario, YAML [default: the standard set]
        scenario: Option<PathBuf>,
        /// Folder for train.h5, valid.h5 and test.h5 [default: the scenario's `data.folder`]
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// Override one key: `data.synthetic.difficulty=0.8`; may be repeated
        #[arg(long = "set", value_name = "KEY=VALUE")]
        set: Vec<String>,
    },
    /// Print what an event file contains; optionally draw it
    #[command(after_help = examples::DATA_INSPECT)]
    Inspect {
        /// The file, HDF5
        file: PathBuf,
        /// Number of channels [default: one more than the largest unit in the file]
        #[arg(long, value_name = "N", value_parser = channels)]
        channels: Option<usize>,
        #[command(flatten)]
        times: times::TimeArgs,
        /// Folder for a figure of the data [default: no figure]
        #[arg(long, value_name = "FOLDER")]
        figures: Option<PathBuf>,
        /// Path of the figure without its ending; --figures FOLDER is the newer way
        #[arg(long, value_name = "STEM", hide = true, conflicts_with = "figures")]
        figure: Option<PathBuf>,
    },
    /// Download a data set from its publisher
    #[command(after_help = examples::DATA_GET)]
    Get {
        /// The data set
        #[arg(value_parser = PossibleValuesParser::new(SETS.iter().map(|set| set.name)))]
        name: String,
        /// Folder for its files [default: data/NAME]
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Convert recordings, images and event files to HDF5
    #[command(after_help = examples::DATA_CONVERT)]
    Convert {
        #[command(subcommand)]
        from: convert::From,
    },
}

impl DataCommand {
    pub fn run(self, progress: &Progress) -> Result<()> {
        match self {
            Self::Make { scenario, out, set } => {
                command::make(scenario.as_deref(), out.as_deref(), &set, progress)
            }
            Self::Inspect {
                file,
                channels,
                times,
                figures,
                figure,
            } => {
                if figure.is_some() {
                    progress
                        .line("note: --figure STEM still works; --figures FOLDER is the newer way");
                }
                let (folder, stem) = (figures.as_deref(), figure.as_deref());
                command::inspect(
                    &file,
                    channels,
                    times.times(),
                    InspectFigures { folder, stem },
                )
            }
            Self::Get { name, out } => command::get(&name, out.as_deref(), progress),
            Self::Convert { from } => from.run(progress),
        }
    }
}
