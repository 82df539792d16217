//! How rows are printed: a table for people, JSON, NDJSON and CSV for programs.

mod bars;
mod durable_rows;
mod event_row;
mod printer;
mod retention_rows;
mod rows;
mod table;
mod work;

pub(crate) use bars::bar;
pub(crate) use durable_rows::{DeadLetterRow, SubscriptionRow, WholeDeadLetterRow, holder};
pub(crate) use event_row::{ERASED, EventRow, brief, timestamp};
pub(crate) use printer::{Printer, print_json};
pub(crate) use retention_rows::{HoldRow, RetentionRow};
pub(crate) use rows::{CatalogRow, FactRow, SettingRow, TallyRow};
pub(crate) use table::{harmless, harmless_json, shortened};
pub(crate) use work::{OpenRow, WorkRow, span};

use clap::ValueEnum;
use serde_json::{Map, Value};

/// How rows are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A table for people
    Table,
    /// One JSON array
    Json,
    /// One JSON object a line
    Ndjson,
    /// Comma-separated values with a header
    Csv,
}

impl Format {
    /// The format that was asked for, or the one that suits whoever reads the results.
    #[must_use]
    pub fn or_default(asked: Option<Self>, person_reads: bool) -> Self {
        asked.unwrap_or(if person_reads { Self::Table } else { Self::Ndjson })
    }
}

/// Something that is printed as a row.
pub(crate) trait Row {
    /// The headings of the table for people.
    const HEADINGS: &'static [&'static str];
    /// The names of the fields for programs.
    const FIELDS: &'static [&'static str];

    /// Whether the table's last column is cut where a terminal's line ends.
    const CUT_LAST: bool = false;

    /// The cells of the table, one per heading.
    fn cells(&self) -> Vec<String>;

    /// The fields, all of them always there, null where there is nothing.
    fn fields(&self) -> Map<String, Value>;
}
