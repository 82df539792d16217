//! `completions` and `man`: what the program says about itself to shells and readers.

use std::path::PathBuf;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::{Cli, Context, Failure};

pub(super) fn completions(shell: Shell, context: Context<'_>) -> Result<(), Failure> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "indelible", &mut text);
    context.console.print_data(&String::from_utf8_lossy(&text))
}

pub(super) fn manual(dir: Option<PathBuf>, context: Context<'_>) -> Result<(), Failure> {
    let console = context.console;
    if let Some(dir) = dir {
        let unwritable = |error| {
            Failure::because(format!("no pages can be written to {}", dir.display()), error)
        };
        std::fs::create_dir_all(&dir).map_err(unwritable)?;
        clap_mangen::generate_to(Cli::command(), &dir).map_err(unwritable)?;
        console.explain_line(&format!("wrote the manual pages to {}", dir.display()));
        return Ok(());
    }
    let mut text = Vec::new();
    clap_mangen::Man::new(Cli::command())
        .render(&mut text)
        .map_err(|error| Failure::because("the manual page cannot be made", error))?;
    console.print_data(&String::from_utf8_lossy(&text))
}
