//! A proof as a file: JSON that says by its `format` what it proves.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{
    AnswerProof, ConsistencyProof, EntryProof, ProofFlaw, ProvenAnswer, ProvenEntry, ProvenGrowth,
    VerifierKey,
};

/// A proof of any kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// That an entry is in a log.
    Entry(Box<EntryProof>),
    /// That a log has only grown.
    Consistency(Box<ConsistencyProof>),
    /// That a query's answer is in a log.
    Answer(Box<AnswerProof>),
}

/// What follows from a proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proven {
    /// An entry is in a log.
    Entry(Box<ProvenEntry>),
    /// A log has only grown.
    Growth(ProvenGrowth),
    /// A query's answer is in a log.
    Answer(Box<ProvenAnswer>),
}

/// What a proof of any kind has.
#[derive(Deserialize)]
struct Tagged {
    format: String,
}

impl Proof {
    /// The proof in a text.
    ///
    /// # Errors
    /// When there is none in it.
    pub fn parse(json: &str) -> Result<Self, ProofFlaw> {
        let Tagged { format } = read(json)?;
        match format.as_str() {
            "indelible-entry-proof/1" => read(json).map(Box::new).map(Self::Entry),
            "indelible-consistency-proof/1" => read(json).map(Box::new).map(Self::Consistency),
            "indelible-answer-proof/1" => read(json).map(Box::new).map(Self::Answer),
            _ => Err(ProofFlaw::UnknownFormat { found: format }),
        }
    }

    /// The proof as text.
    #[must_use]
    pub fn to_json(&self) -> String {
        let json = match self {
            Self::Entry(proof) => serde_json::to_string_pretty(&**proof),
            Self::Consistency(proof) => serde_json::to_string_pretty(&**proof),
            Self::Answer(proof) => serde_json::to_string_pretty(&**proof),
        };
        // Texts, whole numbers, and keys that are texts: nothing here can fail.
        json.unwrap_or_default()
    }

    /// Checks all of it with the public keys that are believed.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(self, keys: &[VerifierKey]) -> Result<Proven, ProofFlaw> {
        match self {
            Self::Entry(proof) => proof.check(keys).map(Box::new).map(Proven::Entry),
            Self::Consistency(proof) => proof.check(keys).map(Proven::Growth),
            Self::Answer(proof) => proof.check(keys).map(Box::new).map(Proven::Answer),
        }
    }
}

fn read<T: DeserializeOwned>(json: &str) -> Result<T, ProofFlaw> {
    serde_json::from_str(json).map_err(|error| ProofFlaw::Malformed { reason: error.to_string() })
}
