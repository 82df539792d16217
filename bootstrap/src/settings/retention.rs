//! How long entries are kept: the settings, and the rules that follow from them.
//!
//! Deliberately absent: applying them.

use domain::AuditCategory;
use domain::audit::retention::{RetentionPolicy, RetentionRules};
use serde::{Deserialize, Serialize};

use super::AuditSettings;

/// Days that the entries of an audit category are kept, where they are not kept as all others are; 0 for
/// ever.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[expect(missing_docs, reason = "the fields are the categories: see `AuditCategory`")]
pub struct CategoryRetention {
    pub lifecycle_days: Option<u32>,
    pub decision_days: Option<u32>,
    pub policy_days: Option<u32>,
    pub activity_days: Option<u32>,
    pub data_days: Option<u32>,
    pub security_days: Option<u32>,
    pub cost_days: Option<u32>,
    pub configuration_days: Option<u32>,
    pub audit_days: Option<u32>,
}

impl CategoryRetention {
    /// The days of a category, where it has its own.
    #[must_use]
    pub const fn of(&self, category: AuditCategory) -> Option<u32> {
        match category {
            AuditCategory::Lifecycle => self.lifecycle_days,
            AuditCategory::Decision => self.decision_days,
            AuditCategory::Policy => self.policy_days,
            AuditCategory::Activity => self.activity_days,
            AuditCategory::Data => self.data_days,
            AuditCategory::Security => self.security_days,
            AuditCategory::Cost => self.cost_days,
            AuditCategory::Configuration => self.configuration_days,
            AuditCategory::Audit => self.audit_days,
        }
    }
}

impl AuditSettings {
    /// The rules of retention.
    #[must_use]
    pub fn retention_rules(&self) -> RetentionRules {
        let of = |category: AuditCategory| {
            Some((category, RetentionPolicy::from_days(self.retention.of(category)?)))
        };
        RetentionRules {
            otherwise: RetentionPolicy::from_days(self.retention_days),
            by_category: AuditCategory::ALL.into_iter().filter_map(of).collect(),
            floor_days: self.retention_floor_days,
        }
    }

    /// The same settings for an application that removes nothing by itself.
    #[must_use]
    pub fn without_retention(mut self) -> Self {
        self.retention_days = 0;
        self.retention = CategoryRetention::default();
        self
    }
}
