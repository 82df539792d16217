//! What retention would remove, and legal holds, as rows.

use application::retention::{HoldOnRecord, RetentionPlan};
use domain::audit::legal_hold::HoldScope;
use domain::audit::retention::{HeldBack, Prefix};
use serde_json::{Map, Value, json};

use super::rows::object;
use super::{Row, harmless, timestamp};

/// A part of what is old enough: what goes, or what something holds back.
pub(crate) struct RetentionRow<'a> {
    range: Prefix,
    held: Option<&'a HeldBack>,
}

impl<'a> RetentionRow<'a> {
    /// The rows of a plan: what goes, and then whatever holds something back, the oldest first.
    pub(crate) fn of(plan: &'a RetentionPlan) -> Vec<Self> {
        let goes = plan.goes.map(|range| Self { range, held: None });
        let held = plan.expired.into_iter().flat_map(|Prefix { from, through }| {
            plan.held_back.iter().map(move |held| {
                let range = Prefix { from: held.sequence().max(from), through };
                Self { range, held: Some(held) }
            })
        });
        goes.into_iter().chain(held).collect()
    }

    fn what(&self) -> &'static str {
        if self.held.is_some() { "held back" } else { "goes" }
    }

    fn because(&self) -> String {
        self.held.map_or_else(|| "old enough".to_owned(), ToString::to_string)
    }
}

impl Row for RetentionRow<'_> {
    const HEADINGS: &'static [&'static str] = &["WHAT", "FROM", "THROUGH", "EVENTS", "BECAUSE"];
    const FIELDS: &'static [&'static str] =
        &["what", "from", "through", "events", "held_by", "because"];

    const CUT_LAST: bool = true;

    fn cells(&self) -> Vec<String> {
        vec![
            self.what().to_owned(),
            self.range.from.to_string(),
            self.range.through.to_string(),
            self.range.entries().to_string(),
            harmless(&self.because()),
        ]
    }

    fn fields(&self) -> Map<String, Value> {
        object(
            Self::FIELDS,
            [
                json!(self.what()),
                json!(self.range.from.0),
                json!(self.range.through.0),
                json!(self.range.entries()),
                json!(self.held.map(HeldBack::kind)),
                json!(self.because()),
            ],
        )
    }
}

/// A legal hold in force.
pub(crate) struct HoldRow<'a>(pub(crate) &'a HoldOnRecord);

impl Row for HoldRow<'_> {
    const HEADINGS: &'static [&'static str] =
        &["HOLD", "PLACED (UTC)", "BY", "ABOUT", "WHAT", "REASON"];
    const FIELDS: &'static [&'static str] =
        &["hold", "placed_at", "by", "scope", "value", "from_sequence", "to_sequence", "reason"];

    const CUT_LAST: bool = true;

    fn cells(&self) -> Vec<String> {
        let HoldOnRecord { hold, by, reason, placed_at } = self.0;
        let placed_at = placed_at.map(|at| at.format("%Y-%m-%d %H:%M:%S").to_string());
        let or_dash = |text: Option<String>| harmless(text.as_deref().unwrap_or("-"));
        vec![
            hold.id.to_string(),
            or_dash(placed_at),
            or_dash(by.as_ref().map(ToString::to_string)),
            hold.scope.kind().to_owned(),
            harmless(&hold.scope.value()),
            or_dash(reason.clone()),
        ]
    }

    fn fields(&self) -> Map<String, Value> {
        let HoldOnRecord { hold, by, reason, placed_at } = self.0;
        let (value, range) = match &hold.scope {
            HoldScope::Sequences { from, through } => (None, Some((from.0, through.0))),
            scope => (Some(scope.value()), None),
        };
        object(
            Self::FIELDS,
            [
                json!(hold.id.0.0),
                json!(placed_at.map(timestamp)),
                json!(by.as_ref().map(ToString::to_string)),
                json!(hold.scope.kind()),
                json!(value),
                json!(range.map(|(from, _)| from)),
                json!(range.map(|(_, through)| through)),
                json!(reason),
            ],
        )
    }
}
