//! `verify-proof`: whether a proof holds, without any record.

use std::io::Read;
use std::path::Path;

use domain::proof::{Proof, ProofFlaw, Proven, ProvenRow, VerifiedCheckpoint};
use serde_json::{Map, Value, json};

use crate::cli::output::harmless;
use crate::cli::proof_args::{VerdictFormat, VerifyProofArgs};
use crate::cli::{Context, Failure};

pub(super) fn run(args: VerifyProofArgs, context: Context<'_>) -> Result<(), Failure> {
    let keys = args.keys.read()?;
    if keys.is_empty() {
        return Err(Failure::Usage(
            "a proof is only worth the key that signed it: give the record's public key with --key, as \
             `indelible key show` prints it"
                .to_owned(),
        ));
    }
    let console = context.console;
    let format = VerdictFormat::or_default(args.format, console);
    let text = match read(&args.file) {
        // A program reads the verdict, also where there is none to be had.
        Err(failure) if format == VerdictFormat::Json => {
            let message = failure.with_causes();
            let told = json!({"verdict": "unknown", "kind": "unread", "message": message});
            console.print_line(&serde_json::to_string_pretty(&told).unwrap_or_default())?;
            return Err(failure);
        }
        text => text?,
    };
    let checked = Proof::parse(&text).and_then(|proof| proof.check(&keys));
    let told = match &checked {
        Ok(proven) => proven_json(proven),
        Err(flaw) => {
            json!({"verdict": word(flaw), "kind": flaw.kind(), "message": flaw.to_string()})
        }
    };
    if format == VerdictFormat::Json {
        let json = serde_json::to_string_pretty(&told).unwrap_or_default();
        console.print_line(&json)?;
    } else {
        match &checked {
            Ok(proven) => {
                for line in sentences(proven) {
                    console.print_line(&harmless(&line))?;
                }
            }
            Err(flaw) => {
                let red = anstyle::AnsiColor::Red.on_default().bold();
                let said = harmless(&format!("{}: {flaw}", flaw.kind()));
                console.print_line(&format!("{red}{}{red:#}: {said}", word(flaw)))?;
            }
        }
    }
    match checked {
        Ok(_) => Ok(()),
        Err(flaw) if is_unread(&flaw) => Err(Failure::Unknown),
        Err(_) => Err(Failure::Tampered),
    }
}

/// Whether it was not even understood what it is to prove.
const fn is_unread(flaw: &ProofFlaw) -> bool {
    matches!(flaw, ProofFlaw::Malformed { .. } | ProofFlaw::UnknownFormat { .. })
}

/// The verdict in one word.
const fn word(flaw: &ProofFlaw) -> &'static str {
    if is_unread(flaw) { "unknown" } else { "flawed" }
}

fn read(file: &Path) -> Result<String, Failure> {
    let text = if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(file)
    };
    text.map_err(|error| {
        Failure::unchecked(format!("the proof in `{}` cannot be read", file.display()), error)
    })
}

fn sentences(proven: &Proven) -> Vec<String> {
    match proven {
        Proven::Entry(entry) => {
            let leaf = &entry.row.leaf;
            let mut lines = vec![format!(
                "proven: entry {} of {}, `{}`, recorded at {}",
                leaf.sequence,
                entry.checkpoint.checkpoint.origin,
                leaf.event_type,
                leaf.recorded_at
            )];
            lines.extend(
                entry.row.disclosed.iter().map(|(field, value)| format!("{field}: {value}")),
            );
            let hidden: Vec<_> = entry.row.undisclosed().map(|field| field.to_string()).collect();
            if !hidden.is_empty() {
                lines.push(format!("not shown, or erased: {}", hidden.join(", ")));
            }
            lines
        }
        Proven::Growth(growth) => vec![format!(
            "proven: {} has only grown, from {} to {} entries",
            growth.new.checkpoint.origin,
            growth.old.checkpoint.head.size,
            growth.new.checkpoint.head.size
        )],
        Proven::Answer(answer) => {
            let complete = if answer.complete {
                "no other one of them was asked for"
            } else {
                "whether others of them were asked for is not proven"
            };
            vec![format!(
                "proven: {} of the entries {} to {} of {}; {complete}",
                answer.rows.len(),
                answer.first,
                answer.last,
                answer.checkpoint.checkpoint.origin
            )]
        }
    }
}

fn proven_json(proven: &Proven) -> Value {
    match proven {
        Proven::Entry(entry) => json!({
            "verdict": "proven",
            "checkpoint": checkpoint(&entry.checkpoint),
            "entry": row(&entry.row),
        }),
        Proven::Growth(growth) => json!({
            "verdict": "proven",
            "old": checkpoint(&growth.old),
            "new": checkpoint(&growth.new),
        }),
        Proven::Answer(answer) => json!({
            "verdict": "proven",
            "checkpoint": checkpoint(&answer.checkpoint),
            "first": answer.first,
            "last": answer.last,
            "complete": answer.complete,
            "entries": answer.rows.iter().map(row).collect::<Vec<_>>(),
        }),
    }
}

fn checkpoint(verified: &VerifiedCheckpoint) -> Value {
    json!({
        "log": verified.checkpoint.origin,
        "size": verified.checkpoint.head.size,
        "root": verified.checkpoint.head.root,
        "signed_by": verified.signed_by,
    })
}

/// An entry as its leaf and what was shown of it say: payloads as JSON, the rest as text.
fn row(row: &ProvenRow) -> Value {
    let bytes = row.leaf.encode();
    let mut fields: Map<String, Value> = serde_json::from_slice(&bytes).unwrap_or_default();
    fields.retain(|name, _| !name.ends_with("_digest") && name != "leaf_version");
    for (field, value) in &row.disclosed {
        let value = serde_json::from_str::<Value>(value)
            .ok()
            .filter(Value::is_object)
            .unwrap_or_else(|| Value::from(value.as_str()));
        fields.insert(field.name().to_owned(), value);
    }
    let hidden: Vec<_> = row.undisclosed().map(domain::proof::CommittedField::name).collect();
    if !hidden.is_empty() {
        fields.insert("not_shown".to_owned(), hidden.into());
    }
    Value::Object(fields)
}
