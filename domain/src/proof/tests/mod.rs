//! The rules of proof, held to the specifications' own definitions and to published vectors.

mod documents;
mod leaves;
mod notes;
mod support;
mod trees;
mod values;
