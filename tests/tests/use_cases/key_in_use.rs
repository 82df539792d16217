//! That a record is signed with another key than before is put on record once, whoever put the key there.
//!
//! Deliberately absent: how a key is replaced on purpose; see the tests of the program.

use std::sync::Arc;

use application::proof::{CheckpointError, SignCheckpoints, announce_key};
use chrono::DateTime;
use domain::events::AuditKeyRotated;
use domain::ports::{CheckpointSigner as _, KeptKey};
use domain::proof::Origin;
use domain::{AuditLog, AuditTree as _};
use indelible_tests::fakes::{ForgetfulBus, ManualClock};
use indelible_tests::stage::Stage;
use infrastructure::bus::BusSettings;
use infrastructure::memory::InMemoryAuditLog;
use infrastructure::signing::Ed25519Signer;

#[tokio::test]
async fn another_key_is_announced_once_though_nothing_was_signed_with_it_yet() {
    let log = InMemoryAuditLog::new(Arc::new(ManualClock::at(DateTime::UNIX_EPOCH)));
    let tree = log.tree();
    let log: Arc<dyn AuditLog> = Arc::new(log);
    let stage = Stage::over(Arc::clone(&log), BusSettings::default());
    stage.record_all();
    let origin = Origin::of_log(&tree.standing().await.unwrap().log_id).unwrap();
    let [first, second] = [(); 2].map(|()| Ed25519Signer::generate().unwrap());
    let text = |signer: &Ed25519Signer| signer.verifier_key(&origin).unwrap().to_string();
    let announced =
        async |signer| announce_key(&tree, &*log, signer, &*stage.bus).await.unwrap().is_some();
    assert!(!announced(&first).await, "nothing was ever signed");
    let kept_at = DateTime::UNIX_EPOCH;
    tree.keep_key(&KeptKey { verifier_key: text(&first), kept_at }).await.unwrap();
    assert!(!announced(&first).await, "it is the one that has signed");
    assert!(announced(&second).await);
    assert!(!announced(&second).await, "it is on record");
    assert!(announced(&first).await, "and so is that the first one is back");
    let said: Vec<AuditKeyRotated> =
        stage.on_record().await.iter().map(|it| it.decode().unwrap()).collect();
    let rotated =
        |before, after| AuditKeyRotated { old_verifier: text(before), new_verifier: text(after) };
    assert_eq!(said, [rotated(&first, &second), rotated(&second, &first)]);
}

#[tokio::test]
async fn nothing_is_signed_with_a_key_that_could_not_be_announced() {
    let clock = Arc::new(ManualClock::at(DateTime::UNIX_EPOCH));
    let log = InMemoryAuditLog::new(Arc::clone(&clock) as _);
    let tree = Arc::new(log.tree());
    let stage = Stage::over(Arc::new(log), BusSettings::default());
    stage.record_elsewhere(3).await;
    let [first, second] = [(); 2].map(|()| Arc::new(Ed25519Signer::generate().unwrap()));
    let sign = |signer: &Arc<Ed25519Signer>| {
        SignCheckpoints::new(
            Arc::clone(&tree) as _,
            Arc::clone(signer) as _,
            Arc::clone(&clock) as _,
        )
    };
    sign(&first).run().await.unwrap().unwrap();
    stage.record_elsewhere(1).await;
    let unannounced = announce_key(&*tree, &*stage.log, &*second, &ForgetfulBus).await.err();
    let withheld = sign(&second).withheld(unannounced);
    for refused in [withheld.probe().await.unwrap_err(), withheld.run().await.unwrap_err()] {
        assert!(matches!(refused, CheckpointError::Withheld(_)), "{refused:?}");
    }
    assert_eq!(tree.newest_checkpoint().await.unwrap().unwrap().size, 3);
}
