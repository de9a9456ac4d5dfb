mod archives;
mod refusals;
mod server;

use std::fs;
use std::net::TcpListener;
use std::ops::ControlFlow;
use std::path::Path;

use super::*;
use crate::checksum::sha256;
use server::{Answer, serve};

fn content() -> Vec<u8> {
    (0..300_000_u64).map(|i| (i * i % 251) as u8).collect()
}

fn item(url: &'static str, checksum: Option<Checksum>) -> Item {
    Item {
        file: "file.bin",
        url,
        hosts: &[],
        plain_http: true,
        size: None,
        at_most: 1_000_000,
        checksum,
        contents: None,
    }
}

/// The checksum of [`content`], taken by the crate from a file of its own.
fn right() -> Checksum {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    fs::write(&path, content()).unwrap();
    Checksum::Sha256(sha256(&path).unwrap().leak())
}

fn run(item: &Item, folder: &Path) -> Result<Fetched, GetError> {
    fetch(item, "the page", folder, &mut |_, _| {
        ControlFlow::Continue(())
    })
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn checksums_are_those_of_the_standards() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    fs::write(&path, b"abc").unwrap();
    assert_eq!(
        Checksum::Md5("").of(&path).unwrap(),
        "900150983cd24fb0d6963f7d28e17f72"
    );
    assert_eq!(
        Checksum::Sha256("").of(&path).unwrap(),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
}

#[test]
fn a_file_comes_whole_and_is_not_fetched_again() {
    let folder = tempfile::tempdir().unwrap();
    let (url, heard) = serve(content(), vec![Answer::Whole]);
    let item = item(url, Some(right()));
    let mut last = (0, None);
    let fetched = fetch(&item, "", folder.path(), &mut |done, total| {
        last = (done, total);
        ControlFlow::Continue(())
    });
    assert_eq!(fetched.unwrap(), Fetched::Checked);
    assert_eq!(last, (300_000, Some(300_000)));
    assert_eq!(fs::read(folder.path().join("file.bin")).unwrap(), content());
    assert_eq!(run(&item, folder.path()).unwrap(), Fetched::AlreadyThere);
    assert_eq!(*heard.lock().unwrap(), [None]);
    assert_eq!(names(folder.path()), ["file.bin"]);
}

#[test]
fn a_broken_download_goes_on_where_it_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let answers = vec![
        Answer::BrokenAfter(1_000),
        Answer::BrokenAfter(50_000),
        Answer::Whole,
    ];
    let (url, heard) = serve(content(), answers);
    let item = item(url, Some(right()));
    let message = run(&item, folder.path()).unwrap_err().to_string();
    assert!(
        message.contains("interrupted after 1000 bytes of 300000"),
        "{message}"
    );
    assert_eq!(names(folder.path()), ["file.bin.part"]);
    let message = run(&item, folder.path()).unwrap_err().to_string();
    assert!(message.contains("after 51000 bytes of 300000"), "{message}");
    assert_eq!(run(&item, folder.path()).unwrap(), Fetched::Checked);
    assert_eq!(*heard.lock().unwrap(), [None, Some(1_000), Some(51_000)]);
    assert_eq!(fs::read(folder.path().join("file.bin")).unwrap(), content());
}

#[test]
fn a_server_without_ranges_begins_again() {
    let folder = tempfile::tempdir().unwrap();
    let (url, _) = serve(
        content(),
        vec![Answer::BrokenAfter(10), Answer::FromTheStart],
    );
    let item = item(url, Some(right()));
    run(&item, folder.path()).unwrap_err();
    assert_eq!(run(&item, folder.path()).unwrap(), Fetched::Checked);
}

#[cfg(unix)]
#[test]
fn a_part_that_is_a_link_is_not_followed_and_one_process_fetches_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let precious = folder.path().join("precious");
    fs::write(&precious, b"precious").unwrap();
    let part = folder.path().join("file.bin.part");
    std::os::unix::fs::symlink(&precious, &part).unwrap();
    let (url, _) = serve(content(), vec![Answer::Whole]);
    let item = item(url, Some(right()));
    let message = run(&item, folder.path()).unwrap_err().to_string();
    assert!(
        message.contains("file.bin.part: cannot be written or read: it is a link"),
        "{message}"
    );
    assert_eq!(fs::read(&precious).unwrap(), b"precious");
    fs::remove_file(&part).unwrap();
    let held = saturn_files::open_own(&part).unwrap();
    held.lock().unwrap();
    let message = run(&item, folder.path()).unwrap_err().to_string();
    assert!(
        message.contains("file.bin.part: another process is downloading it; hint: wait"),
        "{message}"
    );
    drop(held);
    assert_eq!(run(&item, folder.path()).unwrap(), Fetched::Checked);
}

#[test]
fn without_a_checksum_the_first_one_counts() {
    let folder = tempfile::tempdir().unwrap();
    let (url, _) = serve(content(), vec![Answer::Whole, Answer::Whole]);
    let item = item(url, None);
    assert_eq!(run(&item, folder.path()).unwrap(), Fetched::Recorded);
    assert_eq!(names(folder.path()), ["file.bin", "file.bin.sha256"]);
    let record = fs::read_to_string(folder.path().join("file.bin.sha256")).unwrap();
    assert_eq!(record, format!("{}  file.bin\n", right().digits()));
    assert_eq!(run(&item, folder.path()).unwrap(), Fetched::AlreadyThere);
    fs::write(folder.path().join("file.bin"), b"other").unwrap();
    let message = run(&item, folder.path()).unwrap_err().to_string();
    assert!(message.contains("its SHA-256 is"), "{message}");
    assert_eq!(run(&item, folder.path()).unwrap(), Fetched::Recorded);
}

#[test]
fn what_is_not_there_and_who_does_not_answer_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let (url, _) = serve(content(), vec![Answer::NotFound]);
    let message = run(&item(url, None), folder.path())
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("the response was 404; hint: see whether the file has moved, at the page")
    );
    assert!(names(folder.path()).is_empty());
    // A port that was free a moment ago: no server listens.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/x", listener.local_addr().unwrap());
    drop(listener);
    let message = run(&item(url.leak(), None), folder.path())
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("no answer") && message.contains("this needs the network"),
        "{message}"
    );
}

#[test]
fn an_interrupted_download_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (url, _) = serve(content(), vec![Answer::Whole]);
    let mut calls = 0;
    let stopped = fetch(&item(url, None), "", folder.path(), &mut |_, _| {
        calls += 1;
        if calls > 1 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    assert!(matches!(stopped, Err(GetError::Stopped { .. })));
    assert_eq!(names(folder.path()), ["file.bin.part"]);
}

#[test]
fn the_table_is_sound() {
    for set in SETS {
        assert_eq!(find(set.name).unwrap().title, set.title);
        assert!(!set.items.is_empty() && !set.next.is_empty() && !set.licence.is_empty());
        for item in set.items {
            assert!(item.url.starts_with("https://") && !item.plain_http);
            assert!(!item.file.contains('/') && item.limit() > 0);
            assert!(item.checksum.is_some() || item.contents.is_some());
            if let Some(contents) = item.contents {
                assert!(contents.sha256.len() == 64 && contents.files > 0);
            }
            if let Some(checksum) = item.checksum {
                let digits = match checksum {
                    Checksum::Md5(_) => 32,
                    Checksum::Sha256(_) => 64,
                };
                assert_eq!(checksum.digits().len(), digits);
                assert!(checksum.digits().chars().all(|c| c.is_ascii_hexdigit()));
            }
        }
    }
    assert!(find("mnist").is_none());
}
