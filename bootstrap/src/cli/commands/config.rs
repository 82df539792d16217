//! `config show`: each setting's value and where it was set.

use crate::cli::args::ConfigCommand;
use crate::cli::output::{Format, Printer, SettingRow};
use crate::cli::{Context, Failure};
use crate::settings::shown;

pub(super) fn run(command: ConfigCommand, context: Context<'_>) -> Result<(), Failure> {
    let ConfigCommand::Show(output) = command;
    let console = context.console;
    let format = Format::or_default(output.format, console.person_reads_results);
    let mut printer = Printer::of::<SettingRow>(format);
    for setting in shown(&context.settings) {
        printer.row(&SettingRow(setting), console)?;
    }
    printer.finish(console)
}
