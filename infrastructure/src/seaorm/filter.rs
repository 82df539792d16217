//! Filters and pages as SQL conditions. They mean what [`AuditFilter::matches`] means.
//!
//! Deliberately absent: indexes on time. What was recorded later has a higher sequence, so that a
//! time of recording is looked up as a sequence by bisection, inside the same statement.

use chrono::{DateTime, Utc};
use domain::Sequence;
use domain::audit::{AuditFilter, Page, TypePattern};
use sea_orm::sea_query::{Expr, SimpleExpr};
use sea_orm::{ColumnTrait, Condition, ExprTrait};

use super::entity::Column;
use crate::moment;

/// The last sequence recorded before a moment, given twice; one less than the first sequence
/// where there is none. Each step asks for the entry at the middle or, were it missing, after it.
const LAST_BEFORE: &str = "(WITH RECURSIVE bisection (low, high) AS (\
     SELECT coalesce((SELECT min(sequence) FROM audit_log), 1) - 1, \
            coalesce((SELECT max(sequence) FROM audit_log), 0) + 1 \
     UNION ALL SELECT \
        CASE WHEN (SELECT recorded_at FROM audit_log WHERE sequence >= (low + high) / 2 \
                   ORDER BY sequence LIMIT 1) < ? THEN (low + high) / 2 ELSE low END, \
        CASE WHEN (SELECT recorded_at FROM audit_log WHERE sequence >= (low + high) / 2 \
                   ORDER BY sequence LIMIT 1) < ? THEN high ELSE (low + high) / 2 END \
     FROM bisection WHERE high - low > 1\
     ) SELECT low FROM bisection WHERE high - low <= 1)";

/// The last sequence recorded before a moment, as an expression.
pub(super) fn last_recorded_before(moment: DateTime<Utc>) -> SimpleExpr {
    let bound = moment::bound(moment);
    Expr::cust_with_values(LAST_BEFORE, [bound.clone(), bound])
}

/// The condition of a filter.
pub(super) fn condition(filter: &AuditFilter) -> Condition {
    let mut all = Condition::all();
    if !filter.types.is_empty() {
        all = all.add(filter.types.iter().map(of_type).fold(Condition::any(), Condition::add));
    }
    if !filter.contexts.is_empty() {
        let contexts = filter.contexts.iter().map(|context| in_context(context));
        all = all.add(contexts.fold(Condition::any(), Condition::add));
    }
    for (column, wanted) in [
        (Column::PlanId, &filter.plan_id),
        (Column::ProjectName, &filter.project_name),
        (Column::SessionId, &filter.session_id),
        (Column::Actor, &filter.actor),
        (Column::UserIdentity, &filter.user_identity),
        (Column::CorrelationId, &filter.correlation_id),
    ] {
        if let Some(wanted) = wanted {
            all = all.add(column.eq(wanted.as_str()));
        }
    }
    if let Some(since) = filter.recorded.since {
        all = all.add(sequence().gt(last_recorded_before(since)));
    }
    if let Some(until) = filter.recorded.until {
        all = all.add(sequence().lte(last_recorded_before(until)));
    }
    if let Some(since) = filter.occurred.since {
        all = all.add(Column::OccurredAt.gte(moment::bound(since)));
    }
    if let Some(until) = filter.occurred.until {
        all = all.add(Column::OccurredAt.lt(moment::bound(until)));
    }
    if let Some(text) = &filter.contains {
        all = all
            .add(Expr::cust_with_values("instr(details, ?) > 0", [AuditFilter::as_stored(text)]));
    }
    all
}

/// The condition of a page's bounds.
pub(super) fn within(page: Page) -> Condition {
    Condition::all()
        .add_option(page.after.map(|after| Column::Sequence.gt(stored(after))))
        .add_option(page.before.map(|before| Column::Sequence.lt(stored(before))))
}

/// A sequence as SQLite counts; what is beyond its range is beyond every entry.
pub(super) fn stored(sequence: Sequence) -> i64 {
    i64::try_from(sequence.0).unwrap_or(i64::MAX)
}

/// The sequence, to compare with an expression rather than a value.
pub(super) fn sequence() -> SimpleExpr {
    Expr::col(Column::Sequence)
}

fn of_type(pattern: &TypePattern) -> SimpleExpr {
    if !pattern.has_wildcard() {
        return Column::EventType.eq(pattern.as_str());
    }
    // A bracket opens a set of letters in GLOB, and means itself to us.
    Expr::cust_with_values("event_type GLOB ?", [pattern.as_str().replace('[', "[[]")])
}

fn in_context(context: &str) -> SimpleExpr {
    if context.contains('.') {
        // A context ends at the first dot, so that no event has this one.
        return Expr::cust("FALSE");
    }
    // A slash comes right after the dot.
    Column::EventType.eq(context).or(Column::EventType
        .gte(format!("{context}."))
        .and(Column::EventType.lt(format!("{context}/"))))
}
