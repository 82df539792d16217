//! Legal holds in the database that the record is in.
//!
//! Deliberately absent: keeping what is held, which the database's own guards do, and `retention` before
//! them.

mod change;

use std::ops::RangeInclusive;
use std::sync::Arc;

use async_trait::async_trait;
use domain::audit::legal_hold::{HeldEntry, HoldId, HoldScope, LegalHold};
use domain::ports::LegalHoldError;
use domain::{AuditFilter, LegalHolds, QueryError, Sequence};
use sea_orm::sqlx::{self, Row, sqlite::SqliteRow};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use shaku::{Component, HasComponent, Module, ModuleBuildContext};

use super::AuditStorage;
use super::decode::sequence;
use super::entity::{Column, Entity};
use super::filter::{condition, stored};
use super::problem::{Trouble, Troubled, query_error};
use crate::memory::InMemoryLegalHolds;

/// A question about the entries of a range that holds cover; the range's ends are given. The guards of
/// `audit_log` say the same of a single entry.
macro_rules! of_what_is_held {
    ($asked:literal) => {
        concat!(
            "SELECT ",
            $asked,
            " FROM audit_hold AS hold CROSS JOIN audit_log AS entry \
             WHERE entry.sequence BETWEEN ? AND ? AND (entry.sequence = hold.id \
             OR (hold.scope = 'plan' AND entry.plan_id = hold.value) \
             OR (hold.scope = 'correlation' AND entry.correlation_id = hold.value) \
             OR (hold.scope = 'user' \
                 AND (entry.user_identity = hold.value OR entry.actor = 'human:' || hold.value)) \
             OR (hold.scope = 'sequences' \
                 AND entry.sequence BETWEEN hold.from_sequence AND hold.through_sequence))"
        )
    };
}

/// The first entry of a range that a hold covers.
pub(super) const HELD: &str = of_what_is_held!("min(entry.sequence)");

/// The oldest hold that covers an entry of a range.
pub(super) const HOLDING: &str = of_what_is_held!("min(hold.id)");

/// Legal holds on SQLite. See [`domain::ports`] for what it promises.
pub struct SeaOrmLegalHolds {
    storage: AuditStorage,
}

impl SeaOrmLegalHolds {
    /// The holds on the record in an open storage.
    #[must_use]
    pub fn new(storage: AuditStorage) -> Self {
        Self { storage }
    }

    /// The oldest entry that is meant within the range and that a hold covers.
    async fn oldest(
        &self,
        hold: &LegalHold,
        filter: &AuditFilter,
        within: &RangeInclusive<Sequence>,
    ) -> Result<Option<Sequence>, QueryError> {
        let own = Column::Sequence.eq(stored(hold.id.0));
        let in_scope = match &hold.scope {
            HoldScope::Plan(id) => Column::PlanId.eq(id.as_str()),
            HoldScope::Correlation(id) => Column::CorrelationId.eq(id.as_str()),
            HoldScope::User(id) => {
                let did = Column::Actor.eq(format!("human:{id}"));
                sea_orm::ExprTrait::or(Column::UserIdentity.eq(id.as_str()), did)
            }
            HoldScope::Sequences { from, through } => {
                Column::Sequence.between(stored(*from), stored(*through))
            }
        };
        let question = Entity::find()
            .select_only()
            .column(Column::Sequence)
            .filter(condition(filter))
            .filter(Column::Sequence.between(stored(*within.start()), stored(*within.end())))
            .order_by_asc(Column::Sequence);
        let mut oldest = None;
        // Each part by itself, so that either is looked up in the index that fits it.
        for part in [own, in_scope] {
            let found: Option<i64> = question
                .clone()
                .filter(Condition::all().add(part))
                .limit(1)
                .into_tuple()
                .one(self.storage.readers())
                .await
                .map_err(query_error)?;
            let found = found.map(sequence);
            oldest = oldest.into_iter().chain(found).min();
        }
        Ok(oldest)
    }
}

#[async_trait]
impl LegalHolds for SeaOrmLegalHolds {
    async fn place(&self, hold: &LegalHold) -> Result<(), LegalHoldError> {
        let hold = hold.clone();
        self.change(move |connection| Box::pin(change::place(connection, hold.clone()))).await
    }

    async fn release(&self, id: HoldId) -> Result<(), LegalHoldError> {
        self.change(move |connection| Box::pin(change::release(connection, id))).await
    }

    async fn in_force(&self) -> Result<Vec<LegalHold>, LegalHoldError> {
        let all = "SELECT id, scope, value, from_sequence, through_sequence FROM audit_hold \
                   ORDER BY id";
        let readers = self.storage.readers().get_sqlite_connection_pool();
        match sqlx::query(all).fetch_all(readers).await {
            Ok(rows) => Ok(rows.iter().map(hold).collect::<Result<_, _>>().map_err(query_error)?),
            // A file of an earlier version, opened for reading, has no holds.
            Err(error) if error.trouble() == Trouble::Statement => Ok(Vec::new()),
            Err(error) => Err(query_error(error).into()),
        }
    }

    async fn holding(
        &self,
        filter: &AuditFilter,
        within: RangeInclusive<Sequence>,
    ) -> Result<Vec<HeldEntry>, LegalHoldError> {
        let mut holding = Vec::new();
        for hold in self.in_force().await? {
            if let Some(sequence) = self.oldest(&hold, filter, &within).await? {
                holding.push(HeldEntry { hold: hold.id, sequence });
            }
        }
        holding.sort_by_key(|held| (held.sequence, held.hold));
        Ok(holding)
    }
}

/// The hold of a row.
fn hold(row: &SqliteRow) -> Result<LegalHold, sqlx::Error> {
    let id = HoldId(sequence(row.try_get(0)?));
    let scope = match row.try_get(1)? {
        "plan" => HoldScope::Plan(row.try_get(2)?),
        "correlation" => HoldScope::Correlation(row.try_get(2)?),
        "user" => HoldScope::User(row.try_get(2)?),
        // The schema knows no other kind.
        _ => HoldScope::Sequences {
            from: sequence(row.try_get(3)?),
            through: sequence(row.try_get(4)?),
        },
    };
    Ok(LegalHold { id, scope })
}

/// What the component is built from.
#[derive(Default)]
pub struct SeaOrmLegalHoldsParameters {
    /// The storage of the record, opened beforehand, since building is synchronous. Without one, as
    /// where the record is kept by an adapter of a product's own, holds are kept in memory and go with
    /// the process: see [`InMemoryLegalHolds`].
    pub storage: Option<AuditStorage>,
}

impl<M: Module + HasComponent<dyn domain::AuditLog>> Component<M> for SeaOrmLegalHolds {
    type Interface = dyn LegalHolds;
    type Parameters = SeaOrmLegalHoldsParameters;

    fn build(
        context: &mut ModuleBuildContext<M>,
        parameters: Self::Parameters,
    ) -> Box<dyn LegalHolds> {
        let log: Arc<dyn domain::AuditLog> = M::build_component(context);
        match parameters.storage {
            Some(storage) => Box::new(Self::new(storage)),
            None => Box::new(InMemoryLegalHolds::new(log)),
        }
    }
}
