//! What handlers want changed, as statements of SQLite.

use std::sync::Arc;

use domain::ports::{StorageProblem, SubscriptionStoreError};
use domain::subscription::{Effect, EventEffects};
use sea_orm::sqlx::sqlite::{SqliteArguments, SqliteConnection};
use sea_orm::sqlx::{self, Arguments, AssertSqlSafe};
use serde_json::Value;

use super::change::{Done, NotDone};
use super::statement::{self, RefusedStatement};
use crate::seaorm::problem::{Trouble, Troubled};

/// Changes what the handler of an event wants changed.
pub(super) async fn run(connection: &mut SqliteConnection, event: &EventEffects) -> Done<()> {
    let refused = |source: StorageProblem| {
        NotDone::Refused(SubscriptionStoreError::Effect { sequence: event.sequence, source })
    };
    for effect in &event.effects {
        let arguments = arguments(effect).map_err(|problem| refused(Arc::new(problem)))?;
        // The product's own code wrote it; values go beside it.
        let statement = AssertSqlSafe(effect.statement.clone());
        let done = sqlx::query_with(statement, arguments).execute(&mut *connection).await;
        done.map_err(|error| match error.trouble() {
            Trouble::Constraint | Trouble::Statement => refused(error.shared()),
            _ => NotDone::Storage(error),
        })?;
    }
    Ok(())
}

/// The values of a statement that may be run.
fn arguments(effect: &Effect) -> Result<SqliteArguments, RefusedStatement> {
    let parameters = statement::parameters(&effect.statement)?;
    let values = effect.values.len();
    if parameters != values {
        return Err(RefusedStatement::Count { parameters, values });
    }
    let mut arguments = SqliteArguments::default();
    for value in &effect.values {
        let added = match value {
            Value::Null => arguments.add(None::<i64>),
            Value::Bool(bool) => arguments.add(i64::from(*bool)),
            Value::String(text) => arguments.add(text.clone()),
            Value::Array(_) | Value::Object(_) => arguments.add(value.to_string()),
            Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(whole), _) => arguments.add(whole),
                (None, Some(real)) if real.is_finite() && !is_whole(&number.to_string()) => {
                    arguments.add(real)
                }
                _ => return Err(RefusedStatement::Number { number: number.to_string() }),
            },
        };
        // No value of these kinds can fail to be taken down.
        debug_assert!(added.is_ok(), "{added:?}");
    }
    Ok(arguments)
}

/// Whether a number is written without a fraction or an exponent, and so is to be kept to the last
/// digit.
fn is_whole(number: &str) -> bool {
    !number.contains(['.', 'e', 'E'])
}
