//! Live runs: a trained network on incoming events, never reset.
//!
//! ```text
//! source --bytes--> decoder --items--> queue --> assembler --steps--> engine --> journal
//!  (a thread each)                    (bounded)  (open steps)        (net, detector, health)
//! ```
//!
//! Every buffer is bounded, and every event that does not reach the network is counted by reason (see
//! [`counts`]). The state of a live run can be saved and resumed bit for bit.

pub mod assemble;
mod clock;
pub mod counts;
pub mod decide;
pub mod engine;
mod error;
pub mod fallback;
mod host;
mod journal;
pub mod latency;
pub mod metrics;
pub mod model;
pub mod options;
mod outlet;
pub mod protocol;
pub mod queue;
pub mod raster;
mod run;
pub mod send;
mod serve;
pub mod source;
pub mod state;
pub mod status;
mod stream;
mod unfinished;
pub mod wrap;

pub use error::LiveError;
pub use run::run;
