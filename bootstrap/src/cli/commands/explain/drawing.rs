//! A run of work as a person reads it: a tree with an event a line.
//!
//! An only effect stands right below its cause, so that a long chain does not wander off to the right;
//! branches are indented. No tree crate does either without recursion.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use application::explain::{Cause, Explanation, Node, Outcome, Place};

use crate::cli::output::{harmless, shortened, span};
use crate::cli::{Console, Failure};

/// Levels that are drawn as branches; what is deeper says how deep it is.
const LEVELS: usize = 24;
/// Letters of an event's details that are shown however narrow the terminal is.
const LEAST: usize = 20;

const RED: Style = AnsiColor::Red.on_default();
const GREEN: Style = AnsiColor::Green.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// Prints the tree.
pub(super) fn print(explanation: &Explanation, console: &mut Console) -> Result<(), Failure> {
    if let Some(run) = &explanation.correlation {
        console.print_line(&format!("{BOLD}run {}{BOLD:#}", harmless(run)))?;
    }
    let width = console.person_reads_results.then(|| console.width());
    let mut branches: Vec<&str> = Vec::new();
    for (at, depth, place) in explanation.tree.walk() {
        branches.truncate(if place == Place::Only { depth } else { depth.saturating_sub(1) });
        let shown = &branches[branches.len().saturating_sub(LEVELS)..];
        let mut lead = shown.concat();
        if branches.len() > LEVELS {
            lead = format!("…{} {lead}", branches.len() - LEVELS);
        }
        lead += match place {
            Place::Root => "",
            Place::Only => "↳ ",
            Place::Middle => "├─ ",
            Place::Last => "└─ ",
        };
        match place {
            Place::Root | Place::Only => {}
            Place::Middle => branches.push("│  "),
            Place::Last => branches.push("   "),
        }
        print_node(explanation, at, &lead, width, console)?;
    }
    Ok(())
}

/// Prints one event: where it stands, what it is, how long after its cause, how its work ended, and
/// what it says.
fn print_node(
    explanation: &Explanation,
    at: usize,
    lead: &str,
    width: Option<usize>,
    console: &mut Console,
) -> Result<(), Failure> {
    let node = &explanation.nodes[at];
    let cause = &explanation.tree.causes[at];
    if let Some(gap) = gap(cause, node) {
        console.print_line(&format!("{YELLOW}? {}{YELLOW:#}", harmless(&gap)))?;
    }
    let mut plain = format!("{lead}{} {}", node.sequence, harmless(node.event_type.as_str()));
    let mut text = format!(
        "{DIM}{lead}{DIM:#}{} {BOLD}{}{BOLD:#}",
        node.sequence,
        harmless(node.event_type.as_str())
    );
    let mut add = |said: &str, style: Style| {
        let _ = write!(plain, "  {said}");
        let _ = write!(text, "  {style}{said}{style:#}");
    };
    if explanation.asked == Some(node.sequence) {
        add("← asked for", YELLOW);
    }
    if let Some(after) = after(explanation, at) {
        add(&after, DIM);
    }
    if let Some(outcome) = &node.outcome {
        let (said, style) = match outcome {
            Outcome::Open => ("not ended".to_owned(), YELLOW),
            Outcome::Ended { by, completed: true, took } => {
                (format!("completed by {by} in {}", span(took.ms)), GREEN)
            }
            Outcome::Ended { by, completed: false, took } => {
                (format!("failed by {by} in {}", span(took.ms)), RED)
            }
        };
        add(&said, style);
    }
    let left = width
        .map_or(usize::MAX, |width| width.saturating_sub(plain.chars().count() + 2).max(LEAST));
    console.print_line(&format!("{text}  {DIM}{}{DIM:#}", shortened(&node.brief, left)))
}

/// How long after its cause an event happened, by the producers' clocks.
fn after(explanation: &Explanation, at: usize) -> Option<String> {
    let Cause::Known(cause) = explanation.tree.causes[at] else { return None };
    let difference = explanation.nodes[at].occurred_at - explanation.nodes[cause].occurred_at;
    let ms = difference.num_milliseconds();
    Some(format!("{}{}", if ms < 0 { "-" } else { "+" }, span(ms.unsigned_abs())))
}

/// Why an event that names a cause stands below none, in words.
pub(super) fn gap(cause: &Cause, node: &Node) -> Option<String> {
    let named = node.causation_id.as_deref().unwrap_or_default();
    match cause {
        Cause::None | Cause::Known(_) => None,
        Cause::NotOnRecord => {
            Some(format!("cause {named} is not on record (pruned or never recorded)"))
        }
        Cause::Circle(_) => Some(format!(
            "cause {named} follows from this event in turn: the causes go in a circle"
        )),
        Cause::Elsewhere { sequence, correlation_id } => {
            let run = match correlation_id {
                Some(run) if node.correlation_id.as_ref() != Some(run) => format!(" of run {run}"),
                _ => String::new(),
            };
            Some(format!("cause {named} is event {sequence}{run}, which is not shown"))
        }
    }
}
