//! The vocabulary of Saturn.
//!
//! A net is a stack of [`Cell`]s. A cell turns an input sequence into an output sequence in three
//! phases, of which only the middle one is sequential in time:
//!
//! ```text
//!   x ──────project─────▶ drive ──────advance─────▶ state ──────emit─────▶ y    (forward)
//!  dx ◀─project_backward─ drive ◀─advance_backward─ state ◀─emit_backward─ dy    (reverse)
//! ```
//!
//! The same kernels serve live streaming ([`Stream`]) and training ([`Tape`]), so a net that is
//! deployed is the net that was trained.
//!
//! # Arrays
//!
//! Matrices are nalgebra's, one column a (step, lane): an activation is `[features, T*B]` and column
//! `t*B + b` is step `t` of lane `b`. nalgebra is column-major, so a step is one contiguous block and
//! the weights of one input are one contiguous column of `W [out, in]`. That makes an event cheap:
//! `drive[:, col] += count * W[:, unit]`.
//!
//! Letters: `T` steps, `B` lanes, `I` inputs, `H` hidden units, `P` complex states, `D` rows of a
//! drive, `S` rows of a state, `O` outputs, `C` classes.

pub mod agree;
mod cell;
mod config;
mod events;
pub mod gradcheck;
pub mod init;
mod input;
pub mod kernel;
mod matrix;
mod params;
pub mod range;
mod real;
pub mod rng;
mod size;
mod step;
mod stream;
mod tape;

pub use cell::{Cell, Emit, Field, FieldKind, Output, Recorded, RngPosition, Synapses, Widths};
pub use config::{Built, CellConfig, ConfigError};
pub use events::{EventBatch, EventView};
pub use input::Input;
pub use matrix::{View, ViewMut, column, column_mut, view, view_mut, view_rows};
pub use params::{Kind, Name, Params, Tensor};
pub use real::{Real, elementary, of_real};
pub use size::{Count, Size};
pub use step::{Lane, Step, advance_lanes, advance_lanes_backward, blocks, blocks_mut};
pub use stream::Stream;
pub use tape::Tape;
