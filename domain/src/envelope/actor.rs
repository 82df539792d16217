//! Who caused an event.

use std::fmt;
use std::str::FromStr;

/// The kinds of actor there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ActorKind {
    /// A person.
    Human,
    /// A program that decides by itself what to do.
    Agent,
    /// The platform or a part of it.
    System,
}

impl ActorKind {
    /// The kind as it is written before the colon.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Agent => "agent",
            Self::System => "system",
        }
    }
}

/// An actor, written `agent:planner` where it is one text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Actor {
    /// What it is.
    pub kind: ActorKind,
    /// Which one it is, among its kind; never empty.
    pub id: String,
}

impl Actor {
    /// A person.
    #[must_use]
    pub fn human(id: impl Into<String>) -> Self {
        Self { kind: ActorKind::Human, id: id.into() }
    }

    /// A program that decides by itself what to do.
    #[must_use]
    pub fn agent(id: impl Into<String>) -> Self {
        Self { kind: ActorKind::Agent, id: id.into() }
    }

    /// The platform or a part of it.
    #[must_use]
    pub fn system(id: impl Into<String>) -> Self {
        Self { kind: ActorKind::System, id: id.into() }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.as_str(), self.id)
    }
}

/// A text that names no actor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no actor: write human:ID, agent:ID or system:ID, such as agent:planner")]
pub struct InvalidActor(pub String);

impl FromStr for Actor {
    type Err = InvalidActor;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidActor(text.to_owned());
        let (kind, id) = text.split_once(':').ok_or_else(invalid)?;
        let kind = match kind {
            "human" => ActorKind::Human,
            "agent" => ActorKind::Agent,
            "system" => ActorKind::System,
            _ => return Err(invalid()),
        };
        if id.is_empty() {
            return Err(invalid());
        }
        Ok(Self { kind, id: id.to_owned() })
    }
}
