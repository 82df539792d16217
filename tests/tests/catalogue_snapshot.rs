//! What the platform announces, as others rely on it: names, versions, categories and summaries,
//! held against what was accepted last.
//!
//! When a change is meant, accept it with `INSTA_UPDATE=always cargo test -p indelible-tests
//! --test catalogue_snapshot`. Deliberately absent: the JSON Schemas, each of which lies beside its
//! type's golden samples (see `golden.rs`).

use std::fmt::Write;

use domain::events::CATALOGUE;

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
            if let Some(work) = event.work {
                let key = work.key_as_declared();
                writeln!(listing, "    {} {} by {key}", work.role, work.opener).unwrap();
            }
        }
    }
    insta::assert_snapshot!("catalogue", listing);
}
