//! The file of a finished trial, with its tallies by recording.
#![no_main]

use libfuzzer_sys::fuzz_target;
use saturn_fuzz::{judge, write};
use saturn_sim::run::cells::Finished;

fuzz_target!(|bytes: &[u8]| judge(Finished::read(&write("a.json", bytes))));
