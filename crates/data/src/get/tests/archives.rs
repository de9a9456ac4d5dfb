//! Archives, which are known by the files in them.

use std::io::Write;

use super::*;

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
        let found = crate::get::contents::digest(&path, known.chosen).unwrap();
        assert_eq!(found, (known.files, known.sha256.to_owned()), "{set}");
    }
}
