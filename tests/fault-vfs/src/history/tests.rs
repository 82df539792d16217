//! What a loss of power leaves behind, rule by rule.

use super::*;

fn path(name: &str) -> Arc<Path> {
    Path::new("/disk").join(name).into()
}

fn written(offset: usize, bytes: &[u8]) -> Change {
    Change::Written { offset, bytes: bytes.to_vec() }
}

/// A history of one file, `a`, that is there and empty.
fn of(changes: impl IntoIterator<Item = Change>) -> History {
    let mut history = History::default();
    history.push(&path("a"), Change::Found { content: Vec::new() });
    for change in changes {
        history.push(&path("a"), change);
    }
    history
}

fn left(history: &History, survival: Survival) -> Vec<u8> {
    let mut files = history.after_power_cut(history.len(), survival);
    files.remove(&*path("a")).unwrap_or_default()
}

const SYNCED: Change = Change::Synced { folder: false };

#[test]
fn what_was_synced_is_there_and_what_was_not_may_be_lost() {
    let history = of([written(0, b"one"), SYNCED, written(3, b"two")]);
    assert_eq!(left(&history, Survival::Nothing), b"one");
    assert_eq!(left(&history, Survival::Everything), b"onetwo");
    assert!(history.after_power_cut(0, Survival::Nothing).is_empty());
    assert_eq!(history.after_power_cut(2, Survival::Nothing)[&*path("a")], b"");
}

#[test]
fn a_write_is_torn_at_the_bounds_of_sectors_only_and_the_same_for_the_same_seed() {
    let new = vec![b'n'; 4 * SECTOR];
    let history = of([written(0, &[b'o'; 4 * SECTOR]), SYNCED, written(100, &new)]);
    let mut outcomes = std::collections::BTreeSet::new();
    for seed in 0..200 {
        let file = left(&history, Survival::Torn { seed });
        assert_eq!(file, left(&history, Survival::Torn { seed }), "seed {seed}");
        assert!(file[..100].iter().all(|byte| *byte == b'o'), "nobody wrote there");
        let mut pieces = vec![&file[100..SECTOR]];
        pieces.extend(file[SECTOR..].chunks(SECTOR));
        for piece in &pieces {
            assert!(piece.iter().all(|byte| byte == &piece[0]), "seed {seed} tore a sector");
        }
        outcomes.insert(pieces.iter().map(|piece| piece[0]).collect::<Vec<_>>());
    }
    assert!(outcomes.len() > 16, "only {} outcomes of 200 seeds", outcomes.len());
}

#[test]
fn of_two_writes_to_a_sector_the_later_one_never_gives_way_to_the_earlier() {
    let history = of([written(0, b"first"), SYNCED, written(0, b"again"), written(0, b"later")]);
    let outcomes: std::collections::BTreeSet<Vec<u8>> =
        (0..100).map(|seed| left(&history, Survival::Torn { seed })).collect();
    let expected = [b"first".to_vec(), b"again".to_vec(), b"later".to_vec()];
    assert_eq!(outcomes, expected.into(), "each of the three may be there");
}

#[test]
fn a_sync_that_failed_gives_up_what_it_did_not_write_for_good() {
    let history = of([written(0, b"lost"), Change::SyncFailed, written(4, b"kept"), SYNCED]);
    assert_eq!(left(&history, Survival::Nothing), b"\0\0\0\0kept");
    let outcomes: std::collections::BTreeSet<Vec<u8>> =
        (0..100).map(|seed| left(&history, Survival::Torn { seed })).collect();
    assert_eq!(outcomes, [b"lostkept".to_vec(), b"\0\0\0\0kept".to_vec()].into());
}

#[test]
fn a_truncation_lasts_once_it_is_synced() {
    let history = of([written(0, b"long"), SYNCED, Change::Truncated { size: 1 }]);
    assert_eq!(left(&history, Survival::Nothing), b"long");
    assert_eq!(left(&history, Survival::Everything), b"l");
    let history = of([written(0, b"long"), Change::Truncated { size: 1 }, SYNCED]);
    assert_eq!(left(&history, Survival::Nothing), b"l");
}

#[test]
fn a_file_may_have_grown_without_its_content() {
    let history = of([written(SECTOR, b"x")]);
    let outcomes: std::collections::BTreeSet<Vec<u8>> =
        (0..100).map(|seed| left(&history, Survival::Torn { seed })).collect();
    let zeros = vec![0; SECTOR + 1];
    assert!(outcomes.contains(&zeros) && outcomes.contains(&Vec::new()), "{}", outcomes.len());
}

#[test]
fn a_new_name_lasts_once_its_folder_is_synced() {
    let mut history = History::default();
    history.push(&path("b"), Change::Made);
    history.push(&path("b"), written(0, b"content"));
    history.push(&path("b"), SYNCED);
    assert!(history.after_power_cut(3, Survival::Nothing).is_empty(), "no name, no file");
    // Another file's sync of the same folder will do; one in another folder will not.
    history.push(&path("deep/c"), Change::Made);
    history.push(&path("deep/c"), Change::Synced { folder: true });
    assert!(!history.after_power_cut(5, Survival::Nothing).contains_key(&*path("b")));
    history.push(&path("d"), Change::Made);
    history.push(&path("d"), Change::Synced { folder: true });
    assert_eq!(history.after_power_cut(7, Survival::Nothing)[&*path("b")], b"content");
}

#[test]
fn a_deletion_is_undone_unless_its_folder_was_synced_and_a_new_file_of_the_name_is_another() {
    let mut history = of([written(0, b"old"), SYNCED, Change::Deleted { folder: false }]);
    history.push(&path("a"), Change::Made);
    history.push(&path("a"), written(0, b"new"));
    history.push(&path("a"), SYNCED);
    assert_eq!(left(&history, Survival::Nothing), b"old", "neither change of names has lasted");
    assert_eq!(left(&history, Survival::Everything), b"new");
    let outcomes: std::collections::BTreeSet<Option<Vec<u8>>> = (0..100)
        .map(|seed| history.after_power_cut(history.len(), Survival::Torn { seed }))
        .map(|mut files| files.remove(&*path("a")))
        .collect();
    let expected = [None, Some(b"old".to_vec()), Some(b"new".to_vec())];
    assert_eq!(outcomes, expected.into(), "changes of names last in their order");

    let history = of([written(0, b"old"), SYNCED, Change::Deleted { folder: true }]);
    assert!(history.after_power_cut(history.len(), Survival::Nothing).is_empty());
}
