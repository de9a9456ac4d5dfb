//! Live streams: a trained net on events as they come, never reset.
//!
//! ```text
//! source --bytes--> decoder --items--> queue --> assembler --steps--> engine --> journal
//!  (a thread each)                    (bounded)  (open steps)        (net, detector, health)
//! ```
//!
//! Everything on the way is of bounded size, and everything that does not reach the net is counted under its
//! reason (see [`counts`]). What a stream remembers can be saved and gone on from, to the same bits.

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
