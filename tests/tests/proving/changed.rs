//! Somebody changes the record: each kind of change is found, at its place, and named.

use application::proof::Verdict;
use domain::AuditAppend;
use indelible_tests::contract::audit_log::{batch, entry};
use infrastructure::seaorm::Access;

use super::signed::{Record, log, short};

/// A record of ten entries, signed after five and after nine.
async fn record() -> Record {
    Record::of(10, &[5, 9]).await
}

/// What is found after a change.
async fn after(change: &str) -> Vec<String> {
    let record = record().await;
    record.change(change);
    let found = record.verify().await;
    assert_eq!(found.verdict, Verdict::Tampered, "{change}");
    short(&found.findings)
}

const ALL_COLUMNS: &str = "recorded_at, schema_version, event_id, source, event_type, occurred_at, \
    subject, plan_id, project_name, session_id, actor, user_identity, correlation_id, causation_id, \
    trace_id, extensions, details, leaf_hash, personal_salt, details_salt, erased";

#[tokio::test]
async fn a_record_that_nobody_changed_is_intact() {
    let found = record().await.verify().await;
    assert_eq!(found.verdict, Verdict::Intact, "{:?}", found.findings);
    assert_eq!((found.entries, found.pruned, found.checkpoints), (10, 0, 2));
    assert_eq!(found.signed_through.0, 9);
}

#[tokio::test]
async fn a_change_of_any_field_of_an_entry_is_found_at_the_entry() {
    for (column, value) in [
        ("recorded_at", "'2020-01-01T00:00:00.000000000Z'"),
        ("schema_version", "7"),
        ("event_id", "'other'"),
        ("source", "'/other'"),
        ("event_type", "'plan.cancelled'"),
        ("occurred_at", "'2020-01-01T00:00:00.000000000Z'"),
        ("subject", "'other'"),
        ("plan_id", "'other'"),
        ("project_name", "'other'"),
        ("session_id", "'other'"),
        ("actor", "'human:other'"),
        ("user_identity", "'other'"),
        ("correlation_id", "'other'"),
        ("causation_id", "'other'"),
        ("trace_id", "'other'"),
        ("extensions", "'{\"other\":1}'"),
        ("details", "'{\"other\":1}'"),
        ("details_salt", "x'00112233445566778899aabbccddeeff'"),
    ] {
        let found =
            after(&format!("UPDATE audit_log SET {column} = {value} WHERE sequence = 4")).await;
        assert_eq!(found.len(), 1, "{column}: {found:?}");
        assert!(found[0].starts_with("content 4"), "{column}: {found:?}");
    }
    let found = after("UPDATE audit_log SET details_salt = x'00' WHERE sequence = 4").await;
    assert_eq!(found, ["content 4 details_salt"]);
    let found = after("UPDATE audit_log SET details_salt = NULL WHERE sequence = 4").await;
    assert_eq!(found, ["content 4 details"]);
    let found =
        after("UPDATE audit_log SET erased = '{}', details = '{}' WHERE sequence = 4").await;
    assert_eq!(found, ["content 4"]);
    let found = after("UPDATE audit_log SET erased = '[]' WHERE sequence = 4").await;
    assert_eq!(found, ["content 4 erased"]);
}

#[tokio::test]
async fn a_change_of_a_hash_is_found_beside_the_entry_and_in_the_tree() {
    let other = "x'000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'";
    let found =
        after(&format!("UPDATE audit_log SET leaf_hash = {other} WHERE sequence = 4")).await;
    assert_eq!(found, ["content 4 leaf_hash"]);
    let found = after("UPDATE audit_log SET leaf_hash = NULL WHERE sequence = 4").await;
    assert_eq!(found, ["content 4 leaf_hash"]);
    let found = after(&format!(
        "UPDATE audit_tile SET hashes = CAST(substr(hashes, 1, 96) || {other} || substr(hashes, 129) \
         AS BLOB)"
    ))
    .await;
    assert_eq!(found, ["fork 1-5", "fork 1-9", "content 4"]);
    let found = after("DELETE FROM audit_tile").await;
    assert_eq!(found.len(), 9, "each of nine entries is missing in the tree: {found:?}");
    // Of very many the first are told, and how many there are.
    let record = Record::of(2_100, &[2_100]).await;
    record.change("DELETE FROM audit_tile");
    let found = record.verify().await;
    let told = found.findings.len();
    assert_eq!((told, found.more_findings), (100, 2_001), "and the tile above the leaves");
    assert_eq!(short(&found.findings)[99], "content 100 tile");
    let found = after("UPDATE audit_tile SET hashes = substr(hashes, 1, 256)").await;
    assert_eq!(found, ["content 9 tile"]);
}

#[tokio::test]
async fn a_change_of_a_hash_above_those_of_the_leaves_is_found_as_well() {
    for change in [
        "UPDATE audit_tile SET hashes = zeroblob(length(hashes)) WHERE level = 1",
        "UPDATE audit_tile SET hashes = substr(hashes, 1, 32) WHERE level = 1",
        "DELETE FROM audit_tile WHERE level = 1",
    ] {
        let record = Record::of(600, &[600]).await;
        assert_eq!(record.verify().await.verdict, Verdict::Intact);
        record.change(change);
        let found = record.verify().await;
        assert_eq!(found.verdict, Verdict::Tampered, "{change}");
        assert_eq!(found.findings[0].field.as_deref(), Some("tile"), "{change}");
        let message = "tile 0 of level 1 is not the one of its leaves";
        assert_eq!((found.findings.len(), &*found.findings[0].message), (1, message), "{change}");
    }
}

#[tokio::test]
async fn a_tile_that_was_cut_short_is_found_and_one_that_goes_on_too_early_is_looked_at_when_it_is_due()
 {
    let record = Record::of(2_100, &[2_100]).await;
    record.change("UPDATE audit_tile SET hashes = substr(hashes, 1, 160) WHERE level = 1");
    let found = record.verify().await.findings;
    assert_eq!(short(&found), ["content 1-2100 tile"]);
    let record = Record::of(9, &[5]).await;
    record.change("UPDATE audit_tile SET hashes = CAST(hashes || zeroblob(32) AS BLOB)");
    let found = record.verify().await.findings;
    assert_eq!(short(&found), [] as [&str; 0]);
}

#[tokio::test]
async fn entries_that_changed_places_are_found_as_such() {
    let swap = "UPDATE audit_log SET sequence = 100 WHERE sequence = 3; \
                UPDATE audit_log SET sequence = 3 WHERE sequence = 7; \
                UPDATE audit_log SET sequence = 7 WHERE sequence = 100;";
    assert_eq!(after(swap).await, ["order 3", "order 7"]);
    let neighbours = "UPDATE audit_log SET sequence = 100 WHERE sequence = 3; \
                      UPDATE audit_log SET sequence = 3 WHERE sequence = 4; \
                      UPDATE audit_log SET sequence = 4 WHERE sequence = 100;";
    assert_eq!(after(neighbours).await, ["order 3", "order 4"]);
}

#[tokio::test]
async fn an_entry_that_was_put_in_is_found_also_when_the_others_were_pushed_along() {
    let insert = format!(
        "UPDATE audit_log SET sequence = -sequence - 1 WHERE sequence >= 4; \
         UPDATE audit_log SET sequence = -sequence WHERE sequence < 0; \
         INSERT INTO audit_log (sequence, {ALL_COLUMNS}) \
         SELECT 4, {columns} FROM audit_log WHERE sequence = 2;",
        columns = ALL_COLUMNS.replace("event_id", "'put-in'")
    );
    let found = after(&insert).await;
    assert_eq!(found[0], "insertion 4");
    assert!(found[1..].iter().all(|found| found.starts_with("order")), "{found:?}");
}

#[tokio::test]
async fn an_entry_that_was_taken_out_is_found_wherever_it_stood() {
    for (taken, gap, message) in
        [("4", "gap 4", "the entry is missing"), ("4, 5", "gap 4-5", "entries are missing")]
    {
        let record = self::record().await;
        record.change(&format!("DELETE FROM audit_log WHERE sequence IN ({taken})"));
        let found = record.verify().await.findings;
        assert_eq!((short(&found), &*found[0].message), (vec![gap.to_owned()], message));
    }
    // Also where that makes a page reach into the next one.
    let record = Record::of(1_200, &[1_200]).await;
    record.change("DELETE FROM audit_log WHERE sequence = 500");
    let found = record.verify().await;
    assert_eq!((short(&found.findings), found.entries), (vec!["gap 500".to_owned()], 1_199));
    // The newest one is not in the tree yet, so that nothing tells of it but the one before.
    let found = after("DELETE FROM audit_log WHERE sequence >= 9").await;
    assert_eq!(found, ["truncation 9"]);
    let moved = "DELETE FROM audit_log WHERE sequence = 4; \
                 UPDATE audit_log SET sequence = -sequence + 1 WHERE sequence > 4; \
                 UPDATE audit_log SET sequence = -sequence WHERE sequence < 0;";
    let found = after(moved).await;
    assert_eq!(found[0], "gap 4", "{found:?}");
    let record = self::record().await;
    record.change("DELETE FROM audit_log");
    let found = record.verify().await;
    assert_eq!(short(&found.findings), ["truncation 1-9"]);
}

#[tokio::test]
async fn where_hashes_are_missing_as_well_no_checkpoint_after_them_is_compared() {
    let found = after("DELETE FROM audit_log WHERE sequence = 4; DELETE FROM audit_tile").await;
    let of_the_tile = [1, 2, 3, 5, 6, 7, 8, 9].map(|entry| format!("content {entry} tile"));
    let (before, behind) = of_the_tile.split_at(3);
    let missing = ["gap 4", "fork 4"].map(str::to_owned);
    assert_eq!(found, [before, &missing, behind].concat());
    // Nor is anything said to have been removed by retention of which no hash is left.
    let record = self::record().await;
    record.prune(3).await;
    record.change("DELETE FROM audit_tile");
    let found = short(&record.verify().await.findings);
    assert_eq!(found[..2], ["gap 1-3", "fork 1"], "{found:?}");
}

#[tokio::test]
async fn nothing_is_written_in_the_place_of_the_newest_entries_that_were_taken_away() {
    for (change, missing) in [
        ("DELETE FROM audit_log WHERE sequence > 7", "from entry 8 on"),
        ("DELETE FROM audit_log", "from entry 1 on"),
    ] {
        let record = record().await;
        // Also where it is done while a program has the file open.
        let storage = record.open(Access::ReadWrite).await;
        log(&storage).append(&[entry("eleven")]).await.unwrap();
        record.change(change);
        let refused = log(&storage).append(&[entry("twelve")]).await.unwrap_err();
        storage.close().await;
        let told = std::error::Error::source(&refused).unwrap().to_string();
        assert!(told.contains(missing) && told.contains("indelible verify"), "{told}");
        let found = short(&record.verify().await.findings);
        assert!(found.len() == 1 && found[0].starts_with("truncation"), "{found:?}");
    }
    // What the tree does not have yet leaves nothing that could be missed but a checkpoint.
    let record = record().await;
    record.change("DELETE FROM audit_log WHERE sequence > 9");
    record.append(&[entry("another")]).await;
}

#[tokio::test]
async fn a_record_that_was_written_anew_from_some_entry_on_is_not_the_one_that_was_signed() {
    let record = record().await;
    // Everything is consistent but for what nobody can forge: the signatures.
    let other = Record::of(10, &[]).await;
    other.try_sign().await.unwrap();
    let file = other.file();
    record.change(&format!(
        "ATTACH '{}' AS other; DELETE FROM audit_log; DELETE FROM audit_tile; \
         INSERT INTO audit_log SELECT * FROM other.audit_log; \
         INSERT INTO audit_tile SELECT * FROM other.audit_tile; \
         UPDATE audit_tree SET size = 10;",
        file.display()
    ));
    let found = record.verify().await;
    assert_eq!(short(&found.findings), ["fork 1-5", "fork 1-9"]);
    // Nor is it signed by us as if it were.
    let refused = record.try_sign().await.unwrap_err();
    assert!(refused.to_string().contains("indelible verify"), "{refused}");
}

#[tokio::test]
async fn a_hash_that_somebody_puts_above_the_leaves_is_not_signed() {
    let record = Record::of(300, &[10]).await;
    // As the guards let anybody do it: the right tile of leaves, the size, and a hash of nothing above.
    record.change(
        "UPDATE audit_tile SET hashes = (SELECT unhex(group_concat(hex(leaf_hash), '')) FROM \
         (SELECT leaf_hash FROM audit_log WHERE sequence <= 256 ORDER BY sequence)) \
         WHERE level = 0 AND place = 0; \
         UPDATE audit_tree SET size = 256; \
         INSERT INTO audit_tile (level, place, hashes) VALUES (1, 0, randomblob(32));",
    );
    record.append(&batch("later", 5)).await;
    record.try_sign().await.unwrap_err();
    let signed = record.verify().await.signed_through;
    assert_eq!(signed.0, 10, "what was signed before is all that is");
}

#[tokio::test]
async fn a_tree_that_is_said_to_have_begun_later_is_not_the_one_that_was_signed() {
    let found = after("UPDATE audit_tree SET genesis = 4, size = size - 4").await;
    assert!(found.contains(&"content 4 genesis".to_owned()), "{found:?}");
    assert!(
        found.iter().any(|found| found.starts_with("fork") || found.starts_with("truncation")),
        "{found:?}"
    );
}

#[tokio::test]
async fn a_checkpoint_that_was_changed_or_signed_by_a_stranger_is_found() {
    let found = after(
        "UPDATE audit_checkpoint SET note = replace(note, char(10) || '5' || char(10), \
                       char(10) || '6' || char(10)) WHERE size = 5",
    )
    .await;
    assert_eq!(found, ["bad-signature 5"]);
    let found = after("UPDATE audit_checkpoint SET note = 'none' WHERE size = 5").await;
    assert_eq!(found, ["bad-signature 5"]);
    // When it was kept, nobody has signed, and it does not keep anybody from looking at the rest.
    let record = record().await;
    record.change(
        "UPDATE audit_checkpoint SET kept_at = 'never'; UPDATE audit_signing_key SET kept_at = ''",
    );
    let found = record.verify().await;
    assert_eq!((found.verdict, found.checkpoints), (Verdict::Intact, 2), "{:?}", found.findings);
    let found = after("DELETE FROM audit_signing_key").await;
    assert_eq!(found, ["unknown-key 5", "unknown-key 9"]);
    let found = after("UPDATE audit_signing_key SET verifier_key = 'none'").await;
    assert_eq!(found, ["unknown-key", "unknown-key 5", "unknown-key 9"]);
}

#[tokio::test]
async fn an_entry_before_the_first_place_is_found_and_one_at_the_end_of_all_numbers_as_well() {
    let copy = |sequence: &str| {
        format!(
            "INSERT INTO audit_log (sequence, {ALL_COLUMNS}) SELECT {sequence}, {columns} \
             FROM audit_log WHERE sequence = 2",
            columns = ALL_COLUMNS.replace("event_id", "'put-in'")
        )
    };
    for before in ["0", "-7"] {
        assert_eq!(after(&copy(before)).await, ["insertion 0"], "{before}");
    }
    let found = after(&copy("9000000000000000000")).await;
    assert!(found.contains(&"gap 11-8999999999999999999".to_owned()), "{found:?}");
}

#[tokio::test]
async fn an_erasure_that_never_was_is_found() {
    let erased =
        "UPDATE audit_log SET erased = '{\"actor\":null,\"details\":null}' WHERE sequence = 4";
    assert_eq!(after(erased).await, ["content 4 erased"]);
    let no_text = "UPDATE audit_log SET details = CAST(x'7bff7d' AS TEXT) WHERE sequence = 4";
    assert_eq!(after(no_text).await, ["content 4 a column"]);
}

#[tokio::test]
async fn what_was_found_is_told_also_where_the_records_own_account_cannot_be_read() {
    let record = record().await;
    record.prune(3).await;
    record.change("UPDATE audit_log SET details = '{' WHERE event_type = 'audit.prune_started'");
    let found = record.verify().await;
    assert_eq!(short(&found.findings), ["content 11"]);
    assert!(found.notes.len() == 1 && found.notes[0].contains("entry 11"), "{:?}", found.notes);
}

#[tokio::test]
async fn a_checkpoint_that_nobody_signed_is_not_built_upon() {
    let record = record().await;
    let other = Record::of(10, &[9]).await;
    let forged = other.sign().await.as_str().to_owned();
    record.change(&format!("UPDATE audit_checkpoint SET note = '{forged}' WHERE size = 9"));
    let refused = record.try_sign().await.unwrap_err();
    assert!(refused.to_string().contains("indelible verify"), "{refused}");
}
