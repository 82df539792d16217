//! Everything else that is printed as rows.

use domain::audit::Tally;
use domain::ports::Fact;
use domain::{EventDescriptor, Work, WorkRole};
use serde_json::{Map, Value, json};

use super::{Row, bar, harmless};
use crate::settings::ShownSetting;

pub(super) fn object<const N: usize>(fields: &[&str], values: [Value; N]) -> Map<String, Value> {
    fields.iter().map(|name| (*name).to_owned()).zip(values).collect()
}

/// A count, with what it is a part of.
pub(crate) struct TallyRow<'a> {
    /// The count.
    pub(crate) tally: &'a Tally,
    /// All entries that were counted.
    pub(crate) total: u64,
    /// The largest count.
    pub(crate) largest: u64,
}

impl Row for TallyRow<'_> {
    const HEADINGS: &'static [&'static str] = &["  EVENTS", "SHARE", "KEY", ""];
    const FIELDS: &'static [&'static str] = &["key", "events"];

    fn cells(&self) -> Vec<String> {
        let share = u128::from(self.tally.entries) * 100 / u128::from(self.total.max(1));
        vec![
            format!("{:>8}", self.tally.entries),
            format!("{share:>3}%"),
            harmless(self.tally.key.as_deref().unwrap_or("-")),
            bar(self.tally.entries, self.largest, 24),
        ]
    }

    fn fields(&self) -> Map<String, Value> {
        object(Self::FIELDS, [json!(self.tally.key), json!(self.tally.entries)])
    }
}

/// An event type of the catalogue.
pub(crate) struct CatalogRow(pub(crate) &'static EventDescriptor);

impl Row for CatalogRow {
    const HEADINGS: &'static [&'static str] =
        &["TYPE", "VERSION", "CATEGORY", "WORK", "WHAT IT MEANS"];
    const FIELDS: &'static [&'static str] =
        &["event_type", "version", "category", "work", "opener", "key", "summary"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.0.event_type.to_owned(),
            self.0.version.to_string(),
            self.0.category.as_str().to_owned(),
            match self.0.work {
                None => "-".to_owned(),
                Some(Work { role: role @ WorkRole::Opens, .. }) => role.to_string(),
                Some(Work { role, opener, .. }) => format!("{role} {opener}"),
            },
            self.0.summary(),
        ]
    }

    fn fields(&self) -> Map<String, Value> {
        object(
            Self::FIELDS,
            [
                json!(self.0.event_type),
                json!(self.0.version),
                json!(self.0.category.as_str()),
                json!(self.0.work.map(|work| work.role)),
                json!(self.0.work.map(|work| work.opener)),
                json!(self.0.work.map(|work| work.key_as_declared())),
                json!(self.0.summary()),
            ],
        )
    }
}

/// A setting.
pub(crate) struct SettingRow(pub(crate) ShownSetting);

impl Row for SettingRow {
    const HEADINGS: &'static [&'static str] = &["SETTING", "VALUE", "FROM"];
    const FIELDS: &'static [&'static str] = &["setting", "value", "from"];

    fn cells(&self) -> Vec<String> {
        vec![self.0.name.to_owned(), harmless(&self.0.value), harmless(&self.0.origin)]
    }

    fn fields(&self) -> Map<String, Value> {
        object(Self::FIELDS, [json!(self.0.name), json!(self.0.value), json!(self.0.origin)])
    }
}

/// Something an examination found out.
pub(crate) struct FactRow(pub(crate) Fact);

impl Row for FactRow {
    const HEADINGS: &'static [&'static str] = &["", "WHAT", "FOUND"];
    const FIELDS: &'static [&'static str] = &["what", "value", "problem"];

    fn cells(&self) -> Vec<String> {
        let (mark, found) = match &self.0.problem {
            None => ("ok", self.0.value.clone()),
            Some(problem) => ("!!", format!("{}: {problem}", self.0.value)),
        };
        vec![mark.to_owned(), harmless(&self.0.what), harmless(&found)]
    }

    fn fields(&self) -> Map<String, Value> {
        object(Self::FIELDS, [json!(self.0.what), json!(self.0.value), json!(self.0.problem)])
    }
}
