use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

use super::*;
use crate::checksum::sha256;

/// What a server does with its next requests, one after the other.
#[derive(Clone, Copy)]
enum Answer {
    /// Gives the file, from where the request wants it.
    Whole,
    /// Promises the file, and gives so many bytes of it.
    BrokenAfter(usize),
    /// Gives all of it, whatever the request wants.
    FromTheStart,
    /// There is nothing.
    NotFound,
}

/// A server on this machine that gives `content`; its address, and the `Range` of each request it heard.
fn serve(content: Vec<u8>, answers: Vec<Answer>) -> (&'static str, Arc<Mutex<Vec<Option<usize>>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/file.bin", listener.local_addr().unwrap());
    let heard = Arc::new(Mutex::new(Vec::new()));
    let ranges = Arc::clone(&heard);
    thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut start = None;
            for line in BufReader::new(stream.try_clone().unwrap()).lines() {
                let line = line.unwrap().to_lowercase();
                if let Some(range) = line.strip_prefix("range: bytes=") {
                    start = Some(range.trim_end_matches('-').parse().unwrap());
                }
                if line.is_empty() {
                    break;
                }
            }
            ranges.lock().unwrap().push(start);
            let from = start.unwrap_or(0);
            let all = content.len();
            let partial = format!(
                "206 Partial Content\r\nContent-Range: bytes {from}-{}/{all}",
                all - 1
            );
            let (status, body): (&str, &[u8]) = match answer {
                Answer::NotFound => ("404 Not Found", b"nothing"),
                Answer::Whole | Answer::BrokenAfter(_) if start.is_some() => {
                    (&partial, &content[from..])
                }
                Answer::FromTheStart | Answer::Whole | Answer::BrokenAfter(_) => {
                    ("200 OK", &content)
                }
            };
            let given = match answer {
                Answer::BrokenAfter(n) => &body[..n],
                _ => body,
            };
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(given).unwrap();
        }
    });
    (url.leak(), heard)
}

fn content() -> Vec<u8> {
    (0..300_000_u64).map(|i| (i * i % 251) as u8).collect()
}

fn item(url: &'static str, checksum: Option<Checksum>) -> Item {
    Item {
        file: "file.bin",
        url,
        size: None,
        checksum,
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
        message.contains("broken off after 1000 bytes of 300000"),
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

#[test]
fn a_wrong_checksum_or_size_is_refused_and_nothing_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let (url, _) = serve(content(), vec![Answer::Whole, Answer::Whole]);
    let wrong = Checksum::Md5("00000000000000000000000000000000");
    let message = run(&item(url, Some(wrong)), folder.path())
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("its MD5 is") && message.contains("should be 0000"),
        "{message}"
    );
    assert!(names(folder.path()).is_empty());
    let long = Item {
        size: Some(299_999),
        ..item(url, None)
    };
    let message = run(&long, folder.path()).unwrap_err().to_string();
    assert!(
        message.contains("its size is 300000 and should be 299999"),
        "{message}"
    );
    assert!(names(folder.path()).is_empty());
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
        message.contains("the answer was 404; hint: see whether the file has moved, at the page")
    );
    assert!(names(folder.path()).is_empty());
    // A port that was free a moment ago: nobody listens.
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
            assert!(item.url.starts_with("http") && !item.file.contains('/'));
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
