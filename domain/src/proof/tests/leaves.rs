//! The bytes of a leaf.

use proptest::prelude::*;

use super::support::entry;
use crate::Sequence;
use crate::proof::*;

/// Texts of all kinds: controls, escapes, letters beyond the basic plane, and what looks like JSON.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[\\x00-\\x20\"\\\\/<>&\u{7f}-\u{9f}\u{2028}\u{2029}\u{fffe}\u{1f600}\u{10ffff}é€]{0,8}",
        any::<String>(),
    ]
}

fn maybe() -> impl Strategy<Value = Option<String>> {
    prop::option::of(text())
}

prop_compose! {
    fn any_leaf()(
        // RFC 8785 writes numbers as doubles: above 2^53 it has none of them all.
        sequence in 0..1_u64 << 53,
        schema_version: u32,
        texts in prop::array::uniform5(text()),
        optional in prop::array::uniform6(maybe()),
        digests in prop::array::uniform5(prop::option::of(any::<[u8; 32]>())),
    ) -> LeafRecord {
        let [recorded_at, event_id, source, event_type, occurred_at] = texts;
        let [plan_id, project_name, session_id, correlation_id, causation_id, trace_id] = optional;
        let mut commitments = Commitments::default();
        for (field, digest) in CommittedField::ALL.into_iter().zip(digests) {
            if let Some(digest) = digest {
                commitments.set(field, Digest(digest));
            }
        }
        LeafRecord {
            sequence: Sequence(sequence), recorded_at, schema_version, event_id, source, event_type,
            occurred_at, plan_id, project_name, session_id, correlation_id, causation_id, trace_id,
            commitments,
        }
    }
}

/// The leaf's fields as any other program would put them together, in no order.
fn as_value(leaf: &LeafRecord) -> serde_json::Value {
    let mut object = serde_json::Map::new();
    for (field, digest) in leaf.commitments.iter() {
        object.insert(format!("{field}_digest"), digest.to_string().into());
    }
    for (key, value) in [
        ("trace_id", &leaf.trace_id),
        ("session_id", &leaf.session_id),
        ("project_name", &leaf.project_name),
        ("plan_id", &leaf.plan_id),
        ("correlation_id", &leaf.correlation_id),
        ("causation_id", &leaf.causation_id),
    ] {
        if let Some(value) = value {
            object.insert(key.into(), value.clone().into());
        }
    }
    object.insert("source".into(), leaf.source.clone().into());
    object.insert("sequence".into(), leaf.sequence.0.into());
    object.insert("schema_version".into(), leaf.schema_version.into());
    object.insert("recorded_at".into(), leaf.recorded_at.clone().into());
    object.insert("occurred_at".into(), leaf.occurred_at.clone().into());
    object.insert("leaf_version".into(), 1.into());
    object.insert("event_type".into(), leaf.event_type.clone().into());
    object.insert("event_id".into(), leaf.event_id.clone().into());
    object.into()
}

proptest! {
    #[test]
    fn a_leaf_is_its_fields_in_the_canonical_form_of_rfc_8785(leaf in any_leaf()) {
        let canonical = serde_json_canonicalizer::to_vec(&as_value(&leaf)).unwrap();
        prop_assert_eq!(leaf.encode(), canonical);
    }

    #[test]
    fn a_leaf_that_was_written_is_read_as_it_was(leaf in any_leaf()) {
        let text = String::from(leaf.clone());
        prop_assert_eq!(LeafRecord::parse(&text), Ok(leaf));
    }
}

#[test]
fn a_leaf_never_changes() {
    let mut entry = entry(3);
    entry.trace_id = Some("a\u{f}\n\"€😀".into());
    let leaf = entry.leaf().unwrap();
    let text = concat!(
        r#"{"actor_digest":"+fwTl8lYoelNqhcYfeS/3Qio9bIT8T+cc4td6kdF2Hk=","#,
        r#""details_digest":"5CVOKeM0UOtWesyTwPNAghCIaAiSdtsdTeXxB63C2jg=","event_id":"event-3","event_type":"plan.created","leaf_version":1,"#,
        r#""occurred_at":"2026-07-01T08:59:59.000000000Z","plan_id":"plan-1","#,
        r#""recorded_at":"2026-07-01T09:00:00.000000000Z","schema_version":1,"sequence":3,"#,
        r#""source":"//indelible/tests","trace_id":"a\u000f\n\"€😀","user_identity_digest":"DIm6TcHbqyLWpoU8hFNAj0Or+vdpfO2umSSJgBASi+w="}"#,
    );
    assert_eq!(String::from_utf8(leaf.encode()).unwrap(), text);
    assert_eq!(leaf.hash().to_string(), "C1tMhrc4IEb3wQpbBLY/oU0rHtO9mBPTcNamCk9UEZo=");
    assert_eq!(leaf.hash(), leaf_hash(text.as_bytes()));
    let mut buffer = vec![1; 4000];
    leaf.encode_into(&mut buffer);
    assert_eq!(buffer, text.as_bytes());
}

/// The text of RFC 8785, section 3.2.2.2.
#[test]
fn a_text_is_escaped_as_in_the_example_of_rfc_8785() {
    let text: String =
        serde_json::from_str(r#""\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/""#).unwrap();
    let mut entry = entry(1);
    entry.source = text;
    let leaf = String::from_utf8(entry.leaf().unwrap().encode()).unwrap();
    assert!(leaf.contains(r#""source":"€$\u000f\nA'B\"\\\\\"/""#), "{leaf}");
    // However many there are, of whichever kind.
    for (text, escaped) in [
        ("\"\"", r#""\"\"""#),
        ("\\\\", r#""\\\\""#),
        ("\n\n", r#""\n\n""#),
        ("\"\n", r#""\"\n""#),
        (" \u{7f}", "\" \u{7f}\""),
    ] {
        text.clone_into(&mut entry.source);
        let leaf = String::from_utf8(entry.leaf().unwrap().encode()).unwrap();
        assert!(leaf.contains(&format!(r#""source":{escaped},"#)), "{leaf}");
    }
}

#[test]
fn a_text_that_says_the_same_in_other_bytes_is_no_leaf() {
    let text = String::from(LeafRecord::from(entry(3).leaf().unwrap()));
    assert!(LeafRecord::parse(&text).is_ok());
    let null = text.replace(r#""plan_id":"plan-1""#, r#""plan_id":null"#);
    let swapped =
        text.replace(r#""schema_version":1,"sequence":3"#, r#""sequence":3,"schema_version":1"#);
    let twice = text.replace(r#""sequence":3"#, r#""sequence":3,"sequence":3"#);
    let more = text.replace(r#""sequence":3"#, r#""sequence":3,"shown":1"#);
    let escaped = text.replace("event-3", r"event\u002d3");
    let spaced = text.replace(r#""sequence":3"#, r#""sequence": 3"#);
    for changed in [null, swapped, twice, more, escaped, spaced, format!("{text} "), "[]".into()] {
        assert_ne!(changed, text);
        assert_eq!(LeafRecord::parse(&changed), Err(NotALeaf::Malformed), "{changed}");
    }
    let newer = text.replace(r#""leaf_version":1"#, r#""leaf_version":2"#);
    assert_eq!(LeafRecord::parse(&newer), Err(NotALeaf::UnknownVersion { found: 2 }));
}
