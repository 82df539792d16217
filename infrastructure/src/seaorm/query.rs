//! Questions to the log: pages by keyset, counts, and the span.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::audit::{AuditFilter, LogSpan, Page, Tally, TallyBy};
use domain::{AuditQuery, QueryError, RecordedEvent, Sequence};
use sea_orm::sea_query::{Expr, Order, SimpleExpr};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, DbBackend, EntityTrait, ExprTrait,
    QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
};

use super::decode::{recorded_event, sequence};
use super::entity::{Column, Entity};
use super::filter::{self, condition, last_recorded_before, stored, within};
use super::log::{SeaOrmAuditLog, cannot_be_followed};
use super::problem::query_error;
use crate::moment;

#[async_trait]
impl AuditQuery for SeaOrmAuditLog {
    async fn page(
        &self,
        filter: &AuditFilter,
        page: Page,
    ) -> Result<Vec<RecordedEvent>, QueryError> {
        let order = if page.reverse { Order::Desc } else { Order::Asc };
        let entries = Entity::find()
            .filter(condition(filter))
            .filter(within(page))
            .order_by(Column::Sequence, order)
            .limit(u64::from(page.limit));
        self.entries(entries).await
    }

    async fn by_sequence(&self, sequence: Sequence) -> Result<Option<RecordedEvent>, QueryError> {
        let entry = Entity::find().filter(Column::Sequence.eq(stored(sequence)));
        Ok(self.entries(entry).await?.pop())
    }

    async fn by_event_id(&self, event_id: &str) -> Result<Vec<RecordedEvent>, QueryError> {
        let entries = Entity::find()
            .filter(Column::EventId.eq(event_id))
            .order_by(Column::Sequence, Order::Asc);
        self.entries(entries).await
    }

    async fn span(&self) -> Result<LogSpan, QueryError> {
        let end = |order: Order| {
            Entity::find()
                .select_only()
                .columns([Column::Sequence, Column::RecordedAt])
                .order_by(Column::Sequence, order)
                .limit(1)
        };
        // Both ends in one statement, so that they are of one moment.
        let ends = format!(
            "SELECT * FROM ({}) UNION ALL SELECT * FROM ({})",
            end(Order::Asc).build(DbBackend::Sqlite),
            end(Order::Desc).build(DbBackend::Sqlite),
        );
        let rows = self
            .readers()?
            .query_all_raw(sea_orm::Statement::from_string(DbBackend::Sqlite, ends))
            .await
            .map_err(query_error)?;
        let mut ends = Vec::with_capacity(2);
        for row in rows {
            let place = sequence(row.try_get_by_index(0).map_err(query_error)?);
            let text: String = row.try_get_by_index(1).map_err(query_error)?;
            let recorded_at = moment::parse(&text).map_err(|problem| QueryError::Unreadable {
                sequence: place,
                problem: format!("its recorded_at is no time: {problem}"),
            })?;
            ends.push((place, recorded_at));
        }
        // There are no gaps: the ends tell how many there are.
        let entries = match (ends.first(), ends.last()) {
            (Some((first, _)), Some((last, _))) => last.0 - first.0 + 1,
            _ => 0,
        };
        Ok(LogSpan { first: ends.first().copied(), last: ends.last().copied(), entries })
    }

    async fn tally(&self, filter: &AuditFilter, by: TallyBy) -> Result<Vec<Tally>, QueryError> {
        let key = || Expr::cust("tally_key");
        let counts = Entity::find()
            .select_only()
            .expr_as(key_of(by), "tally_key")
            .expr_as(Expr::cust("count(*)"), "tally_entries")
            .filter(condition(filter))
            .group_by(key())
            .order_by(Expr::cust("tally_entries"), Order::Desc)
            .order_by(key().is_null(), Order::Asc)
            .order_by(key(), Order::Asc)
            .build(DbBackend::Sqlite);
        let rows = self.readers()?.query_all_raw(counts).await.map_err(query_error)?;
        rows.iter()
            .map(|row| {
                let entries: i64 = row.try_get_by_index(1)?;
                // A count is never negative.
                let entries = u64::try_from(entries).unwrap_or_default();
                Ok(Tally { key: row.try_get_by_index(0)?, entries })
            })
            .collect::<Result<_, sea_orm::DbErr>>()
            .map_err(query_error)
    }

    async fn last_recorded_before(
        &self,
        moment: DateTime<Utc>,
    ) -> Result<Option<Sequence>, QueryError> {
        let last = Entity::find()
            .select_only()
            .column(Column::Sequence)
            .filter(filter::sequence().lte(last_recorded_before(moment)))
            .order_by(Column::Sequence, Order::Desc)
            .limit(1)
            .build(DbBackend::Sqlite);
        let row = self.readers()?.query_one_raw(last).await.map_err(query_error)?;
        row.map(|row| row.try_get_by_index(0).map(sequence)).transpose().map_err(query_error)
    }

    async fn newer_than(&self, sequence: Sequence) -> Result<Sequence, QueryError> {
        let storage = self.storage()?;
        if storage.is_immutable() {
            let newest = newest(storage.readers()).await?;
            return if newest > sequence { Ok(newest) } else { Err(cannot_be_followed()) };
        }
        let readers = storage.readers().clone();
        let look = move || {
            let readers = readers.clone();
            async move { newest(&readers).await }
        };
        storage.growth().newer_than(sequence, look).await
    }
}

impl SeaOrmAuditLog {
    async fn entries(&self, entries: Select<Entity>) -> Result<Vec<RecordedEvent>, QueryError> {
        // In a record of an earlier version nothing was ever erased.
        let erased = if self.storage()?.is_earlier() { "NULL" } else { "erased" };
        let entries = entries.expr_as(Expr::cust(erased), "erased");
        // Rows are decoded by place: the entity's own models cost several times as much.
        let statement = entries.build(DbBackend::Sqlite);
        let rows = self.readers()?.query_all_raw(statement).await.map_err(query_error)?;
        rows.iter().map(recorded_event).collect()
    }
}

/// What entries are counted by, as SQL. See [`TallyBy::key`].
fn key_of(by: TallyBy) -> SimpleExpr {
    match by {
        TallyBy::Type => Expr::col(Column::EventType),
        TallyBy::Context => Expr::cust(
            "CASE WHEN instr(event_type, '.') > 0 \
             THEN substr(event_type, 1, instr(event_type, '.') - 1) ELSE event_type END",
        ),
        TallyBy::Plan => Expr::col(Column::PlanId),
        TallyBy::Project => Expr::col(Column::ProjectName),
        TallyBy::Actor => Expr::col(Column::Actor),
        TallyBy::User => Expr::col(Column::UserIdentity),
        TallyBy::Hour => Expr::cust("substr(recorded_at, 1, 13)"),
        TallyBy::Day => Expr::cust("substr(recorded_at, 1, 10)"),
    }
}

/// The newest entry's place, read without the entry; 0 where there is none.
async fn newest(readers: &DatabaseConnection) -> Result<Sequence, QueryError> {
    let newest = Entity::find()
        .select_only()
        .column(Column::Sequence)
        .order_by(Column::Sequence, Order::Desc)
        .limit(1)
        .build(DbBackend::Sqlite);
    let row = readers.query_one_raw(newest).await.map_err(query_error)?;
    let newest = row.map(|row| row.try_get_by_index(0).map(sequence)).transpose();
    Ok(newest.map_err(query_error)?.unwrap_or_default())
}
