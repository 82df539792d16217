//! Streams and subscribers in the real container, on a real file.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::ports::{EventStream, StreamStatus, handler};
use domain::{Emit as _, EventFilter, Sequence, StartAt, Subscription};
use futures::StreamExt;
use indelible::{App, Settings};
use indelible_tests::expect::{eventually, soon};
use indelible_tests::fakes::{Gate, Probe};
use indelible_tests::scenario::{Outcome, TestApp};

use super::plan;

/// Longer than anything takes.
const LONG: Duration = Duration::from_mins(10);

async fn small_buffers() -> Outcome<TestApp> {
    TestApp::builder().with_settings(|settings| settings.stream.buffer = 4).start().await
}

async fn next(stream: &mut EventStream) -> u64 {
    soon("the stream goes on", stream.next()).await.unwrap().unwrap().sequence.0
}

/// What a stream reads until it ends or says why it cannot go on.
async fn rest(mut stream: EventStream) -> Vec<u64> {
    let mut read = Vec::new();
    while let Some(Ok(event)) = stream.next().await {
        read.push(event.sequence.0);
    }
    read
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_stream_falls_back_to_the_file_and_rejoins() -> Outcome {
    let app = small_buffers().await?;
    let mut stream = app.bus().stream(EventFilter::all(), StartAt::Beginning);
    app.emit(plan("first")).await?;
    assert_eq!(next(&mut stream).await, 1);
    for number in 0..300 {
        app.emit(plan(&format!("p{number}"))).await?;
    }
    assert!(matches!(stream.status(), StreamStatus::CatchingUp { behind } if behind >= 290));
    for place in 2..=301 {
        assert_eq!(next(&mut stream).await, place);
    }
    assert_eq!((stream.fallbacks(), app.bus().counters().fallbacks), (1, 1));
    app.emit(plan("last")).await?;
    assert_eq!(next(&mut stream).await, 302);
    assert_eq!((stream.status(), stream.fallbacks()), (StreamStatus::Live, 1));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_subscribers_are_each_told_of_everything() -> Outcome {
    const EVENTS: usize = 20;
    let app = TestApp::start().await?;
    let bus = app.app().bus();
    let probes: Vec<_> = (0..1000)
        .map(|n| {
            let probe = Arc::new(Probe::new(format!("probe {n}")));
            let subscription = bus.subscribe(EventFilter::all(), Arc::clone(&probe) as _);
            (probe, subscription)
        })
        .collect();
    for number in 0..EVENTS {
        bus.emit(plan(&format!("p{number}"))).await.unwrap();
    }
    bus.settled().await;
    let all: Vec<Sequence> = (1..=EVENTS as u64).map(Sequence).collect();
    assert!(probes.iter().all(|(probe, _)| probe.sequences() == all));
    let (probes, subscriptions): (Vec<_>, Vec<_>) = probes.into_iter().unzip();
    drop(subscriptions);
    eventually("all are let go", || probes.iter().all(|probe| Arc::strong_count(probe) == 1)).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_may_unsubscribe_inside_its_handler() -> Outcome {
    let app = TestApp::start().await?;
    let own: Arc<Mutex<Option<Subscription>>> = Arc::default();
    let told = Arc::new(Mutex::new(Vec::new()));
    let (guard, seen) = (Arc::clone(&own), Arc::clone(&told));
    let leaving = handler("leaving", move |event| {
        let (guard, seen) = (Arc::clone(&guard), Arc::clone(&seen));
        async move {
            seen.lock().unwrap().push(event.sequence.0);
            if event.sequence.0 == 2 {
                drop(guard.lock().unwrap().take());
            }
            Ok(())
        }
    });
    let freed = Arc::downgrade(&leaving);
    let subscription = app.bus().subscribe(EventFilter::all(), leaving);
    *own.lock().unwrap() = Some(subscription);
    for number in 0..5 {
        app.emit(plan(&format!("p{number}"))).await?;
    }
    app.settled().await?;
    assert_eq!(*told.lock().unwrap(), [1, 2]);
    eventually("it is freed", || freed.upgrade().is_none()).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_come_to_their_end_in_whatever_state_the_shutdown_finds_them() -> Outcome {
    let app = small_buffers().await?;
    for number in 0..600 {
        app.emit(plan(&format!("p{number}"))).await?;
    }
    let bus = app.bus();
    let stream = |start| bus.stream(EventFilter::all(), start);
    let mut in_history = stream(StartAt::Beginning);
    let live = stream(StartAt::Now);
    let mut behind = stream(StartAt::Now);
    assert_eq!(next(&mut in_history).await, 1);
    for number in 600..650 {
        app.emit(plan(&format!("p{number}"))).await?;
        if number == 600 {
            assert_eq!(next(&mut behind).await, 601);
        }
    }
    assert!(matches!(in_history.status(), StreamStatus::CatchingUp { .. }));
    assert!(matches!(behind.status(), StreamStatus::CatchingUp { .. }));
    let live = tokio::spawn(rest(live));
    bus.shutdown(LONG).await;
    assert_eq!(soon("it ends", rest(in_history)).await, (2..=650).collect::<Vec<_>>());
    assert_eq!(soon("it ends", rest(behind)).await, (602..=650).collect::<Vec<_>>());
    assert_eq!(soon("it ends", live).await.unwrap(), (601..=650).collect::<Vec<_>>());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_outlives_the_application_is_told_so_and_does_not_hang() -> Outcome {
    let app = TestApp::start().await?;
    for number in 0..600 {
        app.emit(plan(&format!("p{number}"))).await?;
    }
    let mut stream = app.bus().stream(EventFilter::all(), StartAt::Beginning);
    assert_eq!(next(&mut stream).await, 1);
    app.shutdown().await;
    let read = soon("it is told", rest(stream)).await;
    assert!((2..=600).collect::<Vec<_>>().starts_with(&read), "what it read is whole");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_the_bus_is_left_once_streams_and_subscribers_have_gone() -> Outcome {
    let app = TestApp::start().await?;
    let bus = app.bus();
    let probe = Arc::new(Probe::new("probe"));
    let subscription = bus.subscribe(EventFilter::all(), Arc::clone(&probe) as _);
    let mut stream = bus.stream(EventFilter::all(), StartAt::Beginning);
    app.emit(plan("p1")).await?;
    assert_eq!(next(&mut stream).await, 1);
    let (bus_left, log_left) = (Arc::downgrade(&bus), Arc::downgrade(&app.log()));
    drop((stream, subscription, bus));
    app.shutdown().await;
    eventually("the bus is freed", || bus_left.upgrade().is_none()).await;
    eventually("the log is freed", || log_left.upgrade().is_none()).await;
    assert_eq!(Arc::strong_count(&probe), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emit_waits_for_no_reader_however_stuck() -> Outcome {
    let app = small_buffers().await?;
    let gate = Arc::new(Gate::closed());
    let bus = app.app().bus();
    let stuck = Arc::new(Probe::new("stuck").behind(Arc::clone(&gate)));
    let _stuck = bus.subscribe(EventFilter::all(), Arc::clone(&stuck) as _);
    let unread: Vec<_> = (0..20).map(|_| bus.stream(EventFilter::all(), StartAt::Now)).collect();
    for number in 0..200 {
        soon("it is acknowledged", bus.emit(plan(&format!("p{number}")))).await.unwrap();
    }
    assert!(stuck.events().is_empty());
    for mut stream in unread {
        assert!(matches!(stream.status(), StreamStatus::CatchingUp { .. }));
        assert_eq!(next(&mut stream).await, 1);
    }
    gate.open();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_applications_on_one_file_stream_what_the_other_records() -> Outcome {
    let one = TestApp::start().await?;
    let mut settings = Settings::default();
    settings.audit.database_url = one.file().display().to_string();
    let other = App::builder(settings).start().await.unwrap();
    let mut streams = [one.bus(), other.bus()]
        .map(|bus| bus.stream(EventFilter::context("plan"), StartAt::Beginning));
    for round in 0..20 {
        if round % 3 == 0 {
            one.emit(plan(&format!("one {round}"))).await?;
        } else {
            other.bus().emit(plan(&format!("other {round}"))).await.unwrap();
        }
        for stream in &mut streams {
            assert_eq!(next(stream).await, round + 1, "whoever recorded it");
        }
    }
    assert_eq!(streams.map(|stream| stream.fallbacks()), [0, 0]);
    other.shutdown().await;
    Ok(())
}
