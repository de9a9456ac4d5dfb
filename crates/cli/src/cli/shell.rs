//! What a shell and `man` are given: completions and manual pages, made from the commands themselves.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use clap_complete::Shell;

use crate::command;

#[derive(Args)]
pub struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

#[derive(Args)]
pub struct ManArgs {
    /// Folder for a page of every command; without it, the page of `saturn` is printed
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl CompletionsArgs {
    /// Prints the completions of `program`.
    pub fn run(&self, program: clap::Command) -> Result<()> {
        command::completions(program, self.shell)
    }
}

impl ManArgs {
    /// Prints or writes the pages of `program`.
    pub fn run(&self, program: clap::Command) -> Result<()> {
        command::man(program, self.dir.as_deref())
    }
}
