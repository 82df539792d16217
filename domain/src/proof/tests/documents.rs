//! Proofs as they are handed to others.

use std::sync::LazyLock;

use chrono::TimeDelta;
use proptest::prelude::*;

use super::support::{Key, Log};
use crate::audit::{AuditFilter, TimeSpan, TypePattern};
use crate::proof::*;
use crate::{EventEnvelope, RecordedEvent, Sequence};

fn plans() -> Asked {
    Asked { types: vec!["plan.*".into()], ..Asked::default() }
}

fn failed(proof: Proof, keys: &[VerifierKey]) -> ProofFlaw {
    proof.check(keys).unwrap_err()
}

#[test]
fn an_entry_s_proof_shows_the_entry_and_needs_nothing_but_the_key() {
    let log = Log::new(13);
    for index in 0..13 {
        let proof = log.entry_proof(index);
        let parsed = Proof::parse(&Proof::Entry(Box::new(proof.clone())).to_json()).unwrap();
        assert_eq!(parsed, Proof::Entry(Box::new(proof)));
        let Proven::Entry(proven) = parsed.check(&log.keys()).unwrap() else { panic!("an entry") };
        assert_eq!((proven.index, proven.row.leaf.sequence.0), (index, index + 5));
        assert_eq!(proven.checkpoint.checkpoint.head.size, 13);
        let number = format!(r#"{{"number":{}}}"#, index + 5);
        assert_eq!(proven.row.disclosed[&CommittedField::Details], number);
        assert_eq!(proven.row.disclosed[&CommittedField::UserIdentity], "Zoë");
        assert_eq!(proven.row.undisclosed().count(), 0);
    }
}

#[test]
fn values_may_be_kept_back() {
    let log = Log::new(3);
    let mut proof = log.entry_proof(1);
    proof.disclosures.retain(|shown| !shown.field.is_personal());
    let row = proof.check(&log.keys()).unwrap().row;
    assert_eq!(row.disclosed.len(), 1);
    let kept: Vec<_> = row.undisclosed().collect();
    assert_eq!(kept, [CommittedField::Actor, CommittedField::UserIdentity]);
}

#[test]
fn a_value_that_was_not_recorded_is_named() {
    let log = Log::new(3);
    let field = CommittedField::Details;
    let content = ProofFlaw::Content { sequence: Sequence(6), field };
    let proof = log.entry_proof(1);
    let at = proof.disclosures.iter().position(|shown| shown.field == field).unwrap();
    let mut changed = proof.clone();
    changed.disclosures[at].value = r#"{"number":7}"#.into();
    assert_eq!(changed.check(&log.keys()), Err(content.clone()));
    let mut salted = proof.clone();
    salted.disclosures[at].salt = Salt([0; 16]);
    assert_eq!(salted.check(&log.keys()), Err(content.clone()));
    let mut twice = proof.clone();
    twice.disclosures.push(proof.disclosures[at].clone());
    assert_eq!(twice.check(&log.keys()), Err(content));
    let mut absent = proof;
    absent.disclosures[at].field = CommittedField::Subject;
    let field = CommittedField::Subject;
    assert_eq!(absent.check(&log.keys()), Err(ProofFlaw::Content { sequence: Sequence(6), field }));
}

#[test]
fn an_entry_elsewhere_or_of_another_number_is_not_the_one() {
    let log = Log::new(9);
    let mut elsewhere = log.entry_proof(1);
    elsewhere.index = 2;
    assert_eq!(elsewhere.check(&log.keys()), Err(ProofFlaw::NotInTree));
    let mut other = log.entry_proof(1);
    other.leaf = log.entry_proof(2).leaf;
    assert_eq!(other.check(&log.keys()), Err(ProofFlaw::NotInTree));
    // A log that signed a number which its place cannot have.
    let mut lying = Log::new(9);
    for (place, entry) in (0..).zip(&mut lying.entries) {
        entry.sequence = Sequence(place);
    }
    let order = ProofFlaw::Order { sequence: Sequence(3) };
    assert_eq!(lying.entry_proof(3).check(&lying.keys()), Err(order));
}

#[test]
fn a_consistency_proof_shows_that_a_log_has_only_grown() {
    let log = Log::new(13);
    for old in 0..=13 {
        let proof = log.consistency_proof(old);
        let parsed = Proof::parse(&Proof::Consistency(Box::new(proof.clone())).to_json()).unwrap();
        assert_eq!(parsed, Proof::Consistency(Box::new(proof)));
        let Proven::Growth(proven) = parsed.check(&log.keys()).unwrap() else { panic!("growth") };
        let sizes = [&proven.old, &proven.new].map(|of| of.checkpoint.head.size);
        assert_eq!(sizes, [old as u64, 13]);
    }
}

#[test]
fn what_has_not_only_grown_is_told_apart() {
    let log = Log::new(13);
    let keys = log.keys();
    let fork = {
        let mut other = Log::new(13);
        other.entries[2].event_id = "another".into();
        let proof = log.consistency_proof(7);
        ConsistencyProof::new(other.checkpoint(7), proof.new, proof.consistency_path)
    };
    assert_eq!(failed(Proof::Consistency(Box::new(fork)), &keys), ProofFlaw::Fork);
    let backwards = ConsistencyProof::new(log.checkpoint(13), log.checkpoint(7), Vec::new());
    let truncation = ProofFlaw::Truncation { old: 13, new: 7 };
    assert_eq!(failed(Proof::Consistency(Box::new(backwards)), &keys), truncation);
    let mut other = Log::new(13);
    other.origin = Origin::of_log("b-log").unwrap();
    let between = ConsistencyProof::new(log.checkpoint(7), other.checkpoint(7), Vec::new());
    let known = [log.keys(), other.keys()].concat();
    let flaw = failed(Proof::Consistency(Box::new(between.clone())), &known);
    let [old, new] = ["a", "b"].map(|log| format!("indelible/{log}-log"));
    assert_eq!(flaw, ProofFlaw::DifferentLogs { old, new });
    // Each of the two has to be signed by a key that is known.
    for keys in [log.keys(), other.keys()] {
        assert_eq!(
            failed(Proof::Consistency(Box::new(between.clone())), &keys).kind(),
            "unknown-key"
        );
    }
}

#[test]
fn an_answer_s_proof_shows_that_nothing_was_left_out() {
    let log = Log::new(23);
    let asked = Asked { plan_id: Some("plan-1".into()), ..plans() };
    let proof = log.answer_proof(asked.clone(), 4..19);
    let parsed = Proof::parse(&Proof::Answer(Box::new(proof.clone())).to_json()).unwrap();
    assert_eq!(parsed, Proof::Answer(Box::new(proof)));
    let Proven::Answer(proven) = parsed.check(&log.keys()).unwrap() else { panic!("an answer") };
    assert_eq!(proven.asked, asked);
    assert_eq!((proven.first.0, proven.last.0, proven.complete), (9, 23, true));
    let rows: Vec<_> = proven.rows.iter().map(|row| row.leaf.sequence.0).collect();
    assert_eq!(rows, [9, 15, 21]);
    assert_eq!(proven.rows[0].disclosed[&CommittedField::Details], r#"{"number":9}"#);
    assert_eq!(proven.checkpoint.checkpoint.head.size, 23);
}

#[test]
fn a_row_that_is_left_out_added_or_out_of_order_is_named() {
    let log = Log::new(23);
    let proof = log.answer_proof(plans(), 4..19);
    let check = |change: &dyn Fn(&mut AnswerProof)| {
        let mut proof = proof.clone();
        change(&mut proof);
        proof.check(&log.keys()).unwrap_err()
    };
    let sequence = Sequence(12);
    assert_eq!(check(&|proof| drop(proof.rows.remove(1))), ProofFlaw::LeftOut { sequence });
    assert_eq!(check(&|proof| proof.rows.swap(0, 1)), ProofFlaw::LeftOut { sequence: Sequence(9) });
    let not_asked_for = ProofFlaw::NotAskedFor { sequence };
    assert_eq!(
        check(&|proof| proof.rows.insert(1, proof.rows[1].clone())),
        ProofFlaw::LeftOut { sequence: Sequence(15) }
    );
    assert_eq!(check(&|proof| proof.asked.types = vec!["tool.*".into()]).kind(), "not-asked-for");
    let no_plan = Asked { plan_id: Some("plan-1".into()), ..plans() };
    assert_eq!(check(&|proof| proof.asked = no_plan.clone()), not_asked_for);
    let outside = AnswerRow { sequence: Sequence(24), disclosures: Vec::new() };
    let beyond = ProofFlaw::NotAskedFor { sequence: Sequence(24) };
    assert_eq!(check(&|proof| proof.rows.push(outside.clone())), beyond);
    assert_eq!(check(&|proof| drop(proof.leaves.pop())), ProofFlaw::NotInTree);
    assert_eq!(check(&|proof| proof.leaves.clear()), ProofFlaw::NotInTree);
    assert_eq!(check(&|proof| proof.start += 1), ProofFlaw::NotInTree);
    assert_eq!(check(&|proof| proof.leaves.swap(1, 2)), ProofFlaw::NotInTree);
    assert_eq!(check(&|proof| proof.rows[0].disclosures[0].value.clear()).kind(), "content");
}

#[test]
fn leaves_that_do_not_bear_the_numbers_of_their_places_are_named() {
    for (sequences, wrong) in [([6, 8, 9], 8), ([6, 6, 7], 6), ([6, 7, 5], 5), ([1, 2, 3], 1)] {
        let mut log = Log::new(5);
        for (entry, sequence) in log.entries[1..].iter_mut().zip(sequences) {
            entry.sequence = Sequence(sequence);
        }
        let flaw = log.answer_proof(Asked::default(), 1..4).check(&log.keys()).unwrap_err();
        assert_eq!(flaw, ProofFlaw::Order { sequence: Sequence(wrong) }, "{sequences:?}");
    }
}

#[test]
fn an_answer_to_what_no_leaf_tells_is_not_said_to_be_complete() {
    let log = Log::new(9);
    let asked = Asked { beyond_leaves: vec!["actor".into()], ..plans() };
    let mut proof = log.answer_proof(asked, 0..9);
    proof.rows.remove(0);
    let proven = proof.check(&log.keys()).unwrap();
    assert!(!proven.complete);
    assert_eq!(proven.rows.len(), 2);
}

#[test]
fn a_moment_is_in_the_span_from_its_first_one_until_the_first_one_after_it() {
    let span = |since: &str, until: &str| {
        let end = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        AskedSpan { since: end(since), until: end(until) }
    };
    let moment = "2026-07-01T09:00:00.000000000Z";
    for (since, until, is_in) in [
        ("", "", true),
        (moment, "", true),
        ("2026-07-01T09:00:00.000000001Z", "", false),
        ("2026-07-01T11:00:00+02:00", "2026-07-01T09:00:00.000000001Z", true),
        ("", moment, false),
        ("yesterday", "", false),
        ("", "tomorrow", false),
    ] {
        assert_eq!(span(since, until).contains(moment), is_in, "{since} {until}");
        let no_moment = span(since, until).contains("once");
        assert_eq!(no_moment, span(since, until).is_open(), "{since} {until}");
    }
}

#[test]
fn an_answer_for_a_span_of_time_is_proven_complete() {
    let mut log = Log::new(9);
    for entry in &mut log.entries[4..] {
        entry.recorded_at = "2026-07-01T10:00:00.000000000Z".into();
    }
    let recorded = AskedSpan { since: Some("2026-07-01T10:00:00Z".into()), until: None };
    let asked = Asked { recorded, ..plans() };
    let proof = log.answer_proof(asked, 0..9);
    let proven = proof.clone().check(&log.keys()).unwrap();
    let rows: Vec<_> = proven.rows.iter().map(|row| row.leaf.sequence.0).collect();
    assert!(proven.complete && !rows.is_empty() && rows.iter().all(|row| *row >= 5), "{rows:?}");
    let (mut less, sequence) = (proof, Sequence(rows[0]));
    less.rows.remove(0);
    assert_eq!(less.check(&log.keys()).unwrap_err(), ProofFlaw::LeftOut { sequence });
}

#[test]
fn what_was_asked_is_taken_from_the_filter() {
    let epoch = chrono::DateTime::UNIX_EPOCH;
    let filter = AuditFilter {
        types: vec![TypePattern::new("plan.*")],
        contexts: vec!["tool".into()],
        plan_id: Some("p".into()),
        project_name: Some("j".into()),
        session_id: Some("s".into()),
        correlation_id: Some("c".into()),
        recorded: TimeSpan { since: Some(epoch), until: None },
        occurred: TimeSpan { since: None, until: Some(epoch + TimeDelta::milliseconds(500)) },
        ..AuditFilter::default()
    };
    let asked = Asked::of(&filter);
    assert_eq!(
        asked,
        Asked {
            types: vec!["plan.*".into()],
            contexts: vec!["tool".into()],
            plan_id: Some("p".into()),
            project_name: Some("j".into()),
            session_id: Some("s".into()),
            correlation_id: Some("c".into()),
            recorded: AskedSpan { since: Some("1970-01-01T00:00:00Z".into()), until: None },
            occurred: AskedSpan { since: None, until: Some("1970-01-01T00:00:00.500Z".into()) },
            beyond_leaves: Vec::new(),
        }
    );
    for (filter, name) in [
        (AuditFilter { actor: Some("a".into()), ..filter.clone() }, "actor"),
        (AuditFilter { user_identity: Some("u".into()), ..filter.clone() }, "user_identity"),
        (AuditFilter { contains: Some("x".into()), ..filter.clone() }, "contains"),
    ] {
        assert_eq!(Asked::of(&filter).beyond_leaves, [name]);
    }
    assert_eq!(serde_json::to_string(&Asked::default()).unwrap(), "{}");
}

/// One of few texts, so that what is asked for is often there.
fn word() -> impl Strategy<Value = Option<String>> {
    prop::option::of(prop::sample::select(vec!["a", "b"]).prop_map(ToOwned::to_owned))
}

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a.b", "a.c", "b.b", "ab.c", "a"]).prop_map(ToOwned::to_owned)
}

proptest! {
    #[test]
    fn a_leaf_matches_what_its_entry_matches(
        event_type in name(), found in prop::array::uniform4(word()),
        wanted in prop::array::uniform4(word()),
        types in prop::collection::vec(prop_oneof![name(), Just("a.*".to_owned())], 0..3),
        contexts in prop::collection::vec(prop::sample::select(vec!["a", "b"]), 0..2),
    ) {
        let [plan_id, project_name, session_id, correlation_id] = found;
        let leaf = LeafRecord {
            event_type: event_type.clone(), plan_id, project_name, session_id, correlation_id,
            ..LOG.entry_proof(0).leaf
        };
        let event = RecordedEvent {
            sequence: leaf.sequence,
            recorded_at: chrono::DateTime::UNIX_EPOCH,
            erased: crate::audit::ErasedFields::NONE,
            envelope: EventEnvelope {
                event_id: leaf.event_id.clone(),
                event_type: event_type.into(),
                schema_version: 1,
                occurred_at: chrono::DateTime::UNIX_EPOCH,
                source: leaf.source.clone(),
                subject: None,
                plan_id: leaf.plan_id.clone(),
                project_name: leaf.project_name.clone(),
                session_id: leaf.session_id.clone(),
                actor: None,
                user_identity: None,
                correlation_id: leaf.correlation_id.clone(),
                causation_id: None,
                trace_id: None,
                extensions: crate::Details::new(),
                details: crate::Details::new(),
            },
        };
        let [plan_id, project_name, session_id, correlation_id] = wanted;
        let filter = AuditFilter {
            types: types.into_iter().map(TypePattern::new).collect(),
            contexts: contexts.into_iter().map(ToOwned::to_owned).collect(),
            plan_id, project_name, session_id, correlation_id,
            ..AuditFilter::default()
        };
        prop_assert_eq!(Asked::of(&filter).matches(&leaf), filter.matches(&event));
    }
}

static LOG: LazyLock<Log> = LazyLock::new(|| Log::new(13));

/// A proof of each kind, as text.
static TEXTS: LazyLock<[String; 3]> = LazyLock::new(|| {
    [
        Proof::Entry(Box::new(LOG.entry_proof(4))),
        Proof::Consistency(Box::new(LOG.consistency_proof(5))),
        Proof::Answer(Box::new(LOG.answer_proof(plans(), 2..8))),
    ]
    .map(|proof| proof.to_json())
});

proptest! {
    // Each of them takes a signature or two.
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_letter_of_a_proof_can_be_changed_unnoticed(
        kind in 0_usize..3, at: prop::sample::Index, letter in "[ -~]",
    ) {
        let mut letters: Vec<_> = TEXTS[kind].chars().collect();
        let at = at.index(letters.len());
        letters[at] = letter.chars().next().unwrap_or('x');
        let text: String = letters.into_iter().collect();
        let Ok(changed) = Proof::parse(&text) else { return Ok(()) };
        if changed.to_json() == TEXTS[kind] {
            // Space between the parts means nothing.
            return Ok(());
        }
        match changed.check(&LOG.keys()) {
            Err(_) => {}
            // What was asked is not of the log's making, and is shown.
            Ok(Proven::Answer(proven)) => prop_assert_ne!(proven.asked, plans()),
            Ok(proven) => prop_assert!(false, "{proven:?}"),
        }
    }
}

#[test]
fn what_is_no_proof_is_refused() {
    let flaw = |text: &str| Proof::parse(text).unwrap_err();
    assert_eq!(flaw("{").kind(), "malformed");
    assert_eq!(flaw("{}").kind(), "malformed");
    let newer = TEXTS[0].replace("-proof/1", "-proof/2");
    assert_eq!(flaw(&newer), ProofFlaw::UnknownFormat { found: "indelible-entry-proof/2".into() });
    assert_eq!(flaw(&newer).kind(), "unknown-format");
    // Fields that nobody checks are not there to be believed.
    let more = TEXTS[0].replacen('{', r#"{"note":"all is well","#, 1);
    assert_eq!(flaw(&more).kind(), "malformed");
    for (kind, text) in TEXTS.iter().enumerate() {
        let other = TEXTS[(kind + 1) % 3].lines().nth(1).unwrap();
        let tagged = text.replacen(text.lines().nth(1).unwrap(), other, 1);
        assert_eq!(flaw(&tagged).kind(), "malformed");
    }
}

#[test]
fn every_proof_is_worth_what_its_key_is() {
    for text in &*TEXTS {
        let stranger = Key::new(9).public("indelible/a-log");
        assert_eq!(failed(Proof::parse(text).unwrap(), &[stranger]).kind(), "unknown-key");
        let resized = text.replace(r"\n13\n", r"\n14\n");
        assert_eq!(failed(Proof::parse(&resized).unwrap(), &LOG.keys()).kind(), "bad-signature");
    }
}

#[test]
fn every_flaw_has_a_kind() {
    let sequence = Sequence(3);
    let text = String::new;
    for (flaw, kind) in [
        (SignatureFlaw::OfAnotherLog { origin: text(), signers: vec![] }.into(), "different-log"),
        (ProofFlaw::DifferentLogs { old: text(), new: text() }, "different-log"),
        (ProofFlaw::NotInTree, "not-in-tree"),
        (ProofFlaw::Content { sequence, field: CommittedField::Actor }, "content"),
        (ProofFlaw::Order { sequence }, "order"),
        (ProofFlaw::LeftOut { sequence }, "left-out"),
        (ProofFlaw::NotAskedFor { sequence }, "not-asked-for"),
        (ProofFlaw::Truncation { old: 2, new: 1 }, "truncation"),
        (ProofFlaw::Fork, "fork"),
    ] {
        assert_eq!(flaw.kind(), kind);
    }
}
