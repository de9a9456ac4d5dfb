//! Benchmarks: fixed work, timed next to the machine's own limits.
//!
//! | task | what is timed | unit |
//! |---|---|---|
//! | A | a training step (forward, reverse through time, Adam): 64 lanes, T = 100, hidden 256 | ms |
//! | B | streaming one lane, one step at a time, 100,000 steps | us a step |
//! | C | inference on 64 lanes, T = 1,000 | thousand lane-steps a second |
//! | D | A with hidden 1,024, 32 lanes | ms |
//! | E | the whole pipeline: HDF5, events, streams, training | samples a second |
//!
//! All in f32 with fixed seeds, on the code that training, evaluation and live streams run. [`work`] holds
//! the nets and inputs, [`limit`] measures what the machine can do, [`floor`] counts what the work needs
//! and divides, [`suite`] runs a choice of tasks, [`scaling`] varies one size at a time,
//! [`memory`] measures what recomputation saves. The `bench`
//! command and `cargo bench` call the same functions.

pub mod figure;
pub mod floor;
pub mod limit;
pub mod memory;
pub mod pipeline;
pub mod sample;
pub mod scaling;
pub mod suite;
pub mod task;
#[cfg(test)]
mod tests;
pub mod work;

/// What can stop a benchmark.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// A net cannot be built.
    #[error(transparent)]
    Build(#[from] saturn_network::BuildError),
    /// A data file cannot be read or written.
    #[error(transparent)]
    Data(#[from] saturn_data::DataError),
    /// Training failed.
    #[error(transparent)]
    Train(#[from] saturn_train::job::TrainError),
    /// A figure cannot be drawn.
    #[error(transparent)]
    Plot(#[from] saturn_plots::PlotError),
    /// The scenario of the pipeline is wrong.
    #[error(transparent)]
    Scenario(#[from] saturn_sim::scenario::ScenarioError),
    /// The loss of the pipeline is out of its ranges.
    #[error(transparent)]
    Loss(#[from] saturn_loss::LossError),
    /// A folder cannot be made.
    #[error("cannot make {path}: {source}")]
    Folder {
        /// The folder.
        path: std::path::PathBuf,
        /// What went wrong.
        source: std::io::Error,
    },
    /// The peak of the memory in use is not told.
    #[error("cannot read the peak of the memory in use, which Linux alone tells: {0}")]
    Peak(std::io::Error),
    /// A pool of threads cannot be started.
    #[error("cannot start {cores} threads: {source}")]
    Pool {
        /// How many were wanted.
        cores: usize,
        /// What went wrong.
        source: rayon::ThreadPoolBuildError,
    },
    /// The user asked to stop.
    #[error("interrupted")]
    Interrupted,
}
