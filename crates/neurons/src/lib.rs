//! Spiking and recurrent cells, each in one file that reads like its paper: equations, configuration,
//! parameters, forward and reverse kernels side by side, tests.

pub mod adlif;
pub mod alif;
pub mod bounded;
pub mod cuba_lif;
pub mod decay;
pub mod fan_in;
mod fields;
pub mod gru;
pub mod li;
pub mod lif;
pub mod linear;
pub mod rnn;
mod share;
pub mod spike_reset;
pub mod surrogate;

#[cfg(test)]
mod trial;
