//! Spiking and recurrent cells, each in one file that reads like its paper: equations, configuration,
//! parameters, forward and reverse kernels side by side, tests.

pub mod adlif;
pub mod alif;
pub mod bounded;
pub mod connections;
pub mod cuba_lif;
pub mod decay;
pub mod fan_in;
mod fields;
pub mod firing;
pub mod graph;
pub mod gru;
pub mod input_gated_rnn;
pub mod layer;
pub mod li;
pub mod lif;
pub mod linear;
pub mod lstm;
pub mod recurrent;
pub mod resonate_and_fire;
pub mod rnn;
mod share;
pub mod spike_reset;
pub mod surprisal_rnn;
pub mod surrogate;
pub mod windowed_attention;

#[cfg(test)]
mod testing;
