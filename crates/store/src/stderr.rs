//! Messages on standard error: best effort, and safe on a terminal.
//!
//! Standard error may be a full disk, a closed pipe, or a stuck reader. None of these may stop or delay the
//! work, so a line that cannot be written is dropped. Names from files and from senders may contain escape
//! sequences, which a terminal would execute; they are shown as `\u001b`.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::time::Duration;

/// How long a line may wait for a reader.
const PATIENCE: Duration = Duration::from_millis(100);
/// Bytes that a pipe takes without blocking once it is ready (POSIX `PIPE_BUF`).
const PIECE: usize = 512;

/// Writes `text` and a newline to standard error, if possible.
pub fn say(text: &str) {
    write(text, PATIENCE);
}

/// The same without any wait, for a signal handler.
pub fn say_at_once(text: &str) {
    write(text, Duration::ZERO);
}

fn write(text: &str, wait: Duration) {
    let mut line = plain(text).into_owned();
    line.push('\n');
    let mut out = io::stderr().lock();
    for piece in line.as_bytes().chunks(PIECE) {
        // There is no place to report that standard error fails.
        if !is_ready(&out, wait) || out.write_all(piece).is_err() {
            return;
        }
    }
}

/// Whether a write would succeed within `wait`.
#[cfg(unix)]
fn is_ready(out: &impl std::os::fd::AsFd, wait: Duration) -> bool {
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    let mut fds = [PollFd::new(out.as_fd(), PollFlags::POLLOUT)];
    let timeout = PollTimeout::try_from(wait).unwrap_or(PollTimeout::ZERO);
    // An interrupted or unsupported check leaves it to the write.
    poll(&mut fds, timeout).map_or(true, |ready| ready > 0)
}

/// Not supported on this platform.
#[cfg(not(unix))]
fn is_ready<T>(_: &T, _: Duration) -> bool {
    true
}

/// `text` with control characters escaped, except newlines and tabs. The form is that of JSON, so a line of
/// JSON stays valid.
pub fn plain(text: &str) -> Cow<'_, str> {
    let is_control = |c: char| c.is_control() && c != '\n' && c != '\t';
    if !text.contains(is_control) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_control(c) {
            // Writing to a string does not fail.
            let _ = write!(shown, "\\u{:04x}", u32::from(c));
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_shown_and_plain_text_is_left() {
        assert_eq!(
            plain("a\x1b[31mb\u{9b}2J\r\n\tc"),
            "a\\u001b[31mb\\u009b2J\\u000d\n\tc"
        );
        assert!(matches!(plain("ünïcode\n"), Cow::Borrowed("ünïcode\n")));
        let json = serde_json::to_string("\u{9b}1m\u{7f}").unwrap();
        let back: String = serde_json::from_str(&plain(&json)).unwrap();
        assert_eq!(back, "\u{9b}1m\u{7f}");
    }
}
