//! Exit codes: one table for the program, its help, the README and the tests.

use super::Fault;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The command did what it was asked to do.
    Done,
    /// The input is sound and the run failed: the disk is full, a network diverged.
    Failed,
    /// A scenario, an option or a file is wrong.
    WrongInput,
    /// A line of a checklist is not *shown*.
    NotShown,
    /// The user interrupted the command, which resumes when it is run again: `EX_TEMPFAIL` of BSD's `sysexits.h`.
    Interrupted,
}

impl Exit {
    /// All of them, by code.
    pub const ALL: [Self; 5] = [
        Self::Done,
        Self::Failed,
        Self::WrongInput,
        Self::NotShown,
        Self::Interrupted,
    ];

    /// The code that the shell receives.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::WrongInput => 2,
            Self::NotShown => 3,
            Self::Interrupted => 75,
        }
    }

    /// What it means, in a line.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "the run failed: a full disk, a network that diverged",
            Self::WrongInput => "the input was wrong: a scenario, an option, a file",
            Self::NotShown => "a line of `report --checklist` is not *shown*",
            Self::Interrupted => "interrupted: run the same command again to resume",
        }
    }
}

impl From<Fault> for Exit {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Run => Self::Failed,
            Fault::Input => Self::WrongInput,
            Fault::NotShown => Self::NotShown,
            Fault::Interrupted => Self::Interrupted,
        }
    }
}
