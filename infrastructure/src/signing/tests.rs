//! The signing key, and what is signed with it.

use std::fs;
use std::path::Path;
use std::sync::Barrier;

use domain::ports::CheckpointSigner;
use domain::proof::{Checkpoint, Origin, TreeHead};

use super::*;

/// The private key, the public key and the name of the published tests of signed notes.
const PETER_PRIVATE: &str =
    "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

fn log() -> Origin {
    Origin::of_log("a-log").unwrap()
}

fn public(signer: &Ed25519Signer) -> String {
    signer.verifier_key(&log()).unwrap().to_string()
}

fn load_or_create(file: &Path) -> Result<Ed25519Signer, SigningKeyError> {
    Ed25519Signer::load_or_create(file, &log())
}

#[test]
fn what_is_signed_is_verified_by_the_public_key_of_its_log_alone() {
    let signer = Ed25519Signer::ephemeral().unwrap();
    let checkpoint = Checkpoint { origin: log(), head: TreeHead::empty() };
    let signed = signer.sign(&checkpoint).unwrap();
    assert_eq!(signed.checkpoint(), &checkpoint);
    let key = signer.verifier_key(&log()).unwrap();
    assert_eq!(key.name(), &log());
    assert_eq!(signed.verify(std::slice::from_ref(&key)).unwrap().len(), 1);
    let of_other_log = signer.verifier_key(&Origin::of_log("b-log").unwrap()).unwrap();
    assert_ne!(of_other_log, key);
    assert!(signed.verify(&[of_other_log]).is_err());
    let other = Ed25519Signer::ephemeral().unwrap().verifier_key(&log()).unwrap();
    assert_ne!(other, key);
    assert!(signed.verify(&[other]).is_err());
}

#[test]
fn a_published_key_is_read_and_gives_its_published_public_key() {
    let signer = Ed25519Signer::from_text(PETER_PRIVATE, "this test").unwrap();
    let name: Origin = "PeterNeumann".parse().unwrap();
    assert_eq!(signer.verifier_key(&name).unwrap().as_str(), PETER);
    let around = format!("\n{PETER_PRIVATE}\r\n");
    let same = Ed25519Signer::from_text(&around, "this test").unwrap();
    assert_eq!(public(&same), public(&signer));
}

#[test]
fn a_text_without_a_key_is_refused_and_not_repeated() {
    let cut = &PETER_PRIVATE[..PETER_PRIVATE.len() - 4];
    let renamed = PETER_PRIVATE.replace("Peter", "Petra");
    for text in ["", PETER, cut, &renamed] {
        let error = Ed25519Signer::from_text(text, "the variable KEY").unwrap_err();
        assert!(matches!(error, SigningKeyError::NotAKey { .. }), "{error}");
        let shown = format!("{error} {error:?}");
        assert!(shown.contains("the variable KEY") && !shown.contains("AYEKFALV"), "{shown}");
    }
}

#[test]
fn the_key_is_made_once_and_stays_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("deeper").join("record.db.signing-key");
    assert!(matches!(Ed25519Signer::load(&file), Err(SigningKeyError::Missing { .. })));
    let made = load_or_create(&file).unwrap();
    assert_eq!(public(&load_or_create(&file).unwrap()), public(&made));
    assert_eq!(public(&Ed25519Signer::load(&file).unwrap()), public(&made));
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("PRIVATE+KEY+indelible/a-log+") && text.ends_with('\n'), "{text}");
    // As the tools for signed notes read it.
    let standard = signed_note::StandardSigner::new(text.trim_end()).unwrap();
    let id = public(&made).split('+').nth(1).unwrap().to_owned();
    assert_eq!(format!("{:08x}", signed_note::Signer::key_id(&standard)), id);
    // The label is one of the log it was made for, and the key may sign for another.
    let other = Origin::of_log("b-log").unwrap();
    assert_eq!(public(&Ed25519Signer::load_or_create(&file, &other).unwrap()), public(&made));
    assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1);
}

#[test]
fn all_who_ask_at_once_get_the_same_key() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("signing-key");
    let start = Barrier::new(16);
    let keys: Vec<String> = std::thread::scope(|scope| {
        let ask = || {
            start.wait();
            public(&load_or_create(&file).unwrap())
        };
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(keys.iter().all(|key| *key == keys[0]));
}

#[test]
fn a_new_key_takes_the_place_of_the_former_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("signing-key");
    let former = load_or_create(&file).unwrap();
    let rotated = Ed25519Signer::rotate(&file, &log()).unwrap();
    assert_ne!(public(&rotated), public(&former));
    assert_eq!(public(&load_or_create(&file).unwrap()), public(&rotated));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    let checkpoint = Checkpoint { origin: log(), head: TreeHead::empty() };
    let signed = former.sign(&checkpoint).unwrap();
    assert!(signed.verify(&[former.verifier_key(&log()).unwrap()]).is_ok());
    let error = Ed25519Signer::rotate(&file.join("below-a-file"), &log()).unwrap_err();
    assert!(matches!(error, SigningKeyError::Unwritable { .. }), "{error}");
}

#[cfg(unix)]
#[test]
fn a_key_is_readable_by_its_owner_only_and_refused_otherwise() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("signing-key");
    let mode = || fs::metadata(&file).unwrap().permissions().mode() & 0o777;
    load_or_create(&file).unwrap();
    assert_eq!(mode(), 0o600);
    Ed25519Signer::rotate(&file, &log()).unwrap();
    assert_eq!(mode(), 0o600);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let error = load_or_create(&file).unwrap_err().to_string();
    assert!(error.contains("may be read by others (mode 640): run `chmod 600 "), "{error}");
}

#[cfg(unix)]
#[test]
fn a_file_without_a_key_is_refused_and_left_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("signing-key");
    for wrong in ["", "\u{fffd}", PETER] {
        fs::write(&file, wrong).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        let error = load_or_create(&file).unwrap_err();
        assert!(matches!(error, SigningKeyError::NotAKey { .. }), "{error}");
        assert_eq!(fs::read_to_string(&file).unwrap(), wrong);
    }
    let error = load_or_create(&file.join("below-a-file")).unwrap_err();
    assert!(matches!(error, SigningKeyError::Unreadable { .. }), "{error}");
    let nowhere = folder.path().join("nowhere");
    std::os::unix::fs::symlink(folder.path().join("gone"), &nowhere).unwrap();
    let error = load_or_create(&nowhere).unwrap_err();
    assert!(matches!(error, SigningKeyError::Unreadable { .. }), "{error}");
}

#[test]
fn a_key_is_never_shown() {
    let signer = Ed25519Signer::from_text(PETER_PRIVATE, "this test").unwrap();
    assert_eq!(format!("{signer:?}"), "Ed25519Signer(PrivateKey(..))");
}
