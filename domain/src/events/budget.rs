//! Events of the `budget` context: what happens to the money a scope may spend, in US dollars.
//!
//! Both types are in their second version: the first held dollars as a number with a fraction, and a
//! sum of such numbers is not what was spent, so that a limit seemed passed that was just reached.
//! Deliberately absent: currencies. The ledger keeps one.

use crate::event::{Details, DetailsError, EventField};

crate::domain_events! {
    /// What happens to the money a scope may spend, in US dollars.
    pub enum BudgetEvent {
        /// Spending came close to its limit.
        #[event("budget.warning", version = 2, audit = Cost, upcast = from_dollars)]
        BudgetWarning {
            scope: String,
            /// In millionths of a US dollar.
            limit_micro_usd: i64,
            /// In millionths of a US dollar.
            spent_micro_usd: i64,
        },

        /// Spending went over its limit.
        #[event("budget.exceeded", version = 2, audit = Cost, upcast = from_dollars)]
        BudgetExceeded {
            scope: String,
            /// In millionths of a US dollar.
            limit_micro_usd: i64,
            /// In millionths of a US dollar.
            spent_micro_usd: i64,
        },
    }
}

/// Version 1 called the amounts `limit_usd` and `spent_usd`, and held whole dollars and a fraction.
/// What it held beyond the millionth is rounded when it is read, and stays on record as it was sent.
fn from_dollars(_version: u32, mut details: Details) -> Result<Details, DetailsError> {
    for (before, now) in [("limit_usd", "limit_micro_usd"), ("spent_usd", "spent_micro_usd")] {
        let dollars = f64::read_from(&details, before)?;
        // Not `remove`, which would move the last field into the gap.
        details.shift_remove(before);
        details.insert(now.to_owned(), micro(dollars).into());
    }
    Ok(details)
}

/// Dollars as the nearest number of millionths, a half away from nought: less than half a millionth
/// is nought. An amount beyond all that can be counted, such as a limit that was meant as none, is
/// the largest that can.
#[allow(clippy::cast_possible_truncation, reason = "`as` stops at the limits, as said above")]
fn micro(dollars: f64) -> i64 {
    (dollars * 1e6).round() as i64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::DomainEvent;

    fn warning(limit: f64, spent: f64) -> BudgetWarning {
        let first = json!({ "scope": "run", "limit_usd": limit, "spent_usd": spent, "seen_by": 3 });
        let first = serde_json::from_value(first).unwrap();
        BudgetWarning::from_versioned(1, &first).unwrap()
    }

    #[test]
    fn dollars_of_version_1_are_read_as_the_nearest_millionths() {
        let BudgetWarning { scope, limit_micro_usd, spent_micro_usd } = warning(0.5, 0.1 + 0.2);
        assert_eq!((&*scope, limit_micro_usd, spent_micro_usd), ("run", 500_000, 300_000));
        assert_eq!(warning(-0.000_001_4, 1e300).limit_micro_usd, -1);
        let small = warning(0.000_000_4, 0.000_000_6);
        assert_eq!((small.limit_micro_usd, small.spent_micro_usd), (0, 1));
        assert_eq!(warning(f64::MIN, f64::MAX).spent_micro_usd, i64::MAX);
    }

    #[test]
    fn what_version_1_lacks_is_named_as_version_1_called_it() {
        let details = serde_json::from_value(json!({ "scope": "run", "limit_usd": 1 })).unwrap();
        let error = BudgetExceeded::from_versioned(1, &details).unwrap_err();
        assert_eq!(error.to_string(), "field `spent_usd` is missing: add it as a number");
        let error = BudgetExceeded::from_versioned(2, &details).unwrap_err();
        assert!(error.to_string().contains("`limit_micro_usd` is missing"), "{error}");
    }

    proptest! {
        #[test]
        fn an_amount_up_to_a_billion_dollars_is_read_to_the_millionth(
            micro in -1_000_000_000_000_000_i64..=1_000_000_000_000_000,
        ) {
            let text = format!("{}{}.{:06}", if micro < 0 { "-" } else { "" },
                micro.abs() / 1_000_000, micro.abs() % 1_000_000);
            prop_assert_eq!(warning(text.parse().unwrap(), 0.0).limit_micro_usd, micro);
        }

        #[test]
        fn every_amount_that_version_1_held_is_read(limit in any::<f64>(), spent in any::<f64>()) {
            prop_assume!(limit.is_finite() && spent.is_finite());
            let BudgetWarning { limit_micro_usd, spent_micro_usd, .. } = warning(limit, spent);
            prop_assert_eq!(limit_micro_usd > spent_micro_usd, limit > spent
                && limit_micro_usd != spent_micro_usd);
        }
    }
}
