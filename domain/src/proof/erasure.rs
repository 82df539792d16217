//! Erasing: the values of a stored entry and their salts go, their digests stay, and so does the leaf.
//!
//! Deliberately absent: which entries, and overwriting what storage keeps of them.

use std::collections::BTreeMap;

use super::{CommittedField, Digest, StoredEntry, Unprovable};
use crate::audit::ErasedFields;

/// What is stored about what was erased: each field, with the digest that stands for it.
type Erased = BTreeMap<CommittedField, Option<Digest>>;

/// Reads what is stored about what was erased.
pub(super) fn erased_digests(stored: Option<&str>) -> Result<Erased, Unprovable> {
    let Some(text) = stored else { return Ok(Erased::new()) };
    let wrong = Unprovable { field: "erased" };
    let digests: BTreeMap<String, Option<Digest>> =
        serde_json::from_str(text).map_err(|_| wrong)?;
    let known = |(name, digest): (String, _)| {
        CommittedField::named(&name).map(|field| (field, digest)).ok_or(wrong)
    };
    digests.into_iter().map(known).collect()
}

/// The fields whose values were erased, from what is stored about it.
///
/// # Errors
/// When something else is stored.
pub fn erased_fields(stored: Option<&str>) -> Result<ErasedFields, Unprovable> {
    Ok(erased_digests(stored)?.into_keys().collect())
}

impl StoredEntry {
    /// Takes the personal values and their salt out of the entry, and with `details` the details, the
    /// extensions and their salt as well. The same leaf follows from it as before. Whether there was
    /// anything to take out.
    ///
    /// A digest that stands for something erased earlier stays as it is. Where there is no salt, as in
    /// an entry from before the tree, no digest can be made.
    ///
    /// # Errors
    /// When something that only we write is not as we write it; the entry is left as it was.
    pub fn erase(&mut self, details: bool) -> Result<bool, Unprovable> {
        let mut erased = erased_digests(self.erased.as_deref())?;
        let mut gone = false;
        for field in CommittedField::ALL {
            let Some(value) = self.value(field).filter(|_| details || field.is_personal()) else {
                continue;
            };
            if erased.contains_key(&field) && field == CommittedField::Details && value == "{}" {
                continue;
            }
            let digest = self.salt(field)?.map(|salt| salt.commit(field, value));
            let kept = erased.entry(field).or_default();
            *kept = kept.or(digest);
            gone = true;
        }
        // A salt without a value is of no use to anybody, and still opens a guessed one.
        let salts = self.personal_salt.is_some() || (details && self.details_salt.is_some());
        if !gone && !salts {
            return Ok(false);
        }
        let by_name: BTreeMap<&str, Option<Digest>> =
            erased.into_iter().map(|(field, digest)| (field.name(), digest)).collect();
        // Texts alone: this cannot fail.
        self.erased = serde_json::to_string(&by_name).ok();
        (self.actor, self.subject, self.user_identity) = (None, None, None);
        self.personal_salt = None;
        if details {
            "{}".clone_into(&mut self.details);
            self.extensions = None;
            self.details_salt = None;
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Sequence;
    use crate::proof::Salt;

    fn entry() -> StoredEntry {
        StoredEntry {
            sequence: Sequence(7),
            schema_version: 1,
            event_type: "plan.created".to_owned(),
            subject: Some("plan/1".to_owned()),
            actor: Some("human:ann".to_owned()),
            user_identity: Some("ann".to_owned()),
            extensions: Some(r#"{"region":"north"}"#.to_owned()),
            details: r#"{"name":"tidy"}"#.to_owned(),
            personal_salt: Some(vec![1; Salt::BYTES]),
            details_salt: Some(vec![2; Salt::BYTES]),
            ..StoredEntry::default()
        }
    }

    fn fields(entry: &StoredEntry) -> String {
        erased_fields(entry.erased.as_deref()).unwrap().to_string()
    }

    #[test]
    fn personal_values_go_with_their_salt_and_the_leaf_stays() {
        let mut one = entry();
        let before = one.leaf().unwrap().encode();
        assert!(one.erase(false).unwrap());
        assert_eq!((&one.actor, &one.subject, &one.user_identity), (&None, &None, &None));
        assert_eq!(one.personal_salt, None);
        assert_eq!(
            (one.details.as_str(), one.details_salt.is_some()),
            (r#"{"name":"tidy"}"#, true)
        );
        assert!(one.extensions.is_some());
        assert_eq!(fields(&one), "actor,subject,user_identity");
        assert_eq!(one.leaf().unwrap().encode(), before);

        let first = one.clone();
        assert!(!one.erase(false).unwrap(), "there is nothing left to take");
        assert_eq!(one, first);

        assert!(one.erase(true).unwrap(), "details may follow");
        assert_eq!(
            (one.details.as_str(), &one.extensions, &one.details_salt),
            ("{}", &None, &None)
        );
        assert_eq!(fields(&one), "actor,details,extensions,subject,user_identity");
        assert_eq!(one.leaf().unwrap().encode(), before);
        assert!(!one.erase(true).unwrap());
    }

    #[test]
    fn what_is_kept_of_the_erased_is_canonical_json_by_field_name() {
        let mut one = StoredEntry { subject: None, user_identity: None, ..entry() };
        let digest = Salt([1; 16]).commit(CommittedField::Actor, "human:ann");
        one.erase(false).unwrap();
        assert_eq!(one.erased.unwrap(), format!(r#"{{"actor":"{digest}"}}"#));
    }

    #[test]
    fn an_entry_from_before_the_tree_is_erased_without_digests() {
        let mut one = StoredEntry { personal_salt: None, details_salt: None, ..entry() };
        assert!(one.erase(true).unwrap());
        let nulls = r#"{"actor":null,"details":null,"extensions":null,"subject":null,"user_identity":null}"#;
        assert_eq!(one.erased.as_deref(), Some(nulls));
        assert!(!one.erase(true).unwrap());
    }

    #[test]
    fn a_value_put_beside_a_digest_does_not_change_the_digest() {
        let mut one = entry();
        one.erase(false).unwrap();
        let kept = one.erased.clone();
        one.actor = Some("human:eve".to_owned());
        one.personal_salt = Some(vec![3; Salt::BYTES]);
        assert!(one.erase(false).unwrap());
        assert_eq!((one.erased, one.actor, one.personal_salt), (kept, None, None));
    }

    #[test]
    fn a_salt_that_is_left_alone_goes_as_well() {
        let mut one = StoredEntry { actor: None, subject: None, user_identity: None, ..entry() };
        assert!(one.erase(false).unwrap());
        assert_eq!(one.personal_salt, None);
        assert!(!one.erase(false).unwrap());
        (one.details_salt, one.extensions) = (None, None);
        "{}".clone_into(&mut one.details);
        one.erased = Some(r#"{"details":null}"#.to_owned());
        assert!(!one.erase(true).unwrap());
        one.details_salt = Some(vec![2; 16]);
        assert!(!one.erase(false).unwrap(), "it is none of a person's");
        assert!(one.erase(true).unwrap());
        assert_eq!(one.details_salt, None);
    }

    #[test]
    fn what_is_not_as_we_write_it_is_refused_and_left_alone() {
        for (field, broken) in [
            ("erased", StoredEntry { erased: Some(r#"{"plan":null}"#.to_owned()), ..entry() }),
            ("erased", StoredEntry { erased: Some("[]".to_owned()), ..entry() }),
            ("personal_salt", StoredEntry { personal_salt: Some(vec![1]), ..entry() }),
            ("details_salt", StoredEntry { details_salt: Some(vec![1]), ..entry() }),
        ] {
            let mut one = broken.clone();
            assert_eq!(one.erase(true), Err(Unprovable { field }));
            assert_eq!(one, broken);
        }
    }

    fn text() -> impl Strategy<Value = Option<String>> {
        prop_oneof![Just(None), ".{0,8}".prop_map(Some)]
    }

    proptest! {
        #[test]
        fn whatever_is_erased_in_whatever_order_leaves_the_leaf(
            (actor, subject, user_identity, extensions) in (text(), text(), text(), text()),
            details in ".{0,8}|\\{\\}",
            steps in proptest::collection::vec(any::<bool>(), 0..4),
        ) {
            let personal = actor.is_some() || subject.is_some() || user_identity.is_some();
            let mut one = StoredEntry {
                actor, subject, user_identity, extensions, details,
                personal_salt: personal.then(|| vec![1; 16]),
                ..entry()
            };
            let before = one.leaf().unwrap().encode();
            for details in steps {
                one.erase(details).unwrap();
                prop_assert_eq!(one.leaf().unwrap().encode(), before.clone());
                prop_assert!(!one.clone().erase(details).unwrap(), "at once it is all gone");
            }
        }
    }
}
