//! Small made-up splits, which the tests of batches use, too.
#![allow(dead_code, reason = "no test uses all of them")]

pub mod frames;
pub mod records;
