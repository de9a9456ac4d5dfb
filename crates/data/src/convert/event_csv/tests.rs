use std::ops::ControlFlow;
use std::path::Path;

use super::*;
use crate::{EventFile, OnBadSample, ReadOptions, read_meta};

const ROWS: &str = "sample,time_ms,unit,label,speaker\n\
    a,12,1,right,eve\n\
    a,10,3,right,eve\n\
    b,5,0,left,adam\n\
    c,250.5,2,right,eve\n";

fn converted(folder: &Path, rows: &[u8], options: CsvOptions) -> Result<EventFile, DataError> {
    let (input, output) = (folder.join("rows.csv"), folder.join("rows.h5"));
    std::fs::write(&input, rows).unwrap();
    convert(&input, &output, options, &mut |_| ControlFlow::Continue(()))?;
    let read = ReadOptions {
        channels: 4,
        classes: None,
        on_bad_sample: OnBadSample::Error,
    };
    EventFile::open(output, &read)
}

#[test]
fn rows_become_sorted_samples() {
    let folder = tempfile::tempdir().unwrap();
    let file = converted(folder.path(), ROWS.as_bytes(), CsvOptions::default()).unwrap();
    assert_eq!(file.class_names(), ["left", "right"]);
    assert_eq!(file.labels(), [1, 0, 1]);
    // adam is 0 and eve is 1.
    assert_eq!(file.speakers(), [Some(1), Some(0), Some(1)]);
    let speakers = read_meta(folder.path().join("rows.h5"), "speakers").unwrap();
    assert_eq!(speakers.as_deref(), Some("adam,eve"));
    let first = file.read(0).unwrap();
    assert_eq!(first.units, [3, 1]);
    assert!((first.times_s[0] - 0.010).abs() < 1e-8 && (first.times_s[1] - 0.012).abs() < 1e-8);
    assert!((file.read(2).unwrap().times_s[0] - 0.2505).abs() < 1e-7);
}

#[test]
fn numbers_are_classes() {
    let folder = tempfile::tempdir().unwrap();
    let rows = "label,unit,time_us,sample\n2,0,1000,x\n0,3,5,y\n";
    let file = converted(folder.path(), rows.as_bytes(), CsvOptions::default()).unwrap();
    assert_eq!((file.labels(), file.classes()), (&[2, 0][..], 3));
    assert_eq!(file.speakers(), [None, None]);
    assert!((file.read(0).unwrap().times_s[0] - 0.001).abs() < 1e-9);
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |rows: &str, options: CsvOptions, expected: &str| {
        let error = converted(folder.path(), rows.as_bytes(), options)
            .err()
            .expect(rows);
        let message = error.to_string();
        assert!(message.contains("rows.csv: "), "{message}");
        assert!(
            message.contains(expected) && message.contains("; hint: "),
            "{message}"
        );
        assert!(!folder.path().join("rows.h5").exists());
        let left = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 1, "rows.csv alone is left");
    };
    let plain = CsvOptions::default();
    refused("", plain, "no samples");
    refused("sample,time_s,unit,label\n", plain, "no samples");
    refused(
        "sample,time_s,unit\n",
        plain,
        "line 1: there is no column `label`",
    );
    refused(
        "sample,time,unit,label\n",
        plain,
        "line 1: there is a column `time`",
    );
    refused(
        "sample,time_s,time_ms,unit,label\n",
        plain,
        "two columns `time_ms`",
    );
    let rows = |row: &str| format!("sample,time_s,unit,label\na,0.1,2,0\n{row}\n");
    refused(&rows("a,-1,2,0"), plain, "line 3: the time is `-1`");
    refused(&rows("a,nan,2,0"), plain, "line 3: the time is `nan`");
    refused(&rows("a,1e9,2,0"), plain, "line 3: the time is `1e9`");
    refused(&rows("a,1,2.5,0"), plain, "line 3: the unit is `2.5`");
    refused(
        &rows("a,1,4000000000,0"),
        plain,
        "line 3: the unit is `4000000000`",
    );
    refused(&rows("a,1,2"), plain, "line 3: there are 3 columns, and 4");
    refused(
        &rows("a,1,2,1"),
        plain,
        "line 3: sample `a` changes its label",
    );
    refused(
        &rows("b,1,2,1\na,1,2,0"),
        plain,
        "line 4: sample `a` appears again",
    );
    refused(&rows("b,1,2,70000"), plain, "its labels make 70001 classes");
    refused(&rows(",1,2,0"), plain, "line 3: the sample or its label");
    let few = CsvOptions { channels: Some(2) };
    refused(&rows("b,1,1,1"), few, "line 2: unit 2 is outside 0..2");
    let missing = convert(
        &folder.path().join("none.csv"),
        &folder.path().join("rows.h5"),
        plain,
        &mut |_| ControlFlow::Continue(()),
    );
    let message = missing.unwrap_err().to_string();
    assert!(message.contains("none.csv: cannot be opened"), "{message}");
}

#[test]
fn the_user_may_stop() {
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (
        folder.path().join("rows.csv"),
        folder.path().join("rows.h5"),
    );
    std::fs::write(&input, ROWS).unwrap();
    let mut seen = Vec::new();
    let stopped = convert(&input, &output, CsvOptions::default(), &mut |progress| {
        seen.push((progress.done, progress.total));
        if progress.done == 2 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    assert!(matches!(stopped, Err(DataError::Stopped { .. })));
    assert_eq!(seen, [(1, 3), (2, 3)]);
    assert!(!output.exists());
}

#[test]
fn hostile_rows_are_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (
        folder.path().join("rows.csv"),
        folder.path().join("rows.h5"),
    );
    let refused = super::super::hostile::survives(&input, ROWS.as_bytes(), || {
        convert(&input, &output, CsvOptions::default(), &mut |_| {
            ControlFlow::Continue(())
        })
    });
    // Text that is cut within a number or at a line's end is shorter, and sound: all else is seen.
    assert!(refused > 60 && refused < ROWS.len(), "{refused}");
}
