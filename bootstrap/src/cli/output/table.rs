//! Tables for people, and text that cannot harm their terminal.

use std::fmt::Write as _;

use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width};

/// Letters beside the content of a column.
const PADDING: u16 = 2;

/// A table without lines: headings, columns, and nothing else. No column is narrower than `widths` says, which
/// says afterwards how wide they are: what goes on below this table is as wide.
pub(crate) fn render(headings: &[&str], rows: &[Vec<String>], widths: &mut Vec<u16>) -> String {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled);
    if !headings.is_empty() {
        table.set_header(headings.to_vec());
    }
    table.add_rows(rows.iter().cloned());
    let content = table.column_max_content_widths();
    widths.resize(content.len(), 0);
    for ((column, content), width) in (0..).zip(content).zip(widths) {
        *width = content.max(*width);
        if let Some(column) = table.column_mut(column) {
            let least = Width::Fixed(width.saturating_add(PADDING));
            column.set_constraint(ColumnConstraint::LowerBoundary(least));
        }
    }
    let flush = |line: String| line.strip_prefix(' ').unwrap_or(&line).trim_end().to_owned() + "\n";
    table.lines().map(flush).collect()
}

/// A text without control characters: what stands in the record must not steer a terminal.
pub(crate) fn harmless(text: &str) -> String {
    text.chars().map(|c| if steers(c) { '\u{fffd}' } else { c }).collect()
}

/// The same for JSON, which has a way to write such a letter: it stays what it is.
pub(crate) fn harmless_json(json: &str) -> String {
    json.chars().fold(String::with_capacity(json.len()), |mut text, c| {
        // A line's end stands between two values, where it steers nothing; in a text it is escaped.
        if steers(c) && c != '\n' {
            // Writing into memory does not fail; and what steers has four digits at most.
            let _ = write!(text, "\\u{:04x}", u32::from(c));
        } else {
            text.push(c);
        }
        text
    })
}

fn steers(c: char) -> bool {
    c.is_control()
        || ('\u{202a}'..='\u{202e}').contains(&c)
        || ('\u{2066}'..='\u{2069}').contains(&c)
}

/// A text of at most `width` letters, its end marked where it was cut.
pub(crate) fn shortened(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    kept + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_steer_a_terminal_is_replaced() {
        assert_eq!(harmless("a\u{1b}[31mb\nc\u{202e}d é"), "a\u{fffd}[31mb\u{fffd}c\u{fffd}d é");
    }

    #[test]
    fn json_says_the_same_to_a_terminal_as_to_a_program() {
        let value = serde_json::json!({ "a": "\u{9b}31m\u{202e}\u{7f}\u{1b}\n é" });
        for json in [value.to_string(), format!("{value:#}")] {
            let shown = harmless_json(&json);
            assert!(!shown.contains(|c| steers(c) && c != '\n'), "{shown:?}");
            assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
        }
    }

    #[test]
    fn a_long_text_is_cut_and_says_so() {
        assert_eq!(shortened("abc", 3), "abc");
        assert_eq!(shortened("abcd", 3), "ab…");
        assert_eq!(shortened("abcd", 0), "…");
    }
}
