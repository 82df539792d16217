//! A name that another gets first, or that cannot be given at all.

use domain::Sequence;

use super::*;

/// Four entries.
const RANGE: Prefix = Prefix { from: Sequence(1), through: Sequence(4) };

/// An archive of what a copy holds, in a folder of these.
fn packed(folder: &Path, place: ArchivePlace) -> Result<Archived, ArchiveError> {
    let copy = folder.join("copy");
    std::fs::write(&copy, "entries").unwrap();
    let target = Target { folder: folder.to_owned(), place };
    pack(&copy, &target, OsStr::new("audit"), RANGE)
}

#[test]
fn a_file_that_came_meanwhile_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine");
    std::fs::write(&file, "another's").unwrap();
    let refused = packed(folder.path(), ArchivePlace::File(file.clone())).unwrap_err();
    assert!(matches!(&refused, ArchiveError::Exists { file: it } if *it == file), "{refused:?}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "another's");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is left beside it");
}

#[test]
fn an_archive_of_the_same_range_gets_a_number_and_what_is_written_is_what_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let place = || ArchivePlace::Folder(folder.path().to_owned());
    let names = [(); 3].map(|()| packed(folder.path(), place()).unwrap()).map(|made| {
        let bytes = std::fs::read(&made.file).unwrap();
        assert_eq!(zstd::decode_all(&*bytes).unwrap(), b"entries");
        let digest = Digest(Sha256::digest(&bytes).into());
        assert_eq!((made.range, made.bytes, made.digest), (RANGE, bytes.len() as u64, digest));
        made.file.file_name().unwrap().to_str().unwrap().to_owned()
    });
    let range = "audit-000000000001-000000000004";
    let expected =
        [format!("{range}.db.zst"), format!("{range}-2.db.zst"), format!("{range}-3.db.zst")];
    assert_eq!(names, expected);
}

#[test]
fn a_name_that_nothing_can_have_is_an_error_and_tried_once() {
    let folder = tempfile::tempdir().unwrap();
    let made = NamedTempFile::new_in(folder.path()).unwrap();
    let gone = folder.path().join("gone");
    let refused = named_by_range(made, &gone, OsStr::new("audit"), RANGE).unwrap_err();
    let ArchiveError::Write { place, .. } = &refused else { panic!("{refused:?}") };
    assert_eq!(place.parent(), Some(&*gone));
    let below = folder.path().join("copy/below");
    let refused = packed(folder.path(), ArchivePlace::File(below.clone())).unwrap_err();
    assert!(
        matches!(&refused, ArchiveError::Write { place, .. } if *place == below),
        "{refused:?}"
    );
}
