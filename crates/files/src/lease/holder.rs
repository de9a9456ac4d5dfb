//! Who holds a lease: what its file contains.
//!
//! ```text
//! saturn lease 1
//! machine 0b0f6c0e-...-4026531836       the system's boot and the space of process numbers; empty where unknown
//! process 1234 56789                    number; start, in the system's ticks
//! lease 3                               the how many-th of the process
//! host n1
//! job 12_3, restart 1                   of a scheduler; empty without one
//! beat 00000000000000000017
//! ```

use std::fmt;
use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};

/// The first line.
const HEAD: &str = "saturn lease 1";
/// Leases of this process.
static LEASES: AtomicU64 = AtomicU64::new(0);

/// The process that has a lease.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holder {
    machine: String,
    process: String,
    lease: String,
    /// The name of its machine.
    pub host: String,
    /// The scheduler's job and how often it was started again; empty without one.
    pub job: String,
}

impl Holder {
    /// This process, for a new lease.
    pub(super) fn this_process() -> Self {
        let id = std::process::id();
        Self {
            machine: machine(),
            process: format!("{id} {}", start_of(id).unwrap_or_default()),
            lease: LEASES.fetch_add(1, Ordering::Relaxed).to_string(),
            host: host(),
            job: job(|name| std::env::var(name).ok()),
        }
    }

    /// Whether it is the same lease of the same process.
    pub(super) fn is(&self, other: &Self) -> bool {
        self == other
    }

    /// Whether the process is running; `None` if it is of another machine, or that cannot be known.
    pub(super) fn is_running(&self) -> Option<bool> {
        let (id, start) = self.process.split_once(' ')?;
        let id = id.parse().ok()?;
        if self.machine.is_empty() || start.is_empty() || self.machine != machine() {
            return None;
        }
        Some(start_of(id).as_deref() == Some(start))
    }

    /// The contents of a new lease's file.
    pub(super) fn text(&self) -> String {
        format!(
            "{HEAD}\nmachine {}\nprocess {}\nlease {}\nhost {}\njob {}\nbeat {}",
            self.machine,
            self.process,
            self.lease,
            self.host,
            self.job,
            counter(0)
        )
    }

    /// The holder in a lease's file; of a file that is none, one that is no process.
    pub(super) fn parse(text: &str) -> Self {
        let mut lines = text.lines();
        if lines.next() != Some(HEAD) {
            return Self::default();
        }
        let mut found = Self::default();
        for line in lines {
            let (key, value) = line.split_once(' ').unwrap_or((line, ""));
            let to = match key {
                "machine" => &mut found.machine,
                "process" => &mut found.process,
                "lease" => &mut found.lease,
                "host" => &mut found.host,
                "job" => &mut found.job,
                _ => continue,
            };
            value.clone_into(to);
        }
        found
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let id = self.process.split(' ').next().unwrap_or_default();
        if id.is_empty() {
            return f.write_str("an unknown process");
        }
        write!(f, "process {id} on {}", self.host)?;
        if !self.job.is_empty() {
            write!(f, ", job {}", self.job)?;
        }
        Ok(())
    }
}

/// The last line's number, always as long; with the line's end.
pub(super) fn counter(beats: u64) -> String {
    format!("{beats:020}\n")
}

/// One line of a system's file.
fn line(path: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    text.lines().next().map(str::to_owned)
}

/// What tells this machine, since it was booted, from others, and a container's process numbers from others'.
fn machine() -> String {
    let boot = line("/proc/sys/kernel/random/boot_id");
    let space = fs::read_link("/proc/self/ns/pid").ok();
    match (boot, space) {
        (Some(boot), Some(space)) => format!("{boot}-{}", space.display()),
        _ => String::new(),
    }
}

/// When the process of this number was started, in ticks since the boot; `None` if there is none, or it has ended and
/// waits for its parent.
fn start_of(id: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name, in brackets, may contain anything.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X") {
        return None;
    }
    fields.nth(18).map(str::to_owned)
}

fn host() -> String {
    let said = || std::env::var("HOSTNAME").ok();
    let name = line("/proc/sys/kernel/hostname").or_else(said);
    name.unwrap_or_else(|| "unknown".to_owned())
}

/// The job of Slurm, PBS or Grid Engine that this process is of.
fn job(var: impl Fn(&str) -> Option<String>) -> String {
    let array = match (var("SLURM_ARRAY_JOB_ID"), var("SLURM_ARRAY_TASK_ID")) {
        (Some(job), Some(task)) => Some(format!("{job}_{task}")),
        _ => None,
    };
    let known = array
        .or_else(|| var("SLURM_JOB_ID"))
        .or_else(|| var("PBS_JOBID"))
        .or_else(|| var("JOB_ID"));
    let name = match (known, var("SLURM_RESTART_COUNT")) {
        (Some(job), Some(count)) => format!("{job}, restart {count}"),
        (Some(job), None) => job,
        (None, _) => String::new(),
    };
    // It is a line of a file.
    name.chars().filter(|c| !c.is_control()).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_holder_is_read_as_it_was_written() {
        let own = Holder::this_process();
        assert_eq!(Holder::parse(&own.text()), own);
        assert_ne!(Holder::this_process(), own, "another lease");
        assert_eq!(Holder::parse("something else\nhost a\n"), Holder::default());
        assert_eq!(Holder::parse("").to_string(), "an unknown process");
        assert!(own.text().ends_with(&format!("beat {}", counter(0))));
        assert_eq!(counter(7).len(), counter(u64::MAX).len());
    }

    #[test]
    fn jobs_of_schedulers_are_named() {
        let of = |vars: &[(&str, &str)]| {
            job(|name| {
                let found = vars.iter().find(|(key, _)| *key == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(of(&[]), "");
        let slurm = [
            ("SLURM_JOB_ID", "14"),
            ("SLURM_ARRAY_JOB_ID", "12"),
            ("SLURM_ARRAY_TASK_ID", "3"),
        ];
        assert_eq!(of(&slurm), "12_3");
        let again = [&slurm[..], &[("SLURM_RESTART_COUNT", "2")]].concat();
        assert_eq!(of(&again), "12_3, restart 2");
        assert_eq!(of(&[("PBS_JOBID", "9.a\nbeat 1")]), "9.abeat 1");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_of_this_machine_runs_or_does_not() {
        let own = Holder::this_process();
        assert_eq!(own.is_running(), Some(true));
        let mut other = own.clone();
        "1 1".clone_into(&mut other.process);
        assert_eq!(
            other.is_running(),
            Some(false),
            "another one of that number"
        );
        "elsewhere".clone_into(&mut other.machine);
        assert_eq!(other.is_running(), None);
        assert_eq!(Holder::default().is_running(), None);
    }
}
