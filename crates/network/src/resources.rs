//! The machine that the program runs on: its memory and its threads.

use std::path::Path;

/// Memory in bytes, within the system's limit for this process; `None` if unknown.
pub fn memory() -> Option<f64> {
    let total = meminfo("MemTotal:")?;
    Some(total.min(limit("memory.max").unwrap_or(f64::INFINITY)))
}

/// Available memory in bytes, within the system's limits for this process; `None` if unknown.
pub fn spare() -> Option<f64> {
    let spare = meminfo("MemAvailable:")?;
    let left = limit("memory.max").zip(limit("memory.current"));
    Some(spare.min(left.map_or(f64::INFINITY, |(most, now)| most - now)))
}

fn meminfo(key: &str) -> Option<f64> {
    let meminfo = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = meminfo.lines().find(|line| line.starts_with(key))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(1024.0 * kib)
}

/// A number of the process's control group. Without a limit the file contains `max`, which is no number.
fn limit(file: &str) -> Option<f64> {
    let path = Path::new("/sys/fs/cgroup").join(file);
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// Bytes in the unit that makes them readable: `17.3 GiB`.
pub fn in_words(bytes: f64) -> String {
    let units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let (mut value, mut unit) = (bytes, 0);
    while value >= 1024.0 && unit + 1 < units.len() {
        (value, unit) = (value / 1024.0, unit + 1);
    }
    match unit {
        0 => format!("{value:.0} bytes"),
        _ if value >= 1e5 => format!("{value:.1e} {}", units[unit]),
        _ => format!("{value:.1} {}", units[unit]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read_at_a_glance() {
        assert_eq!(in_words(12.0), "12 bytes");
        assert_eq!(in_words(1.5 * 1024.0), "1.5 KiB");
        assert_eq!(in_words(3.0 * 1024f64.powi(5)), "3.0 PiB");
        assert_eq!(in_words(1024f64.powi(9)), "1.1e9 EiB");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_machine_has_memory_and_some_of_it_is_free() {
        let (all, spare) = (memory().unwrap(), spare().unwrap());
        assert!(all > 1e8 && spare > 0.0 && spare <= all);
    }
}
