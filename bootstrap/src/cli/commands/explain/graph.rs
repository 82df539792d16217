//! A run of work as a graph in the words of Mermaid and of Graphviz.
//!
//! What stands in the record is foreign text: each language's own marks are escaped in it, so that a
//! label stays a label.

use std::fmt::Write as _;

use application::explain::{Cause, Explanation, Node, Outcome};

use super::drawing::gap;
use crate::cli::output::{harmless, shortened, span};
use crate::cli::{Console, Failure};

/// Letters of an event's details in a box.
const BRIEF: usize = 60;

/// How a box is coloured.
fn class(node: &Node) -> &'static str {
    match node.outcome {
        None => "event",
        Some(Outcome::Open) => "open",
        Some(Outcome::Ended { completed: true, .. }) => "completed",
        Some(Outcome::Ended { completed: false, .. }) => "failed",
    }
}

/// The lines in a box.
fn lines(node: &Node) -> Vec<String> {
    let mut lines = vec![format!("{} {}", node.sequence, node.event_type)];
    match node.outcome {
        None => {}
        Some(Outcome::Open) => lines.push("not ended".to_owned()),
        Some(Outcome::Ended { completed, took, .. }) => {
            let how = if completed { "completed" } else { "failed" };
            lines.push(format!("{how} in {}", span(took.ms)));
        }
    }
    if !node.brief.is_empty() {
        lines.push(shortened(&node.brief, BRIEF));
    }
    lines.iter().map(|line| harmless(line)).collect()
}

/// Prints a Mermaid flowchart.
pub(super) fn mermaid(explanation: &Explanation, console: &mut Console) -> Result<(), Failure> {
    console.print_line("flowchart TD")?;
    for node in &explanation.nodes {
        let lines: Vec<String> = lines(node).iter().map(|line| mermaid_text(line)).collect();
        let (sequence, class) = (node.sequence, class(node));
        console.print_line(&format!("  e{sequence}[\"{}\"]:::{class}", lines.join("<br/>")))?;
    }
    for (node, cause) in explanation.nodes.iter().zip(&explanation.tree.causes) {
        let effect = node.sequence;
        if let Cause::Known(cause) = cause {
            console
                .print_line(&format!("  e{} --> e{effect}", explanation.nodes[*cause].sequence))?;
        } else if let Some(gap) = gap(cause, node) {
            let gap = mermaid_text(&harmless(&gap));
            console.print_line(&format!("  g{effect}([\"{gap}\"]):::gap -.-> e{effect}"))?;
        }
    }
    console.print(
        "  classDef completed stroke:#2a2\n  classDef failed stroke:#c22\n  \
         classDef open stroke:#c90\n  classDef gap stroke-dasharray:4\n",
    )
}

/// A text as Mermaid shows it: whatever could be a mark of its own, of Markdown or of HTML is
/// written as the number of the letter.
fn mermaid_text(text: &str) -> String {
    text.chars().fold(String::new(), |mut escaped, letter| {
        if letter.is_alphanumeric() || " .,:/=+-_…\u{fffd}".contains(letter) {
            escaped.push(letter);
        } else {
            // Writing into memory does not fail.
            let _ = write!(escaped, "#{};", u32::from(letter));
        }
        escaped
    })
}

/// Prints a Graphviz digraph.
pub(super) fn dot(explanation: &Explanation, console: &mut Console) -> Result<(), Failure> {
    console.print("digraph run {\n  node [shape=box];\n")?;
    for node in &explanation.nodes {
        let colour = match class(node) {
            "completed" => ", color=\"#22aa22\"",
            "failed" => ", color=\"#cc2222\"",
            "open" => ", color=\"#cc9900\"",
            _ => "",
        };
        let lines: Vec<String> = lines(node).iter().map(|line| dot_text(line)).collect();
        let (sequence, label) = (node.sequence, lines.join("\\n"));
        console.print_line(&format!("  e{sequence} [label=\"{label}\"{colour}];"))?;
    }
    for (node, cause) in explanation.nodes.iter().zip(&explanation.tree.causes) {
        let effect = node.sequence;
        if let Cause::Known(cause) = cause {
            console
                .print_line(&format!("  e{} -> e{effect};", explanation.nodes[*cause].sequence))?;
        } else if let Some(gap) = gap(cause, node) {
            let gap = dot_text(&harmless(&gap));
            console.print(&format!(
                "  g{effect} [label=\"{gap}\", style=dashed];\n  g{effect} -> e{effect} \
                 [style=dashed];\n"
            ))?;
        }
    }
    console.print("}\n")
}

/// A text inside a quoted string of Graphviz, where a backslash begins an escape.
fn dot_text(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "a\"]; end\\N `**b**` <img onerror=x> #35; --> e1\n";

    #[test]
    fn a_label_for_mermaid_holds_no_mark_of_mermaid_markdown_or_html() {
        let text = mermaid_text(&harmless(HOSTILE));
        let rest = text.replace(['#', ';'], "");
        assert!(
            !rest.contains(['"', ']', '[', '<', '>', '`', '*', '\\', '\n', '(', '&']),
            "{text}"
        );
        assert!(text.starts_with("a#34;#93;#59; end#92;N "), "{text}");
        assert!(text.contains("#35;35#59;"), "{text}");
        assert_eq!(mermaid_text("1 plan.created … größer"), "1 plan.created … größer");
    }

    #[test]
    fn a_label_for_graphviz_ends_where_it_is_meant_to() {
        let text = dot_text(&harmless(HOSTILE));
        assert!(text.starts_with("a\\\"]; end\\\\N "), "{text}");
        let closing = text.match_indices('"').all(|(at, _)| text[..at].ends_with('\\'));
        assert!(closing && !text.contains('\n'), "{text}");
        // A backslash at the end must not swallow the closing quote.
        assert_eq!(dot_text("\\"), "\\\\");
    }
}
