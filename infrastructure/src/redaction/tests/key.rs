//! The key file.

use std::fs;
use std::sync::Barrier;

use super::super::mark::Marker;
use super::*;

fn mark(key: &RedactionKey) -> String {
    Marker::new(key).mark("x", "secret")
}

#[test]
fn the_key_is_made_once_and_stays_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("deeper").join("redaction.key");
    let made = RedactionKey::load_or_create(&file).unwrap();
    let loaded = RedactionKey::load_or_create(&file).unwrap();
    assert_eq!(mark(&made), mark(&loaded));
    assert_eq!(fs::read(&file).unwrap().len(), 32);
    assert_ne!(mark(&made), mark(&RedactionKey::ephemeral().unwrap()));
    assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1);
}

#[test]
fn all_who_ask_at_once_get_the_same_key() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("redaction.key");
    let start = Barrier::new(16);
    let marks: Vec<String> = std::thread::scope(|scope| {
        let ask = || {
            start.wait();
            mark(&RedactionKey::load_or_create(&file).unwrap())
        };
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(marks.iter().all(|mark| *mark == marks[0]));
}

#[cfg(unix)]
#[test]
fn a_key_is_readable_by_its_owner_only_and_refused_otherwise() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("redaction.key");
    RedactionKey::load_or_create(&file).unwrap();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let error = RedactionKey::load_or_create(&file).unwrap_err().to_string();
    assert!(error.contains("may be read by others (mode 640): run `chmod 600 "), "{error}");
}

#[cfg(unix)]
#[test]
fn a_key_that_is_none_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("redaction.key");
    for wrong in [0, 31, 33] {
        fs::write(&file, vec![1; wrong]).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        let error = RedactionKey::load_or_create(&file).unwrap_err();
        assert!(matches!(error, RedactionKeyError::WrongSize { .. }), "{error}");
    }
    let folder_as_key = folder.path().join("folder");
    fs::create_dir(&folder_as_key).unwrap();
    fs::set_permissions(&folder_as_key, fs::Permissions::from_mode(0o700)).unwrap();
    let error = RedactionKey::load_or_create(&folder_as_key).unwrap_err();
    assert!(matches!(error, RedactionKeyError::Unreadable { .. }), "{error}");
    let error = RedactionKey::load_or_create(&file.join("below-a-file")).unwrap_err();
    assert!(matches!(error, RedactionKeyError::Unreadable { .. }), "{error}");
}

#[cfg(unix)]
#[test]
fn a_key_that_cannot_be_made_or_that_leads_nowhere_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("nowhere.key");
    std::os::unix::fs::symlink(folder.path().join("gone"), &nowhere).unwrap();
    let error = RedactionKey::load_or_create(&nowhere).unwrap_err();
    assert!(matches!(error, RedactionKeyError::Unreadable { .. }), "{error}");
    let long = folder.path().join("x".repeat(300)).join("key");
    assert!(RedactionKey::load_or_create(&long).is_err());
    let error = RedactionKey::load_or_create(std::path::Path::new("/proc/redaction.key"));
    assert!(matches!(error.unwrap_err(), RedactionKeyError::Unwritable { .. }));
}

#[test]
fn a_key_is_never_shown() {
    let key = RedactionKey::from_bytes([42; 32]);
    assert_eq!(format!("{key:?}"), "RedactionKey(..)");
}

#[test]
fn marks_are_hmac_sha256_of_the_secret_under_the_key() {
    // RFC 4231, test case 2, with the key padded as HMAC itself pads it.
    let mut key = [0; 32];
    key[..4].copy_from_slice(b"Jefe");
    let marker = Marker::new(&RedactionKey::from_bytes(key));
    assert_eq!(marker.mark("x", "what do ya want for nothing?"), "[redacted:x:5bdcc146]");
}
