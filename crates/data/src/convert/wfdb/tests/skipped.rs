//! A bad record of a folder is named, and left out on request.

use super::*;

/// The records of [`folder`], and two more.
fn five() -> tempfile::TempDir {
    let folder = folder();
    let marks = [mark(1, 10), mark(5, 20), mark(0, 0)].concat();
    for name in ["4", "5"] {
        let samples: Vec<i16> = (0..40).map(|s| 5 + 10 * (s % 4)).collect();
        put(folder.path(), name, &samples, &marks);
    }
    folder
}

fn skipping() -> WfdbOptions {
    WfdbOptions {
        skip_bad: true,
        ..options(events(false))
    }
}

#[test]
fn a_bad_record_is_named_or_left_out() {
    for (file, bytes, expected) in [
        ("2.hea", &b"2 1"[..], "2.hea: line 1: 0 of 1 leads follow"),
        (
            "2.hea",
            b"2 1 200 40\n2.dat 16\n",
            "2.hea: it has 1 leads at 200 Hz, and the first record",
        ),
        (
            "2.dat",
            &[0; 80],
            "2.dat: byte 0: lead 0 has the checksum 0, and its header states 800",
        ),
        ("2.dat", &[0; 7], "2.dat: byte 7: it ends here"),
        ("2.atr", &[], "2.atr: byte 0: it ends without an end mark"),
        (
            "2.hea",
            b"2 1 100 40\n2.dat 16 1e-9(5)/mV\n",
            "makes more than 51280 events in 40 samples",
        ),
    ] {
        let folder = five();
        fs::write(folder.path().join(file), bytes).unwrap();
        let message = refusal(folder.path());
        assert!(
            message.starts_with("record 2: ")
                && message.contains(expected)
                && message.ends_with("; or leave bad records out with --skip-bad"),
            "{message}"
        );
        let converted = run_with(folder.path(), &skipping()).unwrap();
        let samples: usize = converted.files.iter().map(|(_, samples)| samples).sum();
        assert_eq!(samples, 8, "{expected}");
        let left_out = &converted.notices[0];
        assert!(
            left_out.starts_with("left out: record 2: ") && left_out.contains(expected),
            "{left_out}"
        );
        assert!(
            !converted
                .notices
                .iter()
                .any(|n| n.contains("h5: records") && n.contains('2'))
        );
    }
}

#[test]
fn a_folder_of_bad_records_is_an_error() {
    let folder = folder();
    for name in ["1", "2", "3"] {
        fs::remove_file(folder.path().join(format!("{name}.atr"))).unwrap();
    }
    let message = run_with(folder.path(), &skipping())
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("all 3 records are bad, the first because: record 1: ")
            && message.contains("1.atr: cannot be opened"),
        "{message}"
    );
    assert!(!folder.path().join("out").exists());
}
