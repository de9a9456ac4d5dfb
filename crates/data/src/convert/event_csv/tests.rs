use std::ops::ControlFlow;
use std::path::Path;

use super::*;
use crate::{EventFile, OnBadSample, ReadOptions, read_meta};

const ROWS: &str = "sample,time_ms,unit,label,speaker\n\
    a,12,1,right,eve\n\
    a,10,3,right,eve\n\
    b,5,0,left,adam\n\
    c,250.5,2,right,eve\n";

fn converted(folder: &Path, rows: &[u8], options: &CsvOptions) -> Result<EventFile, DataError> {
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
    let file = converted(folder.path(), ROWS.as_bytes(), &CsvOptions::default()).unwrap();
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
    let file = converted(folder.path(), rows.as_bytes(), &CsvOptions::default()).unwrap();
    assert_eq!((file.labels(), file.classes()), (&[2, 0][..], 3));
    assert_eq!(file.speakers(), [None, None]);
    assert!((file.read(0).unwrap().times_s[0] - 0.001).abs() < 1e-9);
}

#[test]
fn channels_are_stated_where_they_are_declared() {
    let folder = tempfile::tempdir().unwrap();
    let rows = "label,unit,time_us,sample\n2,0,1000,x\n0,3,5,y\n";
    for declared in [None, Some(16)] {
        let options = CsvOptions {
            channels: declared,
            ..CsvOptions::default()
        };
        let file = converted(folder.path(), rows.as_bytes(), &options).unwrap();
        assert_eq!((file.stated_channels(), file.largest_unit()), (declared, 3));
    }
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |rows: &str, options: &CsvOptions, expected: &str| {
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
    let plain = &CsvOptions::default();
    refused("", plain, "no samples");
    refused("sample,time_s,unit,label\n", plain, "no samples");
    refused(
        "sample,time_s,unit\n",
        plain,
        "line 1: there is no column `label`",
    );
    refused(
        "sample,when,unit,label\n",
        plain,
        "line 1: there is a column `when`",
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
    refused(
        &rows("b,1,2,70000"),
        plain,
        "its labels imply 70001 classes",
    );
    refused(&rows(",1,2,0"), plain, "line 3: the sample or its label");
    let few = &CsvOptions {
        channels: Some(2),
        ..CsvOptions::default()
    };
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
    let stopped = convert(&input, &output, &CsvOptions::default(), &mut |progress| {
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
        convert(&input, &output, &CsvOptions::default(), &mut |_| {
            ControlFlow::Continue(())
        })
    });
    // Text that is cut within a number or at a line's end is shorter, and sound: all else is seen.
    assert!(refused > 60 && refused < ROWS.len(), "{refused}");
}

/// What becomes of rows: channels of the file, then times in seconds and units of its first sample.
fn first(rows: &str, options: &CsvOptions) -> (Vec<f64>, Vec<u32>) {
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (
        folder.path().join("rows.csv"),
        folder.path().join("rows.h5"),
    );
    std::fs::write(&input, rows).unwrap();
    convert(&input, &output, options, &mut |_| ControlFlow::Continue(())).unwrap();
    let read = ReadOptions {
        channels: 1 << 20,
        classes: None,
        on_bad_sample: OnBadSample::Error,
    };
    let recording = EventFile::open(output, &read).unwrap().read(0).unwrap();
    (recording.times_s, recording.units)
}

#[test]
fn columns_may_lie_and_be_parted_in_any_way() {
    let expected = (vec![0.005, 0.029], vec![7, 3]);
    for rows in [
        "sample,time_ms,unit,label\na,29,3,x\na,5,7,x\n",
        "label;unit;time_ms;sample\nx;3;29;a\nx;7;5;a\n",
        "unit\ttime_us\tsample\tlabel\n3\t29000\ta\tx\n7\t5000\ta\tx\n",
        "unit|time_s|sample|label\n3|0.029|a|x\n7|0.005|a|x\n",
        "unit time_s  sample label\n3 0.029   a x\n 7  0.005 a   x\n",
        // As pandas writes it, with an index.
        ",time_ms,unit,sample,label\n0,29,3,a,x\n1,5.0,7.0,a,x\n",
        // As NumPy writes it, with a comment.
        "# made by hand\nindex,time_ms,unit,sample,label\n0,2.9e1,3,a,x\n1,5,7,a,x\n",
        // One sample, of one class.
        "time_ms,unit\n29,3\n5,7\n",
    ] {
        assert_eq!(first(rows, &CsvOptions::default()), expected, "{rows}");
    }
    let named = |columns: &str, times| CsvOptions {
        columns: Some(columns.split(',').map(str::to_owned).collect()),
        times,
        ..CsvOptions::default()
    };
    for (rows, columns, unit) in [
        ("29,3\n5,7\n", "t,unit", TimeUnit::Milliseconds),
        ("t,c\n29000,3\n5000,7\n", "t,unit", TimeUnit::Microseconds),
        ("9 3 0.029\n8 7 0.005\n", "-,unit,t", TimeUnit::Seconds),
    ] {
        assert_eq!(first(rows, &named(columns, Some(unit))), expected, "{rows}");
    }
    // A clock of one event a millisecond keeps its steps.
    let rows: Vec<String> = (0..200).map(|k| format!("{k},0\n")).collect();
    let (times_s, _) = first(
        &rows.concat(),
        &named("t,unit", Some(TimeUnit::Milliseconds)),
    );
    let steps = crate::Steps::new(1.0);
    assert!(
        times_s
            .iter()
            .zip(0..)
            .all(|(time_s, k)| steps.of(*time_s) == k)
    );
}

#[test]
fn pixels_and_polarities_are_channels() {
    let camera = |columns: &str| CsvOptions {
        columns: Some(columns.split(',').map(str::to_owned).collect()),
        size: Some((10, 4)),
        times: Some(TimeUnit::Microseconds),
        ..CsvOptions::default()
    };
    let rows = "1,9,0,0\n2,0,3,1\n3,1,2,-1\n";
    let (_, units) = first(rows, &camera("t,x,y,p"));
    assert_eq!(units, [9, 40 + 30, 20 + 1]);
    let (_, units) = first("0 1 9 0\n1 2 0 3\n", &camera("-,t,x,y"));
    assert_eq!(units, [9, 30]);

    let folder = tempfile::tempdir().unwrap();
    let refused = |rows: &str, options: CsvOptions, expected: &str| {
        let message = converted(folder.path(), rows.as_bytes(), &options);
        let message = message.err().expect(rows).to_string();
        assert!(message.contains(expected), "{message}");
    };
    refused(
        "1,10,0,0\n",
        camera("t,x,y,p"),
        "line 1: an event is at (10, 0), outside 10 x 4",
    );
    refused(
        "1,1,0,2\n",
        camera("t,x,y,p"),
        "line 1: the polarity is `2`",
    );
    refused(
        "1,1,0\n",
        camera("t,x,y,p"),
        "there are 3 columns, and 4 in `--columns`",
    );
    refused(
        "1,1,0\n",
        camera("t,x,unit"),
        "a channel is `unit`, or `x` and `y`",
    );
    let sizeless = CsvOptions {
        size: None,
        ..camera("t,x,y,p")
    };
    refused(
        "1,1,0,0\n",
        sizeless,
        "need the size of the image, `--size 34x34`",
    );
}

#[test]
fn times_of_another_unit_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let rows = "sample,t,unit,label\na,10000,0,0\na,900000,1,0\n";
    let error = converted(folder.path(), rows.as_bytes(), &CsvOptions::default());
    let message = error.err().unwrap().to_string();
    assert!(
        message.contains("line 2: sample `a`: 2 events last 900000 s (10.4 days)")
            && message.contains("are these microseconds?")
            && message.contains("--times us"),
        "{message}"
    );
    let declared = CsvOptions {
        times: Some(TimeUnit::Microseconds),
        ..CsvOptions::default()
    };
    assert_eq!(first(rows, &declared).0, [0.01, 0.9]);
}

#[test]
fn a_folder_of_files_is_a_set_with_classes() {
    let folder = tempfile::tempdir().unwrap();
    for (class, name, rows) in [
        ("left", "1.csv", "t,unit\n0.1,0\n"),
        ("left", "2.txt", "t,unit\n0.2,1\n"),
        ("right", "1.csv", "t,unit\n0.3,2\n"),
        ("right", "notes.md", "nothing"),
    ] {
        std::fs::create_dir_all(folder.path().join("in").join(class)).unwrap();
        std::fs::write(folder.path().join("in").join(class).join(name), rows).unwrap();
    }
    let output = folder.path().join("all.h5");
    let input = folder.path().join("in");
    convert(&input, &output, &CsvOptions::default(), &mut |_| {
        ControlFlow::Continue(())
    })
    .unwrap();
    let read = ReadOptions {
        channels: 3,
        classes: None,
        on_bad_sample: OnBadSample::Error,
    };
    let file = EventFile::open(&output, &read).unwrap();
    assert_eq!(file.class_names(), ["left", "right"]);
    assert_eq!(file.labels(), [0, 0, 1]);
    std::fs::remove_dir_all(&input).unwrap();
    std::fs::create_dir(&input).unwrap();
    let none = convert(&input, &output, &CsvOptions::default(), &mut |_| {
        ControlFlow::Continue(())
    });
    assert!(none.unwrap_err().to_string().contains("no rows of text"));
}
