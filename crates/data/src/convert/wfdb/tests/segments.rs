//! Records of several segments.

use std::fmt::Write as _;

use super::*;

/// A segment of one lead for each of `leads` (name, gain, baseline, counts), in format 16.
fn segment(folder: &Path, name: &str, leads: &[(&str, &str, &[i16])]) {
    let frames = leads[0].2.len();
    let mut header = format!("{name} {} 100 {frames}\n", leads.len());
    for (lead, gain, counts) in leads {
        let sum: i16 = counts.iter().sum();
        let first = counts[0];
        writeln!(header, "{name}.dat 16 {gain} 12 0 {first} {sum} 0 {lead}").unwrap();
    }
    fs::write(folder.join(format!("{name}.hea")), header).unwrap();
    let counts = (0..frames).flat_map(|frame| leads.iter().map(move |lead| lead.2[frame]));
    let bytes: Vec<u8> = counts.flat_map(i16::to_le_bytes).collect();
    fs::write(folder.join(format!("{name}.dat")), bytes).unwrap();
}

fn record(folder: &Path, header: &str) -> Result<Vec<lead::Lead>, DataError> {
    fs::write(folder.join("m.hea"), header).unwrap();
    let marks = [mark(1, 1), mark(5, 5), mark(0, 0)].concat();
    fs::write(folder.join("m.atr"), marks).unwrap();
    open(folder, "m", &options(Form::Frames))?.read()
}

/// `wfdb.rdrecord('m')` of wfdb 4.3.1 fails on a segment `~` in a fixed layout (`'NoneType' object has no
/// attribute 'p_signal'`), and reads the others so.
#[test]
fn a_fixed_layout_is_laid_in_a_row() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    segment(
        path,
        "s1",
        &[
            ("I", "10(0)/mV", &[1, 2, 3]),
            ("II", "10(0)/mV", &[-1, -2, -3]),
        ],
    );
    segment(
        path,
        "s2",
        &[("I", "10(0)/mV", &[4, 5]), ("II", "10(0)/mV", &[-4, -5])],
    );
    let leads = record(path, "m/4 2 100 10\ns1 3\n~ 2\ns2 2\ns1 3\n").unwrap();
    // Where nothing was recorded, a lead keeps its last value.
    assert_eq!(
        leads[0].frames(),
        [0.1, 0.2, 0.3, 0.3, 0.3, 0.4, 0.5, 0.1, 0.2, 0.3]
    );
    assert_eq!(leads[1].frames()[4..6], [-0.3, -0.4]);
    assert_eq!(leads[0].scales.len(), 1);
    // The checksum may be missing, and later lines are ignored.
    let same = record(path, "m/4 2 100\ns1 3\n~ 2\ns2 2\ns1 3\ns9 1\n").unwrap();
    assert_eq!(same[0].counts, leads[0].counts);
    // Nothing recorded at the beginning: the value of the first sample.
    let leads = record(path, "m/2 2 100 5\n~ 2\ns1 3\n").unwrap();
    assert_eq!(leads[0].frames(), [0.1, 0.1, 0.1, 0.2, 0.3]);
}

/// `wfdb.rdrecord('m').p_signal` of wfdb 4.3.1 gives these values (0.009 for the first of I, which is in uV), and NaN where
/// nothing was recorded.
#[test]
fn a_variable_layout_finds_leads_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let layout = "layout 3 100 0\n~ 0 10/mV 12 0 0 0 0 I\n~ 0 10/mV 12 0 0 0 0 II\n~ 0 1/NU 8 0 0 0 0 PLETH\n";
    fs::write(path.join("layout.hea"), layout).unwrap();
    segment(path, "s1", &[("II", "10(0)/mV", &[1, 2])]);
    segment(
        path,
        "s2",
        &[
            ("PLETH", "1(0)/NU", &[7, 7, 7]),
            ("II", "100(50)/mV", &[80, 90, 100]),
            ("I", "1000(0)/uV", &[9, 8, 7]),
        ],
    );
    let leads = record(path, "m/4 3 100 6\nlayout 0\ns1 2\n~ 1\ns2 3\n").unwrap();
    assert_eq!(
        [leads[0].name.as_str(), leads[1].name.as_str()],
        ["I", "II"]
    );
    // II: 1 / 10, 2 / 10, held, (80 - 50) / 100, ...; I is recorded in the last alone, in 1,000,000 counts a millivolt.
    assert_eq!(leads[1].frames(), [0.1, 0.2, 0.2, 0.3, 0.4, 0.5]);
    assert_eq!(leads[0].frames()[..4], [9e-6, 9e-6, 9e-6, 9e-6]);
    // Levels continue exactly from one scale to the next: 0.1 to 0.5 are four changes of 0.1.
    let tenth = decimal::of_f64(0.1).unwrap();
    let changes = delta::changes(&leads[1], &tenth).unwrap();
    let times: Vec<f64> = changes.iter().map(|change| change.at).collect();
    assert_eq!(times, [1.0, 3.0, 4.0, 5.0]);
    assert!(changes.iter().all(|change| change.up));

    let other = "s3 1 100 2\ns3.dat 16 10(0)/mmHg 12 0\n".replace("12 0\n", "12 0 0 0 0 II\n");
    fs::write(path.join("s3.hea"), other).unwrap();
    fs::write(path.join("s3.dat"), [0; 4]).unwrap();
    let message = record(path, "m/3 3 100 4\nlayout 0\ns1 2\ns3 2\n")
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("s3.hea: its lead `II` has other units"),
        "{message}"
    );
    let message = record(path, "m/2 3 100 9\nlayout 0\n~ 9\n")
        .unwrap_err()
        .to_string();
    assert!(message.contains("lead 0 (I) has no sample"), "{message}");
}

#[test]
fn segments_that_disagree_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    segment(path, "s1", &[("I", "10(0)/mV", &[1, 2, 3])]);
    fs::write(path.join("fast.hea"), "fast 1 200 3\ns1.dat 16 10/mV\n").unwrap();
    fs::write(path.join("deep.hea"), "deep/1 1 100 3\ns1 3\n").unwrap();
    let refused = |header: &str, expected: &str| {
        let message = record(path, header).unwrap_err().to_string();
        assert!(
            message.contains(expected) && message.contains("hint: "),
            "{message}"
        );
    };
    refused(
        "m/1 1 100 4\ns1 4\n",
        "s1.hea: it has 3 samples, and the record m 4",
    );
    refused(
        "m/1 1 100 4\ns1 3\n",
        "m.hea: it has 4 samples, and its segments 3",
    );
    refused(
        "m/2 1 100 6\ns1 3\nfast 3\n",
        "fast.hea: it has 200 frames a second, and the record m 100",
    );
    refused(
        "m/1 1 100 3\ndeep 3\n",
        "deep.hea: it is a segment, and has segments itself",
    );
    refused(
        "m/1 2 100 3\ns1 3\n",
        "m.hea: it has 2 leads, and its segments 1",
    );
    refused("m/1 1 100 3\ngone 3\n", "gone.hea: cannot be opened");
    refused(
        "m/1 1 100 3\n../s1 3\n",
        "line 2: the segment `../s1` is not in the header's folder",
    );
    refused(
        "m/1 1 100 3\ns1\n",
        "line 2: a segment needs a name and a number of samples",
    );
    refused(
        "m/1 1 100 3\n~ 3\n",
        "m.hea: nothing was recorded in any of its segments",
    );
    refused(
        "m/40000 1 100 3\ns1 3\n",
        "line 1: `m/40000` has not 1 to 32768 segments",
    );
}

#[test]
fn nothing_recorded_asks_for_no_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    segment(path, "s1", &[("I", "10(0)/mV", &[1, 2, 3])]);
    for header in [
        "m/2 1 100 1000000000003\ns1 3\n~ 1000000000000\n".to_owned(),
        // The same file, again and again.
        format!("m/30000 1 100\n{}", "s1 3\n~ 100\n".repeat(15_000)),
    ] {
        let message = record(path, &header).err().map(|e| e.to_string());
        let message = message.unwrap_or_default();
        assert!(
            message.contains("m.hea: it has")
                && message.contains("samples, and its signal files contain 3"),
            "{message}"
        );
    }
}

#[test]
fn a_segment_is_no_record_of_its_own() {
    let folder = folder();
    let path = folder.path();
    let counts: Vec<i16> = (0..40).map(|k| 5 + 10 * (k % 4)).collect();
    segment(path, "s1", &[("I", "10(5)/mV", &counts)]);
    fs::write(path.join("4.hea"), "4/2 1 100 80\ns1 40\ns1 40\n").unwrap();
    let marks = [mark(1, 20), mark(5, 40), mark(0, 0)].concat();
    fs::write(path.join("4.atr"), marks).unwrap();
    let converted = run(path, Form::Frames).unwrap();
    let samples: usize = converted.files.iter().map(|(_, samples)| samples).sum();
    assert_eq!(samples, 8);
    let whole = FrameFile::open(path.join("out/train.h5")).unwrap();
    assert_eq!(whole.channels(), 1);
}
