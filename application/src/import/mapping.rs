//! Which of our types an earlier name stands for.

use std::collections::BTreeMap;
use std::fmt;

use domain::events::CATALOGUE;
use domain::{Catalogue, EventDescriptor};

use crate::nearest::{Alternatives, nearest};

/// The names of the earlier platform and ours.
const NAMES: [(&str, &str); 9] = [
    ("plan_applied", "plan.applied"),
    ("plan_cancelled", "plan.cancelled"),
    ("correction_applied", "correction.applied"),
    ("resource_modified", "resource.modified"),
    ("config_changed", "config.changed"),
    ("entity_deleted", "entity.deleted"),
    ("session_created", "session.created"),
    ("auth_success", "auth.succeeded"),
    ("auth_failure", "auth.failed"),
];

/// Which of our types an earlier name stands for.
///
/// Beyond the names in its table it knows every name that is one of ours with `_` in place of the
/// dot, such as `plan_phase_changed`, and our own names.
#[derive(Debug, Clone, Default)]
pub struct LegacyMapping {
    added: BTreeMap<String, &'static EventDescriptor>,
}

/// A mapping to a type that is not in the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{old}={new}` maps to a type that is not in the catalogue: {alternatives}")]
pub struct UnknownTarget {
    /// The earlier name.
    pub old: String,
    /// The name it was mapped to.
    pub new: String,
    /// The names most like it.
    pub alternatives: Alternatives,
}

/// Names of rows that stand for none of our types, and how many rows have each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnmappedNames(pub BTreeMap<String, u64>);

impl LegacyMapping {
    /// The mapping with one more name, or with another meaning of one.
    ///
    /// # Errors
    /// When the catalogue has no type `new`.
    pub fn with(
        mut self,
        old: &str,
        new: &str,
        catalogue: &Catalogue,
    ) -> Result<Self, UnknownTarget> {
        let Some(descriptor) = catalogue.find(new) else {
            return Err(UnknownTarget {
                old: old.to_owned(),
                new: new.to_owned(),
                alternatives: nearest(new, catalogue.events().map(|event| event.event_type)),
            });
        };
        self.added.insert(old.to_owned(), descriptor);
        Ok(self)
    }

    /// The type that a name stands for.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&'static EventDescriptor> {
        if let Some(descriptor) = self.added.get(name) {
            return Some(descriptor);
        }
        match NAMES.iter().find(|(old, _)| *old == name) {
            Some((_, new)) => CATALOGUE.find(new),
            None => CATALOGUE.find(&name.replacen('_', ".", 1)).or_else(|| CATALOGUE.find(name)),
        }
    }

    /// Sees to it that every name stands for a type, before anything is imported.
    ///
    /// # Errors
    /// When some do not; the error lists them all.
    pub fn check<'a>(
        &self,
        names: impl IntoIterator<Item = (&'a str, u64)>,
    ) -> Result<(), UnmappedNames> {
        let mut unmapped = BTreeMap::new();
        for (name, rows) in names {
            if self.find(name).is_none() {
                *unmapped.entry(name.to_owned()).or_default() += rows;
            }
        }
        if unmapped.is_empty() { Ok(()) } else { Err(UnmappedNames(unmapped)) }
    }
}

impl fmt::Display for UnmappedNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("these event types have no counterpart: ")?;
        for (index, (name, rows)) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            let rows_word = if *rows == 1 { "row" } else { "rows" };
            write!(f, "{comma}`{name}` ({rows} {rows_word})")?;
        }
        f.write_str("; say what each stands for, such as `--map ")?;
        let first = self.0.keys().next().map_or("old", String::as_str);
        write!(f, "{first}=plan.created`")
    }
}

impl std::error::Error for UnmappedNames {}

#[cfg(test)]
mod tests {
    use super::*;

    fn meaning(name: &str) -> Option<&'static str> {
        LegacyMapping::default().find(name).map(|descriptor| descriptor.event_type)
    }

    #[test]
    fn the_nine_earlier_names_stand_for_types_of_ours() {
        for (old, new) in NAMES {
            assert_eq!(meaning(old), Some(new));
        }
    }

    #[test]
    fn a_name_of_ours_is_known_with_an_underscore_and_with_its_dot() {
        assert_eq!(meaning("plan_phase_changed"), Some("plan.phase_changed"));
        assert_eq!(meaning("decision.created"), Some("decision.created"));
        assert_eq!(meaning("plan_exploded"), None);
    }

    #[test]
    fn a_mapping_adds_a_name_or_changes_what_one_means() {
        let mapping = LegacyMapping::default()
            .with("plan_exploded", "plan.errored", &CATALOGUE)
            .unwrap()
            .with("plan_applied", "plan.created", &CATALOGUE)
            .unwrap();
        assert_eq!(mapping.find("plan_exploded").unwrap().event_type, "plan.errored");
        assert_eq!(mapping.find("plan_applied").unwrap().event_type, "plan.created");
    }

    #[test]
    fn a_mapping_to_an_unknown_type_is_refused_with_the_nearest_names() {
        let error = LegacyMapping::default().with("a", "plan.create", &CATALOGUE).unwrap_err();
        let said = error.to_string();
        let expected = "`a=plan.create` maps to a type that is not in the catalogue: did you mean";
        assert!(said.starts_with(expected), "{said}");
    }

    #[test]
    fn names_without_a_counterpart_are_listed_with_their_number_and_the_fix() {
        let names = [("b_c", 1), ("plan_applied", 9), ("a_b", 2), ("b_c", 4)];
        let error = LegacyMapping::default().check(names).unwrap_err();
        assert_eq!(
            error.to_string(),
            "these event types have no counterpart: `a_b` (2 rows), `b_c` (5 rows); say what each \
             stands for, such as `--map a_b=plan.created`"
        );
        let one = LegacyMapping::default().check([("x", 1)]).unwrap_err();
        assert!(one.to_string().contains("`x` (1 row);"), "{one}");
        assert!(LegacyMapping::default().check([("plan_applied", 1)]).is_ok());
    }
}
