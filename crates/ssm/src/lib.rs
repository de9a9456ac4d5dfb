//! Diagonal state-space models: a complex state that decays and turns by itself, and is driven and read
//! by matrices. Between input and output lies nothing but a linear recurrence, so the state of a diagonal
//! cell is bounded whatever comes in (see [`saturn_cell::Cell::moduli`]).
//!
//! | module | what stands there |
//! |---|---|
//! | [`discretize`] | from continuous eigenvalues to one step: zero-order hold, bilinear, dirac |
//! | [`init`] | where eigenvalues, steps and matrices start: S4D-Lin, HiPPO-LegS as in S5 |
//! | [`diagonal`] | the recurrence itself and its reverse, shared by the two cells |
//! | [`ssm`] | the cell `ssm`: drive, recurrence, linear readout |
//! | [`norm`], [`gelu`] | the pieces around a recurrence in a block |
//! | [`block`] | the cell `ssm_block`: norm, SSM, GELU, GLU, residual |

pub mod block;
pub mod diagonal;
pub mod discretize;
pub mod gelu;
pub mod init;
pub mod norm;
pub mod ssm;

pub use block::{SsmBlock, SsmBlockConfig};
pub use discretize::Discretization;
pub use init::Init;
pub use norm::Norm;
pub use ssm::{Ssm, SsmConfig};
