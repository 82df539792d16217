//! The signer and its key, in memory and in a file.

use domain::proof::{Digest, TreeHead};

use super::*;

fn checkpoint(log: &str) -> Checkpoint {
    let head = TreeHead { size: 3, root: Digest([9; 32]) };
    Checkpoint { origin: Origin::of_log(log).unwrap(), head }
}

#[test]
fn a_checkpoint_is_verified_under_the_signers_key_and_under_no_other() {
    let (signer, other) = (Ed25519Signer::generate().unwrap(), Ed25519Signer::generate().unwrap());
    let signed = signer.sign(&checkpoint("a")).unwrap();
    let key = |signer: &Ed25519Signer, log: &str| {
        signer.verifier_key(&Origin::of_log(log).unwrap()).unwrap()
    };
    assert!(signed.verify(&[key(&signer, "a")]).is_ok());
    assert!(signed.verify(&[key(&other, "a"), key(&signer, "b")]).is_err());
    assert_eq!(signed.checkpoint(), &checkpoint("a"));
}

#[test]
fn a_file_gives_the_same_key_again_until_it_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("deep").join("key");
    let origin = Origin::of_log("a").unwrap();
    let key = || Ed25519Signer::load_or_create(&file).unwrap().verifier_key(&origin).unwrap();
    let first = key();
    assert_eq!(key(), first);
    let new = Ed25519Signer::generate().unwrap();
    new.replace(&file).unwrap();
    assert_eq!(key(), new.verifier_key(&origin).unwrap());
    assert_ne!(key(), first);
}

#[test]
fn a_key_that_others_may_read_or_that_is_none_is_refused_and_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    secret_file::create(&file, b"PRIVATE+KEY+indelible+00000000+secret").unwrap();
    let error = Ed25519Signer::load_or_create(&file).unwrap_err();
    assert!(matches!(error, SigningKeyError::Malformed { .. }), "{error}");
    assert!(!format!("{error} {error:?}").contains("secret"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
        let error = Ed25519Signer::load_or_create(&file).unwrap_err();
        assert!(matches!(error, SigningKeyError::Exposed { mode: 0o640, .. }), "{error}");
    }
    let signer = Ed25519Signer::generate().unwrap();
    assert_eq!(format!("{signer:?}"), "Ed25519Signer(..)");
}

#[tokio::test]
async fn what_was_signed_with_a_file_is_remembered_by_whoever_has_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    let origin = Origin::of_log("a").unwrap();
    let signer = Ed25519Signer::load_or_create(&file).unwrap();
    assert!(signer.last_signed(&origin).await.unwrap().is_none());
    let signed = signer.sign(&checkpoint("a")).unwrap();
    signer.remember(&signed).await.unwrap();
    for signer in [
        signer,
        Ed25519Signer::load_or_create(&file).unwrap(),
        Ed25519Signer::load_or_miss(&file).unwrap(),
    ] {
        let last = signer.last_signed(&origin).await.unwrap().unwrap();
        assert_eq!(last.checkpoint.as_str(), signed.as_str());
        assert!(last.place.ends_with("key.signed"), "{}", last.place);
    }
    let passing = Ed25519Signer::generate().unwrap();
    passing.remember(&signed).await.unwrap();
    assert!(passing.last_signed(&origin).await.unwrap().is_none());
}

#[cfg(target_os = "linux")]
#[test]
fn a_key_that_leads_nowhere_is_told_from_one_that_cannot_be_made() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("nowhere");
    std::os::unix::fs::symlink(folder.path().join("gone"), &nowhere).unwrap();
    let error = Ed25519Signer::load_or_create(&nowhere).unwrap_err();
    assert!(matches!(error, SigningKeyError::Unreadable { .. }), "{error}");
    let error = Ed25519Signer::load_or_create(Path::new("/proc/signing.key")).unwrap_err();
    assert!(matches!(error, SigningKeyError::Unwritable { .. }), "{error}");
}
