//! The options that every command takes.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use saturn_cell::kernel::{Isa, IsaError};
use saturn_store::Detail;

use super::numbers::up_to_1024;

#[derive(Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// Print results, warnings and errors only: no progress, no notices
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Print a line for each piece of work as it starts, and every cause of an error
    #[arg(short, long, global = true)]
    verbose: bool,
    /// Number of threads; results are the same at any number [default: RAYON_NUM_THREADS, or one per core]
    #[arg(long, global = true, value_name = "N", value_parser = up_to_1024)]
    pub threads: Option<usize>,
    /// Instruction set to compute with; avx2 and avx512 give the same bits [default: the widest that this machine has]
    #[arg(long, global = true, value_name = "SET", value_parser = isa())]
    pub isa: Option<Isa>,
}

/// The names of instruction sets.
fn isa() -> impl TypedValueParser<Value = Isa> {
    PossibleValuesParser::new(Isa::ALL.map(Isa::name)).try_map(|name| name.parse::<Isa>())
}

impl GlobalArgs {
    /// Computes with the instruction set that was chosen, if one was.
    pub fn choose_isa(&self) -> Result<(), IsaError> {
        self.isa.map_or(Ok(()), Isa::choose)
    }

    /// How much is shown.
    pub fn detail(&self) -> Detail {
        match (self.quiet, self.verbose) {
            (true, _) => Detail::Quiet,
            (_, true) => Detail::Verbose,
            _ => Detail::Normal,
        }
    }
}
