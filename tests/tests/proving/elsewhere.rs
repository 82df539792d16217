//! What only somebody finds who has kept something elsewhere: a whole file that was replaced.

use application::proof::{Verdict, VerifyError, read_checkpoints};
use domain::ports::TreeError;
use infrastructure::signing::Ed25519Signer;

use super::signed::{Record, short};

#[tokio::test]
async fn an_older_copy_is_found_by_a_checkpoint_that_was_kept_elsewhere_and_by_nothing_else() {
    let record = Record::of(5, &[5]).await;
    let copy = record.beside("copy.db");
    std::fs::copy(record.file(), &copy).unwrap();
    record.append(&indelible_tests::contract::audit_log::batch("later", 4)).await;
    let kept = record.sign().await;
    let key = record.key().await;
    std::fs::copy(&copy, record.file()).unwrap();

    let alone = record.verify().await;
    assert_eq!(alone.verdict, Verdict::Intact, "an older copy is a whole record");
    let found = record.verify_against(vec![key], vec![kept]).await;
    assert_eq!(short(&found.findings), ["truncation 6-9"]);
    assert!(found.keys_from_elsewhere);
}

#[tokio::test]
async fn a_forked_record_is_found_by_a_checkpoint_that_was_kept_elsewhere() {
    let record = Record::of(5, &[5]).await;
    let copy = record.beside("copy.db");
    std::fs::copy(record.file(), &copy).unwrap();
    record.append(&indelible_tests::contract::audit_log::batch("shown", 4)).await;
    let kept = record.sign().await;
    let key = record.key().await;
    // With the true key, on another way from the fifth entry on.
    std::fs::copy(&copy, record.file()).unwrap();
    record.append(&indelible_tests::contract::audit_log::batch("hidden", 4)).await;
    record.sign().await;

    assert_eq!(record.verify().await.verdict, Verdict::Intact);
    let found = record.verify_against(vec![key], vec![kept]).await;
    // Both are of nine entries, and the kept one says that five to nine were others.
    assert_eq!(short(&found.findings), ["fork 6-9"]);
}

#[tokio::test]
async fn a_record_that_was_signed_anew_by_a_stranger_is_found_by_whoever_knows_the_key() {
    let mut record = Record::of(5, &[5]).await;
    let key = record.key().await;
    record.change("DELETE FROM audit_checkpoint; DELETE FROM audit_signing_key");
    record.signer = Ed25519Signer::generate().unwrap();
    record.sign().await;

    assert_eq!(record.verify().await.verdict, Verdict::Intact);
    let found = record.verify_against(vec![key], Vec::new()).await;
    assert_eq!(short(&found.findings), ["unknown-key 5"]);
}

#[tokio::test]
async fn what_is_of_another_record_says_nothing_of_this_one() {
    let (record, other) = (Record::of(5, &[5]).await, Record::of(5, &[5]).await);
    let (ours, others) = (record.sign().await, other.sign().await);
    let (key, others_key) = (record.key().await, other.key().await);
    let refused = record.try_verify(vec![key.clone()], vec![others.clone()]).await.unwrap_err();
    assert!(matches!(refused, VerifyError::OtherCheckpoints { .. }), "{refused}");
    let refused = record.try_verify(vec![others_key.clone()], Vec::new()).await.unwrap_err();
    assert!(matches!(refused, VerifyError::OtherKeys { .. }), "{refused}");
    assert!(refused.to_string().contains(others_key.name().as_str()), "{refused}");
    // An anchor, and a file of keys, may be those of several records.
    let found = record.verify_against(vec![key, others_key], vec![others, ours]).await;
    assert_eq!((found.verdict, found.against), (Verdict::Intact, 1), "{:?}", found.findings);
}

#[tokio::test]
async fn what_could_not_be_looked_at_is_not_called_intact() {
    let empty = Record::of(0, &[]).await;
    assert_eq!(empty.verify().await.verdict, Verdict::Intact, "nothing is all that there was");
    let unsigned = Record::of(5, &[]).await;
    assert_eq!(
        unsigned.verify().await.verdict,
        Verdict::Intact,
        "as far as it goes, and it says so"
    );
    let found = unsigned.verify_against(vec![unsigned.key().await], Vec::new()).await;
    assert_eq!(found.verdict, Verdict::Unknown);
    assert!(found.unknown.unwrap().contains("signed"));
    // As a record that was there before there were trees.
    unsigned.change(
        "UPDATE audit_tree SET genesis = 5; DELETE FROM audit_tile; \
         UPDATE audit_log SET leaf_hash = NULL, personal_salt = NULL, details_salt = NULL;",
    );
    let found = unsigned.verify().await;
    assert_eq!((found.verdict, found.unprovable), (Verdict::Unknown, 5), "{:?}", found.findings);
    assert!(found.unknown.unwrap().contains("before"));
    // What retention removes of it need not be accounted for.
    unsigned.append(&indelible_tests::contract::audit_log::batch("later", 2)).await;
    let found = unsigned.verify().await;
    assert_eq!((found.verdict, found.unprovable, found.entries), (Verdict::Intact, 5, 2));
    unsigned.prune(5).await;
    let found = unsigned.verify().await;
    assert_eq!((found.verdict, found.entries), (Verdict::Intact, 3), "{:?}", found.findings);
    assert_eq!((found.pruned, found.notes), (0, vec![]));
    // Whoever makes another one look like that is found out by what was signed.
    let record = Record::of(5, &[5]).await;
    let kept = record.sign().await;
    let key = record.key().await;
    record.change(
        "UPDATE audit_tree SET genesis = 5, size = 0; DELETE FROM audit_tile; \
         DELETE FROM audit_checkpoint; \
         UPDATE audit_log SET leaf_hash = NULL, personal_salt = NULL, details_salt = NULL;",
    );
    assert_eq!(record.verify().await.verdict, Verdict::Unknown);
    let found = record.verify_against(vec![key], vec![kept]).await;
    assert_eq!(found.verdict, Verdict::Tampered);
    record.change("DELETE FROM audit_tree");
    let refused = record.try_verify(Vec::new(), Vec::new()).await.unwrap_err();
    assert!(matches!(refused, VerifyError::Tree(TreeError::Gone)), "{refused}");
}

#[tokio::test]
async fn checkpoints_are_read_from_an_anchor_in_its_order_and_nothing_else_is() {
    let record = Record::of(3, &[1, 2, 3]).await;
    let third = record.sign().await;
    let anchor = format!("{0}{0}\n{0}", third.as_str());
    let read = read_checkpoints(&anchor).unwrap();
    assert_eq!(read, [third.clone(), third.clone(), third.clone()]);
    assert!(read_checkpoints("").unwrap().is_empty());
    let error = read_checkpoints(&format!("{}nothing\n", third.as_str())).unwrap_err();
    assert_eq!(error.line, third.as_str().lines().count() + 1);
}
