//! The golden check fails where what is on record would no longer be read as it was, says what
//! changed, and gives the lines to write. Each test changes a copy of a product's declaration in one
//! way, against the samples of the original.
//!
//! Deliberately absent: the samples themselves, which `golden.rs` holds.

#![allow(clippy::unwrap_used, reason = "a test may give up")]

use std::fs;
use std::path::Path;

use domain::{Catalogue, Details, DetailsError, EventGroup, GroupDescriptor, domain_events};
use indelible_tests::compatibility::golden::{Corpus, Finding, Report};
use tempfile::TempDir;

/// A product's declaration, changed in one way.
macro_rules! declared {
    ($module:ident, $event:literal, $version:literal $([$upcast:path])?, $Name:ident { $($fields:tt)* }) => {
        mod $module {
            #[allow(unused_imports)]
            use super::*;
            domain_events! {
                /// What happens to a customer's order.
                pub(crate) enum OrderEvent {
                    /// A customer placed an order.
                    #[event($event, version = $version, audit = Lifecycle $(, upcast = $upcast)?)]
                    $Name { $($fields)* },
                }
            }
            const GROUPS: &[GroupDescriptor] = &[OrderEvent::GROUP];
            pub(crate) const CATALOGUE: Catalogue = Catalogue::compose(&[GROUPS]);
        }
    };
}

/// The samples of `order.placed` as they lie in the repository, in a folder of their own.
fn samples() -> TempDir {
    let original = concat!(env!("CARGO_MANIFEST_DIR"), "/src/downstream/golden/order.placed");
    let copy = tempfile::tempdir().unwrap();
    let folder = copy.path().join("order.placed");
    fs::create_dir(&folder).unwrap();
    for entry in fs::read_dir(original).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), folder.join(entry.file_name())).unwrap();
    }
    copy
}

async fn against(catalogue: &Catalogue) -> Report {
    Corpus::new(samples().path(), catalogue).written_by("the command").check().await
}

/// Fails unless the report says all of this.
fn says(report: &Report, texts: &[&str]) {
    let said = report.to_string();
    assert!(!report.is_clean(), "the change was not noticed");
    for text in texts {
        assert!(said.contains(text), "it should say `{text}`:\n{said}");
    }
}

const NEXT_VERSION: [&str; 5] = [
    "Version 1 is on record and stays readable. Raise the version and say how version 1 is read:",
    "#[event(\"order.placed\", version = 2, audit = Lifecycle,\n",
    "        upcast = order_placed_from)]\n",
    "fn order_placed_from(_version: u32, details: Details) -> Result<Details, DetailsError> {\n",
    "/order.placed\n  instead, and write them again",
];

declared!(renamed_struct, "order.placed", 1, SomebodyOrdered {
    /// The number on the customer's confirmation.
    order_id: String,
    /// What was ordered, one article number per piece.
    articles: Vec<String>,
    /// In euro cents, delivery included.
    total_cents: u64,
    /// What the customer wants us to know.
    note: Option<String>,
});

#[tokio::test]
async fn a_renamed_struct_changes_nothing_stored() {
    let report = against(&renamed_struct::CATALOGUE).await;
    assert!(report.is_clean() && report.samples == 2, "{report}");
}

declared!(renamed_field, "order.placed", 1, OrderPlaced {
    order_number: String, articles: Vec<String>, total_cents: u64, note: Option<String>,
});

#[tokio::test]
async fn a_renamed_field_is_refused_with_both_shapes_and_the_lines_to_write() {
    let report = against(&renamed_field::CATALOGUE).await;
    says(&report, &NEXT_VERSION);
    says(
        &report,
        &[
            "recorded: order_id: string, articles: list of (string), total_cents: integer (uint64), note?: string or null",
            "declared: order_number: string, articles: list of (string), total_cents: integer (uint64), note?: string or null",
            "UNSAFE: `order_id` (string) is gone",
            "UNSAFE: `order_number` (string) is new and must be there",
            "0001-v1-minimal.sql: today's code does not read it: field `order_number` is missing",
        ],
    );
}

declared!(optional_field_removed, "order.placed", 1, OrderPlaced {
    order_id: String, articles: Vec<String>, total_cents: u64,
});

#[tokio::test]
async fn a_field_that_would_be_lost_is_missed_although_the_rest_is_read() {
    let report = against(&optional_field_removed::CATALOGUE).await;
    says(&report, &NEXT_VERSION);
    says(
        &report,
        &["`note` (string or null) is gone", "0002-v1-full.sql: today's code would write"],
    );
    let minimal = report.findings().filter(|(_, finding)| finding.to_string().contains("minimal"));
    assert_eq!(minimal.count(), 0, "the sample without it is read as it was");
}

declared!(became_required, "order.placed", 1, OrderPlaced {
    order_id: String, articles: Vec<String>, total_cents: u64, note: String,
});

#[tokio::test]
async fn an_optional_field_that_becomes_required_is_refused() {
    let report = against(&became_required::CATALOGUE).await;
    says(&report, &NEXT_VERSION);
    says(&report, &["`note` must be there now", "field `note` is missing"]);
}

declared!(required_field_added, "order.placed", 1, OrderPlaced {
    order_id: String, articles: Vec<String>, total_cents: u64, note: Option<String>, place: String,
});

#[tokio::test]
async fn a_new_field_that_asks_for_a_version_is_not_said_to_be_written_by_the_command() {
    let folder = samples();
    let corpus =
        Corpus::new(folder.path(), &required_field_added::CATALOGUE).written_by("the command");
    let report = corpus.check().await;
    says(&report, &NEXT_VERSION);
    for misleading in ["the command", "the new `place`"] {
        assert!(!report.to_string().contains(misleading), "nothing can be written:\n{report}");
    }
    fs::remove_file(folder.path().join("order.placed/0002-v1-full.sql")).unwrap();
    says(&corpus.check().await, &["no full sample, and today's code cannot write one"]);
}

/// What is given, pasted as it stands.
mod pasted {
    use super::*;

    declared!(declaration, "order.placed", 2 [order_placed_from], OrderPlaced {
        order_id: String, articles: Vec<String>, total_cents: u64, note: Option<String>,
        place: Option<String>,
    });
    pub(super) use declaration::CATALOGUE;

    #[allow(clippy::unnecessary_wraps, reason = "the shape of an upcaster")]
    fn order_placed_from(_version: u32, details: Details) -> Result<Details, DetailsError> {
        // Change this: of what version 1 recorded make what version 2 holds. Take
        // `mut details`, `shift_remove` what is gone, `insert` what is new.
        Ok(details)
    }
}

#[tokio::test]
async fn the_function_that_is_given_compiles_as_it_stands() {
    let trimmed = |text: &str| text.lines().map(str::trim).collect::<Vec<_>>().join("\n");
    let said = trimmed(&against(&renamed_field::CATALOGUE).await.to_string());
    let function = said.find("fn order_placed_from").and_then(|begin| {
        let rest = &said[begin..];
        rest.find("\n}\n").map(|end| &rest[..end + 2])
    });
    let function = function.unwrap_or_else(|| panic!("no function is given:\n{said}"));
    assert!(trimmed(include_str!("golden_bites.rs")).contains(function), "{function}");
    assert!(pasted::CATALOGUE.find("order.placed").is_some());
}

declared!(other_type, "order.placed", 1, OrderPlaced {
    order_id: String, articles: Vec<String>, total_cents: f64, note: Option<String>,
});

#[tokio::test]
async fn another_type_is_refused_even_where_it_reads_the_old_values() {
    let report = against(&other_type::CATALOGUE).await;
    says(&report, &NEXT_VERSION);
    says(
        &report,
        &[
            "`total_cents` was integer (uint64) and is number (double)",
            "\"total_cents\":18446744073709551615",
        ],
    );
}

declared!(other_order, "order.placed", 1, OrderPlaced {
    /// What was ordered, one article number per piece.
    articles: Vec<String>,
    /// The number on the customer's confirmation.
    order_id: String,
    /// In euro cents, delivery included.
    total_cents: u64,
    /// What the customer wants us to know.
    note: Option<String>,
});

#[tokio::test]
async fn fields_in_another_order_would_be_stored_as_other_bytes() {
    says(&against(&other_order::CATALOGUE).await, &["today's code would write it otherwise"]);
}

declared!(optional_field_added, "order.placed", 1, OrderPlaced {
    /// The number on the customer's confirmation.
    order_id: String,
    /// What was ordered, one article number per piece.
    articles: Vec<String>,
    /// In euro cents, delivery included.
    total_cents: u64,
    /// What the customer wants us to know.
    note: Option<String>,
    /// Where it goes.
    place: Option<String>,
});

#[tokio::test]
async fn an_optional_field_is_added_by_one_command_and_no_new_version() {
    let folder = samples();
    let corpus =
        Corpus::new(folder.path(), &optional_field_added::CATALOGUE).written_by("the command");
    let report = corpus.check().await;
    says(
        &report,
        &[
            "safe: `place` is new, string or null, and may be left out",
            "accept it with `the command`",
            "no sample with the new `place`",
        ],
    );
    assert!(!report.to_string().contains("upcast"), "{report}");
    let before = contents(folder.path());
    corpus.write().await;
    let report = corpus.check().await;
    assert!(report.is_clean() && report.samples == 3, "{report}");
    let after = contents(folder.path());
    let rows = before.iter().filter(|(name, _)| name.contains("-v1-"));
    assert!(rows.clone().count() == 2 && rows.clone().all(|row| after.contains(row)));
    assert!(after.iter().any(|(name, text)| name == "0003-v1-full.sql" && text.contains("place")));
}

declared!(field_of_a_samples_own_json, "order.placed", 1, OrderPlaced {
    /// The number on the customer's confirmation.
    order_id: String,
    /// What was ordered, one article number per piece.
    articles: Vec<String>,
    /// In euro cents, delivery included.
    total_cents: u64,
    /// What the customer wants us to know.
    note: Option<String>,
    /// What is printed on the parcel.
    text: Option<String>,
});

#[tokio::test]
async fn a_field_is_sampled_where_it_is_one_of_the_payload_and_not_deep_within_it() {
    let folder = samples();
    let corpus = Corpus::new(folder.path(), &field_of_a_samples_own_json::CATALOGUE);
    let full = contents(folder.path()).into_iter().find(|(name, _)| name == "0002-v1-full.sql");
    assert!(full.is_some_and(|(_, text)| text.contains("\"text\":")), "the sample has it within");
    says(&corpus.check().await, &["no sample with the new `text`"]);
    corpus.write().await;
    let report = corpus.check().await;
    assert!(report.is_clean() && report.samples == 3, "{report}");
}

fn contents(folder: &Path) -> Vec<(String, String)> {
    let entries = fs::read_dir(folder.join("order.placed")).unwrap();
    let read = entries.map(|entry| {
        let path = entry.unwrap().path();
        (
            path.file_name().unwrap().to_string_lossy().into_owned(),
            fs::read_to_string(path).unwrap(),
        )
    });
    read.collect()
}

#[tokio::test]
async fn a_command_writes_no_schema_that_is_not_safe_and_never_over_a_row() {
    let folder = samples();
    let before = contents(folder.path());
    let corpus = Corpus::new(folder.path(), &renamed_field::CATALOGUE);
    corpus.write().await;
    assert_eq!(contents(folder.path()), before);
    assert!(!corpus.check().await.is_clean());
}

declared!(second_version, "order.placed", 2 [order_placed_from], OrderPlaced {
    order_number: String, articles: Vec<String>, total_cents: u64, note: Option<String>,
});

#[allow(clippy::unnecessary_wraps, reason = "the shape of an upcaster")]
fn order_placed_from(_: u32, mut details: Details) -> Result<Details, DetailsError> {
    let number = details.shift_remove("order_id").unwrap_or_default();
    details.insert("order_number".to_owned(), number);
    Ok(details)
}

#[tokio::test]
async fn the_lines_that_were_asked_for_make_it_pass_and_old_rows_stay_as_they_are() {
    let folder = samples();
    let corpus = Corpus::new(folder.path(), &second_version::CATALOGUE).written_by("the command");
    says(
        &corpus.check().await,
        &[
            "version 2 has no accepted schema: write it with `the command`",
            "version 2 has no minimal sample",
            "version 2 has no full sample",
        ],
    );
    let before = contents(folder.path());
    corpus.write().await;
    let report = corpus.check().await;
    assert!(report.is_clean() && report.samples == 4, "{report}");
    let after = contents(folder.path());
    assert!(before.iter().all(|file| after.contains(file)), "what was there was changed");
}

declared!(forgetful_upcaster, "order.placed", 2 [forget], OrderPlaced {
    order_number: String, articles: Vec<String>, total_cents: u64, note: Option<String>,
});

#[allow(clippy::unnecessary_wraps, reason = "the shape of an upcaster")]
fn forget(_: u32, details: Details) -> Result<Details, DetailsError> {
    Ok(details)
}

#[tokio::test]
async fn an_upcaster_that_does_not_do_its_work_is_refused() {
    let folder = samples();
    let corpus = Corpus::new(folder.path(), &forgetful_upcaster::CATALOGUE);
    corpus.write().await;
    let report = corpus.check().await;
    says(
        &report,
        &[
            "0001-v1-minimal.sql: the upcaster does not bring it from version 1 to version 2: \
             field `order_number` is missing",
            "recorded: {\"order_id\":\"sample order id\"",
            "mend what `upcast = …` names",
        ],
    );
    assert!(!report.to_string().contains("Raise the version"), "{report}");
}

declared!(second_version_reshaped, "order.placed", 2 [order_placed_from], OrderPlaced {
    order_number: String, articles: Vec<String>, total_cents: u64, place: String,
});

#[tokio::test]
async fn an_upcaster_is_not_blamed_for_a_shape_that_changed_after_it() {
    let folder = samples();
    Corpus::new(folder.path(), &second_version::CATALOGUE).write().await;
    let report = Corpus::new(folder.path(), &second_version_reshaped::CATALOGUE).check().await;
    says(
        &report,
        &["version = 3", "It has an upcaster", "0001-v1-minimal.sql: today's code does not"],
    );
    assert!(!report.to_string().contains("mend what"), "{report}");
}

#[tokio::test]
async fn whoever_adopts_samples_late_writes_earlier_ones_by_a_declaration_of_that_version() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = Corpus::new(folder.path(), &second_version::CATALOGUE);
    corpus.write().await;
    says(&corpus.check().await, &["version 1 has no full sample", "a declaration of version 1"]);
    Corpus::new(folder.path(), &renamed_struct::CATALOGUE).write().await;
    let report = corpus.check().await;
    assert!(report.is_clean() && report.samples == 4, "{report}");
}

declared!(another_name, "order.made", 1, OrderPlaced {
    order_id: String, articles: Vec<String>, total_cents: u64, note: Option<String>,
});

#[tokio::test]
async fn a_removed_type_and_a_type_without_samples_are_told_apart_and_refused() {
    let report = against(&another_name::CATALOGUE).await;
    says(
        &report,
        &[
            "`order.placed`\n  it was recorded and is not in the catalogue",
            "#[event(\"order.placed\", …)] AnyOtherName",
            "`order.made`\n  version 1 has no accepted schema: write it with `the command`",
            "version 1 has no full sample",
        ],
    );
}

#[tokio::test]
async fn a_version_that_goes_back_and_a_sample_that_is_lost_are_refused() {
    let folder = samples();
    let corpus = Corpus::new(folder.path(), &second_version::CATALOGUE);
    corpus.write().await;
    let report = Corpus::new(folder.path(), &renamed_struct::CATALOGUE).check().await;
    says(&report, &["version 2 is on record and the declaration says 1"]);

    fs::remove_file(folder.path().join("order.placed/0002-v1-full.sql")).unwrap();
    says(
        &corpus.check().await,
        &[
            "version 1 has no full sample, and today's code cannot write one",
            "0003-v2-minimal.sql: the database refuses it: the audit log has no gaps",
        ],
    );
}

#[tokio::test]
async fn a_row_that_was_touched_or_lies_in_the_wrong_place_is_refused() {
    let folder = samples();
    let row = folder.path().join("order.placed/0001-v1-minimal.sql");
    let text = fs::read_to_string(&row).unwrap();
    let corpus = Corpus::new(folder.path(), &renamed_struct::CATALOGUE);
    for (before, after, expected) in [
        ("'order.placed'", "'order.made'", "it holds row 1, `order.made`, version 1"),
        (
            "\"total_cents\":42",
            "\"total_cents\": 42",
            "- /* details */ '{\"order_id\":\"sample order id\",\"articles\":[\"sample articles\"],\
             \"total_cents\": 42}',",
        ),
        ("INSERT INTO", "REPLACE INTO", "it must begin with `INSERT INTO audit_log (`"),
        ("(\n    /* seq", "-- ", "the database refuses it"),
        ("/* actor */ NULL", "/* actor */ 'nobody'", "today's adapter does not read the rows"),
    ] {
        fs::write(&row, text.replace(before, after)).unwrap();
        says(&corpus.check().await, &[expected]);
    }
    fs::write(&row, text).unwrap();
    fs::write(folder.path().join("order.placed/notes.txt"), "").unwrap();
    fs::write(folder.path().join("order.placed/v1.schema.json"), "{").unwrap();
    says(
        &corpus.check().await,
        &["notes.txt: it is no sample and no schema", "v1.schema.json: it is no JSON"],
    );
}

#[tokio::test]
async fn findings_can_be_told_apart_by_a_program() {
    let report = against(&renamed_field::CATALOGUE).await;
    let mut findings = report.findings();
    assert!(findings.any(|(name, finding)| {
        name == "order.placed" && matches!(finding, Finding::Reshaped { .. })
    }));
}
