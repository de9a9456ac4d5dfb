//! Instruments on the answers to segments, lane by lane.

pub mod calibration;
pub mod change_points;
