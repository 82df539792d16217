//! An archive is a record of its own: whole, provable, and read as any other.

use std::path::{Path, PathBuf};

use super::place::{Place, log_over};
use domain::audit::Page;
use domain::audit::retention::Prefix;
use domain::ports::{ArchiveError, ArchivePlace, Archived, KeptCheckpoint, KeptKey};
use domain::proof::StoredEntry;
use domain::{
    AuditAppend, AuditArchive, AuditFilter, AuditInspect, AuditQuery, AuditRetention, AuditTree,
    Sequence,
};
use indelible_tests::contract::audit_log::{batch, start};
use infrastructure::seaorm::{
    Access, AuditStorage, OpenError, SeaOrmAuditArchive, SeaOrmAuditTree, StorageOptions,
};
use sha2::{Digest as _, Sha256};

/// A storage with so many entries.
async fn recorded(place: &Place, entries: usize) -> AuditStorage {
    let storage = place.storage().await;
    log_over(&storage).append(&batch("e", entries)).await.unwrap();
    storage
}

async fn archive(
    storage: &AuditStorage,
    through: u64,
    place: &ArchivePlace,
) -> Result<Option<Archived>, ArchiveError> {
    SeaOrmAuditArchive::new(storage.clone()).archive(Sequence(through), place).await
}

async fn read_only(file: &Path) -> Result<AuditStorage, OpenError> {
    let access = Access::ReadOnly;
    AuditStorage::connect(StorageOptions { access, ..StorageOptions::new(file) }).await
}

async fn entries(storage: &AuditStorage) -> Vec<StoredEntry> {
    SeaOrmAuditTree::new(storage.clone()).entries(Sequence(0), u32::MAX).await.unwrap()
}

/// What there is in a folder, by name.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn into(place: &Place) -> (PathBuf, ArchivePlace) {
    let folder = place.folder.path().join("archives");
    (folder.clone(), ArchivePlace::Folder(folder))
}

#[tokio::test]
async fn an_archive_holds_the_entries_as_they_are_stored_and_the_whole_tree() {
    let place = Place::new();
    let storage = recorded(&place, 700).await;
    let tree = SeaOrmAuditTree::new(storage.clone());
    let note = KeptCheckpoint { size: 4, note: "a note".to_owned(), kept_at: start() };
    tree.keep_checkpoint(&note).await.unwrap();
    let key = KeptKey { verifier_key: "a key".to_owned(), kept_at: start() };
    tree.keep_key(&key).await.unwrap();
    let (_, folder) = into(&place);
    let archived = archive(&storage, 300, &folder).await.unwrap().unwrap();
    assert_eq!(archived.range, Prefix { from: Sequence(1), through: Sequence(300) });

    let unpacked = read_only(&archived.file).await.unwrap();
    assert_eq!(entries(&unpacked).await, entries(&storage).await[..300], "to the byte");
    let other = SeaOrmAuditTree::new(unpacked.clone());
    assert_eq!(other.standing().await.unwrap(), tree.standing().await.unwrap());
    assert_eq!(other.standing().await.unwrap().size, 700, "all there are, and not only its own");
    for (level, index) in [(0, 0), (0, 1), (0, 2), (0, 3), (1, 0), (2, 0)] {
        let tile = tree.tile(level, index).await.unwrap();
        assert_eq!(other.tile(level, index).await.unwrap(), tile, "tile {level}/{index}");
    }
    assert_eq!(other.checkpoints(0, 9).await.unwrap(), [note]);
    assert_eq!(other.keys().await.unwrap(), [key]);
    let inspection = log_over(&unpacked).inspect().await.unwrap();
    assert!(inspection.is_healthy(), "{inspection:?}");
    let page = log_over(&unpacked).page(&AuditFilter::default(), Page::latest(1)).await.unwrap();
    assert_eq!(page[0].sequence, Sequence(300), "it is asked as any record is");
}

#[tokio::test]
async fn an_archive_begins_where_the_record_does_and_there_is_none_of_nothing() {
    let place = Place::new();
    let storage = recorded(&place, 20).await;
    let (folder, target) = into(&place);
    log_over(&storage).remove_oldest(Sequence(5), 100).await.unwrap();
    assert_eq!(archive(&storage, 5, &target).await.unwrap(), None);
    assert_eq!(names(&folder), [""; 0], "nothing is left of it");
    let archived = archive(&storage, 9, &target).await.unwrap().unwrap();
    assert_eq!(archived.range, Prefix { from: Sequence(6), through: Sequence(9) });
    assert_eq!(archived.file, folder.join("audit-000000000006-000000000009.db.zst"));
}

#[tokio::test]
async fn an_archive_is_named_by_its_range_digested_and_never_overwritten() {
    let place = Place::new();
    let storage = recorded(&place, 20).await;
    let (folder, target) = into(&place);
    let first = archive(&storage, 9, &target).await.unwrap().unwrap();
    let bytes = std::fs::read(&first.file).unwrap();
    assert_eq!(first.digest.0[..], Sha256::digest(&bytes)[..], "as `sha256sum` would say");
    assert_eq!(first.bytes, bytes.len() as u64);
    let second = archive(&storage, 9, &target).await.unwrap().unwrap();
    assert_eq!(std::fs::read(&first.file).unwrap(), bytes, "the first one is as it was");
    assert_eq!(second.file, folder.join("audit-000000000001-000000000009-2.db.zst"));

    let exists = ArchivePlace::File(first.file.clone());
    let refused = archive(&storage, 9, &exists).await.unwrap_err();
    assert!(
        matches!(&refused, ArchiveError::Exists { file } if *file == first.file),
        "{refused:?}"
    );
    let named = ArchivePlace::File(folder.join("deeper/mine.zst"));
    let named = archive(&storage, 9, &named).await.unwrap().unwrap();
    assert_eq!(named.file, folder.join("deeper/mine.zst"), "its folder is made");
    let names = names(&folder);
    assert_eq!(names.len(), 3, "nothing else is left behind: {names:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn an_archive_is_readable_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    let storage = recorded(&place, 3).await;
    let archived = archive(&storage, 2, &into(&place).1).await.unwrap().unwrap();
    let mode = archived.file.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn an_archive_that_cannot_be_written_leaves_nothing_and_says_where() {
    let place = Place::new();
    let storage = recorded(&place, 3).await;
    let in_the_way = place.folder.path().join("file");
    std::fs::write(&in_the_way, "in the way").unwrap();
    let target = ArchivePlace::Folder(in_the_way.clone());
    let refused = archive(&storage, 2, &target).await.unwrap_err();
    assert!(matches!(&refused, ArchiveError::Write { .. }), "{refused:?}");
    assert!(refused.to_string().contains(&in_the_way.display().to_string()), "{refused}");
    storage.close().await;
    let (folder, target) = into(&place);
    let refused = archive(&storage, 2, &target).await.unwrap_err();
    assert!(matches!(&refused, ArchiveError::Storage(_)), "{refused:?}");
    assert!(!folder.exists() || names(&folder).is_empty());
}

#[tokio::test]
async fn an_archive_is_not_written_to_and_what_it_unpacks_to_goes_with_its_reader() {
    let place = Place::new();
    let storage = recorded(&place, 30).await;
    let archived = archive(&storage, 20, &into(&place).1).await.unwrap().unwrap();
    let before = std::fs::read(&archived.file).unwrap();
    let refused = AuditStorage::connect(StorageOptions::new(&archived.file)).await.unwrap_err();
    assert!(matches!(&refused, OpenError::Archive { .. }), "{refused:?}");
    assert!(refused.to_string().contains("can be read"), "{refused}");

    // What it unpacks to lies where files of the system's lie, whatever the archive is read through.
    let through =
        StorageOptions { vfs: Some("nowhere".to_owned()), ..StorageOptions::new(&archived.file) };
    let through = StorageOptions { access: Access::ReadOnly, ..through };
    AuditStorage::connect(through).await.unwrap().close().await;
    let reading = read_only(&archived.file).await.unwrap();
    let unpacked = reading.file().to_owned();
    assert!(unpacked.exists());
    let log = log_over(&reading);
    drop(reading);
    assert_eq!(log.span().await.unwrap().entries, 20, "as long as anybody reads it");
    drop(log);
    assert!(!unpacked.exists() && !unpacked.parent().unwrap().exists(), "and then it is gone");
    assert_eq!(std::fs::read(&archived.file).unwrap(), before, "the archive is as it was");
}

#[tokio::test]
async fn an_archive_that_is_damaged_is_refused() {
    let place = Place::new();
    let storage = recorded(&place, 30).await;
    let archived = archive(&storage, 20, &into(&place).1).await.unwrap().unwrap();
    let mut bytes = std::fs::read(&archived.file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let flipped = place.folder.path().join("flipped.db.zst");
    std::fs::write(&flipped, &bytes).unwrap();
    let cut = place.folder.path().join("cut.db.zst");
    std::fs::write(&cut, &bytes[..middle]).unwrap();
    let foreign = place.folder.path().join("foreign.zst");
    std::fs::write(&foreign, [0x28, 0xb5, 0x2f, 0xfd, 0, 0, 0]).unwrap();
    for file in [flipped, cut, foreign] {
        let refused = read_only(&file).await.unwrap_err();
        assert!(matches!(&refused, OpenError::Unpack { .. }), "{}: {refused:?}", file.display());
    }
}
