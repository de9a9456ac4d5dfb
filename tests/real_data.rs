//! Recorded data, where there are some: the folder named by `SATURN_DATA`.

use std::path::{Path, PathBuf};

use saturn_data::{EventFile, OnBadSample, ReadOptions};
use saturn_sim::run::dataset::{Dataset, Paths};
use saturn_sim::scenario::Scenario;

/// The spoken digits, or why they are missing.
fn digits() -> Option<PathBuf> {
    let folder = std::env::var_os("SATURN_DATA").map(PathBuf::from);
    let found = folder
        .map(|f| f.join("spoken-digits-events"))
        .filter(|f| f.is_dir());
    if found.is_none() {
        eprintln!("skipped: no SATURN_DATA with spoken-digits-events");
    }
    found
}

#[test]
fn the_spoken_digits_are_read_whole() {
    let Some(folder) = digits() else { return };
    for (split, samples) in [("train", 2_000), ("valid", 250), ("test", 250)] {
        let options = ReadOptions {
            channels: 700,
            classes: None,
            on_bad_sample: OnBadSample::Error,
        };
        let file = EventFile::open(folder.join(format!("{split}.h5")), &options).unwrap();
        assert_eq!((file.len(), file.classes()), (samples, 10), "{split}");
        assert_eq!(file.time_bits(), 16);
    }
}

/// Contrast across channels distinguishes speech from noise of the same rate, and from silence.
#[test]
fn the_estimated_mask_agrees_with_the_labels() {
    let Some(folder) = digits() else { return };
    let text = "name: mask\ndata: {channels: 700}\nmodels: {rnn: {layers: [rnn]}}\narms: {a: {streams: concatenated, loss: {adaptive: {mask: {contrast: {}}}}}}\n";
    let scenario = Scenario::parse(text, "mask", Path::new(""), &[""; 0]).unwrap();
    let mut scenario = scenario;
    scenario.data.channels = 700;
    let path = |split: &str| folder.join(format!("{split}.h5"));
    let paths = Paths {
        train: path("train"),
        valid: path("valid"),
        test: path("test"),
    };
    let bench = Dataset::open(&scenario, &paths, false).unwrap();
    let arm = scenario.arms.get("a").unwrap();
    let reports = bench.mask(&scenario, arm, 1).unwrap().reports.unwrap();
    assert!(reports.valid.agreement.unwrap() > 0.95, "{reports:?}");
}
