//! Whose fault an error is, from which the exit code follows: 0 done, 1 the run failed, 2 the input was
//! wrong, 3 a line of a checklist is not *shown*.
//!
//! Every error type of the program says so itself ([`Blame`]), variant by variant, and stands in one list
//! ([`fault`]). A variant cannot be forgotten, since no `match` below has a branch for the rest; nor can a type, since a
//! test reads the sources and looks for each in the list.

mod blame;
#[cfg(test)]
mod tests;

use std::error::Error;

/// Whose fault an error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// What the user gave is wrong: a scenario, an option, a file. Exit code 2.
    Input,
    /// The input is sound and the run failed: the disk is full, the loss diverged, the user stopped it. Exit code 1.
    Run,
    /// Nobody's: a checklist was printed, and a line of it is not *shown*. Exit code 3.
    NotShown,
}

impl Fault {
    /// The exit code of a program that ends so.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Run => 1,
            Self::Input => 2,
            Self::NotShown => 3,
        }
    }
}

/// An error that knows whose fault it is.
pub trait Blame: Error + 'static {
    /// Whose.
    fn fault(&self) -> Fault;
}

/// Declares [`fault`] and the list of types that it knows.
macro_rules! known {
    ($($error:ty),+ $(,)?) => {
        /// The names of all error types that say whose fault they are.
        pub const KNOWN: &[&str] = &[$(stringify!($error)),+];

        fn of(cause: &(dyn Error + 'static)) -> Option<Fault> {
            $(if let Some(e) = cause.downcast_ref::<$error>() {
                return Some(e.fault());
            })+
            None
        }
    };
}

known!(
    crate::bench::BenchError,
    crate::build::BuildError,
    crate::command::CellsFailed,
    crate::command::CommandError,
    crate::command::NotShown,
    crate::command::NothingDone,
    crate::eval::detector::DetectorError,
    crate::eval::evaluate::EvalError,
    crate::eval::reset::PolicyError,
    crate::eval::tally::TallyError,
    crate::figures::FiguresError,
    crate::live::LiveError,
    crate::precision::PrecisionError,
    crate::report::ReportError,
    crate::report::committed::CommittedError,
    crate::run::checkpoint::Refused,
    crate::run::folder::FolderError,
    crate::run::matrix::SelectionError,
    crate::run::summary::ReferenceError,
    crate::run::trace::TraceError,
    crate::run::weights::WeightsError,
    crate::run::workbench::MaskError,
    crate::scenario::ScenarioError,
    crate::train::estimate::EstimateError,
    crate::train::trainer::TrainError,
    saturn_cell::ConfigError,
    saturn_data::DataError,
    saturn_data::TimeError,
    saturn_data::get::GetError,
    saturn_loss::LossError,
    saturn_plots::PlotError,
);

/// Whose fault `error` is: the outermost cause that knows decides. What none of them knows is no input: a system call
/// that failed, say.
pub fn fault(error: &anyhow::Error) -> Fault {
    error.chain().find_map(of).unwrap_or(Fault::Run)
}
