//! What is to be explained: a text that names an event or a run of work, and which of them it names.
//!
//! Deliberately absent: guessing. Where a text names two things, one is taken and the other is said.

use std::fmt;
use std::sync::Arc;

use domain::audit::Page;
use domain::ports::QueryError;
use domain::{AuditFilter, AuditQuery, RecordedEvent, Sequence};

/// What a text is meant to name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Meaning {
    /// An event where it names one, else a run of work.
    #[default]
    Either,
    /// An event, by its place on record or its id.
    Event,
    /// A run of work, by its correlation id.
    Correlation,
}

/// What was asked for, found on record.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// The event, where it is one.
    pub event: Option<RecordedEvent>,
    /// The run of work, where there is one.
    pub correlation: Option<String>,
    /// What else the text could have meant.
    pub notes: Vec<Note>,
}

/// Something else that the text could have meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// It is a run's name as well.
    AlsoCorrelation {
        /// The text.
        text: String,
        /// The event that was taken.
        taken: Sequence,
    },
    /// Several events have this id, each from another source.
    SeveralSources {
        /// The text.
        text: String,
        /// The event that was taken.
        taken: Sequence,
        /// The others.
        others: Vec<Sequence>,
    },
    /// It is the place of one event and the id of another.
    AlsoId {
        /// The text.
        text: String,
        /// The event with that id.
        other: Sequence,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlsoCorrelation { text, taken } => write!(
                f,
                "`{text}` names a run of work as well; this is event {taken}, --correlation shows \
                 the run"
            ),
            Self::SeveralSources { text, taken, others } => {
                let others: Vec<String> = others.iter().map(ToString::to_string).collect();
                write!(
                    f,
                    "several sources used the id `{text}`; this is event {taken}, name another by \
                     its sequence: {}",
                    others.join(", ")
                )
            }
            Self::AlsoId { text, other } => write!(
                f,
                "`{text}` is the id of event {other} as well; this is the event in place {text}"
            ),
        }
    }
}

/// Why nothing is explained.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ExplainError {
    /// Nothing on record is called so.
    #[error("{} `{text}` is on record; {there}", match meaning {
        Meaning::Either => "no event with the sequence number or id, and no run of work,",
        Meaning::Event => "no event with the sequence number or id",
        Meaning::Correlation => "no run of work",
    })]
    NotFound {
        /// The text.
        text: String,
        /// What it was meant to name.
        meaning: Meaning,
        /// What there is instead, in words.
        there: String,
    },
    /// The record cannot be read.
    #[error("the audit log cannot be read")]
    Query(#[from] QueryError),
}

impl Question {
    /// Finds what a text names.
    ///
    /// # Errors
    /// When it names nothing on record, and when the record cannot be read.
    pub async fn find<L: AuditQuery + ?Sized>(
        log: &Arc<L>,
        text: &str,
        meaning: Meaning,
    ) -> Result<Self, ExplainError> {
        let mut notes = Vec::new();
        let event = match meaning {
            Meaning::Correlation => None,
            Meaning::Either | Meaning::Event => event_called(log, text, &mut notes).await?,
        };
        let run = match meaning {
            Meaning::Event => false,
            Meaning::Either | Meaning::Correlation => is_run(log, text).await?,
        };
        match event {
            Some(event) => {
                let own = run_of(log, &event).await?;
                // The event that a run is named after is part of it: nothing to choose between.
                if run && own.as_deref() != Some(text) {
                    let (text, taken) = (text.to_owned(), event.sequence);
                    notes.push(Note::AlsoCorrelation { text, taken });
                }
                Ok(Self { event: Some(event), correlation: own, notes })
            }
            None if run => Ok(Self { event: None, correlation: Some(text.to_owned()), notes }),
            None => {
                let span = log.span().await?;
                let there = match (span.first, span.last) {
                    (Some((first, _)), Some((last, _))) => {
                        format!("it holds sequences {first} to {last}")
                    }
                    _ => "it is empty".to_owned(),
                };
                Err(ExplainError::NotFound { text: text.to_owned(), meaning, there })
            }
        }
    }
}

/// The event in this place, or the first with this id.
async fn event_called<L: AuditQuery + ?Sized>(
    log: &Arc<L>,
    text: &str,
    notes: &mut Vec<Note>,
) -> Result<Option<RecordedEvent>, QueryError> {
    let by_place = match text.parse() {
        Ok(sequence) => log.by_sequence(sequence).await?,
        Err(_) => None,
    };
    let mut by_id = log.by_event_id(text).await?.into_iter();
    if let Some(event) = by_place {
        if let Some(other) = by_id.find(|other| other.sequence != event.sequence) {
            notes.push(Note::AlsoId { text: text.to_owned(), other: other.sequence });
        }
        return Ok(Some(event));
    }
    let Some(event) = by_id.next() else { return Ok(None) };
    let others: Vec<Sequence> = by_id.map(|event| event.sequence).collect();
    if !others.is_empty() {
        let (text, taken) = (text.to_owned(), event.sequence);
        notes.push(Note::SeveralSources { text, taken, others });
    }
    Ok(Some(event))
}

/// The run that an event belongs to: the one it names, or the one that is named after it.
async fn run_of<L: AuditQuery + ?Sized>(
    log: &Arc<L>,
    event: &RecordedEvent,
) -> Result<Option<String>, QueryError> {
    let envelope = &event.envelope;
    match &envelope.correlation_id {
        Some(run) => Ok(Some(run.clone())),
        None if is_run(log, &envelope.event_id).await? => Ok(Some(envelope.event_id.clone())),
        None => Ok(None),
    }
}

async fn is_run<L: AuditQuery + ?Sized>(log: &Arc<L>, text: &str) -> Result<bool, QueryError> {
    Ok(!log.page(&of_run(text), Page::first(1)).await?.is_empty())
}

/// The entries of a run.
pub(super) fn of_run(correlation: &str) -> AuditFilter {
    AuditFilter { correlation_id: Some(correlation.to_owned()), ..AuditFilter::default() }
}
