//! One type's samples against its declaration: reading what is stored, and writing what is missing.
//!
//! The way of a row is that of a row in use: it lies in a file of the real schema, the real adapter
//! reads it, the type reads its payload. Then it is appended to another file, where the same bytes
//! must arrive.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::audit::Page;
use domain::{
    AuditAppend, AuditEntry, AuditFilter, AuditQuery, Details, EventDescriptor, RecordedEvent,
};
use infrastructure::seaorm::{AuditStorage, Durability, SeaOrmAuditLog, StorageOptions};
use serde_json::Value;

use super::finding::Finding;
use super::folder::{Folder, Row};
use super::row;
use super::sample::{self, Kind};
use crate::compatibility::schema::{self, Change};
use crate::expect::must;
use crate::fakes::ManualClock;

/// A log in a folder that goes with it.
struct Place {
    folder: tempfile::TempDir,
    log: SeaOrmAuditLog,
    storage: AuditStorage,
    clock: Arc<ManualClock>,
}

impl Place {
    async fn new() -> Self {
        let folder = must(tempfile::tempdir());
        let options = StorageOptions {
            // Nothing here has to outlive the test.
            durability: Durability::Normal,
            lock_timeout: Duration::from_secs(30),
            ..StorageOptions::new(folder.path().join("audit.db"))
        };
        let storage = must(AuditStorage::connect(options).await);
        let clock = Arc::new(ManualClock::at(DateTime::UNIX_EPOCH));
        let log = SeaOrmAuditLog::new(storage.clone(), Arc::clone(&clock) as _);
        Self { folder, log, storage, clock }
    }

    fn file(&self) -> std::path::PathBuf {
        self.folder.path().join("audit.db")
    }

    async fn append(&self, entry: AuditEntry, recorded_at: DateTime<Utc>) {
        self.clock.advance(recorded_at - domain::Clock::now(&*self.clock));
        must(self.log.append(&[entry]).await);
    }

    async fn close(self) {
        self.storage.close().await;
    }
}

/// Everything that is wrong with a type's samples.
pub(super) async fn check(event: &EventDescriptor, folder: &Folder, command: &str) -> Vec<Finding> {
    let shape = shapes(event, folder, command);
    let reshaped = matches!(shape, Some(Finding::Reshaped { .. }));
    let mut findings = gaps(event, folder, command, reshaped);
    findings.extend(shape);
    if let Err(finding) = rows(event, folder, &mut findings).await {
        findings.push(finding);
    }
    if reshaped {
        // The upcaster makes the shape that was: that it does not make another is no fault of its own.
        findings = findings.into_iter().map(Finding::whatever_the_upcaster).collect();
    }
    findings
}

/// What there is none of. Of a version whose shape is another by now nothing can be written, and
/// what is new in it belongs to the next.
fn gaps(event: &EventDescriptor, folder: &Folder, command: &str, reshaped: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut missing = |version: u32, what: String| {
        let command = command.to_owned();
        findings.push(if version == event.version && !reshaped {
            Finding::Missing { version, what, command }
        } else {
            Finding::Lost { version, what }
        });
    };
    for version in 1..=event.version {
        if !folder.schemas.contains_key(&version) {
            missing(version, "accepted schema".to_owned());
        }
        for kind in Kind::ALL {
            if !folder.of(version).any(|row| row.kind == kind) {
                missing(version, format!("{} sample", kind.as_str()));
            }
        }
    }
    let unknown = if reshaped { Vec::new() } else { unsampled(event, folder) };
    if !unknown.is_empty() && folder.of(event.version).any(|row| row.kind == Kind::Full) {
        missing(event.version, format!("sample with the new `{}`", unknown.join("`, `")));
    }
    let later = folder.rows.iter().map(|row| row.version).chain(folder.schemas.keys().copied());
    if let Some(version) = later.max().filter(|version| *version > event.version) {
        findings.push(Finding::Lowered { version, declared: event.version });
    }
    findings
}

/// The fields of today's type that no full sample of its version has. A row that cannot be read has
/// none; what is wrong with it is found where it is put in.
fn unsampled(event: &EventDescriptor, folder: &Folder) -> Vec<String> {
    let rows = folder.of(event.version).filter(|row| row.kind == Kind::Full);
    let payloads = rows.filter_map(|row| row::text_of(&row.text, "details").ok());
    let payloads = payloads.filter_map(|payload| serde_json::from_str::<Details>(&payload).ok());
    let sampled: BTreeSet<String> = payloads.flatten().map(|(name, _)| name).collect();
    (event.sample)().keys().filter(|name| !sampled.contains(*name)).cloned().collect()
}

/// What became of the accepted schema of the current version.
fn shapes(event: &EventDescriptor, folder: &Folder, command: &str) -> Option<Finding> {
    let accepted = folder.schemas.get(&event.version)?;
    let declared = (event.schema)().to_value();
    // As text, since the order of fields counts too.
    let written = |schema: &Value| format!("{schema:#}");
    if written(accepted) == written(&declared) {
        return None;
    }
    let changes = schema::compare(accepted, &declared);
    if changes.iter().all(Change::is_safe) {
        let command = command.to_owned();
        return Some(Finding::Evolved { version: event.version, changes, command });
    }
    let (recorded, declared) = (fields_of(accepted), fields_of(&declared));
    Some(Finding::Reshaped { recorded, declared, changes })
}

/// A payload's shape in words: `name: string, note?: string or null`.
fn fields_of(schema: &Value) -> String {
    let required = schema["required"].as_array();
    let required: BTreeSet<&str> =
        required.into_iter().flatten().filter_map(Value::as_str).collect();
    let fields = schema["properties"].as_object().into_iter().flatten();
    let each = fields.map(|(name, field)| {
        let mark = if required.contains(&**name) { "" } else { "?" };
        format!("{name}{mark}: {}", schema::shape(schema, field))
    });
    each.collect::<Vec<_>>().join(", ")
}

/// Puts the rows into a log, reads them, and stores them again.
async fn rows(
    event: &EventDescriptor,
    folder: &Folder,
    findings: &mut Vec<Finding>,
) -> Result<(), Finding> {
    if folder.rows.is_empty() {
        return Ok(());
    }
    let (before, after) = (Place::new().await, Place::new().await);
    for row in &folder.rows {
        row::put(&before.file(), &row.text)
            .map_err(|source| Finding::Row { file: row.file.clone(), source })?;
    }
    let everything = before.log.page(&AuditFilter::default(), Page::first(u32::MAX)).await;
    let recorded = everything.map_err(|error| Finding::File {
        file: folder.path.display().to_string(),
        problem: format!("today's adapter does not read the rows: {error}"),
    })?;
    if recorded.len() != folder.rows.len() {
        let (read, all) = (recorded.len(), folder.rows.len());
        return Err(Finding::File {
            file: folder.path.display().to_string(),
            problem: format!(
                "today's adapter reads {read} rows where {all} are stored: it must return all"
            ),
        });
    }
    for (row, recorded) in folder.rows.iter().zip(recorded) {
        findings.extend(named(event, row, &recorded));
        findings.extend(payload(event, folder, row, &recorded.envelope.details));
        let sequence = recorded.sequence.0;
        after.append(AuditEntry::new(recorded.envelope), recorded.recorded_at).await;
        let again = row::columns(&row.text)
            .and_then(|columns| row::take(&after.file(), sequence, Some(columns)))
            .map_err(|source| Finding::Row { file: row.file.clone(), source })?;
        if again != row.text {
            let diff = different_lines(&row.text, &again);
            findings.push(Finding::Rewritten { file: row.file.clone(), diff });
        }
    }
    before.close().await;
    after.close().await;
    Ok(())
}

/// Whether a row is what its folder and its name say.
fn named(event: &EventDescriptor, row: &Row, recorded: &RecordedEvent) -> Option<Finding> {
    let envelope = &recorded.envelope;
    let says = (row.number, event.event_type, row.version);
    let is = (recorded.sequence.0, envelope.event_type.as_str(), envelope.schema_version);
    (says != is).then(|| Finding::File {
        file: row.file.clone(),
        problem: format!(
            "it holds row {}, `{}`, version {}: put it where it belongs",
            is.0, is.1, is.2
        ),
    })
}

/// Whether today's type reads a payload, and keeps all of it.
fn payload(
    event: &EventDescriptor,
    folder: &Folder,
    row: &Row,
    details: &Details,
) -> Option<Finding> {
    let file = row.file.clone();
    let today = match (event.upgrade)(row.version, details) {
        Ok(today) => today,
        Err(source) if row.version < event.version => {
            let (version, declared, recorded) = (row.version, event.version, text(details));
            return Some(Finding::NotBroughtUp { file, version, declared, recorded, source });
        }
        Err(source) => return Some(Finding::Unreadable { file, source }),
    };
    if row.version == event.version {
        // What the type did not know when it was recorded, it need not know now.
        let known = folder.schemas.get(&row.version)?["properties"].as_object()?;
        let mut recorded = details.clone();
        recorded.retain(|name, _| known.contains_key(name));
        let (recorded, today) = (text(&recorded), text(&today));
        return (recorded != today).then_some(Finding::Altered { file, recorded, today });
    }
    let again = (event.upgrade)(event.version, &today);
    let problem = match again {
        Ok(again) if again == today => return None,
        Ok(again) => format!("{} became {}", text(&today), text(&again)),
        Err(error) => error.to_string(),
    };
    Some(Finding::Unstable { file, problem })
}

fn text(details: &Details) -> String {
    must(serde_json::to_string(details))
}

fn different_lines(before: &str, after: &str) -> String {
    let pairs = before.lines().zip(after.lines()).filter(|(before, after)| before != after);
    let pairs = pairs.map(|(a, b)| format!("    - {}\n    + {}", a.trim(), b.trim()));
    pairs.collect::<Vec<_>>().join("\n")
}

/// Writes what is missing for the current version, unless its shape changed in a way that asks for
/// another one. What could not be written is missing still, and found by the check.
pub(super) async fn write(event: &EventDescriptor, folder: Folder) {
    if !folder.problems.is_empty() {
        return;
    }
    match shapes(event, &folder, "") {
        Some(Finding::Reshaped { .. }) => return,
        None if folder.schemas.contains_key(&event.version) => {}
        _ => must(folder.accept(event.version, &(event.schema)().to_value())),
    }
    let has = |kind| folder.of(event.version).any(|row| row.kind == kind);
    let mut kinds: Vec<Kind> = Kind::ALL.into_iter().filter(|kind| !has(*kind)).collect();
    if has(Kind::Full) && !unsampled(event, &folder).is_empty() {
        kinds.push(Kind::Full);
    }
    if kinds.is_empty() {
        return;
    }
    let place = Place::new().await;
    let mut number = folder.rows.last().map_or(0, |row| row.number);
    for row in &folder.rows {
        must(row::put(&place.file(), &row.text));
    }
    for kind in kinds {
        number += 1;
        let details = must(sample::details(event, kind));
        let envelope = sample::envelope(event, details, kind, number);
        place.append(AuditEntry::new(envelope), sample::recorded_at(number)).await;
        let text = stored(&place.file(), number);
        must(folder.add_row(number, event.version, kind, &text));
    }
    place.close().await;
}

fn stored(file: &Path, number: u64) -> String {
    must(row::take(file, number, None))
}
