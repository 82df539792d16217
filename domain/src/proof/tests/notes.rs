//! Checkpoints, signed notes and public keys.

use super::support::{Key, Log, head, leaves, sign};
use crate::proof::*;

/// The keys, the text and the signature of the published tests of signed notes.
const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const PETER_PRIVATE: &str =
    "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const ENOCH: &str = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop";
const TEXT: &str = "If you think cryptography is the answer to your problem,\n\
                    then you don't know what your problem is.\n";
const PETER_SIGNED: &str = "\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
const ENOCH_SIGNED: &str = "\u{2014} EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n";
/// The example of C2SP tlog-checkpoint.
const EXAMPLE: &str =
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
const EXAMPLE_SIGNED: &str = "\u{2014} example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";

fn key(text: &str) -> VerifierKey {
    text.parse().unwrap()
}

#[test]
fn the_published_signatures_are_good() {
    use signed_note::Verifier as _;
    for (text, signed) in [(PETER, PETER_SIGNED), (ENOCH, ENOCH_SIGNED)] {
        let signature = signed_note::Signature::from_bytes(signed.trim_end().as_bytes()).unwrap();
        let key = key(text);
        assert_eq!((key.name().as_str(), key.id()), (signature.name(), signature.id()));
        assert!(key.verifier().verify(TEXT.as_bytes(), signature.signature()));
        assert!(!key.verifier().verify(b"another text\n", signature.signature()));
    }
    let signer = signed_note::StandardSigner::new(PETER_PRIVATE).unwrap();
    assert_eq!(sign(TEXT, &[&signer]), format!("{TEXT}\n{PETER_SIGNED}"));
}

#[test]
fn the_example_of_the_specification_is_read_and_written() {
    let signed = SignedCheckpoint::parse(&format!("{EXAMPLE}\n{EXAMPLE_SIGNED}")).unwrap();
    let checkpoint = signed.checkpoint();
    assert_eq!(checkpoint.origin.as_str(), "example.com/behind-the-sofa");
    assert_eq!(checkpoint.head.size, 20_852_163);
    assert_eq!(checkpoint.head.root.to_string(), "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=");
    assert_eq!(checkpoint.text(), EXAMPLE);
    assert_eq!(signed.as_str(), format!("{EXAMPLE}\n{EXAMPLE_SIGNED}"));
    // Whose key is not known here.
    let signers = vec!["example.com/behind-the-sofa+033de0ae".to_owned()];
    assert_eq!(signed.verify(&[key(PETER)]), Err(SignatureFlaw::UnknownKey { signers }));
}

#[test]
fn a_checkpoint_has_three_lines_and_may_have_more() {
    let root = leaf_hash(b"");
    let text = format!("log\n7\n{root}\n");
    let parsed = Checkpoint::parse(&text).unwrap();
    assert_eq!(parsed.head, TreeHead { size: 7, root });
    assert_eq!(Checkpoint::parse(&format!("{text}more\n")), Ok(parsed));
    for wrong in [
        String::new(),
        "log\n7\n".to_owned(),
        format!("\n7\n{root}\n"),
        format!("a log\n7\n{root}\n"),
        format!("log\n07\n{root}\n"),
        format!("log\n+7\n{root}\n"),
        format!("log\n7\n{root}"),
        format!("log\n7\n{root}\n\n"),
        "log\n7\nAAAA\n".to_owned(),
    ] {
        assert_eq!(Checkpoint::parse(&wrong), Err(NotACheckpoint), "{wrong:?}");
    }
}

#[test]
fn a_signed_checkpoint_is_a_note_with_a_checkpoint_in_it() {
    let not_a_note = Err(NotASignedCheckpoint::NotANote);
    assert_eq!(SignedCheckpoint::parse(""), not_a_note);
    assert_eq!(SignedCheckpoint::parse(EXAMPLE), not_a_note);
    assert_eq!(SignedCheckpoint::parse(&format!("{EXAMPLE}\n{EXAMPLE_SIGNED}\n")), not_a_note);
    let not_a_checkpoint = NotASignedCheckpoint::NotACheckpoint(NotACheckpoint);
    assert_eq!(SignedCheckpoint::parse(&format!("{TEXT}\n{PETER_SIGNED}")), Err(not_a_checkpoint));
}

#[test]
fn a_log_is_named_as_a_key_can_be() {
    assert_eq!(Origin::of_log("01J").unwrap().to_string(), "indelible/01J");
    assert_eq!(format!("{:>6}", "log".parse::<Origin>().unwrap()), "   log");
    for wrong in ["", "a log", "a+log", "a\nlog", "a\u{7}log", "a\u{a0}log"] {
        assert_eq!(wrong.parse::<Origin>(), Err(InvalidOrigin), "{wrong:?}");
        assert_eq!(Origin::of_log(wrong), Err(InvalidOrigin), "{wrong:?}");
    }
    let origin: Origin = serde_json::from_str("\"log\"").unwrap();
    assert_eq!(serde_json::to_string(&origin).unwrap(), "\"log\"");
    assert!(serde_json::from_str::<Origin>("\"a log\"").is_err());
}

#[test]
fn a_public_key_is_read_or_the_slip_is_named() {
    let peter = key(PETER);
    assert_eq!(key(&format!(" {PETER}\n")), peter);
    assert_ne!(key(ENOCH), peter);
    assert_eq!(peter.to_string(), PETER);
    assert_eq!(format!("{peter:?}"), format!("VerifierKey({PETER})"));
    assert_eq!(serde_json::to_value(&peter).unwrap(), PETER);
    assert_eq!(serde_json::from_value::<VerifierKey>(PETER.into()).unwrap(), peter);
    assert!(serde_json::from_value::<VerifierKey>("key".into()).is_err());
    let wrong = |text: &str| text.parse::<VerifierKey>().unwrap_err();
    for text in ["", "a+b", "a+c74f20a3+!", &PETER[..40]] {
        assert_eq!(wrong(text), InvalidVerifierKey::Malformed(text.into()));
    }
    let changed = PETER.replace("Peter", "Petra");
    assert_eq!(wrong(&changed), InvalidVerifierKey::Changed(changed));
    let private = wrong(PETER_PRIVATE);
    assert_eq!(private, InvalidVerifierKey::Private);
    assert!(!private.to_string().contains("AYEKFALVFGyNhPJEMzD1"));
    // Of the signature type 2, with its right hash.
    let id = signed_note::key_id("a", &[2, 0, 0]);
    let unknown = format!("a+{id:08x}+AgAA");
    assert_eq!(wrong(&unknown), InvalidVerifierKey::UnknownAlgorithm(unknown));
}

/// A name with a control character belongs to no log, though a key could have it.
#[test]
fn a_key_that_no_log_could_have_is_malformed() {
    let public = Key::new(1).public("log");
    let bytes = public.as_str().rsplit('+').next().unwrap();
    let raw = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, bytes).unwrap();
    let text = format!("l\u{7}g+{:08x}+{bytes}", signed_note::key_id("l\u{7}g", &raw));
    assert_eq!(text.parse::<VerifierKey>(), Err(InvalidVerifierKey::Malformed(text)));
}

#[test]
fn a_checkpoint_is_believed_by_a_known_key_of_its_log() {
    let log = Log::new(5);
    let signed = log.checkpoint(5);
    let [key] = &log.keys()[..] else { panic!("one key") };
    let name = key.as_str().rsplit_once('+').unwrap().0.to_owned();
    let verified = VerifiedCheckpoint::of(&signed, &log.keys()).unwrap();
    assert_eq!(verified.signed_by, [name]);
    assert_eq!(&verified.checkpoint, signed.checkpoint());
    assert_eq!(verified.checkpoint.head, head(&log.hashes()));
    // Another key of the same log, as after a rotation, does no harm, and does not help alone.
    let other = Key::new(8).public("indelible/a-log");
    assert!(signed.verify(&[other.clone(), key.clone()]).is_ok());
    let flaw = signed.verify(&[other]).unwrap_err();
    assert!(matches!(flaw, SignatureFlaw::UnknownKey { .. }), "{flaw}");
}

#[test]
fn a_changed_checkpoint_is_of_a_bad_signature() {
    let log = Log::new(5);
    let note = log.checkpoint(5).as_str().replacen("\n5\n", "\n6\n", 1);
    let changed = SignedCheckpoint::parse(&note).unwrap();
    assert_ne!(changed, log.checkpoint(5));
    let key = log.keys()[0].as_str().rsplit_once('+').unwrap().0.to_owned();
    assert_eq!(changed.verify(&log.keys()), Err(SignatureFlaw::BadSignature { key }));
}

#[test]
fn signatures_of_others_count_for_nothing_and_are_named() {
    let head = head(&leaves(3));
    let text = Checkpoint { origin: "log".parse().unwrap(), head }.text();
    let (own, witness) = (Key::new(1), Key::new(2));
    let both = sign(&text, &[&witness.signer("witness"), &own.signer("log")]);
    let both = SignedCheckpoint::parse(&both).unwrap();
    let (own_key, witness_key) = (own.public("log"), witness.public("witness"));
    assert_eq!(both.verify(&[own_key.clone(), witness_key.clone()]).unwrap().len(), 2);
    assert_eq!(both.verify(std::slice::from_ref(&own_key)).unwrap().len(), 1);
    let signers = vec![witness_key.as_str().rsplit_once('+').unwrap().0.to_owned()];
    let of_other = SignatureFlaw::OfAnotherLog { origin: "log".into(), signers };
    assert_eq!(both.verify(&[witness_key]), Err(of_other));
    // The same key under another name is another key.
    let flaw = both.verify(&[own.public("other")]).unwrap_err();
    let SignatureFlaw::UnknownKey { signers } = &flaw else { panic!("{flaw}") };
    assert_eq!(signers.len(), 2);
    assert!(signers.iter().all(|signer| flaw.to_string().contains(signer)), "{flaw}");
}

#[test]
fn a_signed_checkpoint_is_its_note_in_json() {
    let signed = Log::new(2).checkpoint(2);
    let json = serde_json::to_value(&signed).unwrap();
    assert_eq!(json, signed.as_str());
    assert_eq!(serde_json::from_value::<SignedCheckpoint>(json).unwrap(), signed);
    let error = serde_json::from_value::<SignedCheckpoint>("".into()).unwrap_err();
    assert!(error.to_string().contains("copy all of it"), "{error}");
}
