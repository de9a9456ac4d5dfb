//! Signals that are blocked: those that would end the program where it can do better.

/// Blocks them on this thread, and on all that it starts from now on:
///
/// - SIGXFSZ, so that a write past a limit on the size of files (`ulimit -f`) fails as one on a full disk does;
/// - SIGHUP if whoever started the program ignores it, as `nohup` does. The handler of interrupts would heed it.
#[cfg(unix)]
pub fn block() -> nix::Result<()> {
    use nix::sys::signal::{SigSet, Signal};
    let mut signals = SigSet::from(Signal::SIGXFSZ);
    if is_ignored(Signal::SIGHUP as u32) {
        signals.add(Signal::SIGHUP);
    }
    signals.thread_block()
}

/// There are no such signals.
#[cfg(not(unix))]
pub fn block() -> std::io::Result<()> {
    Ok(())
}

/// Whether this process was started with the signal ignored; false where the system does not say.
#[cfg(unix)]
fn is_ignored(signal: u32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    ignored(&status).is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

/// The mask of ignored signals in `/proc/PID/status`.
#[cfg(unix)]
fn ignored(status: &str) -> Option<u64> {
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(mask.trim(), 16).ok()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_mask_of_ignored_signals_is_read() {
        assert_eq!(
            ignored("Name:\tx\nSigIgn:\t0000000000001001\n"),
            Some(0x1001)
        );
        assert_eq!(ignored("Name:\tx\n"), None);
    }
}
