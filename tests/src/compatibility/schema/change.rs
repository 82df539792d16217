//! What can become of a payload's shape, whether it is safe, and what to do where it is not.

use std::fmt;

/// One difference between two schemas of a payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The field, as in `legs[].carrier`; empty where the payload as a whole is meant.
    pub field: String,
    /// What became of it.
    pub kind: ChangeKind,
}

/// What can become of a field. Shapes are in words, as in `string or null`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// Its words changed: title, description, examples.
    Described,
    /// It is new and may be left out.
    OptionalFieldAdded {
        /// What it holds.
        shape: String,
    },
    /// It need no longer be there.
    BecameOptional,
    /// It admits all that it did, and more.
    Loosened {
        /// What it admitted.
        from: String,
        /// What it admits now.
        to: String,
    },
    /// It may hold a value more.
    ValueAdded {
        /// The value, as JSON.
        value: String,
    },
    /// It is gone, or has another name.
    FieldRemoved {
        /// What it held.
        shape: String,
    },
    /// It is new, or has another name, and must be there.
    RequiredFieldAdded {
        /// What it holds.
        shape: String,
    },
    /// It must be there now.
    BecameRequired,
    /// It holds something else.
    TypeChanged {
        /// What it held.
        from: String,
        /// What it holds now.
        to: String,
    },
    /// It may no longer hold a value that it could.
    ValueRemoved {
        /// The value, as JSON.
        value: String,
    },
    /// It admits less than it did.
    Tightened {
        /// What it admitted.
        from: String,
        /// What it admits now.
        to: String,
    },
    /// It changed in a part of JSON Schema that is not judged here.
    Unjudged {
        /// The part.
        keyword: String,
    },
}

impl Change {
    /// Whether everything that was recorded in the old shape is read in the new one, with nothing
    /// of it lost. What is not judged is not safe.
    #[must_use]
    pub fn is_safe(&self) -> bool {
        match self.kind {
            ChangeKind::Described
            | ChangeKind::OptionalFieldAdded { .. }
            | ChangeKind::BecameOptional
            | ChangeKind::Loosened { .. }
            | ChangeKind::ValueAdded { .. } => true,
            ChangeKind::FieldRemoved { .. }
            | ChangeKind::RequiredFieldAdded { .. }
            | ChangeKind::BecameRequired
            | ChangeKind::TypeChanged { .. }
            | ChangeKind::ValueRemoved { .. }
            | ChangeKind::Tightened { .. }
            | ChangeKind::Unjudged { .. } => false,
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.is_safe() { "safe" } else { "UNSAFE" };
        if self.field.is_empty() {
            write!(f, "{verdict}: the payload ")?;
        } else {
            write!(f, "{verdict}: `{}` ", self.field)?;
        }
        match &self.kind {
            ChangeKind::Described => f.write_str("is described in other words"),
            ChangeKind::OptionalFieldAdded { shape } => write!(
                f,
                "is new, {shape}, and may be left out; if producers sent a field of that name \
                 before it was known, make sure that it held the same"
            ),
            ChangeKind::BecameOptional => f.write_str("may be left out now"),
            ChangeKind::Loosened { from, to } => write!(f, "was {from} and is {to}, which is more"),
            ChangeKind::ValueAdded { value } => write!(
                f,
                "may be {value} as well; programs of an earlier release do not know it, so update \
                 those that read before those that write"
            ),
            ChangeKind::FieldRemoved { shape } => write!(
                f,
                "({shape}) is gone, and what is on record would be lost on reading: put it back, \
                 or raise the version and carry its value over in the upcaster"
            ),
            ChangeKind::RequiredFieldAdded { shape } => write!(
                f,
                "({shape}) is new and must be there, which what is on record cannot know: make it \
                 an `Option`, or raise the version and have the upcaster fill it"
            ),
            ChangeKind::BecameRequired => f.write_str(
                "must be there now, and is missing in what is on record: make it an `Option` \
                 again, or raise the version and have the upcaster fill it",
            ),
            ChangeKind::TypeChanged { from, to } => write!(
                f,
                "was {from} and is {to}: put the type back, or raise the version and convert the \
                 value in the upcaster"
            ),
            ChangeKind::ValueRemoved { value } => write!(
                f,
                "may no longer be {value}, which is on record: keep the value, or raise the \
                 version and translate it in the upcaster"
            ),
            ChangeKind::Tightened { from, to } => write!(
                f,
                "was {from} and is {to}, which is less: loosen it again, or raise the version and \
                 say in the upcaster what becomes of the rest"
            ),
            ChangeKind::Unjudged { keyword } => write!(
                f,
                "changed in `{keyword}`, which is not judged here: put it back, or raise the \
                 version and convert what is on record in the upcaster"
            ),
        }
    }
}
