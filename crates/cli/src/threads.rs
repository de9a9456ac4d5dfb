//! How many threads compute: what `--threads` says, or else `RAYON_NUM_THREADS` within reason, or else one per core.
//!
//! Results are the same bits at any number of threads, so an unusable number in the variable is replaced with a
//! warning; one in the option is refused.

use std::io::Write;

/// The variable that sets the number.
const VARIABLE: &str = "RAYON_NUM_THREADS";
/// The most threads.
const MOST: usize = 1_024;

/// Starts `option` threads, or else as many as the variable says, and warns on standard error where the variable makes
/// no sense.
///
/// An error is the reason why so many threads cannot be started; rayon then has none at all.
pub fn start(option: Option<usize>) -> Result<(), String> {
    if let Some(threads) = option {
        return build(threads, "--threads");
    }
    let Some(asked) = std::env::var_os(VARIABLE) else {
        return Ok(());
    };
    let (threads, notice) = settle(&asked.to_string_lossy());
    // Of 0, rayon would read the variable again.
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    let threads = threads.unwrap_or_else(cores);
    build(threads, VARIABLE)?;
    if let Some(why) = notice {
        // A notice that nobody can read stops nothing.
        let _ = writeln!(
            std::io::stderr(),
            "warning: {VARIABLE}: {why}; using {} threads",
            rayon::current_num_threads()
        );
    }
    Ok(())
}

fn build(threads: usize, from: &str) -> Result<(), String> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    pool.build_global().map_err(|e| {
        format!("{from}: cannot start {threads} threads: {e}\nhint: use a smaller number")
    })
}

/// The number of threads for the text of the variable, none for one a core, and what is wrong with it.
fn settle(asked: &str) -> (Option<usize>, Option<String>) {
    let shown: String = asked.chars().take(40).collect();
    let shown = shown.escape_default();
    match asked.trim().parse::<usize>() {
        Ok(0) => (None, None),
        Ok(n) if n <= MOST => (Some(n), None),
        Ok(_) => (None, Some(format!("`{shown}` is more than {MOST}"))),
        Err(_) if asked.trim().is_empty() => (None, None),
        Err(_) => (
            None,
            Some(format!("`{shown}` is not a whole number from 1 to {MOST}")),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::settle;

    #[test]
    fn a_number_of_threads_is_kept_within_reason() {
        assert_eq!(settle("4"), (Some(4), None));
        assert_eq!(settle(""), (None, None));
        assert_eq!(settle("0"), (None, None));
        let (threads, why) = settle("100000");
        assert_eq!(threads, None);
        assert_eq!(why.unwrap(), "`100000` is more than 1024");
        for junk in ["many", "-1", "2.5", "\u{1b}[31m", "99999999999999999999999"] {
            let (threads, why) = settle(junk);
            assert_eq!(threads, None, "{junk:?}");
            assert!(!why.unwrap().contains('\u{1b}'));
        }
    }
}
