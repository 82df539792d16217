//! The command line: arguments in, rows and messages out.
//!
//! Results go to standard output, everything else to standard error. The exit code says how it
//! went: see [`Failure::exit_code`].
//!
//! Deliberately absent: anything another program would want to do with the record; that is in the
//! use cases.

mod args;
mod commands;
mod console;
mod durable_args;
mod erase_args;
mod failure;
mod filters;
mod interrupt;
mod logging;
pub mod output;
mod places;
mod proof_args;
mod retention_args;
mod setting_flags;

use args::{Cli, Command};
pub use console::Console;
pub use failure::Failure;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use crate::settings::Layered;

/// What every command is given besides its own arguments.
pub(crate) struct Context<'a> {
    pub(crate) settings: Layered,
    pub(crate) console: &'a mut Console,
    /// The program as it was called, with the flags that say which record is meant, for
    /// suggestions that can be copied.
    pub(crate) program: String,
}

/// Runs the command line `args`, the program's own name first.
pub fn run(args: impl IntoIterator<Item = OsString>, console: &mut Console) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    let cli = match Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        Err(error) => return usage(&error, console),
    };
    console.is_called(&program(&args, &cli));
    let outcome = start(cli, &args, console).and_then(|()| console.flush());
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.report(console);
            failure.exit_code()
        }
    }
}

fn start(cli: Cli, args: &[OsString], console: &mut Console) -> Result<(), Failure> {
    let settings = cli.sources().load()?;
    logging::start(&settings.settings.log)?;
    let program = program(args, &cli);
    let context = Context { settings, console, program };
    // One thread drives everything: the bus hands work to the storage's own thread, and a second
    // thread in between would only add wake-ups.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::because("the program could not start its runtime", error))?;
    runtime.block_on(commands::run(cli.command, context))
}

fn usage(error: &clap::Error, console: &mut Console) -> ExitCode {
    let text = error.render();
    let to_stdout = !error.use_stderr();
    let written = if to_stdout {
        console.print(&text.ansi().to_string()).and_then(|()| console.flush())
    } else {
        console.explain(&text.ansi().to_string());
        Ok(())
    };
    match written {
        Ok(()) if to_stdout => ExitCode::SUCCESS,
        Ok(()) => ExitCode::from(Failure::USAGE),
        Err(failure) => failure.exit_code(),
    }
}

fn program(args: &[OsString], cli: &Cli) -> String {
    let mut program =
        args.first().map_or_else(|| "indelible".into(), |name| quoted(&name.to_string_lossy()));
    for (name, value) in cli.flags() {
        if name == "audit.database-url" {
            program = format!("{program} --database {}", quoted(&value));
        }
    }
    program
}

/// A value as a shell would want it.
pub(crate) fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-:=".contains(c);
    if !value.is_empty() && value.chars().all(plain) {
        return value.to_owned();
    }
    format!("'{}'", value.replace('\'', r"'\''"))
}
