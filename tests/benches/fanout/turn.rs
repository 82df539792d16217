//! One turn: a way to hand events on, a number of readers, and batches.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use domain::{EventFilter, RecordedEvent, StartAt};
use futures::StreamExt;
use indelible_tests::stage::{Stage, plans};
use infrastructure::bus::BusSettings;
use tokio::sync::{Notify, broadcast};

/// How many events are emitted together.
pub(crate) const BATCH: usize = 512;

/// A way to hand events on; `Recording` names what is taken from the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Way {
    Batches,
    Events,
    Broadcast,
    Recording,
}

/// One turn.
pub(crate) struct Turn {
    pub(crate) way: Way,
    pub(crate) threads: usize,
    pub(crate) readers: usize,
    pub(crate) batches: usize,
}

/// What all readers have counted, in whole batches.
#[derive(Default)]
struct Counted {
    events: AtomicU64,
    goal: AtomicU64,
    reached: Notify,
}

impl Counted {
    /// Adds what one reader has counted since it last came.
    fn add(&self, events: usize) {
        let all = self.events.fetch_add(events as u64, Ordering::SeqCst) + events as u64;
        if all == self.goal.load(Ordering::SeqCst) {
            self.reached.notify_one();
        }
    }

    async fn wait(&self) {
        while self.events.load(Ordering::SeqCst) < self.goal.load(Ordering::SeqCst) {
            self.reached.notified().await;
        }
    }
}

impl Turn {
    /// Runs the turn, and returns the seconds of its median batch.
    pub(crate) fn run(&self) -> f64 {
        let mut builder = if self.threads == 1 {
            tokio::runtime::Builder::new_current_thread()
        } else {
            tokio::runtime::Builder::new_multi_thread()
        };
        let runtime = builder.worker_threads(self.threads).enable_all().build().unwrap();
        let counted = Arc::new(Counted::default());
        let mut spent = runtime.block_on(async {
            match self.way {
                Way::Broadcast => self.broadcast(&counted).await,
                _ => self.bus(&counted).await,
            }
        });
        let deliveries = (self.readers * self.batches * BATCH) as u64;
        assert_eq!(counted.events.load(Ordering::SeqCst), deliveries, "every delivery is counted");
        spent.sort();
        spent[spent.len() / 2].as_secs_f64()
    }

    /// How many deliveries there are once so many batches are out.
    fn goal(&self, batches: usize) -> u64 {
        (self.readers * batches * BATCH) as u64
    }

    async fn bus(&self, counted: &Arc<Counted>) -> Vec<Duration> {
        let stage = Stage::in_memory(BusSettings::default());
        stage.record_all();
        for _ in 0..self.readers {
            let mut stream = stage.bus.stream(EventFilter::all(), StartAt::Now);
            let (counted, by_batch) = (Arc::clone(counted), self.way == Way::Batches);
            tokio::spawn(async move {
                if by_batch {
                    while let Some(batch) = stream.next_batch().await {
                        counted.add(batch.unwrap().len());
                    }
                    return;
                }
                let mut events = 0;
                while let Some(event) = stream.next().await {
                    std::hint::black_box(&*event.unwrap());
                    events += 1;
                    if events == BATCH {
                        counted.add(std::mem::take(&mut events));
                    }
                }
            });
        }
        let mut spent = Vec::with_capacity(self.batches);
        for batch in 1..=self.batches {
            let drafts = plans(0..BATCH);
            counted.goal.store(self.goal(batch), Ordering::SeqCst);
            let started = Instant::now();
            stage.bus.emit_batch(drafts).await.unwrap();
            counted.wait().await;
            spent.push(started.elapsed());
        }
        assert_eq!(stage.bus.counters().fallbacks, 0, "all of it was handed on in memory");
        stage.bus.shutdown(Duration::from_secs(10)).await;
        spent
    }

    async fn broadcast(&self, counted: &Arc<Counted>) -> Vec<Duration> {
        // Events as the bus hands them on.
        let stage = Stage::in_memory(BusSettings::default());
        stage.record_all();
        stage.bus.emit_batch(plans(0..BATCH)).await.unwrap();
        let events: Vec<_> = stage.on_record().await.into_iter().map(Arc::new).collect();
        let (sender, _) = broadcast::channel::<Arc<RecordedEvent>>(4 * BATCH);
        for _ in 0..self.readers {
            let (mut receiver, counted) = (sender.subscribe(), Arc::clone(counted));
            tokio::spawn(async move {
                let mut events = 0;
                while let Ok(event) = receiver.recv().await {
                    std::hint::black_box(&*event);
                    events += 1;
                    if events == BATCH {
                        counted.add(std::mem::take(&mut events));
                    }
                }
            });
        }
        let mut spent = Vec::with_capacity(self.batches);
        for batch in 1..=self.batches {
            counted.goal.store(self.goal(batch), Ordering::SeqCst);
            let started = Instant::now();
            for event in &events {
                // Fails only where nobody reads.
                let _ = sender.send(Arc::clone(event));
            }
            counted.wait().await;
            spent.push(started.elapsed());
        }
        spent
    }
}
