//! An HDF5 file of events: opened, and every sample read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use saturn_data::{EventFile, Grid, OnBadSample, ReadOptions, TimeUnit, Times};
use saturn_fuzz::{judge, write};

fuzz_target!(|bytes: &[u8]| {
    let path = write("events.h5", bytes);
    let grid = Times { unit: None, grid: Grid::new(1_000.0) };
    let micros = Times { unit: Some(TimeUnit::Microseconds), grid: None };
    for (on_bad_sample, times) in [
        (OnBadSample::Error, Times::default()),
        (OnBadSample::Skip, Times::default()),
        (OnBadSample::Skip, grid),
        (OnBadSample::Skip, micros),
    ] {
        let options = ReadOptions { channels: 700, classes: None, on_bad_sample };
        match EventFile::open_timed(&path, &options, times) {
            Ok(file) => {
                let steps = file.steps(0.1);
                for k in 0..file.len() {
                    let read = file.read(k);
                    if let Ok(recording) = &read {
                        let last = steps.of(recording.duration_s());
                        let inside = |time_s: &f64| steps.of(*time_s) <= last;
                        assert!(recording.times_s.iter().all(inside), "the last time has the last step");
                    }
                    judge(read);
                }
                judge(file.first_coarse(0.1));
            }
            Err(error) => judge(Err::<(), _>(error)),
        }
    }
});
