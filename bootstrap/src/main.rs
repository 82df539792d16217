//! The program `indelible`: hands its arguments to the library and leaves with its verdict.

use std::process::ExitCode;

use indelible::cli::{self, Console};

/// An event is often made on one thread and freed on another, where the system's own allocator
/// has them wait for each other.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::run(std::env::args_os(), &mut Console::of_process())
}
