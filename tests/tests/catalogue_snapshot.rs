//! What the platform announces, as others rely on it: names, versions, categories, summaries and
//! JSON Schemas, held against what was accepted last.
//!
//! When a change is meant, accept it with `INSTA_UPDATE=always cargo test -p indelible-tests
//! --test catalogue_snapshot`, and raise the version of every type whose shape changed.

use std::fmt::Write;

use domain::events::CATALOGUE;
use serde_json::{Map, Value};

#[test]
fn the_catalogue_is_as_it_was_accepted() {
    let mut listing = String::new();
    for group in CATALOGUE.groups() {
        writeln!(listing, "{}: {}", group.context, group.docs.trim()).unwrap();
        for event in group.events {
            let category = event.category.as_str();
            let summary = event.summary();
            writeln!(listing, "  {} v{} [{category}] {summary}", event.event_type, event.version)
                .unwrap();
        }
    }
    insta::assert_snapshot!("catalogue", listing);
}

#[test]
fn the_schemas_are_as_they_were_accepted() {
    let schemas: Map<String, Value> = CATALOGUE
        .events()
        .map(|event| (event.event_type.to_owned(), (event.schema)().to_value()))
        .collect();
    insta::assert_json_snapshot!("schemas", schemas);
}
