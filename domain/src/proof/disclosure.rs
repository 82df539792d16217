//! Values behind the digests of a leaf, shown with what opens them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{CommittedField, LeafRecord, ProofFlaw, Salt, StoredEntry, Unprovable};

/// A value, and the salt that its digest was made with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disclosure {
    /// Whose value it is.
    pub field: CommittedField,
    /// What hid it.
    pub salt: Salt,
    /// The value as it is stored.
    pub value: String,
}

impl Disclosure {
    /// Everything that is still there of an entry.
    ///
    /// # Errors
    /// When something that only we write is not as we write it.
    pub fn all_of(entry: &StoredEntry) -> Result<Vec<Self>, Unprovable> {
        let erased = entry.erased()?;
        let mut disclosures = Vec::new();
        for field in CommittedField::ALL {
            let Some(value) = entry.value(field).filter(|_| erased.get(field).is_none()) else {
                continue;
            };
            let salt = entry.salt(field)?.ok_or(Unprovable { field: field.name() })?;
            disclosures.push(Self { field, salt, value: value.to_owned() });
        }
        Ok(disclosures)
    }
}

/// An entry that is proven to be in the tree: what its leaf says, and what was shown of the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenRow {
    /// What its leaf says.
    pub leaf: LeafRecord,
    /// The values that were shown.
    pub disclosed: BTreeMap<CommittedField, String>,
}

impl ProvenRow {
    /// Opens the digests of a leaf.
    pub(super) fn open(leaf: LeafRecord, shown: Vec<Disclosure>) -> Result<Self, ProofFlaw> {
        let mut disclosed = BTreeMap::new();
        for Disclosure { field, salt, value } in shown {
            let digest = salt.commit(field, &value);
            let opens = leaf.commitments.get(field) == Some(digest);
            if !opens || disclosed.insert(field, value).is_some() {
                return Err(ProofFlaw::Content { sequence: leaf.sequence, field });
            }
        }
        Ok(Self { leaf, disclosed })
    }

    /// The fields that the event has and whose values were not shown: they were erased, or kept back.
    pub fn undisclosed(&self) -> impl Iterator<Item = CommittedField> {
        let fields = self.leaf.commitments.iter().map(|(field, _)| field);
        fields.filter(|field| !self.disclosed.contains_key(field))
    }
}
