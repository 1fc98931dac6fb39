//! The program: see [`glasstree::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    glasstree::cli::main()
}
