//! Which fields of a recorded event were erased: their values are gone from the record, and what
//! stands in the tree for them stays.
//!
//! Deliberately absent: the digests that stay, which are a matter of proof.

use std::fmt;

use crate::proof::CommittedField;

/// The fields of an event whose values were erased. An event that never had a value in a field has
/// nothing erased there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ErasedFields(u8);

impl ErasedFields {
    /// Nothing was erased.
    pub const NONE: Self = Self(0);

    /// Whether the value of this field was erased.
    #[must_use]
    pub const fn contains(self, field: CommittedField) -> bool {
        self.0 & (1 << field as u8) != 0
    }

    /// Whether nothing was erased.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those and this one.
    #[must_use]
    pub const fn with(self, field: CommittedField) -> Self {
        Self(self.0 | (1 << field as u8))
    }

    /// The fields, by name.
    pub fn iter(self) -> impl Iterator<Item = CommittedField> {
        CommittedField::ALL.into_iter().filter(move |field| self.contains(*field))
    }
}

impl FromIterator<CommittedField> for ErasedFields {
    fn from_iter<I: IntoIterator<Item = CommittedField>>(fields: I) -> Self {
        fields.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Display for ErasedFields {
    /// The names with a comma between them: `actor,user_identity`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, field) in self.iter().enumerate() {
            f.write_str(if place == 0 { "" } else { "," })?;
            f.write_str(field.name())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_there_when_it_was_put_in_and_not_before() {
        for field in CommittedField::ALL {
            let only = ErasedFields::NONE.with(field);
            assert_eq!(only.iter().collect::<Vec<_>>(), [field]);
            assert_eq!(only.to_string(), field.name());
            assert_eq!(only.with(field), only, "twice is once");
            assert!(!only.is_empty());
        }
        assert!(ErasedFields::NONE.is_empty() && ErasedFields::default().iter().next().is_none());
        let all: ErasedFields = CommittedField::ALL.into_iter().rev().collect();
        assert_eq!(all.to_string(), "actor,details,extensions,subject,user_identity");
    }
}
