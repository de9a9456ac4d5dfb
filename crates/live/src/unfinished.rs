//! A file whose last line is unfinished, because of a full disk or a power cut.
//!
//! An unfinished line of our own is removed, as a resumed run writes it again. A file written by another
//! program is only completed with the missing newline.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// How every line of a journal begins.
const OURS: &[u8] = b"{\"kind\":";
/// Bytes per read.
const BLOCK: u64 = 1 << 16;

/// Repairs the last line of the plain file at `path`; returns a description of the repair.
pub fn mend(path: &Path) -> io::Result<Option<String>> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    let length = file.metadata()?.len();
    let begin = last_line(&mut file, length)?;
    if begin == length {
        return Ok(None);
    }
    let mut head = Vec::with_capacity(OURS.len());
    file.seek(SeekFrom::Start(begin))?;
    (&mut file).take(OURS.len() as u64).read_to_end(&mut head)?;
    if OURS.starts_with(&head) {
        file.set_len(begin)?;
        let cut = length - begin;
        return Ok(Some(format!(
            "{}: its last line was unfinished: {cut} bytes were removed",
            path.display()
        )));
    }
    file.seek(SeekFrom::End(0))?;
    file.write_all(b"\n")?;
    Ok(Some(format!(
        "{}: its last line had no newline, and was not written by a live run: the newline was added",
        path.display()
    )))
}

/// Where the last line begins: at the file's end if it ends with a newline.
fn last_line(file: &mut File, length: u64) -> io::Result<u64> {
    let (mut end, mut block) = (length, Vec::new());
    while end > 0 {
        let begin = end.saturating_sub(BLOCK);
        block.clear();
        file.seek(SeekFrom::Start(begin))?;
        file.take(end - begin).read_to_end(&mut block)?;
        if let Some(at) = block.iter().rposition(|&b| b == b'\n') {
            return Ok(begin + at as u64 + 1);
        }
        end = begin;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn an_unfinished_line_is_cut_and_a_foreign_one_is_ended() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.jsonl");
        let long = format!("{{\"kind\":\"notice\",\"text\":\"{}", "x".repeat(200_000));
        for (before, after) in [
            (String::new(), String::new()),
            ("{\"kind\":\"end\"}\n".into(), "{\"kind\":\"end\"}\n".into()),
            (
                "{\"kind\":\"end\"}\n{\"ki".into(),
                "{\"kind\":\"end\"}\n".into(),
            ),
            ("{\"kind\":\"dec".into(), String::new()),
            (format!("mine\n{long}"), "mine\n".into()),
            ("notes\nby hand".into(), "notes\nby hand\n".into()),
        ] {
            fs::write(&path, &before).unwrap();
            let said = mend(&path).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), after);
            assert_eq!(said.is_some(), before != after);
        }
    }
}
