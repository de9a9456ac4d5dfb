//! Regenerates the tables of the README and of `docs/` between marks, from the committed trials.
//!
//! ```sh
//! cargo run --release --example results            # writes
//! cargo run --release --example results -- --check # exits with 1 where a document is not what it should be
//! ```

#![allow(clippy::print_stdout, clippy::print_stderr)] // A program for the terminal.

use std::path::Path;
use std::process::ExitCode;

use saturn_sim::report::committed::Committed;

/// The documents with marks.
const DOCUMENTS: [&str; 2] = ["README.md", "docs/results-tables.md"];

fn main() -> ExitCode {
    let check = std::env::args().any(|word| word == "--check");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut committed = Committed::new(&root);
    let mut differ = false;
    for name in DOCUMENTS {
        let path = root.join(name);
        let done = std::fs::read_to_string(&path)
            .map_err(|e| e.to_string())
            .and_then(|document| {
                let filled = committed.fill(&document).map_err(|e| e.to_string())?;
                let same = filled == document;
                if !same && !check {
                    std::fs::write(&path, filled).map_err(|e| e.to_string())?;
                }
                Ok(same)
            });
        match done {
            Ok(same) => {
                differ |= !same;
                let word = match (same, check) {
                    (true, _) => "is what its trials say",
                    (false, true) => "is not what its trials say",
                    (false, false) => "was made again",
                };
                println!("{name} {word}");
            }
            Err(e) => {
                eprintln!("{name}: {e}");
                return ExitCode::FAILURE;
            }
        }
    }
    if differ && check {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}
