//! What the catalogue knows of an event type.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Details, DetailsError, Work};

/// A stable wire name such as `plan.created`, independent of any Rust name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventType(Cow<'static, str>);

impl EventType {
    /// A name known at compile time, without an allocation.
    #[must_use]
    pub const fn from_static(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the dot: `plan` of `plan.created`.
    #[must_use]
    pub fn context(&self) -> &str {
        self.0.split_once('.').map_or(&*self.0, |(context, _)| context)
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl From<String> for EventType {
    fn from(name: String) -> Self {
        Self(Cow::Owned(name))
    }
}

/// Why an auditor would look at an event: the reason it is on the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditCategory {
    /// Something began, moved on, or ended.
    Lifecycle,
    /// A choice was made, approved, or changed.
    Decision,
    /// A rule was checked, kept, or broken.
    Policy,
    /// An actor or a tool did work.
    Activity,
    /// Data was read, changed, or removed.
    Data,
    /// Somebody proved who they are, or failed to.
    Security,
    /// Money was spent or is running out.
    Cost,
    /// A setting of the platform changed.
    Configuration,
    /// The audit log says something about itself.
    Audit,
}

impl AuditCategory {
    /// All of them, in the order of their declaration.
    pub const ALL: [Self; 9] = [
        Self::Lifecycle,
        Self::Decision,
        Self::Policy,
        Self::Activity,
        Self::Data,
        Self::Security,
        Self::Cost,
        Self::Configuration,
        Self::Audit,
    ];

    /// The category as it is written in listings.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lifecycle => "lifecycle",
            Self::Decision => "decision",
            Self::Policy => "policy",
            Self::Activity => "activity",
            Self::Data => "data",
            Self::Security => "security",
            Self::Cost => "cost",
            Self::Configuration => "configuration",
            Self::Audit => "audit",
        }
    }
}

/// Turns the payload of an earlier version into the current one.
pub type Upcaster = fn(version: u32, details: Details) -> Result<Details, DetailsError>;

/// One event type's entry in the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct EventDescriptor {
    /// The wire name.
    pub event_type: &'static str,
    /// The current schema version, starting at 1.
    pub version: u32,
    /// Why the event is on the record.
    pub category: AuditCategory,
    /// The name of the Rust struct; may change without changing what is stored.
    pub rust_name: &'static str,
    /// The doc comment as it was written; see [`EventDescriptor::summary`].
    pub docs: &'static str,
    /// Reads earlier versions, where there are any.
    pub upcast: Option<Upcaster>,
    /// The part it plays in work that is begun and ended, where it plays one.
    pub work: Option<Work>,
    /// The JSON Schema of the payload.
    pub schema: fn() -> schemars::Schema,
    /// A payload with every field filled.
    pub sample: fn() -> Details,
    /// Whether a payload of the given version can be read as this type.
    pub check: fn(version: u32, details: &Details) -> Result<(), DetailsError>,
    /// A payload of the given version as it would be written today: read as this type, and put into
    /// the current version's shape. Fields that the type does not know are left out.
    pub upgrade: fn(version: u32, details: &Details) -> Result<Details, DetailsError>,
}

impl EventDescriptor {
    /// The wire name as the type that events carry.
    #[must_use]
    pub const fn name(&self) -> EventType {
        EventType::from_static(self.event_type)
    }

    /// The part of the wire name before the dot.
    #[must_use]
    pub fn context(&self) -> &'static str {
        self.event_type.split_once('.').map_or(self.event_type, |(context, _)| context)
    }

    /// The doc comment as one line.
    #[must_use]
    pub fn summary(&self) -> String {
        self.docs.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}
