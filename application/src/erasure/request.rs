//! What goes on record of who asked for an erasure, and why: not the person it is about.

use chrono::{DateTime, Utc};
use domain::Actor;
use domain::audit::Erasure;

use crate::naming::names;

/// Who asked for an erasure and why, as it goes on record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErasureRequest {
    /// Names the request here and wherever it was made; without one, one is made.
    pub id: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

/// What goes on record of a request would name whom it is about. Nothing was erased.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the {part} of the request names what is to be erased, and it stays on record: name the request \
     and not the person"
)]
pub struct NamesThePerson {
    /// Where it stands.
    pub part: &'static str,
}

impl ErasureRequest {
    /// Refuses a request of which the record would keep what is to be erased.
    pub(super) fn refuse_naming(
        &self,
        erasure: &Erasure,
        by: &Actor,
    ) -> Result<(), NamesThePerson> {
        let Some(value) = erasure.selection.personal_value() else { return Ok(()) };
        let parts = [
            ("id", self.id.as_deref()),
            ("reason", self.reason.as_deref()),
            ("actor", Some(by.id.as_str())),
        ];
        let names_it =
            parts.into_iter().find(|(_, text)| text.is_some_and(|text| names(text, value)));
        names_it.map_or(Ok(()), |(part, _)| Err(NamesThePerson { part }))
    }
}

/// The name of a request that has none: when it was made.
pub(super) fn made_at(now: DateTime<Utc>) -> String {
    now.format("erasure-%Y%m%dT%H%M%S%.9fZ").to_string()
}

#[cfg(test)]
mod tests {
    use domain::Sequence;
    use domain::audit::ErasureSelection;

    use super::*;

    fn refused(
        selection: ErasureSelection,
        id: &str,
        reason: &str,
        by: &str,
    ) -> Option<&'static str> {
        let request = ErasureRequest { id: Some(id.to_owned()), reason: Some(reason.to_owned()) };
        let erasure = Erasure { selection, details: false };
        request.refuse_naming(&erasure, &Actor::human(by)).err().map(|named| named.part)
    }

    #[test]
    fn a_request_that_names_the_person_is_refused_and_says_where() {
        let ann = || ErasureSelection::User("Ann".to_owned());
        assert_eq!(refused(ann(), "R-1", "annual review of bann", "bob"), None);
        assert_eq!(refused(ann(), "for-ann", "asked", "bob"), Some("id"));
        assert_eq!(refused(ann(), "R-1", "it was ann.", "bob"), Some("reason"));
        assert_eq!(refused(ann(), "R-1", "banns for ANN", "bob"), Some("reason"));
        assert_eq!(refused(ann(), "R-1", "asked", "ann"), Some("actor"));
        let subject = ErasureSelection::Subject("plan/1".to_owned());
        assert_eq!(refused(subject, "R-1", "forget plan/1", "bob"), Some("reason"));
    }

    #[test]
    fn what_names_nobody_is_no_matter() {
        let run = ErasureSelection::Correlation("run-1".to_owned());
        assert_eq!(refused(run, "R-1", "of run-1", "run-1"), None);
        assert_eq!(refused(ErasureSelection::Entry(Sequence(7)), "7", "7", "7"), None);
        assert_eq!(refused(ErasureSelection::User(String::new()), "R-1", "", "bob"), None);
    }

    #[test]
    fn a_request_without_a_name_is_named_after_the_moment() {
        let now = DateTime::from_timestamp(1_700_000_000, 5).unwrap();
        assert_eq!(made_at(now), "erasure-20231114T221320.000000005Z");
    }
}
