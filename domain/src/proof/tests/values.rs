//! Digests, salts, and what follows from a row as it is stored.

use sha2::{Digest as _, Sha256};

use super::support::entry;
use crate::proof::*;

const ABC: &str = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";

#[test]
fn a_digest_is_base64_as_text() {
    let digest = Digest(Sha256::digest("abc").into());
    assert_eq!(digest.to_string(), ABC);
    assert_eq!(format!("{digest:?}"), format!("Digest({ABC})"));
    assert_eq!(format!("{digest:>46}"), format!("  {ABC}"));
    assert_eq!(ABC.parse(), Ok(digest));
    assert_eq!(Digest::from_slice(&digest.0), Ok(digest));
    assert_eq!(serde_json::to_string(&digest).unwrap(), format!("\"{ABC}\""));
    assert_eq!(serde_json::from_str::<Digest>(&format!("\"{ABC}\"")).unwrap(), digest);
}

#[test]
fn no_other_text_and_no_other_bytes_are_a_digest() {
    // Too short, not base64, without padding, of 31 bytes, and with bits that are not read.
    for text in ["", "?", &ABC[..43], &ABC[..40], &ABC.replace("Fa0=", "Fa1=")] {
        assert_eq!(text.parse::<Digest>(), Err(NotADigest), "{text}");
    }
    assert_eq!(Digest::from_slice(&[0; 31]), Err(NotADigest));
    let error = serde_json::from_str::<Digest>("\"\"").unwrap_err();
    assert!(error.to_string().contains("44 characters"), "{error}");
}

#[test]
fn a_commitment_is_the_hash_of_salt_name_and_value() {
    let salt = Salt([9; 16]);
    let bytes = [&[9; 16][..], b"actor", &[0], "Zoë".as_bytes()].concat();
    assert_eq!(salt.commit(CommittedField::Actor, "Zoë"), Digest(Sha256::digest(bytes).into()));
    let other = salt.commit(CommittedField::Subject, "Zoë");
    assert_ne!(salt.commit(CommittedField::Actor, "Zoë"), other);
    assert_ne!(Salt([8; 16]).commit(CommittedField::Subject, "Zoë"), other);
}

#[test]
fn a_salt_is_text_in_a_proof_and_is_not_shown_otherwise() {
    let salt = Salt::from_slice(&[255; 16]).unwrap();
    assert_eq!(Salt::from_slice(&[255; 15]), None);
    assert_eq!(format!("{salt:?}"), "Salt(..)");
    let json = serde_json::to_string(&salt).unwrap();
    assert_eq!(json, "\"/////////////////////w==\"");
    assert_eq!(serde_json::from_str::<Salt>(&json).unwrap(), salt);
    for wrong in ["\"?\"", "\"////\""] {
        assert!(serde_json::from_str::<Salt>(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn committed_fields_are_called_as_their_columns() {
    let names: Vec<_> = CommittedField::ALL.iter().map(|field| field.name()).collect();
    assert_eq!(names, ["actor", "details", "extensions", "subject", "user_identity"]);
    for field in CommittedField::ALL {
        assert_eq!(serde_json::to_value(field).unwrap(), field.name());
        assert_eq!(format!("{field:>14}"), format!("{:>14}", field.name()));
    }
    let personal: Vec<_> =
        CommittedField::ALL.into_iter().filter(|field| field.is_personal()).collect();
    assert_eq!(
        personal,
        [CommittedField::Actor, CommittedField::Subject, CommittedField::UserIdentity]
    );
}

/// An entry in which every field that a leaf has a digest of is there.
fn full() -> StoredEntry {
    StoredEntry {
        subject: Some("plan/7".into()),
        extensions: Some(r#"{"a":1}"#.into()),
        ..entry(3)
    }
}

#[test]
fn a_leaf_has_a_digest_of_each_value_under_its_group_s_salt() {
    let entry = full();
    let commitments = entry.commitments().unwrap();
    let (personal, details) = (Salt([1; 16]), Salt([2; 16]));
    for (field, salt, value) in [
        (CommittedField::Actor, personal, "agent:planner"),
        (CommittedField::Details, details, r#"{"number":3}"#),
        (CommittedField::Extensions, details, r#"{"a":1}"#),
        (CommittedField::Subject, personal, "plan/7"),
        (CommittedField::UserIdentity, personal, "Zoë"),
    ] {
        assert_eq!(entry.value(field), Some(value));
        assert_eq!(entry.salt(field), Ok(Some(salt)));
        assert_eq!(commitments.get(field), Some(salt.commit(field, value)), "{field}");
    }
    assert_eq!(commitments.iter().count(), 5);
    let leaf = entry.leaf().unwrap();
    assert_eq!(leaf.commitments, commitments);
    assert_eq!((leaf.sequence.0, leaf.schema_version, leaf.plan_id), (3, 1, Some("plan-1")));
}

#[test]
fn fields_that_an_event_does_not_have_have_no_digest() {
    let fields: Vec<_> = entry(3).commitments().unwrap().iter().map(|(field, _)| field).collect();
    assert_eq!(
        fields,
        [CommittedField::Actor, CommittedField::Details, CommittedField::UserIdentity]
    );
}

/// What erasure leaves of an entry.
fn erased(mut entry: StoredEntry, details: bool) -> StoredEntry {
    let digests = entry.commitments().unwrap();
    let gone = |(field, _): &(CommittedField, _)| details || field.is_personal();
    let json: serde_json::Map<_, _> = digests
        .iter()
        .filter(gone)
        .map(|(field, digest)| (field.name().to_owned(), digest.to_string().into()))
        .collect();
    (entry.actor, entry.subject, entry.user_identity, entry.personal_salt) =
        (None, None, None, None);
    if details {
        (entry.extensions, entry.details_salt) = (None, None);
        entry.details = "{}".into();
    }
    entry.erased = Some(serde_json::Value::from(json).to_string());
    entry
}

#[test]
fn erasure_leaves_the_leaf_as_it_was() {
    for details in [false, true] {
        let gone = erased(full(), details);
        assert_eq!(gone.leaf().unwrap().hash(), full().leaf().unwrap().hash());
        let shown: Vec<_> =
            Disclosure::all_of(&gone).unwrap().iter().map(|shown| shown.field).collect();
        let rest = [CommittedField::Details, CommittedField::Extensions];
        assert_eq!(shown, if details { &[][..] } else { &rest });
    }
}

#[test]
fn what_is_not_as_it_was_written_is_named() {
    let unprovable = |change: &dyn Fn(&mut StoredEntry)| {
        let mut entry = full();
        change(&mut entry);
        entry.leaf().unwrap_err().field
    };
    assert_eq!(unprovable(&|entry| entry.schema_version = -1), "schema_version");
    assert_eq!(unprovable(&|entry| entry.personal_salt = Some(vec![1; 15])), "personal_salt");
    assert_eq!(unprovable(&|entry| entry.details_salt = Some(vec![1; 17])), "details_salt");
    assert_eq!(unprovable(&|entry| entry.personal_salt = None), "actor");
    assert_eq!(unprovable(&|entry| entry.details_salt = None), "details");
    assert_eq!(unprovable(&|entry| entry.erased = Some("[]".into())), "erased");
    let unknown = format!(r#"{{"plan_id":"{ABC}"}}"#);
    assert_eq!(unprovable(&|entry| entry.erased = Some(unknown.clone())), "erased");
    // A value beside the digest of its erasure, be it a value or details.
    for field in [CommittedField::Subject, CommittedField::Details] {
        let digest = format!(r#"{{"{field}":"{ABC}"}}"#);
        assert_eq!(unprovable(&|entry| entry.erased = Some(digest.clone())), field.name());
    }
    let mut entry = full();
    entry.personal_salt = None;
    assert_eq!(Disclosure::all_of(&entry), Err(Unprovable { field: "actor" }));
    assert_eq!(Unprovable { field: "actor" }.to_string(), "actor is not as it was written");
}

#[test]
fn empty_details_that_were_not_erased_are_details() {
    let mut entry = entry(1);
    entry.details = "{}".into();
    let digest = Salt([2; 16]).commit(CommittedField::Details, "{}");
    assert_eq!(entry.commitments().unwrap().get(CommittedField::Details), Some(digest));
    assert_eq!(Disclosure::all_of(&entry).unwrap().len(), 3);
}
