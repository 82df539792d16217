//! The program `indelible`: hands its arguments to the library and leaves with its verdict.

use std::process::ExitCode;

use indelible::cli::{self, Console};

fn main() -> ExitCode {
    cli::run(std::env::args_os(), &mut Console::of_process())
}
