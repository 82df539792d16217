//! Printing rows one after the other in one of the formats.

use serde_json::Value;

use super::table::{harmless, harmless_json, render, shortened};
use super::{Format, Row};
use crate::cli::{Console, Failure};

/// Prints rows; call [`Printer::finish`] after the last one.
pub(crate) struct Printer {
    format: Format,
    headings: &'static [&'static str],
    /// The headings as long as they have not been printed.
    unsaid_headings: &'static [&'static str],
    fields: &'static [&'static str],
    cut_last: bool,
    table: Vec<Vec<String>>,
    /// How wide the columns were so far.
    widths: Vec<u16>,
    printed: u64,
}

impl Printer {
    /// A printer of rows of one kind that has printed nothing yet.
    pub(crate) fn of<R: Row>(format: Format) -> Self {
        Self {
            format,
            headings: R::HEADINGS,
            unsaid_headings: R::HEADINGS,
            fields: R::FIELDS,
            cut_last: R::CUT_LAST,
            table: Vec::new(),
            widths: Vec::new(),
            printed: 0,
        }
    }

    /// How many rows there were.
    pub(crate) fn printed(&self) -> u64 {
        self.printed
    }

    /// Prints one row; a table is kept until its columns' widths are known.
    pub(crate) fn row(&mut self, row: &impl Row, console: &mut Console) -> Result<(), Failure> {
        let first = self.printed == 0;
        self.printed += 1;
        match self.format {
            Format::Table => {
                self.table.push(row.cells());
                Ok(())
            }
            Format::Ndjson => {
                print_json(&Value::Object(row.fields()), console)?;
                console.print_data("\n")
            }
            Format::Json => {
                console.print_data(if first { "[\n" } else { ",\n" })?;
                print_json(&Value::Object(row.fields()), console)
            }
            Format::Csv => {
                if first {
                    console.print_data(&csv_line(self.fields.iter().copied()))?;
                }
                let fields = row.fields();
                let person = console.person_reads_results;
                let cell = |name: &&str| as_cell(fields.get(*name), person);
                let cells: Vec<String> = self.fields.iter().map(cell).collect();
                console.print_data(&csv_line(cells.iter().map(String::as_str)))
            }
        }
    }

    /// Prints the table so far, for rows that keep coming: they stand below it in the same columns, which get
    /// wider where one of them needs more room.
    pub(crate) fn flush(&mut self, console: &mut Console) -> Result<(), Failure> {
        if !self.table.is_empty() {
            let rows = std::mem::take(&mut self.table);
            let rows = if self.cut_last {
                fitted(self.headings, rows, &self.widths, console)
            } else {
                rows
            };
            let headings = std::mem::take(&mut self.unsaid_headings);
            console.print(&render(headings, &rows, &mut self.widths))?;
        }
        console.flush()
    }

    /// Prints what is still to be printed.
    pub(crate) fn finish(mut self, console: &mut Console) -> Result<(), Failure> {
        match self.format {
            Format::Json if self.printed == 0 => console.print_data("[]\n")?,
            Format::Json => console.print_data("\n]\n")?,
            Format::Csv if self.printed == 0 => {
                console.print_data(&csv_line(self.fields.iter().copied()))?;
            }
            Format::Table | Format::Ndjson | Format::Csv => {}
        }
        self.flush(console)
    }
}

/// The rows with their last column cut to what is left of the line, where a person looks at it.
fn fitted(
    headings: &[&str],
    mut rows: Vec<Vec<String>>,
    widths: &[u16],
    console: &Console,
) -> Vec<Vec<String>> {
    /// What the last column keeps however narrow the terminal is.
    const LEAST: usize = 20;
    /// Letters between two columns.
    const GAP: usize = 2;
    if console.person_reads_results && headings.len() > 1 {
        let last = headings.len() - 1;
        let widths = (0..last).map(|column| {
            let cells = rows.iter().map(|row| row[column].chars().count());
            let before = widths.get(column).map_or(0, |width| usize::from(*width));
            cells.chain([headings[column].chars().count(), before]).max().unwrap_or(0) + GAP
        });
        let left = console.width().saturating_sub(widths.sum::<usize>() + GAP).max(LEAST);
        for row in &mut rows {
            row[last] = shortened(&row[last], left);
        }
    }
    rows
}

/// Prints JSON: as it is for a program, and where a person looks without what could steer the terminal.
pub(crate) fn print_json(value: &Value, console: &mut Console) -> Result<(), Failure> {
    let json = value.to_string();
    let json = if console.person_reads_results { harmless_json(&json) } else { json };
    console.print_data(&json)
}

fn as_cell(value: Option<&Value>, person_reads: bool) -> String {
    let text = match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    if person_reads { harmless(&text) } else { text }
}

fn csv_line<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing text into memory does not fail, and what was text stays text.
    let _ = writer.write_record(cells);
    writer.into_inner().ok().and_then(|line| String::from_utf8(line).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use serde_json::{Map, json};

    use super::*;

    struct Told(&'static str);

    impl Row for Told {
        const HEADINGS: &'static [&'static str] = &["TOLD"];
        const FIELDS: &'static [&'static str] = &["told"];

        fn cells(&self) -> Vec<String> {
            vec![harmless(self.0)]
        }

        fn fields(&self) -> Map<String, Value> {
            Map::from_iter([("told".to_owned(), json!(self.0))])
        }
    }

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    struct Pair(&'static str, &'static str);

    impl Row for Pair {
        const HEADINGS: &'static [&'static str] = &["A", "B"];
        const FIELDS: &'static [&'static str] = &["a", "b"];

        fn cells(&self) -> Vec<String> {
            vec![self.0.to_owned(), self.1.to_owned()]
        }

        fn fields(&self) -> Map<String, Value> {
            Map::new()
        }
    }

    #[test]
    fn rows_that_come_later_stand_in_the_columns_of_those_above() {
        let kept = Kept::default();
        let mut console = Console::of(Box::new(kept.clone()), Box::new(std::io::sink()));
        let mut printer = Printer::of::<Pair>(Format::Table);
        for (first, second) in [("long one", "1"), ("s", "2"), ("a longer one", "3"), ("日本", "4")]
        {
            printer.row(&Pair(first, second), &mut console).unwrap();
            printer.flush(&mut console).unwrap();
        }
        printer.finish(&mut console).unwrap();
        let expected = "A         B\n\
                        long one  1\n\
                        s         2\n\
                        a longer one  3\n\
                        日本          4\n";
        assert_eq!(String::from_utf8_lossy(&kept.0.lock().unwrap()), expected);
    }

    #[test]
    fn a_program_gets_data_as_it_is_and_a_terminal_nothing_that_steers_it() {
        let told = "\u{1b}[31mred\u{9b}0m";
        for (format, program, person) in [
            (Format::Csv, "told\n\u{1b}[31mred\u{9b}0m\n", "told\n\u{fffd}[31mred\u{fffd}0m\n"),
            (
                Format::Ndjson,
                "{\"told\":\"\\u001b[31mred\u{9b}0m\"}\n",
                "{\"told\":\"\\u001b[31mred\\u009b0m\"}\n",
            ),
            (
                Format::Json,
                "[\n{\"told\":\"\\u001b[31mred\u{9b}0m\"}\n]\n",
                "[\n{\"told\":\"\\u001b[31mred\\u009b0m\"}\n]\n",
            ),
        ] {
            for (person_reads, expected) in [(false, program), (true, person)] {
                let kept = Kept::default();
                let out = Box::new(kept.clone());
                let mut console = Console::of(out, Box::new(std::io::sink()));
                console.person_reads_results = person_reads;
                let mut printer = Printer::of::<Told>(format);
                printer.row(&Told(told), &mut console).unwrap();
                printer.finish(&mut console).unwrap();
                assert_eq!(String::from_utf8_lossy(&kept.0.lock().unwrap()), expected);
            }
        }
    }
}
