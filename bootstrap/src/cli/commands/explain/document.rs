//! A run of work as one JSON document: the events in the order of the record, each with its cause.
//!
//! Deliberately absent: nesting. A run may be deeper than any JSON parser goes.

use application::explain::{Cause, Explanation, Outcome};
use serde_json::{Value, json};

use crate::cli::output::{print_json, timestamp};
use crate::cli::{Console, Failure};

/// Prints the document, an event a line.
pub(super) fn print(explanation: &Explanation, console: &mut Console) -> Result<(), Failure> {
    let Explanation { correlation, asked, nodes, tree: _, omitted, sought_through } = explanation;
    console.print_data("{\"correlation_id\":")?;
    print_json(&json!(correlation), console)?;
    console.print_data(&format!(
        ",\"asked\":{},\"omitted\":{omitted},\"sought_through\":{},\"events\":[",
        json!(asked.map(|sequence| sequence.0)),
        json!(sought_through.map(|sequence| sequence.0)),
    ))?;
    for at in 0..nodes.len() {
        console.print_data(if at == 0 { "\n" } else { ",\n" })?;
        print_json(&event(explanation, at), console)?;
    }
    console.print_data("\n]}\n")
}

fn event(explanation: &Explanation, at: usize) -> Value {
    let node = &explanation.nodes[at];
    let sequence_of = |at: usize| Some(explanation.nodes[at].sequence.0);
    let (state, cause) = match &explanation.tree.causes[at] {
        Cause::None => ("none", None),
        Cause::Known(cause) => ("known", sequence_of(*cause)),
        Cause::Circle(cause) => ("circle", sequence_of(*cause)),
        Cause::Elsewhere { sequence, .. } => ("elsewhere", Some(sequence.0)),
        Cause::NotOnRecord => ("not_on_record", None),
    };
    let after_ms = match explanation.tree.causes[at] {
        Cause::Known(cause) => {
            let difference = node.occurred_at - explanation.nodes[cause].occurred_at;
            Some(difference.num_milliseconds())
        }
        _ => None,
    };
    let outcome = node.outcome.map(|outcome| match outcome {
        Outcome::Open => json!({ "state": "open" }),
        Outcome::Ended { by, completed, took } => json!({
            "state": if completed { "completed" } else { "failed" },
            "by": by.0,
            "duration_ms": took.ms,
            "duration_reported": took.reported,
        }),
    });
    json!({
        "sequence": node.sequence.0,
        "event_id": node.event_id,
        "source": node.source,
        "event_type": node.event_type,
        "occurred_at": timestamp(node.occurred_at),
        "actor": node.actor.as_ref().map(ToString::to_string),
        "correlation_id": node.correlation_id,
        "causation_id": node.causation_id,
        "cause": cause,
        "cause_state": state,
        "after_ms": after_ms,
        "outcome": outcome,
        "brief": node.brief,
    })
}
