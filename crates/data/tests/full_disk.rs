//! A disk that is full, played by a limit on the size of files.

#![cfg(unix)]

use std::path::Path;
use std::process::Command;

use saturn_data::{DataError, Split, Synthetic};

const FOLDER: &str = "SATURN_TEST_FULL_DISK";

/// What the limited child does; alone it does nothing.
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
    assert!(!Path::new(&folder.path().join("train.h5.part")).exists());
}
