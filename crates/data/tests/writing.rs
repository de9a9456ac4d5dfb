//! What cannot be written leaves an error, and the folder as it was.
//!
//! A full disk is played by a limit on the size of files.

#![allow(
    clippy::print_stdout,
    reason = "a test may say what it measured, or that it was skipped"
)]
#![cfg(unix)]

use std::process::Command;

use saturn_data::{DataError, Recording, Split, Synthetic, WriteMeta, write_events};

const FOLDER: &str = "SATURN_TEST_FULL_DISK";

/// The task of the limited child; without it, nothing is done.
#[test]
fn child_writes_until_the_disk_is_full() {
    let Ok(folder) = std::env::var(FOLDER) else {
        return;
    };
    let spec = Synthetic {
        channels: 200,
        classes: 2,
        train: 600,
        ..Synthetic::default()
    };
    match spec.write(&folder, |_| ()) {
        Err(error @ DataError::Write { .. }) => {
            assert!(
                error
                    .to_string()
                    .contains("hint: check that the disk has room")
            );
            println!("message: {error}");
        }
        Err(error) => panic!("another error: {error}"),
        Ok(_) => panic!("the limit did not hold"),
    }
}

#[test]
fn a_full_disk_is_an_error_and_leaves_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let train = folder.path().join(Split::Train.file_name());
    std::fs::write(&train, "as it was").unwrap();
    let this = std::env::current_exe().unwrap();
    // A limit of 256 blocks of 512 or 1,024 bytes; past it a write fails, where the signal is
    // ignored.
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 256; exec \"$0\" \"$@\""])
        .arg(this)
        .args([
            "--exact",
            "child_writes_until_the_disk_is_full",
            "--nocapture",
        ])
        .env(FOLDER, folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        said.contains("message: ") && said.contains("train.h5: cannot be written"),
        "{said}"
    );
    assert_eq!(std::fs::read(&train).unwrap(), b"as it was");
    let left = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 1, "train.h5 alone is left");
}

#[test]
fn what_cannot_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.h5");
    let sample = Recording {
        times_s: vec![0.1],
        units: vec![7],
        label: 1,
        speaker: None,
        index: 0,
    };
    let meta = WriteMeta {
        channels: 8,
        class_names: vec!["a".into(), "b".into()],
        ..WriteMeta::default()
    };
    let refused = |bad: Recording, reason: &str| {
        let error = write_events(&path, [sample.clone(), bad], &meta).unwrap_err();
        let message = error.to_string();
        assert!(
            message.contains("events.h5: recording 1 cannot be stored: ")
                && message.contains(reason)
                && message.contains("; hint: "),
            "{message}"
        );
        // Neither the file nor a part of it is left.
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    };
    refused(
        Recording {
            units: vec![8],
            ..sample.clone()
        },
        "unit 8 is outside 0..8",
    );
    refused(
        Recording {
            label: 2,
            ..sample.clone()
        },
        "label 2 is outside 0..2",
    );
    refused(
        Recording {
            times_s: vec![f64::NAN],
            ..sample.clone()
        },
        "an event at NaN s",
    );
    refused(
        Recording {
            times_s: vec![],
            ..sample.clone()
        },
        "differ in number",
    );
    refused(
        Recording {
            speaker: Some(1),
            ..sample.clone()
        },
        "have a speaker",
    );

    let nowhere = folder.path().join("no/events.h5");
    let error = write_events(nowhere, [sample.clone()], &meta).unwrap_err();
    assert!(
        error.to_string().contains("No such file or directory"),
        "{error}"
    );
}
