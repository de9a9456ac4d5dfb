//! A command's result, on standard output.

use std::io::{ErrorKind, Write};

use anyhow::{Context, Result};

use crate::say::plain;

/// Prints `text` with a line's end. A reader who has seen enough (`saturn check .. | head`) is no error; a full
/// disk is one. Control characters in it, which may come from names in files, are shown and not obeyed.
pub fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{}", plain(text)).and_then(|()| out.flush()) {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => Err(e).context("writing the result"),
        _ => Ok(()),
    }
}
