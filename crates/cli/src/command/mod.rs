//! The commands, one a file.

mod analyse;
mod bench;
mod budget;
mod check;
mod convert;
mod described;
mod error;
mod estimate;
pub mod fault;
mod get;
mod inspect;
mod made_up;
mod make;
mod memory;
mod plot;
mod print;
mod report;
mod run;
mod schema;
mod tune;

pub use analyse::{AnalyseOptions, analyse};
pub use bench::{bench, bench_memory, bench_scaling};
pub use budget::Limits;
pub use check::{Findings, ROWS, check, findings};
pub use convert::convert;
pub use error::CommandError;
pub use get::get;
pub use inspect::{InspectFigures, inspect};
pub use make::make;
pub use plot::plot;
pub use print::print as print_line;
pub use report::{NotShown, report};
pub use run::{CellsFailed, NothingDone, RunOptions, run};
pub use schema::schema;
pub use tune::{TuneOptions, tune};
