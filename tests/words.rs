//! Plain words: phrases that readers stumbled over do not come back into prose.
//!
//! The prose of the repository is its comments, rustdoc and string literals in Rust, its Markdown outside of code,
//! its scenarios, and the Python package. Every banned phrase comes with plain wording.

use std::fs;
use std::path::{Path, PathBuf};

/// Phrases, and what to write instead. A phrase matches whole words, in any case, across line breaks.
const BANNED: &[(&str, &str)] = &[
    ("a thousand million", "10⁹, one billion"),
    ("anew", "again"),
    (
        "another saturn is at work",
        "another saturn process is using",
    ),
    ("are heard", "are received, are used"),
    ("are wanted", "are expected, are needed"),
    ("asked for beside", "optional"),
    ("at rest", "in the initial state, reset"),
    ("beside", "next to, in addition to, with"),
    ("for the second time", "duplicate"),
    ("go on to the same bits", "resume bit for bit"),
    ("goes on to the same bits", "resumes bit for bit"),
    ("going on from", "resuming from"),
    ("gone on with", "resumed"),
    ("hearts", "ECG"),
    ("hears", "receives"),
    ("holds no run", "contains no run"),
    ("in few bits", "at low precision, quantised"),
    ("insists on", "is overconfident of"),
    ("is called so", "matches"),
    ("is heard", "is received, is used"),
    ("is told", "receives"),
    ("is wanted", "expected, needed"),
    ("kin", "variants"),
    ("left the real numbers", "is NaN or infinite"),
    ("looked into", "analysed"),
    ("nobody listens", "there is no listener"),
    ("nobody reads", "is not being read"),
    ("of few bits", "of low precision, quantised"),
    ("price on certainty", "confidence (entropy) penalty"),
    ("put to rest", "reset"),
    ("rival", "baseline"),
    ("rivals", "baselines"),
    ("stands beside", "cannot be combined with, is next to"),
    ("stands in the list", "duplicate entry"),
    ("takes the program down", "crashes"),
    ("torn", "truncated or corrupt"),
    ("unbroken", "continuous"),
    ("way of training", "training regime"),
    ("ways of training", "training regimes"),
    ("ways to train", "training regimes"),
    ("what stands there", "contents"),
    ("whatever", "any, every X that"),
];

/// Quotations and the like: a file, and a phrase that it may contain.
const ALLOWED: &[(&str, &str)] = &[
    // The name of a fault, in logs and metrics.
    ("crates/live/src/protocol/mod.rs", "torn"),
    // Part of files that earlier versions have made, and of their checksums.
    ("crates/data/src/synthetic/files.rs", "are heard"),
];

/// Files and folders that are still to be rewritten: values of scenarios, which are part of the keys of results.
const NOT_YET: &[&str] = &["scenarios"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Files with prose below `folder`, relative to the root, in order.
fn files(folder: &str, found: &mut Vec<String>) {
    let mut entries: Vec<_> = fs::read_dir(root().join(folder))
        .unwrap()
        .map(|entry| entry.unwrap())
        .collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name().into_string().unwrap();
        let path = if folder.is_empty() {
            name.clone()
        } else {
            format!("{folder}/{name}")
        };
        let is_folder = entry.file_type().unwrap().is_dir();
        let skipped = name.starts_with('.')
            || ["target", "gallery", "seeds", "fixtures", "runs"].contains(&&*name);
        if is_folder && !skipped {
            files(&path, found);
        } else if !is_folder
            && [".rs", ".md", ".yaml", ".py", ".ipynb"]
                .iter()
                .any(|end| name.ends_with(end))
        {
            found.push(path);
        }
    }
}

/// The comments and strings of a Rust source, everything else as spaces; lines stay lines.
fn of_rust(source: &str) -> String {
    let chars: Vec<char> = source.chars().collect();
    let starts = |i: usize, text: &str| {
        text.chars()
            .enumerate()
            .all(|(k, c)| chars.get(i + k) == Some(&c))
    };
    let mut prose: Vec<char> = (chars.iter())
        .map(|&c| if c == '\n' { '\n' } else { ' ' })
        .collect();
    let mut i = 0;
    while i < chars.len() {
        let end = if starts(i, "//") {
            let text = i + chars[i..].iter().take_while(|&&c| "/!".contains(c)).count();
            let end = i + chars[i..].iter().take_while(|&&c| c != '\n').count();
            prose[text..end].copy_from_slice(&chars[text..end]);
            end
        } else if let Some(hashes) = raw_string(&chars, i) {
            let open = i + 2 + hashes;
            let close = format!("\"{}", "#".repeat(hashes));
            let end = (open..chars.len()).find(|&k| starts(k, &close));
            let end = end.unwrap_or(chars.len());
            prose[open..end].copy_from_slice(&chars[open..end]);
            end + close.len()
        } else if chars[i] == '"' {
            let mut end = i + 1;
            while end < chars.len() && chars[end] != '"' {
                let escaped = chars[end] == '\\';
                if !escaped {
                    prose[end] = chars[end];
                }
                end += 1 + usize::from(escaped);
            }
            end + 1
        } else if starts(i, "'\\") {
            i + 4 + chars[i + 3..].iter().take_while(|&&c| c != '\'').count()
        } else if chars[i] == '\'' && chars.get(i + 2) == Some(&'\'') {
            i + 3
        } else {
            i + 1
        };
        i = end;
    }
    prose.into_iter().collect()
}

/// How many `#` a raw string that begins at `i` has; `None` if there is none.
fn raw_string(chars: &[char], i: usize) -> Option<usize> {
    let before = i.checked_sub(1).map(|k| chars[k]);
    let in_word = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    if chars[i] != 'r' || (in_word && before != Some('b')) {
        return None;
    }
    let hashes = chars[i + 1..].iter().take_while(|&&c| c == '#').count();
    (chars.get(i + 1 + hashes) == Some(&'"')).then_some(hashes)
}

/// `text` without fenced code.
fn of_markdown(text: &str) -> String {
    let mut fenced = false;
    let lines = text.lines().map(|line| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        if fenced || fence { "" } else { line }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The words of `prose` in small letters, each with its line; code between backquotes is one word.
fn words(prose: &str) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    for (line, text) in prose.lines().enumerate() {
        for (k, part) in text.split('`').enumerate() {
            if k % 2 == 1 {
                found.push(("`".to_owned(), line + 1));
                continue;
            }
            for word in part.split_whitespace() {
                let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
                if !bare.is_empty() {
                    found.push((bare.to_lowercase(), line + 1));
                }
                // A sentence or clause ends: no phrase goes across it.
                if word.ends_with(['.', ';', ':', '|', ')']) {
                    found.push((".".to_owned(), line + 1));
                }
            }
        }
    }
    found
}

/// The banned phrases in `prose`: line, phrase, plain wording.
fn banned(prose: &str) -> Vec<(usize, &'static str, &'static str)> {
    let words = words(prose);
    let mut found = Vec::new();
    for &(phrase, plain) in BANNED {
        let parts: Vec<&str> = phrase.split(' ').collect();
        for at in words.windows(parts.len()) {
            if at.iter().map(|(word, _)| word).eq(parts.iter()) {
                found.push((at[0].1, phrase, plain));
            }
        }
    }
    found.sort_unstable();
    found
}

#[test]
fn prose_has_no_banned_phrase() {
    let mut all = Vec::new();
    files("", &mut all);
    let mut faults = Vec::new();
    for path in all {
        if path == "tests/words.rs" || NOT_YET.iter().any(|part| path.starts_with(part)) {
            continue;
        }
        let text = fs::read_to_string(root().join(&path)).unwrap();
        let prose = match path.rsplit('.').next() {
            Some("rs") => of_rust(&text),
            Some("md") => of_markdown(&text),
            _ => text,
        };
        for (line, phrase, plain) in banned(&prose) {
            if !ALLOWED.contains(&(&path, phrase)) {
                faults.push(format!("{path}:{line}: `{phrase}`: write {plain}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn phrases_are_found_in_comments_and_strings_alone() {
    let source = "//! A net at\n//! rest.\nlet beside = 'x'; // `beside` and \"beside\"\nlet b = '\"'; f(r#\"is \
                  wanted\"#, \"\\\" torn\");\n";
    let found: Vec<(usize, &str)> = banned(&of_rust(source))
        .into_iter()
        .map(|(line, phrase, _)| (line, phrase))
        .collect();
    let expected = [(1, "at rest"), (3, "beside"), (4, "is wanted"), (4, "torn")];
    assert_eq!(found, expected);
}

#[test]
fn every_exception_is_needed() {
    for part in NOT_YET {
        let found = root().join(part).exists() || root().join(format!("{part}.rs")).exists();
        assert!(found, "{part} does not exist");
    }
    for (path, phrase) in ALLOWED {
        let text = fs::read_to_string(root().join(path)).unwrap();
        let found = banned(&of_rust(&text));
        assert!(found.iter().any(|f| f.1 == *phrase), "{path}: `{phrase}`");
    }
}
