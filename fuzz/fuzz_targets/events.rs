//! An HDF5 file of events: opened, and every sample read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use saturn_data::{EventFile, OnBadSample, ReadOptions};
use saturn_fuzz::{judge, write};

fuzz_target!(|bytes: &[u8]| {
    let path = write("events.h5", bytes);
    for on_bad_sample in [OnBadSample::Error, OnBadSample::Skip] {
        let options = ReadOptions { channels: 700, classes: None, on_bad_sample };
        match EventFile::open(&path, &options) {
            Ok(file) => (0..file.len()).for_each(|k| judge(file.read(k))),
            Err(error) => judge(Err::<(), _>(error)),
        }
    }
});
