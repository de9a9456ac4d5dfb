//! One time step of a network as a short program, from which formats with an explicit step are written.
//!
//! | module | contents |
//! |---|---|
//! | [`program`] | values, instructions and their meaning, to the order of sums |
//! | `build` | writes a program as equations |
//! | `lower` | from cells to instructions, one file for each family of cells |
//! | [`functions`] | exp, tanh and the like, and sums, on numbers |
//! | [`interpret`] | runs a program |
//! | [`quantise`](quantise()) | the program with int8 weights |
//!
//! [`lower`](lower()) is the way in. Cells are known there only: the writers know instructions, not cells.

mod build;
mod error;
pub mod functions;
pub mod interpret;
mod lower;
pub mod program;
mod quantise;

pub use error::{Precision, StepError};
pub use interpret::{Interpreter, StepInput};
pub use lower::lower;
pub use program::Program;
pub use quantise::quantise;
