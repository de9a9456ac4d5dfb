//! A compressed file of all trials of a scenario.
#![no_main]

use libfuzzer_sys::fuzz_target;
use saturn_fuzz::{judge, write};
use saturn_sim::run::cells::archive;

fuzz_target!(|bytes: &[u8]| judge(archive::read(&write("a.jsonl.gz", bytes))));
