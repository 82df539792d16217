//! Rows as recorded events.

use domain::proof::erased_fields;
use domain::{Actor, Details, EventEnvelope, EventType, QueryError, RecordedEvent, Sequence};
use sea_orm::{DbErr, QueryResult, TryGetable};

use crate::moment;

/// The event of a row that holds every column of the entity, in its order, and then what was erased.
pub(super) fn recorded_event(row: &QueryResult) -> Result<RecordedEvent, QueryError> {
    let sequence = sequence(row.try_get_by_index(0).map_err(super::problem::query_error)?);
    fill(row, sequence)
        .map_err(|problem| QueryError::Unreadable { sequence, problem: problem.to_string() })
}

/// A sequence as it is stored.
pub(super) fn sequence(stored: i64) -> Sequence {
    // The database gives them from 1.
    Sequence(u64::try_from(stored).unwrap_or_default())
}

/// What keeps a row from being read.
#[derive(Debug, thiserror::Error)]
enum Unreadable {
    #[error("a column is missing or holds something else: {0}")]
    Column(#[from] DbErr),
    #[error("its {column} is no time: {problem}")]
    Time { column: &'static str, problem: chrono::ParseError },
    #[error("its {column} are no JSON object: {problem}")]
    Json { column: &'static str, problem: serde_json::Error },
    #[error("its schema version {0} is out of range")]
    Version(i64),
    #[error("what it says was erased is not as it was written")]
    Erased,
    #[error("its actor `{0}` is none")]
    Actor(String),
}

fn fill(row: &QueryResult, sequence: Sequence) -> Result<RecordedEvent, Unreadable> {
    fn at<T: TryGetable>(row: &QueryResult, column: usize) -> Result<T, DbErr> {
        row.try_get_by_index(column)
    }
    let moment = |column: usize, name| {
        moment::parse(&at::<String>(row, column)?)
            .map_err(|problem| Unreadable::Time { column: name, problem })
    };
    let version: i64 = at(row, 3)?;
    let extensions = at::<Option<String>>(row, 15)?;
    Ok(RecordedEvent {
        sequence,
        recorded_at: moment(17, "recorded_at")?,
        envelope: EventEnvelope {
            event_id: at(row, 1)?,
            event_type: EventType::from(at::<String>(row, 2)?),
            schema_version: u32::try_from(version).map_err(|_| Unreadable::Version(version))?,
            occurred_at: moment(4, "occurred_at")?,
            source: at(row, 5)?,
            subject: at(row, 6)?,
            plan_id: at(row, 7)?,
            project_name: at(row, 8)?,
            session_id: at(row, 9)?,
            actor: at::<Option<String>>(row, 10)?.map(actor).transpose()?,
            user_identity: at(row, 11)?,
            correlation_id: at(row, 12)?,
            causation_id: at(row, 13)?,
            trace_id: at(row, 14)?,
            extensions: extensions.map_or(Ok(Details::new()), |text| json("extensions", &text))?,
            details: json("details", &at::<String>(row, 16)?)?,
        },
        erased: erased_fields(at::<Option<String>>(row, 18)?.as_deref())
            .map_err(|_| Unreadable::Erased)?,
    })
}

fn json(column: &'static str, text: &str) -> Result<Details, Unreadable> {
    serde_json::from_str(text).map_err(|problem| Unreadable::Json { column, problem })
}

/// The actor as it was written, be its id empty: what is on record is shown as it is.
fn actor(text: String) -> Result<Actor, Unreadable> {
    match text.split_once(':') {
        Some(("human", id)) => Ok(Actor::human(id)),
        Some(("agent", id)) => Ok(Actor::agent(id)),
        Some(("system", id)) => Ok(Actor::system(id)),
        _ => Err(Unreadable::Actor(text)),
    }
}
