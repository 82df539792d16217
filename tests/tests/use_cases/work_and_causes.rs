//! What was begun and never ended, and what caused what, over records longer than a page, over a
//! record that cannot be read, and for a product's own events.
//!
//! What the program prints of it is tested with the program, in `bootstrap/tests/cli/`.

use std::sync::Arc;

use application::explain::{Cause, ExplainError, Limits, Meaning, Outcome, Question};
use application::work::{Took, WorkBy};
use application::{Explanation, explain, open_work, work_stats};
use chrono::{DateTime, TimeDelta, Utc};
use domain::events::{
    CATALOGUE, PlanCreated, ToolCompleted, ToolErrored, ToolInvoked, ToolRetried,
};
use domain::{
    AuditEntry, AuditFilter, AuditLog, Catalogue, Clock as _, DomainEvent, EventDraft, EventGroup,
    QueryError, Sequence, domain_events, events,
};
use indelible_tests::fakes::{Gate, UnreadableLog};
use indelible_tests::stage::memory_log;
use proptest::prelude::*;

fn begin() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
}

/// A record of these events, whose ids are their places.
async fn record(drafts: Vec<EventDraft>) -> Arc<dyn AuditLog> {
    let (_, log) = memory_log();
    let entries: Vec<AuditEntry> = drafts
        .into_iter()
        .zip(0_i64..)
        .map(|(draft, n)| {
            let draft = draft.occurred_at(begin() + TimeDelta::milliseconds(10 * n));
            AuditEntry::new(draft.seal(begin(), || format!("e{}", n + 1), "/tests").unwrap())
        })
        .collect();
    log.append(&entries).await.unwrap();
    log
}

fn invoked(key: usize) -> EventDraft {
    ToolInvoked { invocation_id: key.to_string(), ..ToolInvoked::sample() }.into()
}

fn completed(key: usize) -> EventDraft {
    let key = key.to_string();
    ToolCompleted { invocation_id: key, duration_ms: 7, ..ToolCompleted::sample() }.into()
}

async fn explained(log: &Arc<dyn AuditLog>, text: &str, limits: Limits) -> Explanation {
    let question = Question::find(log, text, Meaning::Either).await.unwrap();
    let brief = |event: &domain::RecordedEvent| event.envelope.event_id.clone();
    explain(Arc::clone(log), CATALOGUE, question, limits, brief).await.unwrap()
}

fn sequences(explanation: &Explanation) -> Vec<u64> {
    explanation.nodes.iter().map(|node| node.sequence.0).collect()
}

#[tokio::test]
async fn what_never_ended_is_found_over_many_pages() {
    // 1500 calls, and then the end of each but every hundredth: more than one stretch of the record.
    let calls = (0..1500).map(invoked);
    let ends = (0..1500).filter(|n| n % 100 != 0).map(completed);
    let log = record(calls.chain(ends).collect()).await;
    let everything = AuditFilter::default();
    let open = open_work(Arc::clone(&log), CATALOGUE, &everything, None).await.unwrap();
    let found: Vec<u64> = open.iter().map(|work| work.sequence.0).collect();
    assert_eq!(found, (0..15).map(|n| n * 100 + 1).collect::<Vec<u64>>());
    assert_eq!((open[1].begun_at, &*open[1].key), (begin() + TimeDelta::seconds(1), "100"));
    let early = open_work(Arc::clone(&log), CATALOGUE, &everything, Some(open[2].begun_at));
    assert_eq!(early.await.unwrap().len(), 2, "begun before that moment, and not at it");

    let report = work_stats(log, CATALOGUE, &everything, WorkBy::Tool).await.unwrap();
    let (_, tool) = &report.rows[0];
    assert_eq!((tool.calls, tool.completed, tool.open, tool.failed), (1500, 1485, 15, 0));
    assert_eq!((tool.durations.percentile(99), report.without_beginning), (Some(7), 0));
}

#[tokio::test]
async fn what_is_not_meant_is_counted_nowhere_and_still_ends_nothing_else() {
    let retried = |key: usize| {
        EventDraft::from(ToolRetried { invocation_id: key.to_string(), ..ToolRetried::sample() })
    };
    let errored = |key: usize| {
        EventDraft::from(ToolErrored { invocation_id: key.to_string(), ..ToolErrored::sample() })
    };
    // The same once in the run that is meant, and once in another.
    let of_run = |run: &str, base: usize| {
        let drafts = [
            invoked(base),
            retried(base), // while it is open
            completed(base),
            invoked(base + 1),
            errored(base + 1),
            retried(base + 1), // after it had failed
            completed(base + 1),
            completed(base + 2), // without a beginning
            invoked(base + 3),
        ];
        drafts.map(|draft| draft.correlated_by(run))
    };
    let log = record([of_run("meant", 10), of_run("other", 20)].concat()).await;
    let meant = AuditFilter { correlation_id: Some("meant".to_owned()), ..AuditFilter::default() };
    for (filter, runs) in [(meant, 1), (AuditFilter::default(), 2)] {
        let report = work_stats(Arc::clone(&log), CATALOGUE, &filter, WorkBy::Kind).await.unwrap();
        assert_eq!(report.rows.len(), 1);
        let (_, row) = &report.rows[0];
        assert_eq!((row.calls, row.retries, row.failed), (3 * runs, 2 * runs, runs));
        assert_eq!((row.completed, row.open), (2 * runs, runs));
        assert_eq!(report.without_beginning, runs);
    }
}

#[tokio::test]
async fn a_run_of_many_pages_is_gathered_whole_or_up_to_its_limit() {
    let chain = (0..1300).map(|n| {
        let draft = if n % 2 == 0 { invoked(n / 2) } else { completed(n / 2) };
        draft.correlated_by("r").caused_by(format!("e{n}"))
    });
    let log = record(chain.collect()).await;
    let whole = explained(&log, "r", Limits::default()).await;
    assert_eq!(sequences(&whole), (1..=1300).collect::<Vec<_>>());
    assert_eq!((whole.omitted, whole.asked, &*whole.nodes[4].brief), (0, None, "e5"));
    assert_eq!(whole.tree.causes[0], Cause::NotOnRecord);
    assert_eq!(whole.tree.causes[1299], Cause::Known(1298));
    let took = Took { ms: 7, reported: true };
    let ended = Outcome::Ended { by: Sequence(2), completed: true, took };
    assert_eq!(whole.nodes[0].outcome, Some(ended));

    let limits = Limits { events: Some(9), scan: None };
    let cut = explained(&log, "1200", limits).await;
    assert_eq!(sequences(&cut), [1, 2, 3, 4, 5, 6, 7, 8, 9, 1200]);
    assert_eq!(cut.omitted, 1290);
    let elsewhere =
        Cause::Elsewhere { sequence: Sequence(1199), correlation_id: Some("r".to_owned()) };
    assert_eq!(cut.tree.causes[9], elsewhere);
    // The ninth begins what ends right beyond the limit.
    assert!(matches!(cut.nodes[8].outcome, Some(Outcome::Ended { by: Sequence(10), .. })));
}

#[tokio::test]
async fn effects_are_sought_page_by_page_and_no_further_than_allowed() {
    let plain = |_| PlanCreated::sample().into();
    let mut drafts: Vec<EventDraft> = (0..1400).map(plain).collect();
    for (effect, cause) in [(3, 1), (700, 3), (1390, 700), (1395, 2)] {
        drafts[effect - 1] = drafts[effect - 1].clone().caused_by(format!("e{cause}"));
    }
    let log = record(drafts).await;
    let all = explained(&log, "3", Limits::default()).await;
    assert_eq!((sequences(&all), all.sought_through), (vec![1, 3, 700, 1390], None));
    let near = explained(&log, "3", Limits { events: None, scan: Some(800) }).await;
    assert_eq!((sequences(&near), near.sought_through), (vec![1, 3, 700], Some(Sequence(803))));
    let up = explained(&log, "1390", Limits { events: Some(2), scan: None }).await;
    assert_eq!(sequences(&up), [700, 1390], "the nearest causes");
}

#[tokio::test]
async fn an_effect_that_is_added_while_others_are_sought_is_not_among_them() {
    let effect = |n: u64| {
        let draft = EventDraft::from(PlanCreated::sample()).caused_by("e1");
        AuditEntry::new(draft.seal(begin(), || format!("e{n}"), "/tests").unwrap())
    };
    let inner = record(vec![PlanCreated::sample().into()]).await;
    inner.append(&[effect(2)]).await.unwrap();
    let (log, gate) = (Arc::new(UnreadableLog::new(Arc::clone(&inner))), Arc::new(Gate::closed()));
    let question = Question::find(&log, "1", Meaning::Either).await.unwrap();
    log.hold_pages(Arc::clone(&gate));
    let explaining = explain(log, CATALOGUE, question, Limits::default(), |_| String::new());
    let adding = async {
        gate.arrived(1).await;
        inner.append(&[effect(3)]).await.unwrap();
        gate.open();
    };
    let (explained, ()) = futures::join!(explaining, adding);
    let explained = explained.unwrap();
    assert_eq!((sequences(&explained), explained.sought_through), (vec![1, 2], None));
}

#[tokio::test]
async fn causes_that_go_in_a_circle_end_without_a_run_as_well() {
    let caused = |cause: &str| EventDraft::from(PlanCreated::sample()).caused_by(cause);
    let log = record(vec![caused("e3"), caused("e1"), caused("e2"), caused("e4")]).await;
    let circle = explained(&log, "2", Limits::default()).await;
    assert_eq!((sequences(&circle), &circle.tree.roots), (vec![1, 2, 3], &vec![0]));
    let itself = explained(&log, "4", Limits::default()).await;
    assert_eq!((sequences(&itself), itself.tree.causes), (vec![4], vec![Cause::Circle(0)]));
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_said() {
    let inner = record(vec![invoked(1).correlated_by("r")]).await;
    let log = Arc::new(UnreadableLog::new(inner));
    let everything = AuditFilter::default();
    let fail = || log.fail_pages(1);
    fail();
    let open = open_work(Arc::clone(&log), CATALOGUE, &everything, None).await;
    assert!(matches!(open, Err(QueryError::Unreadable { .. })));
    fail();
    let stats = work_stats(Arc::clone(&log), CATALOGUE, &everything, WorkBy::Kind).await;
    assert!(matches!(stats, Err(QueryError::Unreadable { .. })));
    fail();
    let question = Question::find(&log, "r", Meaning::Either).await;
    let error = question.unwrap_err();
    assert!(matches!(error, ExplainError::Query(_)), "{error}");
    let question = Question::find(&log, "r", Meaning::Correlation).await.unwrap();
    fail();
    let explained =
        explain(Arc::clone(&log), CATALOGUE, question, Limits::default(), |_| String::new());
    assert!(matches!(explained.await, Err(QueryError::Unreadable { .. })));
}

#[tokio::test]
async fn a_text_that_names_several_things_means_one_and_the_others_are_said() {
    let of = |id: &str, source: &str, run: Option<&str>| {
        let draft = EventDraft::from(PlanCreated::sample());
        let draft = run.into_iter().fold(draft, EventDraft::correlated_by);
        AuditEntry::new(draft.seal(begin(), || id.to_owned(), source).unwrap())
    };
    let (_, log) = memory_log();
    let entries = [
        of("x", "/one", None),
        of("x", "/two", None),
        of("1", "/one", None),
        of("3", "/one", None),
        of("run", "/one", Some("run")),
        of("other", "/one", Some("x")),
        of("own", "/one", None),
        of("of-own", "/one", Some("own")),
        of("2", "/one", Some("2")),
    ];
    log.append(&entries).await.unwrap();
    let find = async |text: &str, meaning| {
        let found = Question::find(&log, text, meaning).await.unwrap();
        let notes: Vec<String> = found.notes.iter().map(ToString::to_string).collect();
        (found.event.map(|event| event.sequence.0), found.correlation, notes.join("; "))
    };
    let run = |run: &str| Some(run.to_owned());
    let (event, correlation, notes) = find("x", Meaning::Event).await;
    assert_eq!((event, correlation), (Some(1), run("x")), "others call it the cause of their run");
    assert!(notes.contains("several sources used the id `x`") && notes.ends_with('2'), "{notes}");
    let (event, _, notes) = find("1", Meaning::Either).await;
    assert_eq!(event, Some(1), "a place is taken before an id");
    assert!(notes.contains("`1` is the id of event 3 as well"), "{notes}");
    let (event, correlation, notes) = find("2", Meaning::Either).await;
    assert_eq!((event, correlation), (Some(2), run("x")), "the run that is named after it");
    assert!(
        notes.contains("`2` is the id of event 9") && notes.contains("a run of work"),
        "{notes}"
    );
    let itself = (Some(5), run("run"), String::new());
    assert_eq!(find("run", Meaning::Either).await, itself, "nothing to choose between");
    assert_eq!(find("own", Meaning::Either).await, (Some(7), run("own"), String::new()));
    assert_eq!(find("other", Meaning::Event).await, (Some(6), run("x"), String::new()));
    assert_eq!(find("4", Meaning::Either).await.0, Some(4));
    assert_eq!(find("3", Meaning::Event).await.1, None, "nobody names a run after it");
    for (meaning, what) in [(Meaning::Either, "and no run"), (Meaning::Event, "number or id")] {
        let error = Question::find(&log, "gone", meaning).await.unwrap_err().to_string();
        assert!(error.contains(what) && error.ends_with("it holds sequences 1 to 9"), "{error}");
    }
}

domain_events! {
    /// What happens to a parcel.
    pub enum ParcelEvent {
        /// A parcel was handed over.
        #[event("parcel.sent", version = 2, audit = Activity, upcast = renamed, opens = parcel_id)]
        ParcelSent { parcel_id: u64 },

        /// A parcel arrived.
        #[event("parcel.arrived", version = 1, audit = Activity,
                completes = "parcel.sent" by r#ref,)]
        ParcelArrived { r#ref: u64 },
    }
}

/// Version 1 called the number `number`.
fn renamed(_: u32, mut details: domain::Details) -> Result<domain::Details, domain::DetailsError> {
    let missing = || domain::DetailsError::Missing {
        field: "number".to_owned(),
        expected: "a whole number, 0 or more".to_owned(),
    };
    let number = details.shift_remove("number").ok_or_else(missing)?;
    details.insert("parcel_id".to_owned(), number);
    Ok(details)
}

#[tokio::test]
async fn a_products_own_work_is_found_also_where_its_beginning_is_of_an_earlier_version() {
    const OWN: Catalogue = Catalogue::compose(&[events::GROUPS, &[ParcelEvent::GROUP]]);
    let first = serde_json::from_str(r#"{"number":1}"#).unwrap();
    let log = record(vec![
        EventDraft::untyped(&ParcelSent::DESCRIPTOR, 1, first).unwrap(),
        ParcelSent { parcel_id: 2 }.into(),
        ParcelArrived { r#ref: 1 }.into(),
    ])
    .await;
    let open = open_work(log, OWN, &AuditFilter::default(), None).await.unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!((open[0].sequence, &*open[0].key), (Sequence(2), "2"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_record_of_calls_counts_each_call_once(
        calls in prop::collection::vec((0..6_usize, any::<bool>()), 0..60),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let drafts = calls
                .iter()
                .map(|(key, opens)| if *opens { invoked(*key) } else { completed(*key) })
                .collect();
            let log = record(drafts).await;
            let everything = AuditFilter::default();
            let report = work_stats(Arc::clone(&log), CATALOGUE, &everything, WorkBy::Kind);
            let report = report.await.unwrap();
            let open = open_work(log, CATALOGUE, &everything, None).await.unwrap();
            let begun = calls.iter().filter(|(_, opens)| *opens).count() as u64;
            let row = report.rows.first().map(|(_, row)| row.clone()).unwrap_or_default();
            assert_eq!(row.calls, begun);
            assert_eq!(row.completed + row.open, begun);
            assert_eq!(row.open, open.len() as u64);
            assert_eq!(row.completed, row.durations.total());
            assert_eq!(row.completed + report.without_beginning, calls.len() as u64 - begun);
        });
    }
}

#[tokio::test]
async fn an_end_of_earlier_work_ends_nothing_that_was_begun_since() {
    let run = |draft: EventDraft, run: &str| draft.correlated_by(run);
    let (clock, log) = memory_log();
    let drafts = [run(invoked(1), "a"), run(invoked(1), "b"), run(completed(1), "a")];
    let mut places = Vec::new();
    for (n, draft) in drafts.into_iter().enumerate() {
        let draft = draft.seal(clock.now(), || format!("e{n}"), "/tests").unwrap();
        places.extend(log.append(&[AuditEntry::new(draft)]).await.unwrap());
        clock.advance(TimeDelta::seconds(1));
    }
    let mut since = AuditFilter::default();
    since.recorded.since = Some(places[1].recorded_at);
    let open = open_work(Arc::clone(&log), CATALOGUE, &since, None).await.unwrap();
    let open: Vec<_> = open.iter().map(|work| work.sequence).collect();
    assert_eq!(open, [places[1].sequence], "the first call ended, and not the second");
}
