//! Classification of errors, from which the exit code follows: see [`Exit`].
//!
//! Every error type is classed ([`Blame`]), variant by variant, and each layer of the program lists its own
//! types and leaves the others to the layer below: this one, those of runs, and those of commands. A variant
//! cannot be forgotten, since no `match` has a catch-all branch; nor can a type, since a test reads the
//! sources and looks for each in the lists.

mod blame;
mod exit;

use std::error::Error;

pub use exit::Exit;

/// Who can correct an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The input is wrong: a scenario, an option, a file.
    Input,
    /// The input is sound and the run failed: the disk is full, the loss diverged.
    Run,
    /// No error: a checklist was printed, and a line of it is not *shown*.
    NotShown,
    /// No error: the user interrupted the command.
    Interrupted,
}

/// An error with a classification.
pub trait Blame: Error + 'static {
    /// Its classification.
    fn fault(&self) -> Fault;
}

/// Classes all errors of each type alike.
#[macro_export]
#[doc(hidden)]
macro_rules! class_errors {
    ($fault:ident: $($error:ty),+ $(,)?) => {
        $(impl $crate::fault::Blame for $error {
            fn fault(&self) -> $crate::fault::Fault {
                $crate::fault::Fault::$fault
            }
        })+
    };
}

/// Declares `of`, which classes a cause by the types of this layer and then by those of the one below, and their names.
#[macro_export]
#[doc(hidden)]
macro_rules! known_errors {
    ($below:path; $($error:ty),+ $(,)?) => {
        /// The names of this layer's error types.
        pub const KNOWN: &[&str] = &[$(stringify!($error)),+];

        /// The class of one cause; `None` of one that is no error of the program.
        pub fn of(cause: &(dyn std::error::Error + 'static)) -> Option<$crate::fault::Fault> {
            $(if let Some(e) = cause.downcast_ref::<$error>() {
                return Some($crate::fault::Blame::fault(e));
            })+
            $below(cause)
        }

        /// The classification of `error`: the outermost classified cause decides. An error without one is not
        /// the input's fault: a failed system call, say.
        pub fn fault(error: &anyhow::Error) -> $crate::fault::Fault {
            error.chain().find_map(of).unwrap_or($crate::fault::Fault::Run)
        }
    };
}

fn nothing(_: &(dyn Error + 'static)) -> Option<Fault> {
    None
}

known_errors!(
    nothing;
    saturn_network::BuildError,
    saturn_eval::detector::DetectorError,
    saturn_eval::evaluate::EvalError,
    saturn_eval::reset::PolicyError,
    saturn_eval::trace::TraceError,
    saturn_eval::precision::PrecisionError,
    crate::scenario::ScenarioError,
    saturn_eval::stats::tally::TallyError,
    saturn_store::SameFile,
    saturn_stream::RecordingError,
    saturn_store::checkpoint::Refused,
    saturn_store::folder::FolderError,
    saturn_train::job::TrainError,
    saturn_cell::ConfigError,
    saturn_cell::kernel::IsaError,
    saturn_data::DataError,
    saturn_data::TimeError,
    saturn_data::get::GetError,
    saturn_loss::LossError,
    saturn_plots::PlotError,
);
