//! The program: see [`glasstree::cli`].

use std::process::ExitCode;

/// Feature maps come and go by the megabyte. The C library gives each back to the system at once
/// and asks for it again, which costs as much as half of the arithmetic.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    glasstree::cli::main()
}
