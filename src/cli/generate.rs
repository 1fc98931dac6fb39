//! `glasstree generate`: what a package puts beside the program, written from its own arguments.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::Out;
use super::args::Cli;

#[derive(Debug, Args)]
pub struct GenerateArgs {
    /// Folder for the files; created if missing.
    pub out: PathBuf,
}

/// A man page for the program and one for each command that is not hidden, and completions for
/// bash, zsh and fish, each with the name under which it is looked for.
pub fn run(args: &GenerateArgs, out: Out<'_>) -> anyhow::Result<()> {
    write(&args.out).with_context(|| args.out.display().to_string())?;
    writeln!(out, " * Wrote man pages and completions to {}", args.out.display())?;
    Ok(())
}

fn write(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut command = Cli::command();
    clap_mangen::generate_to(command.clone(), folder)?;
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        clap_complete::generate_to(shell, &mut command, "glasstree", folder)?;
    }
    Ok(())
}
