//! What stands between a bus and a subscriber: hands every event on, but for its flaw.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use domain::audit::Page;
use domain::ports::{EmitBatch, HandlerError, MAX_REACTION_DEPTH, ReactionEmitter};
use domain::{
    AuditFilter, Delivery, EmitError, EventDraft, EventSubscriber, Receipt, RecordedEvent, Sequence,
};
use tokio::sync::mpsc;

use super::Flaw;
use super::flawed::State;

/// How many events wait for a subscriber at most.
const WAITING: usize = 64;

pub(super) struct Listening {
    inner: Arc<dyn EventSubscriber>,
    state: Arc<State>,
    flaw: Flaw,
    held: Mutex<Option<Delivery>>,
    over: AtomicBool,
    queue: Option<mpsc::Sender<Delivery>>,
}

impl Listening {
    pub(super) fn to(inner: Arc<dyn EventSubscriber>, state: Arc<State>, flaw: Flaw) -> Self {
        let queue = (flaw == Flaw::DropsWhatWaits).then(|| {
            let (queue, mut waiting) = mpsc::channel::<Delivery>(WAITING);
            let subscriber = Arc::clone(&inner);
            tokio::spawn(async move {
                while let Some(event) = waiting.recv().await {
                    let _ = subscriber.handle(&event).await;
                }
            });
            queue
        });
        let (held, over) = (Mutex::default(), AtomicBool::new(false));
        Self { inner, state, flaw, held, over, queue }
    }

    /// Everything that was on record before.
    async fn earlier(&self, event: &Delivery) -> Vec<RecordedEvent> {
        let before = Page { before: Some(event.sequence), ..Page::first(u32::MAX) };
        self.state.log.page(&AuditFilter::default(), before).await.unwrap()
    }
}

/// Emits as another emitter does, what has its cause already.
struct Through(ReactionEmitter);

#[async_trait]
impl EmitBatch for Through {
    async fn emit_batch(&self, drafts: Vec<EventDraft>) -> Result<Vec<Receipt>, EmitError> {
        self.0.emit_batch(drafts).await
    }
}

impl Listening {
    /// The same event with an emitter that is not as it should be.
    fn altered(&self, delivery: &Delivery) -> Option<Delivery> {
        let event = delivery.event();
        let bus = || Some(Arc::new(self.state.bus.upgrade()?));
        let emitter = match self.flaw {
            Flaw::AnswersForAnother => {
                let mut another = RecordedEvent::clone(event);
                another.envelope.event_id.push_str(" of another");
                let through = Arc::new(Through(delivery.emitter().clone()));
                ReactionEmitter::new(Arc::new(another), through, MAX_REACTION_DEPTH)
            }
            Flaw::NeverHasEnough => ReactionEmitter::new(Arc::clone(event), bus()?, u32::MAX),
            Flaw::IsKeptByItsEvents => {
                ReactionEmitter::new(Arc::clone(event), bus()?, MAX_REACTION_DEPTH)
            }
            Flaw::MissesItsFront => {
                let front = self.state.front_once.lock().unwrap().clone()?;
                let limit = if front.strong_count() > 0 { MAX_REACTION_DEPTH } else { 0 };
                let through = Arc::new(Through(delivery.emitter().clone()));
                ReactionEmitter::new(Arc::clone(event), through, limit)
            }
            _ => return None,
        };
        Some(Delivery::new(Arc::clone(event), emitter))
    }
}

#[async_trait]
impl EventSubscriber for Listening {
    fn name(&self) -> &str {
        self.inner.name()
    }

    async fn handle(&self, event: &Delivery) -> Result<(), HandlerError> {
        match self.flaw {
            Flaw::DropsWhatWaits => {
                if let Some(queue) = &self.queue {
                    let _ = queue.try_send(event.clone());
                }
                Ok(())
            }
            Flaw::SwapsTwo if event.sequence == Sequence(10) => {
                *self.held.lock().unwrap() = Some(event.clone());
                Ok(())
            }
            Flaw::SwapsTwo => {
                self.inner.handle(event).await?;
                let held = self.held.lock().unwrap().take();
                match held {
                    Some(held) => self.inner.handle(&held).await,
                    None => Ok(()),
                }
            }
            Flaw::GivesUpAfterAFailure => {
                if self.over.load(Ordering::SeqCst) {
                    return Ok(());
                }
                let outcome = self.inner.handle(event).await;
                self.over.store(outcome.is_err(), Ordering::SeqCst);
                outcome
            }
            Flaw::BeginsAtTheBeginning => {
                if !self.over.swap(true, Ordering::SeqCst) {
                    for earlier in self.earlier(event).await {
                        let earlier = Delivery::new(Arc::new(earlier), event.emitter().clone());
                        self.inner.handle(&earlier).await?;
                    }
                }
                self.inner.handle(event).await
            }
            Flaw::LetsHandlersFinish => {
                let (inner, event) = (Arc::clone(&self.inner), event.clone());
                tokio::spawn(async move { inner.handle(&event).await }).await?
            }
            Flaw::TellsNobodyOfWhatIsGivenUp if self.state.take_given_up() => Ok(()),
            Flaw::ForgetsWhomAHandlerSubscribes
            | Flaw::KeepsWhomeverItTells
            | Flaw::ForgetsWhatHandlersEmit => {
                self.state.telling.store(true, Ordering::SeqCst);
                let outcome = self.inner.handle(event).await;
                self.state.telling.store(false, Ordering::SeqCst);
                outcome
            }
            _ => self.inner.handle(self.altered(event).as_ref().unwrap_or(event)).await,
        }
    }
}
