//! An HDF5 file of dense frames: opened, and every sample read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use saturn_data::FrameFile;
use saturn_fuzz::{judge, write};

fuzz_target!(|bytes: &[u8]| {
    let path = write("frames.h5", bytes);
    match FrameFile::open(&path) {
        Ok(file) => (0..file.len()).for_each(|k| judge(file.read(k))),
        Err(error) => judge(Err::<(), _>(error)),
    }
});
