//! What is to be erased: of which entries, and how much of each.
//!
//! Deliberately absent: how a stored entry is erased so that the tree stays as it is, see
//! [`crate::proof::StoredEntry::erase`]; and who may have it done.

use std::fmt;

use super::{ErasedFields, RecordedEvent, Sequence};
use crate::envelope::ActorKind;
use crate::proof::CommittedField;

/// Of which entries something is to be erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErasureSelection {
    /// Those on behalf of this human, and those that this human caused.
    User(String),
    /// Those about this entity.
    Subject(String),
    /// Those of this run of work.
    Correlation(String),
    /// The one at this place.
    Entry(Sequence),
}

impl ErasureSelection {
    /// What they are selected by, in one word. Not whom it names.
    #[must_use]
    pub const fn by(&self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Subject(_) => "subject",
            Self::Correlation(_) => "correlation",
            Self::Entry(_) => "event",
        }
    }

    /// The value that nobody is to find any more; `None` where no personal field is named.
    #[must_use]
    pub fn personal_value(&self) -> Option<&str> {
        match self {
            Self::User(value) | Self::Subject(value) => Some(value),
            Self::Correlation(_) | Self::Entry(_) => None,
        }
    }

    /// Whether an event is meant.
    #[must_use]
    pub fn matches(&self, event: &RecordedEvent) -> bool {
        let envelope = &event.envelope;
        match self {
            Self::User(user) => {
                let caused = envelope.actor.as_ref();
                envelope.user_identity.as_ref() == Some(user)
                    || caused.is_some_and(|by| by.kind == ActorKind::Human && by.id == *user)
            }
            Self::Subject(subject) => envelope.subject.as_ref() == Some(subject),
            Self::Correlation(run) => envelope.correlation_id.as_ref() == Some(run),
            Self::Entry(sequence) => event.sequence == *sequence,
        }
    }
}

/// What is to be erased.
///
/// The actor, the subject and the user of an entry go together, whoever each of them names: they share
/// the salt that is destroyed with them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasure {
    /// Of which entries.
    pub selection: ErasureSelection,
    /// The details and the extensions as well.
    pub details: bool,
}

impl Erasure {
    /// What of an event would be erased: what it has, and is to go.
    #[must_use]
    pub fn of(&self, event: &RecordedEvent) -> ErasedFields {
        if !self.selection.matches(event) {
            return ErasedFields::NONE;
        }
        let envelope = &event.envelope;
        let has = |field: &CommittedField| match field {
            CommittedField::Actor => envelope.actor.is_some(),
            CommittedField::Subject => envelope.subject.is_some(),
            CommittedField::UserIdentity => envelope.user_identity.is_some(),
            CommittedField::Extensions => self.details && !envelope.extensions.is_empty(),
            CommittedField::Details => {
                self.details && !event.erased.contains(CommittedField::Details)
            }
        };
        CommittedField::ALL.into_iter().filter(has).collect()
    }

    /// The event as it is read once this was erased.
    pub fn apply(&self, event: &mut RecordedEvent) {
        for field in self.of(event).iter() {
            event.erased = event.erased.with(field);
            let envelope = &mut event.envelope;
            match field {
                CommittedField::Actor => envelope.actor = None,
                CommittedField::Details => envelope.details.clear(),
                CommittedField::Extensions => envelope.extensions.clear(),
                CommittedField::Subject => envelope.subject = None,
                CommittedField::UserIdentity => envelope.user_identity = None,
            }
        }
    }
}

/// How many entries something is erased of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ErasureCount {
    /// How many.
    pub entries: u64,
    /// The first and the last of them; `None` where there are none.
    pub range: Option<(Sequence, Sequence)>,
}

impl fmt::Display for ErasureCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.entries, self.range) {
            (1, Some((first, _))) => write!(f, "1 entry: sequence {first}"),
            (entries, Some((first, last))) => {
                write!(f, "{entries} entries between sequences {first} and {last}")
            }
            (entries, None) => write!(f, "{entries} entries"),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::envelope::{Actor, EventDraft};
    use crate::event::DomainEvent;
    use crate::events::PlanCreated;

    fn event() -> RecordedEvent {
        let draft = EventDraft::from(PlanCreated::sample())
            .by(Actor::human("ann"))
            .for_user("bob")
            .about("plan/1")
            .correlated_by("run-1")
            .with_extensions([("region".to_owned(), "north".into())].into_iter().collect());
        let envelope = draft.seal(DateTime::UNIX_EPOCH, || "e1".to_owned(), "/tests");
        RecordedEvent {
            sequence: Sequence(7),
            recorded_at: DateTime::UNIX_EPOCH,
            envelope: envelope.unwrap(),
            erased: ErasedFields::NONE,
        }
    }

    fn of(selection: ErasureSelection, details: bool) -> String {
        Erasure { selection, details }.of(&event()).to_string()
    }

    #[test]
    fn an_event_is_meant_by_its_user_its_human_its_subject_its_run_or_its_place() {
        use ErasureSelection::{Correlation, Entry, Subject, User};
        let text = str::to_owned;
        for (meant, other) in [
            (User(text("ann")), User(text("human:ann"))),
            (User(text("bob")), User(text("plan/1"))),
            (Subject(text("plan/1")), Subject(text("plan/11"))),
            (Correlation(text("run-1")), Correlation(text("run-2"))),
            (Entry(Sequence(7)), Entry(Sequence(8))),
        ] {
            assert_eq!(of(meant, false), "actor,subject,user_identity");
            assert_eq!(of(other, true), "");
        }
        let mut agent = event();
        agent.envelope.actor = Some(Actor::agent("ann"));
        assert!(!User(text("ann")).matches(&agent), "an agent is no user");
    }

    #[test]
    fn what_is_selected_by_says_no_value() {
        let text = str::to_owned;
        let by = |selection: ErasureSelection| {
            (selection.by(), selection.personal_value().map(ToOwned::to_owned))
        };
        assert_eq!(by(ErasureSelection::User(text("ann"))), ("user", Some(text("ann"))));
        assert_eq!(by(ErasureSelection::Subject(text("s"))), ("subject", Some(text("s"))));
        assert_eq!(by(ErasureSelection::Correlation(text("c"))), ("correlation", None));
        assert_eq!(by(ErasureSelection::Entry(Sequence(1))), ("event", None));
    }

    #[test]
    fn an_erased_event_has_lost_what_was_erased_and_nothing_else() {
        let entry = |details| Erasure { selection: ErasureSelection::Entry(Sequence(7)), details };
        let (before, mut one) = (event(), event());
        entry(false).apply(&mut one);
        assert_eq!(one.erased.to_string(), "actor,subject,user_identity");
        assert_eq!((&one.envelope.actor, &one.envelope.subject), (&None, &None));
        assert_eq!(one.envelope.user_identity, None);
        assert_eq!(one.envelope.details, before.envelope.details);
        assert_eq!(one.envelope.extensions, before.envelope.extensions);
        assert!(entry(false).of(&one).is_empty(), "there is nothing left to lose");
        assert_eq!(entry(true).of(&one).to_string(), "details,extensions");
        entry(true).apply(&mut one);
        assert!(one.envelope.details.is_empty() && one.envelope.extensions.is_empty());
        assert_eq!(one.erased.iter().count(), 5);
        assert!(entry(true).of(&one).is_empty());
        let bare = RecordedEvent {
            envelope: crate::EventEnvelope {
                actor: None,
                subject: None,
                user_identity: None,
                extensions: crate::Details::new(),
                ..before.envelope
            },
            ..before
        };
        assert!(entry(false).of(&bare).is_empty());
        assert_eq!(entry(true).of(&bare).to_string(), "details");
    }

    #[test]
    fn a_count_is_told_in_words() {
        let count = |entries, range: Option<(u64, u64)>| {
            let range = range.map(|(first, last)| (Sequence(first), Sequence(last)));
            ErasureCount { entries, range }.to_string()
        };
        assert_eq!(count(0, None), "0 entries");
        assert_eq!(count(1, Some((7, 7))), "1 entry: sequence 7");
        assert_eq!(count(3, Some((7, 12))), "3 entries between sequences 7 and 12");
    }
}
