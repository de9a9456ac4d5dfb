//! Instruments on the states of a cell, window by window.

pub mod bound;
pub mod drift;
pub mod gates;
pub mod intervals;
pub mod membrane;
pub mod norm;
pub mod pinned;
pub mod quantiles;
pub mod rank;
pub mod spikes;
