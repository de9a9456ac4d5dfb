use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

use super::*;
use crate::checksum::sha256;

/// The server's behaviour for its next requests, in order.
#[derive(Clone, Copy)]
enum Answer {
    /// Sends the file, from the requested position.
    Whole,
    /// Announces the file, and sends only so many bytes.
    BrokenAfter(usize),
    /// Sends the whole file, ignoring the requested range.
    FromTheStart,
    /// Answers 404.
    NotFound,
    /// It is elsewhere.
    Redirect(&'static str),
    /// Gives the file without its length, and a megabyte of zeros after it.
    Endless,
}

/// A server on this machine that sends `content`; its address, and the `Range` of each request it received.
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
                Answer::Redirect(_) => ("302 Found", b"elsewhere"),
                Answer::Whole | Answer::BrokenAfter(_) if start.is_some() => {
                    (&partial, &content[from..])
                }
                Answer::FromTheStart | Answer::Whole | Answer::BrokenAfter(_) | Answer::Endless => {
                    ("200 OK", &content)
                }
            };
            let given = match answer {
                Answer::BrokenAfter(n) => &body[..n],
                _ => body,
            };
            let more = match answer {
                Answer::Redirect(to) => format!("Content-Length: {}\r\nLocation: {to}", body.len()),
                Answer::Endless => "Server: test".to_owned(),
                _ => format!("Content-Length: {}", body.len()),
            };
            let head = format!("HTTP/1.1 {status}\r\n{more}\r\nConnection: close\r\n\r\n");
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(given).unwrap();
            if matches!(answer, Answer::Endless) {
                // The client may have had enough.
                let _ = stream.write_all(&vec![0; 1 << 20]);
            }
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

#[test]
fn a_wrong_checksum_or_size_is_refused_and_nothing_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let (url, _) = serve(content(), vec![Answer::Whole; 3]);
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
        message.contains("at least 300000 bytes were sent, and the file has at most 299999"),
        "{message}"
    );
    assert!(names(folder.path()).is_empty());
    let short = Item {
        size: Some(300_001),
        ..item(url, None)
    };
    let message = run(&short, folder.path()).unwrap_err().to_string();
    assert!(
        message.contains("interrupted after 300000 bytes of 300001"),
        "{message}"
    );
}

#[test]
fn no_more_is_taken_than_a_file_can_have() {
    let folder = tempfile::tempdir().unwrap();
    // Announced, and sent without being announced.
    for (answer, found) in [(Answer::Whole, "300000"), (Answer::Endless, "")] {
        let (url, _) = serve(content(), vec![answer]);
        let small = Item {
            at_most: 100_000,
            ..item(url, None)
        };
        let mut most = 0;
        let refused = fetch(&small, "the page", folder.path(), &mut |done, _| {
            most = most.max(done);
            ControlFlow::Continue(())
        });
        let message = refused.unwrap_err().to_string();
        assert!(
            message.contains(&format!(
                "at least {found} bytes were sent, and the file has at most 100000"
            )) || found.is_empty() && message.contains("and the file has at most 100000"),
            "{message}"
        );
        assert!(message.contains("hint: see whether the file has changed, at the page"));
        assert!(most <= 100_000, "{most} bytes were kept");
        assert!(names(folder.path()).is_empty());
    }
    // The same where the size is known, and from where a part stopped.
    let (url, heard) = serve(content(), vec![Answer::BrokenAfter(1_000), Answer::Endless]);
    let exact = Item {
        size: Some(300_000),
        ..item(url, Some(right()))
    };
    run(&exact, folder.path()).unwrap_err();
    let message = run(&exact, folder.path()).unwrap_err().to_string();
    assert!(
        message.contains("and the file has at most 300000"),
        "{message}"
    );
    assert_eq!(*heard.lock().unwrap(), [None, Some(1_000)]);
    assert!(names(folder.path()).is_empty());
}

#[test]
fn redirects_stay_with_the_publisher() {
    let folder = tempfile::tempdir().unwrap();
    let (file, _) = serve(content(), vec![Answer::Whole, Answer::Whole]);
    let elsewhere: &'static str = file.replace("127.0.0.1", "localhost").leak();
    let answers = vec![Answer::Redirect(elsewhere), Answer::Redirect(elsewhere)];
    let (url, _) = serve(b"elsewhere".to_vec(), answers);
    let message = run(&item(url, Some(right())), folder.path())
        .unwrap_err()
        .to_string();
    assert!(
        message.contains(&format!(
            "it redirects to {elsewhere}, and its publisher's hosts are 127.0.0.1, so nothing was downloaded"
        )),
        "{message}"
    );
    assert!(names(folder.path()).is_empty());
    let named = Item {
        hosts: &["localhost"],
        ..item(url, Some(right()))
    };
    assert_eq!(run(&named, folder.path()).unwrap(), Fetched::Checked);

    // Within the host, by a path alone; and in a redirect loop.
    let folder = tempfile::tempdir().unwrap();
    let (url, _) = serve(
        content(),
        vec![Answer::Redirect("/other.bin"), Answer::Whole],
    );
    let own = item(url, Some(right()));
    assert_eq!(run(&own, folder.path()).unwrap(), Fetched::Checked);
    let folder = tempfile::tempdir().unwrap();
    let (url, _) = serve(content(), vec![Answer::Redirect("/file.bin"); 6]);
    let message = run(&item(url, None), folder.path())
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("it redirects more than 5 times"),
        "{message}"
    );
}

#[test]
fn plain_http_is_refused_unless_the_publisher_has_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let (url, heard) = serve(content(), vec![Answer::Whole]);
    let secure = Item {
        plain_http: false,
        ..item(url, Some(right()))
    };
    let message = run(&secure, folder.path()).unwrap_err().to_string();
    assert!(
        message
            .contains("it is not served over HTTPS, so nothing was downloaded; hint: see whether"),
        "{message}"
    );
    assert!(heard.lock().unwrap().is_empty() && names(folder.path()).is_empty());
}

/// An archive of files, by name and content.
fn packed(ending: &str, files: &[(&str, &[u8])]) -> Vec<u8> {
    if ending == "zip" {
        let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, content) in files {
            let options = zip::write::SimpleFileOptions::default();
            archive.start_file(*name, options).unwrap();
            archive.write_all(content).unwrap();
        }
        return archive.finish().unwrap().into_inner();
    }
    let gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut archive = tar::Builder::new(gzip);
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, *content).unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap()
}

#[test]
fn an_archive_is_known_by_the_files_in_it() {
    let known = Contents {
        what: "letters",
        chosen: |name| matches!(name, "a.txt" | "b.txt"),
        files: 2,
        // printf '%s  a.txt\n%s  b.txt\n' $(printf A | sha256sum | cut -c-64) $(printf B | sha256sum | cut -c-64) |
        // sha256sum
        sha256: "2fbe02c965afb1a1140c5ac1dbd41600c4b6c12eb13f0424ce79d8ad1ef83f3f",
    };
    for ending in ["zip", "tar.gz"] {
        let fetched = |files: &[(&str, &[u8])]| {
            let folder = tempfile::tempdir().unwrap();
            let (url, _) = serve(packed(ending, files), vec![Answer::Whole]);
            let archive = Item {
                contents: Some(known),
                ..item(url, None)
            };
            let fetched = run(&archive, folder.path());
            if fetched.is_err() {
                assert!(names(folder.path()).is_empty());
            } else {
                assert_eq!(names(folder.path()), ["file.bin"]);
                assert_eq!(run(&archive, folder.path()).unwrap(), Fetched::AlreadyThere);
            }
            fetched.map_err(|error| error.to_string())
        };
        // In any order, folder and company.
        let right = fetched(&[
            ("x-2/b.txt", b"B"),
            ("x-2/new.md", b"?"),
            ("x-2/a.txt", b"A"),
        ]);
        assert_eq!(right, Ok(Fetched::Checked));
        let changed = fetched(&[("x/a.txt", b"A"), ("x/b.txt", b"b")]).unwrap_err();
        assert!(
            changed.contains("its SHA-256 of the files in it is")
                && changed.contains(&format!("should be {} of 2 letters", known.sha256)),
            "{changed}"
        );
        let fewer = fetched(&[("x/a.txt", b"A")]).unwrap_err();
        assert!(fewer.contains("of 1 letters and should be"), "{fewer}");
    }
    let folder = tempfile::tempdir().unwrap();
    let (url, _) = serve(content(), vec![Answer::Whole]);
    let archive = Item {
        contents: Some(known),
        ..item(url, None)
    };
    let message = run(&archive, folder.path()).unwrap_err().to_string();
    assert!(
        message.contains("its content is not a complete archive ("),
        "{message}"
    );
    assert!(names(folder.path()).is_empty());
}

/// Files of the real sets have the hashes of the table.
#[test]
fn real_files_have_the_hashes_of_the_table() {
    for (set, part, ending) in [
        (
            "free-spoken-digits",
            "free-spoken-digits/recordings",
            "tar.gz",
        ),
        ("mit-bih", "mit-bih", "zip"),
    ] {
        let Some(data) = crate::convert::hostile::real_data(part) else {
            continue;
        };
        let files: Vec<(String, Vec<u8>)> = fs::read_dir(data)
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| {
                let name = entry.file_name().into_string().unwrap();
                (format!("set/{name}"), fs::read(entry.path()).unwrap())
            })
            .collect();
        let files: Vec<(&str, &[u8])> = files.iter().map(|(n, c)| (n.as_str(), &c[..])).collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        fs::write(&path, packed(ending, &files)).unwrap();
        let known = find(set).unwrap().items[0].contents.unwrap();
        let found = super::contents::digest(&path, known.chosen).unwrap();
        assert_eq!(found, (known.files, known.sha256.to_owned()), "{set}");
    }
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
