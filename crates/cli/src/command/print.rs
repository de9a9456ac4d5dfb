//! A command's result, on standard output.

use std::cell::RefCell;
use std::io::{ErrorKind, IsTerminal, Write};

use anyhow::{Context, Result};

use saturn_store::stderr::plain;

thread_local! {
    /// What this thread prints, while another program collects it.
    static COLLECTED: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs `command` on this thread and collects what it prints, in place of standard output.
pub fn collecting<T>(command: impl FnOnce() -> T) -> (T, String) {
    let outer = COLLECTED.replace(Some(String::new()));
    let result = command();
    let text = COLLECTED.replace(outer);
    (result, text.unwrap_or_default())
}

/// Adds `text` to what is collected; false if nothing is.
fn collect(text: &str) -> bool {
    COLLECTED.with_borrow_mut(|collected| {
        let Some(all) = collected else {
            return false;
        };
        all.push_str(text);
        true
    })
}

/// Prints `text` with a line's end. A reader who has seen enough (`saturn check .. | head`) is no error; a full
/// disk is one. Control characters in it, which may come from names in files, are shown and not obeyed.
pub fn print(text: &str) -> Result<()> {
    if collect(&format!("{}\n", plain(text))) {
        return Ok(());
    }
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{}", plain(text)).and_then(|()| out.flush()) {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => Err(e).context("writing the result"),
        _ => Ok(()),
    }
}

/// Prints `bytes` of our own making as they are.
pub fn print_bytes(bytes: &[u8]) -> Result<()> {
    if collect(&String::from_utf8_lossy(bytes)) {
        return Ok(());
    }
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => Err(e).context("writing the result"),
        _ => Ok(()),
    }
}

/// Columns of a table where standard output is no terminal that says how wide it is.
const COLUMNS: usize = 100;

/// The columns that a table on standard output may have: those of the terminal, or of the variable `COLUMNS`, or 100.
pub fn width() -> usize {
    let said = std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok());
    let out = std::io::stdout();
    let own = out.is_terminal().then(console_columns).flatten();
    own.or(said).unwrap_or(COLUMNS).clamp(60, 400)
}

fn console_columns() -> Option<usize> {
    ratatui::crossterm::terminal::size()
        .ok()
        .map(|(columns, _)| usize::from(columns))
}
