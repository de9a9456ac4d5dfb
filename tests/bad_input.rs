//! Bad input: a message that names file, place and remedy; exit code 2, or 1 where the run failed.

use std::fs;
use std::process::Output;

use crate::saturn::{Bench, SCENARIO, fails, recording, succeeds};

/// Runs the tiny scenario after `change` to its text.
fn after(change: impl Fn(&str) -> String) -> Output {
    let bench = Bench::new();
    fs::write(bench.path("tiny.yaml"), change(SCENARIO)).unwrap();
    bench.saturn(&["run", "tiny.yaml", "--out", "out"])
}

#[test]
fn a_misspelt_key_is_named_with_its_place_and_the_nearest_key() {
    let output = after(|s| s.replace("epochs: 2", "epoch: 2"));
    fails(&output, 2, &["tiny.yaml:11:9", "epoch", "epochs"]);
    let output = after(|s| s.replace("streams: single", "streams: singel"));
    fails(&output, 2, &["tiny.yaml:9:", "singel", "single"]);
    let output = after(|s| s.replace("epochs: 2", "epochs: two"));
    fails(&output, 2, &["tiny.yaml:11:", "two"]);
    let output = after(|s| s.replace("{epochs: 2", "{epochs: 2]"));
    fails(&output, 2, &["tiny.yaml:11"]);
}

#[test]
fn an_override_that_fits_nothing_is_named() {
    let bench = Bench::new();
    let run = |set| bench.saturn(&["run", "tiny.yaml", "--out", "out", "--set", set]);
    fails(&run("train.epoch=3"), 2, &["train.epoch", "epochs"]);
    fails(&run("train.epochs"), 2, &["key=value"]);
}

#[test]
fn a_missing_scenario_or_data_file_is_named() {
    let bench = Bench::new();
    let output = bench.saturn(&["run", "nothing.yaml"]);
    fails(&output, 2, &["nothing.yaml", "hint:"]);
    let output = bench.saturn(&["plot", "nowhere"]);
    fails(&output, 2, &["nowhere", "hint:"]);
    fs::remove_file(bench.path("data/valid.h5")).unwrap();
    let output = bench.saturn(&["run", "tiny.yaml", "--out", "out"]);
    fails(&output, 2, &["tiny.yaml:3:", "valid.h5"]);
    let output = after(|s| s.replace("data/train.h5", "$SATURN_NO_SUCH/train.h5"));
    fails(&output, 2, &["SATURN_NO_SUCH"]);
}

#[test]
fn a_file_that_is_not_or_no_longer_hdf5_is_named() {
    let bench = Bench::new();
    let run = || bench.saturn(&["run", "tiny.yaml", "--out", "out"]);
    let whole = fs::read(bench.path("data/train.h5")).unwrap();
    fs::write(bench.path("data/train.h5"), "times,units\n0.1,3\n").unwrap();
    fails(&run(), 2, &["train.h5", "HDF5", "hint:"]);
    fs::write(bench.path("data/train.h5"), &whole[..whole.len() / 2]).unwrap();
    fails(&run(), 2, &["train.h5", "hint:"]);
}

#[test]
fn a_file_without_the_layout_is_named() {
    let bench = Bench::new();
    let file = new_train_file(&bench);
    file.create_group("other").unwrap();
    file.close().unwrap();
    let output = bench.saturn(&["run", "tiny.yaml", "--out", "out"]);
    fails(&output, 2, &["train.h5", "labels", "hint:"]);

    let file = new_train_file(&bench);
    let spikes = file.create_group("spikes").unwrap();
    for name in ["times", "units"] {
        let flat = spikes.new_dataset::<f32>().shape(3).create(name).unwrap();
        flat.write(&[1.0f32, 2.0, 3.0]).unwrap();
    }
    let labels = file.new_dataset::<u16>().shape(3).create("labels").unwrap();
    labels.write(&[0u16, 1, 2]).unwrap();
    file.close().unwrap();
    let output = bench.saturn(&["run", "tiny.yaml", "--out", "out"]);
    fails(&output, 2, &["train.h5", "spikes/", "hint:"]);
}

#[test]
fn bad_samples_are_named_by_their_index() {
    let good = |i: usize| recording(i, &[0.05, 0.1, 0.15], 3, i % 4);
    let bench = Bench::new();
    let run = || bench.saturn(&["run", "tiny.yaml", "--out", "out"]);
    let with = |bad: saturn_data::Recording| {
        let mut all: Vec<_> = (0..12).map(good).collect();
        all[5] = bad;
        bench.write_train(all);
    };
    // Units beyond the channels.
    with(recording(5, &[0.05], 40, 0));
    fails(&run(), 2, &["train.h5", "5", "40", "hint:"]);
    // An empty sample.
    with(recording(5, &[], 0, 0));
    fails(&run(), 2, &["train.h5", "sample 5 has no events", "hint:"]);
    // A label beyond the classes.
    with(good(5));
    let output = bench.saturn(&["run", "tiny.yaml", "--out", "o", "--set", "data.classes=2"]);
    fails(&output, 2, &["train.h5", "label", "hint:"]);
    // Skipped and counted, if requested.
    with(recording(5, &[], 0, 0));
    let output = bench.saturn(&[
        "run",
        "tiny.yaml",
        "--out",
        "skipped",
        "--set",
        "data.on_bad_sample=skip",
    ]);
    let text = succeeds(&output);
    assert!(
        text.contains("train.h5") && text.contains("skipped"),
        "{text}"
    );
    // An empty split.
    bench.write_train(Vec::new());
    fails(&run(), 2, &["train.h5", "hint:"]);
}

/// An empty training file. A new one each time: HDF5 locks files, and a program that another test starts
/// may hold the lock of the old one for a moment.
fn new_train_file(bench: &Bench) -> hdf5::File {
    let path = bench.path("data/train.h5");
    fs::remove_file(&path).unwrap();
    hdf5::File::create(path).unwrap()
}

/// Writes a training file by hand: times and units per sample.
fn write_raw(bench: &Bench, times: &[&[f32]], units: &[&[u16]], labels: &[i32]) {
    use hdf5::types::VarLenArray;
    let file = new_train_file(bench);
    let spikes = file.create_group("spikes").unwrap();
    let times: Vec<VarLenArray<f32>> = times.iter().map(|t| VarLenArray::from_slice(t)).collect();
    let units: Vec<VarLenArray<u16>> = units.iter().map(|u| VarLenArray::from_slice(u)).collect();
    let set = spikes.new_dataset::<VarLenArray<f32>>().shape(times.len());
    set.create("times").unwrap().write(&times).unwrap();
    let set = spikes.new_dataset::<VarLenArray<u16>>().shape(units.len());
    set.create("units").unwrap().write(&units).unwrap();
    let set = file.new_dataset::<i32>().shape(labels.len());
    set.create("labels").unwrap().write(labels).unwrap();
    file.close().unwrap();
}

#[test]
fn bad_times_and_lengths_are_named_and_unsorted_times_are_sorted() {
    let bench = Bench::new();
    let run = || bench.saturn(&["run", "tiny.yaml", "--out", "out"]);
    let ok: &[f32] = &[0.1, 0.2];
    let u: &[u16] = &[1, 2];
    write_raw(&bench, &[ok, &[0.1, f32::NAN]], &[u, u], &[0, 1]);
    fails(&run(), 2, &["train.h5", "times", "NaN", "hint:"]);
    write_raw(&bench, &[ok, &[-0.1, 0.2]], &[u, u], &[0, 1]);
    fails(&run(), 2, &["train.h5", "times", "-0.1", "hint:"]);
    write_raw(&bench, &[ok, &[0.1, 0.2, 0.3]], &[u, u], &[0, 1]);
    fails(&run(), 2, &["train.h5", "3", "2", "hint:"]);
    write_raw(&bench, &[ok, ok, ok], &[u, u], &[0, 1]);
    fails(&run(), 2, &["train.h5", "hint:"]);
    write_raw(&bench, &[ok, ok], &[u, u], &[0, -1]);
    fails(&run(), 2, &["train.h5", "label", "-1", "hint:"]);
    // Unsorted: sorted, with a notice.
    let samples: Vec<&[f32]> = (0..12)
        .map(|i| if i == 7 { &[0.2f32, 0.1][..] } else { ok })
        .collect();
    let labels: Vec<i32> = (0..12).map(|i| i % 4).collect();
    write_raw(&bench, &samples, &[u; 12], &labels);
    let text = succeeds(&run());
    assert!(text.contains("sorted"), "{text}");
}

/// Through the program, a few of the thousands of mutated files that the reader's own tests go through.
#[test]
fn mutated_files_end_in_a_message_or_a_table() {
    let bench = Bench::new();
    let whole = fs::read(bench.path("data/test.h5")).unwrap();
    for k in 0..24usize {
        let mut bytes = whole.clone();
        for i in 0..4 {
            let at = (k * 7919 + i * 104_729 + 13) % bytes.len().min(4096);
            bytes[at] = bytes[at].wrapping_add(1 + (k * 31 + i) as u8);
        }
        fs::write(bench.path("mutated.h5"), &bytes).unwrap();
        let output = bench.saturn(&["data", "inspect", "mutated.h5", "--channels", "16"]);
        let code = output.status.code();
        assert!(
            matches!(code, Some(0 | 2)),
            "{k}: {}",
            crate::saturn::said(&output)
        );
    }
}

/// The number of channels is bounded before memory is allocated.
#[test]
fn numbers_of_channels_are_bounded() {
    let bench = Bench::new();
    fs::write(
        bench.path("rows.csv"),
        "sample,time_s,unit,label\n0,0.1,3,1\n",
    )
    .unwrap();
    for command in [
        &["data", "inspect", "data/train.h5"][..],
        &["data", "convert", "csv", "rows.csv", "rows.h5"],
        &["data", "convert", "wav", "rows", "words"],
    ] {
        for many in ["0", "16777217", "18446744073709551615"] {
            let output = bench.saturn(&[command, &["--channels", many]].concat());
            fails(&output, 2, &["--channels", "from 1 to 16777216"]);
        }
    }
}
