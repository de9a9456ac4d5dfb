//! Diagonal state-space models: a complex state that decays and turns by itself, and is driven and read
//! by matrices. Between input and output lies nothing but a linear recurrence, so the state of a diagonal
//! cell is bounded for any input (see [`saturn_cell::Cell::moduli`]).
//!
//! | module | contents |
//! |---|---|
//! | [`discretize`] | from continuous eigenvalues to one step: zero-order hold, bilinear, and pulses for events |
//! | [`init`] | where eigenvalues start: S4D-Lin, S4D-Inv, S4D-Real, HiPPO-LegS as in S5 |
//! | [`continuous`] | dynamics learnt through continuous eigenvalues and steps |
//! | [`lru`] | dynamics learnt as they are, and the cell `lru` |
//! | [`dynamics`] | the choice between the two |
//! | [`diagonal`] | the recurrence itself and its reverse, shared by the cells |
//! | `system` | the linear system of `ssm`, `lru` and `spiking_ssm`: what reads the input, and the recurrence |
//! | [`ssm`] | the cell `ssm`: drive, recurrence, linear readout |
//! | [`selective_ssm`] | the cell `selective_ssm`, whose recurrence follows the input |
//! | [`spiking_ssm`] | the cell `spiking_ssm`: a linear memory behind neurons that spike |
//! | [`norm`], [`gelu`] | the pieces around a recurrence in a block |
//! | [`block`] | the cell `ssm_block`: norm, SSM, GELU, GLU, residual |

pub mod block;
pub mod continuous;
pub mod diagonal;
pub mod discretize;
pub mod dynamics;
pub mod exponential;
pub mod gelu;
pub mod init;
pub mod lru;
pub mod norm;
pub mod selective_ssm;
pub mod spiking_ssm;
pub mod ssm;
mod system;

pub use block::{BlockDynamics, SsmBlock, SsmBlockConfig};
pub use discretize::Discretization;
pub use exponential::Ring;
pub use init::Init;
pub use lru::LruConfig;
pub use norm::Norm;
pub use selective_ssm::{SelectiveSsm, SelectiveSsmConfig, SelectiveStep};
pub use spiking_ssm::{SpikingSsm, SpikingSsmConfig};
pub use ssm::{Ssm, SsmConfig};
