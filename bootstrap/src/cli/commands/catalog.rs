//! `catalog`: the event types there are, and the schema of one.

use application::nearest::did_you_mean;
use domain::events::CATALOGUE;

use crate::cli::args::{CatalogArgs, CatalogCommand};
use crate::cli::output::{CatalogRow, Format, Printer};
use crate::cli::{Context, Failure};

pub(super) fn run(args: CatalogArgs, context: Context<'_>) -> Result<(), Failure> {
    let console = context.console;
    if let Some(CatalogCommand::Schema { event_type }) = args.command {
        let Some(event) = CATALOGUE.find(&event_type) else {
            let known = CATALOGUE.events().map(|event| event.event_type);
            let suggestion = did_you_mean(&event_type, known);
            return Err(Failure::Usage(format!(
                "there is no event type `{event_type}`{suggestion}; `catalog` lists all"
            )));
        };
        let schema = (event.schema)().to_value();
        return console.print_line(&format!("{schema:#}"));
    }
    let format = Format::or_default(args.output.format, console.person_reads_results);
    let mut printer = Printer::of::<CatalogRow>(format);
    for event in CATALOGUE.events() {
        printer.row(&CatalogRow(event), console)?;
    }
    printer.finish(console)
}
