//! `saturn completions` and `saturn man`.

use std::path::Path;

use anyhow::{Context, Result};
use clap_complete::Shell;

use super::print::{print, print_bytes};
use saturn_store::folder::FolderError;
use saturn_store::operation::Operation;

/// Prints what `shell` reads to complete the arguments of `program`.
pub fn completions(mut program: clap::Command, shell: Shell) -> Result<()> {
    let name = program.get_name().to_owned();
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut program, name, &mut text);
    print_bytes(&text)
}

/// Prints the manual page of `program`, or writes one of each of its commands into `dir` and prints their paths.
pub fn man(mut program: clap::Command, dir: Option<&Path>) -> Result<()> {
    program.build();
    let Some(dir) = dir else {
        return print_bytes(&page(program)?);
    };
    let failed = |what| {
        let path = dir.to_owned();
        move |source| FolderError::Io { path, what, source }
    };
    std::fs::create_dir_all(dir).map_err(failed(Operation::CreateFolder))?;
    write_pages(program, dir)
}

/// The page of `program` and those of its commands, each named as `saturn-run.1`.
fn write_pages(program: clap::Command, dir: &Path) -> Result<()> {
    for command in program.get_subcommands().filter(|c| !c.is_hide_set()) {
        if command.get_name() != "help" {
            write_pages(command.clone(), dir)?;
        }
    }
    let name = program
        .get_display_name()
        .unwrap_or_else(|| program.get_name());
    let path = dir.join(format!("{name}.1"));
    let bytes = page(program)?;
    saturn_store::folder::write_beside(&path, &bytes)?;
    print(&path.display().to_string())
}

fn page(program: clap::Command) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    clap_mangen::Man::new(program)
        .render(&mut bytes)
        .context("making the manual page")?;
    Ok(bytes)
}
