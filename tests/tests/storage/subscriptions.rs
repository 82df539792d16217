//! What only the file can promise of durable subscriptions: which statements of handlers are let
//! through, how values arrive, and what becomes of a file of an earlier version.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use super::place::{Place, ids, log_over};
use domain::audit::{Erasure, ErasureSelection};
use domain::ports::{ErasureError, SubscriptionStoreError};
use domain::subscription::{
    Effect, EventEffects, Lease, NewDeadLetter, Progress, SubscriptionFailure,
};
use domain::{
    AppendError, AuditAppend, AuditErasure, AuditInspect, AuditRetention, Clock, QueryError,
    Sequence, SubscriptionName, SubscriptionStore,
};
use futures::FutureExt;
use indelible_tests::contract::audit_log::{entry, start};
use indelible_tests::fakes::ManualClock;
use infrastructure::clock::SystemClock;
use infrastructure::seaorm::{
    AuditStorage, SeaOrmAuditErasure, SeaOrmSubscriptionStore, SeaOrmSubscriptionStoreParameters,
};
use serde_json::json;
use shaku::HasComponent;

const A_WHILE: Duration = Duration::from_mins(1);

shaku::module! {
    Stored {
        components = [SystemClock, SeaOrmSubscriptionStore],
        providers = []
    }
}

fn billing() -> SubscriptionName {
    "billing".parse().unwrap()
}

fn store_over(storage: &AuditStorage) -> SeaOrmSubscriptionStore {
    SeaOrmSubscriptionStore::new(storage.clone(), Arc::new(ManualClock::at(start())))
}

/// A store with a subscription, and a lease on it.
async fn leased(storage: &AuditStorage) -> (SeaOrmSubscriptionStore, Lease) {
    let store = store_over(storage);
    store.ensure(&billing(), Sequence(0)).await.unwrap();
    let lease = store.acquire(&billing(), "test", A_WHILE).await.unwrap().unwrap();
    (store, lease)
}

fn progress(cursor: u64, effects: impl IntoIterator<Item = Effect>) -> Progress {
    let effects = effects.into_iter().collect();
    Progress {
        cursor: Sequence(cursor),
        effects: vec![EventEffects { sequence: Sequence(cursor), effects }],
        ..Progress::default()
    }
}

/// What a statement is refused with; nothing of it may have been done.
async fn refused(store: &SeaOrmSubscriptionStore, lease: &Lease, effect: Effect) -> String {
    let before = store.find(&billing()).await.unwrap();
    let outcome = store.advance(lease, progress(1, [effect.clone()])).await;
    assert_eq!(store.find(&billing()).await.unwrap(), before, "{effect:?}");
    match outcome {
        Err(error @ SubscriptionStoreError::Effect { sequence: Sequence(1), .. }) => {
            error.source().unwrap().to_string()
        }
        other => panic!("{effect:?} must be refused, not {other:?}"),
    }
}

#[tokio::test]
async fn a_statement_that_is_no_effect_is_refused_before_it_runs() {
    let place = Place::new();
    let storage = place.storage().await;
    let (store, lease) = leased(&storage).await;
    place.raw().execute_batch("CREATE TABLE mine (x)").unwrap();
    for (statement, says) in [
        ("COMMIT", "`COMMIT` is no effect"),
        ("/* now */ -- then\n rollback", "`rollback` is no effect"),
        ("BEGIN", "`BEGIN` is no effect"),
        ("END", "`END` is no effect"),
        ("SAVEPOINT s", "`SAVEPOINT` is no effect"),
        ("RELEASE s", "`RELEASE` is no effect"),
        ("PRAGMA synchronous = OFF", "`PRAGMA` is no effect"),
        ("ATTACH 'x.db' AS x", "`ATTACH` is no effect"),
        ("VACUUM", "`VACUUM` is no effect"),
        ("SELECT 1", "begin with one of INSERT, REPLACE"),
        ("(", "`(` is no effect"),
        ("INSERT INTO mine VALUES (1)\0", "holds a NUL character"),
        ("", "the statement is empty"),
        (" ; -- nothing", "the statement is empty"),
        ("INSERT INTO mine VALUES (1); COMMIT", "more than one statement"),
        ("INSERT INTO mine VALUES (1);;", "more than one statement"),
        (
            "CREATE TRIGGER t AFTER INSERT ON mine BEGIN DELETE FROM mine; END",
            "more than one statement",
        ),
        ("INSERT INTO mine VALUES (?1)", "`?1` is no parameter that takes its value by its place"),
        ("INSERT INTO mine VALUES (:x)", "`:x` is no parameter that takes its value by its place"),
        ("INSERT INTO mine VALUES (@x)", "`@x` is no parameter that takes its value by its place"),
        ("INSERT INTO mine VALUES ($x)", "`$x` is no parameter that takes its value by its place"),
        ("INSERT INTO mine VALUES (:)", "`:` is no parameter"),
        ("INSERT INTO mine VALUES (?)", "the statement has 1 `?` and 0 values"),
    ] {
        let told = refused(&store, &lease, Effect::new(statement)).await;
        assert!(told.contains(says), "{statement}: {told}");
    }
    let more = Effect::new("DELETE FROM mine").with(1);
    assert!(refused(&store, &lease, more).await.contains("has 0 `?` and 1 values"));
    let rows: i64 =
        place.raw().query_row("SELECT count(*) FROM mine", (), |row| row.get(0)).unwrap();
    assert_eq!(rows, 0, "nothing of any of them was done");
}

#[tokio::test]
async fn nothing_of_the_records_own_is_named_by_an_effect() {
    let place = Place::new();
    let storage = place.storage().await;
    log_over(&storage).append(&[entry("first")]).await.unwrap();
    let (store, lease) = leased(&storage).await;
    let raw = place.raw();
    let mut names = raw.prepare("SELECT name FROM sqlite_schema WHERE sql IS NOT NULL").unwrap();
    let names: Vec<String> =
        names.query_map((), |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(names.len(), 42, "the schema and the migrator's own table: {names:?}");
    for name in &names {
        for statement in [
            format!("DELETE FROM {name}"),
            format!("DROP TABLE main.\"{}\"", name.to_uppercase()),
            format!("UPDATE [{name}] SET x = 1"),
            format!("DROP INDEX `{name}`"),
            format!("DROP TRIGGER '{name}'"),
            format!("INSERT INTO\u{feff}{name} VALUES (1)"),
            format!("CREATE TRIGGER t AFTER INSERT ON {name} BEGIN SELECT 1; END"),
            format!("WITH x AS (SELECT 1) DELETE FROM/**/{name}"),
            format!("DELETE FROM [it's] WHERE n IN (SELECT 1 FROM {name})"),
            format!("DELETE FROM notes WHERE 1 - 1 = (SELECT count(*) FROM {name})"),
            format!("DELETE FROM notes WHERE 4 / 2 = (SELECT count(*) FROM {name})"),
        ] {
            let told = refused(&store, &lease, Effect::new(&statement)).await;
            assert!(told.contains("belongs to the record"), "{statement}: {told}");
        }
    }
    // What is only written about is another matter.
    let fine = [
        Effect::new("CREATE TABLE notes (text TEXT, \"it's\" TEXT)"),
        Effect::new("INSERT INTO notes VALUES ('see audit_log; -- and ''audit_subscription''', ?)")
            .with("audit_log"),
        Effect::new("CREATE TABLE audit_trees (text TEXT)"),
    ];
    store.advance(&lease, progress(1, fine)).await.unwrap();
}

#[tokio::test]
async fn values_arrive_as_they_are_meant() {
    let place = Place::new();
    let storage = place.storage().await;
    let (store, lease) = leased(&storage).await;
    let values = [
        (json!(null), "null", ""),
        (json!(true), "integer", "1"),
        (json!(false), "integer", "0"),
        (json!(i64::MIN), "integer", "-9223372036854775808"),
        (json!(1.5), "real", "1.5"),
        (serde_json::from_str("1e3").unwrap(), "real", "1000.0"),
        (json!("it's \u{0} ü ?"), "text", "it's \u{0} ü ?"),
        (json!(["a", 1]), "text", "[\"a\",1]"),
        (json!({ "a": null }), "text", "{\"a\":null}"),
    ];
    let make = Effect::new("CREATE TABLE kept (n INTEGER PRIMARY KEY, value)");
    let effects = values.iter().enumerate().map(|(n, (value, ..))| {
        Effect::new("INSERT INTO kept (n, value) VALUES (?, ?)").with(n).with(value.clone())
    });
    store.advance(&lease, progress(1, std::iter::once(make).chain(effects))).await.unwrap();
    let raw = place.raw();
    for (n, (value, kind, text)) in values.iter().enumerate() {
        let found: (String, String) = raw
            .query_row(
                "SELECT typeof(value), coalesce(CAST(value AS TEXT), '') FROM kept WHERE n = ?",
                [i64::try_from(n).unwrap()],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .unwrap();
        assert_eq!(found, ((*kind).to_owned(), (*text).to_owned()), "{value}");
    }
    for beyond in ["9223372036854775808", "-123456789012345678901234567890", "1e400"] {
        let value: serde_json::Value = serde_json::from_str(beyond).unwrap();
        let effect = Effect::new("INSERT INTO kept (value) VALUES (?)").with(value);
        assert!(refused(&store, &lease, effect).await.contains("pass it as text"), "{beyond}");
    }
}

#[tokio::test]
async fn a_statement_that_the_database_refuses_undoes_all_and_the_record_goes_on() {
    let place = Place::new();
    let storage = place.storage().await;
    let log = log_over(&storage);
    log.append(&[entry("before")]).await.unwrap();
    let (store, lease) = leased(&storage).await;
    let make = Effect::new("CREATE TABLE kept (n INTEGER PRIMARY KEY) STRICT");
    let one = Effect::new("INSERT INTO kept VALUES (1)");
    store.advance(&lease, progress(0, [make, one])).await.unwrap();
    for (statement, says) in [
        ("INSERT INTO kept VALUES (1)", "UNIQUE"),
        ("INSERT OR ROLLBACK INTO kept VALUES (1)", "UNIQUE"),
        ("INSERT INTO kept VALUES ('x')", "datatype mismatch"),
        ("INSERT INTO missing VALUES (1)", "no such table"),
        ("INSERT INTO kept VALUES", "incomplete input"),
        ("UPDATE kept SET n = 'x", "unrecognized token"),
    ] {
        let before = Effect::new("INSERT INTO kept VALUES (2)");
        let undone = store.advance(&lease, progress(1, [before, Effect::new(statement)])).await;
        let Err(error @ SubscriptionStoreError::Effect { .. }) = undone else {
            panic!("{statement} must be refused, not {undone:?}")
        };
        let told = error.source().unwrap().to_string();
        assert!(told.contains(says), "{statement}: {told}");
        assert!(error.to_string().contains("event 1"), "{error}");
        let count = "SELECT count(*) FROM kept";
        let rows: i64 = place.raw().query_row(count, (), |row| row.get(0)).unwrap();
        assert_eq!(rows, 1, "{statement}: what was done before it is undone");
        log.append(&[entry(statement)]).await.unwrap();
    }
    assert_eq!(ids(&log).await.len(), 7, "and appending goes on, gapless");
}

#[tokio::test]
async fn a_change_that_is_given_up_leaves_nothing_and_holds_nobody_up() {
    let place = Place::new();
    let storage = place.storage().await;
    let (store, lease) = leased(&storage).await;
    for polls in 1..12 {
        let mut advance = store.advance(&lease, progress(polls, []));
        for _ in 0..polls {
            if (&mut advance).now_or_never().is_some() {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(advance);
        let other = AuditStorage::connect(place.options()).await.unwrap();
        store_over(&other).ensure(&"other".parse().unwrap(), Sequence(0)).await.unwrap();
        other.close().await;
    }
    store.advance(&lease, progress(90, [])).await.unwrap();
    assert_eq!(store.find(&billing()).await.unwrap().unwrap().cursor, Sequence(90));
}

#[tokio::test]
async fn a_file_that_stays_locked_says_so_and_is_written_afterwards() {
    let place = Place::new();
    place.storage().await.close().await;
    let storage = AuditStorage::connect(place.options()).await.unwrap();
    let (store, lease) = leased(&storage).await;
    let other = place.raw();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let locked = store.advance(&lease, progress(1, [])).await;
    let says = matches!(locked, Err(SubscriptionStoreError::Write(AppendError::Locked { .. })));
    assert!(says, "{locked:?}");
    other.execute_batch("COMMIT").unwrap();
    store.advance(&lease, progress(1, [])).await.unwrap();
}

#[tokio::test]
async fn a_token_that_no_lease_can_have_is_none() {
    let place = Place::new();
    let storage = place.storage().await;
    let (store, lease) = leased(&storage).await;
    let refused = store.renew(&Lease { token: u64::MAX, ..lease.clone() }, A_WHILE).await;
    assert!(matches!(refused, Err(SubscriptionStoreError::Fenced { .. })), "{refused:?}");
    store.renew(&lease, A_WHILE).await.unwrap();
}

/// A file as the first release made it, with one event on record.
fn first_version() -> Place {
    let place = Place::new();
    place.raw().execute_batch(include_str!("place/first_version.sql")).unwrap();
    place
}

#[tokio::test]
async fn a_file_of_the_first_version_is_read_as_it_is_and_has_no_subscriptions() {
    let place = first_version();
    let storage = place.storage_to_read().await;
    let log = log_over(&storage);
    assert_eq!(ids(&log).await, ["first"]);
    let store = store_over(&storage);
    assert_eq!(store.all().await.unwrap(), []);
    assert_eq!(store.find(&billing()).await.unwrap(), None);
    assert_eq!(store.dead_letters(None).await.unwrap(), []);
    let refused = store.ensure(&billing(), Sequence(0)).await;
    let reason = matches!(refused, Err(SubscriptionStoreError::Write(AppendError::ReadOnly(_))));
    assert!(reason, "{refused:?}");
    let erasure = SeaOrmAuditErasure::new(storage.clone());
    let selection = ErasureSelection::Entry(Sequence(1));
    let refused = erasure.count(&Erasure { selection, details: true }).await;
    assert!(matches!(refused, Err(ErasureError::EarlierVersion)), "{refused:?}");
    let inspection = log.inspect().await.unwrap();
    let told = |what| inspection.facts.iter().find(|fact| fact.what == what).unwrap();
    assert_eq!(told("schema version").value, "1; it becomes 4 when it is written to");
    assert_eq!(told("schema").value, "all 11 objects as made");
    // Nobody has put it into write-ahead mode, which its first release would have.
    let wrong: Vec<_> = inspection.facts.iter().filter(|fact| fact.problem.is_some()).collect();
    assert!(wrong.iter().all(|fact| fact.what == "journal mode"), "{wrong:?}");
    let version: i64 = place.raw().query_row("PRAGMA user_version", (), |row| row.get(0)).unwrap();
    assert_eq!(version, 1, "it is left as it was");
}

#[tokio::test]
async fn a_file_of_the_first_version_is_brought_to_the_newest_when_it_is_written_to() {
    let place = first_version();
    let storage = place.storage().await;
    let log = log_over(&storage);
    assert_eq!(ids(&log).await, ["first"], "what is on record stays");
    let (store, lease) = leased(&storage).await;
    store.advance(&lease, progress(1, [])).await.unwrap();
    log.append(&[entry("second")]).await.unwrap();
    let inspection = log.inspect().await.unwrap();
    assert!(inspection.is_healthy(), "{inspection:?}");
    storage.close().await;
    let again = place.storage_to_read().await;
    assert_eq!(store_over(&again).all().await.unwrap().len(), 1, "and is read afterwards");
    assert_eq!(ids(&log_over(&again)).await, ["first", "second"]);
}

#[tokio::test]
async fn what_needs_somebody_is_named_by_an_inspection_and_a_products_tables_are_not() {
    let place = Place::new();
    let storage = place.storage().await;
    let log = log_over(&storage);
    let (store, lease) = leased(&storage).await;
    let make = [
        Effect::new("CREATE TABLE invoices (n INTEGER PRIMARY KEY, text TEXT UNIQUE)"),
        Effect::new("CREATE INDEX invoices_text ON invoices (text)"),
        Effect::new("CREATE VIEW newest AS SELECT max(n) FROM invoices"),
    ];
    let letter = NewDeadLetter {
        sequence: Sequence(1),
        attempts: 3,
        errors: vec!["no".to_owned()],
        failed_at: start(),
    };
    let noted = Progress { dead_letters: vec![letter], ..progress(1, make) };
    store.advance(&lease, noted).await.unwrap();
    let fact = async |what: &str| {
        let facts = log.inspect().await.unwrap().facts;
        facts.into_iter().find(|fact| fact.what == what).unwrap()
    };
    assert!(log.inspect().await.unwrap().is_healthy());
    assert_eq!(fact("foreign objects").await.value, "none");
    let beside = fact("kept beside the record").await;
    assert_eq!(beside.value, "invoices, invoices_text, newest");
    assert_eq!(fact("subscriptions").await.value, "1");
    assert_eq!(fact("dead letters").await.value, "1; see `indelible dead-letters`");

    let failure = SubscriptionFailure { sequence: None, errors: Vec::new(), at: start() };
    store.halt(&lease, failure).await.unwrap();
    let halted = fact("subscriptions").await;
    assert_eq!(halted.value, "1, of which halted: billing");
    assert!(log.inspect().await.unwrap().is_healthy(), "the record itself is whole");
    place.raw().execute_batch("DROP TABLE audit_dead_letter").unwrap();
    assert_eq!(fact("schema").await.value, "audit_dead_letter is missing");
}

#[tokio::test]
async fn a_subscription_that_cannot_be_read_is_named() {
    for (damage, column) in [
        ("UPDATE audit_subscription SET created_at = 'yesterday'", "created_at"),
        ("UPDATE audit_subscription SET lease_until = ''", "lease_until"),
        ("UPDATE audit_subscription SET failed_at = '', failed_errors = '[]'", "failed_at"),
        (
            "UPDATE audit_subscription SET failed_at = created_at, failed_errors = '{'",
            "failed_errors",
        ),
        ("UPDATE audit_subscription SET token = -1", "token"),
        ("UPDATE audit_subscription SET name = 'Billing'", "name"),
    ] {
        let place = Place::new();
        let storage = place.storage().await;
        let (store, _) = leased(&storage).await;
        place.raw().execute_batch(damage).unwrap();
        let Err(SubscriptionStoreError::Read(QueryError::Storage(cause))) = store.all().await
        else {
            panic!("{damage} cannot be read")
        };
        let told = cause.to_string();
        assert!(told.contains(column) && told.contains("illing`"), "{damage}: {told}");
    }
}

#[tokio::test]
async fn a_component_without_storage_keeps_subscriptions_in_memory() {
    let place = Place::new();
    let stored = Stored::builder()
        .with_component_parameters::<SeaOrmSubscriptionStore>(SeaOrmSubscriptionStoreParameters {
            storage: Some(place.storage().await),
        })
        .build();
    let stored: Arc<dyn SubscriptionStore> = stored.resolve();
    let kept: Arc<dyn SubscriptionStore> = Stored::builder().build().resolve();
    for (store, takes_effects) in [(stored, true), (kept, false)] {
        let before = SystemClock.now();
        let made = store.ensure(&billing(), Sequence(3)).await.unwrap();
        assert!(
            (before..=SystemClock.now()).contains(&made.created_at),
            "by the container's clock"
        );
        let lease = store.acquire(&billing(), "test", A_WHILE).await.unwrap().unwrap();
        store.advance(&lease, progress(4, [])).await.unwrap();
        let effect = Effect::new("CREATE TABLE mine (x)");
        let told = store.advance(&lease, progress(5, [effect])).await;
        let cursor = store.find(&billing()).await.unwrap().unwrap().cursor;
        if takes_effects {
            assert!(told.is_ok() && cursor == Sequence(5), "{told:?}");
        } else {
            // Dropping them in silence would look as if they had been done.
            assert!(matches!(told, Err(SubscriptionStoreError::NoEffects)), "{told:?}");
            assert_eq!(cursor, Sequence(4), "nothing of it is noted");
        }
    }
}

#[tokio::test]
async fn what_a_subscription_needs_is_kept_also_from_a_removal_that_was_decided_before() {
    let place = Place::new();
    let storage = place.storage().await;
    let (store, _lease) = leased(&storage).await;
    let log = log_over(&storage);
    for number in 0..6 {
        log.append(&[entry(&number.to_string())]).await.unwrap();
    }
    // Its cursor is moved between the decision that all but the newest may go and the removal.
    store.rewind(&billing(), Sequence(2)).await.unwrap();
    let removed = log.remove_oldest(Sequence(5), 100).await.unwrap();
    assert_eq!(removed.map(|range| (range.from, range.through)), Some((Sequence(1), Sequence(2))));
    assert_eq!(log.remove_oldest(Sequence(5), 100).await.unwrap(), None);
    store.remove(&billing()).await.unwrap();
    let removed = log.remove_oldest(Sequence(5), 100).await.unwrap();
    assert_eq!(removed.map(|range| range.through), Some(Sequence(5)));
}

#[tokio::test]
async fn a_damaged_index_of_the_products_own_is_the_effects_trouble_and_not_the_logs() {
    let place = Place::new();
    let storage = place.storage().await;
    let (store, lease) = leased(&storage).await;
    place
        .raw()
        .execute_batch(
            "CREATE TABLE words (text TEXT);
             CREATE VIRTUAL TABLE found USING fts5 (text, content = 'words');
             INSERT INTO words VALUES ('one that the index does not know')",
        )
        .unwrap();
    let check = Effect::new("INSERT INTO found (found, rank) VALUES ('integrity-check', 1)");
    let told = refused(&store, &lease, check).await;
    assert!(told.contains("267"), "{told}");
}
