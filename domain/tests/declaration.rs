//! What a declaration yields beyond the catalogue: reading and writing payloads, versions, and
//! what can be wrong with them.

use indelible_domain::event::{EventField, wire_name};
use indelible_domain::events::{ActorCompleted, ConfigChanged, DecisionCreated, PlanApplied};
use indelible_domain::{Details, DetailsError, DomainEvent, EventDraft, EventGroup, domain_events};
use proptest::prelude::*;
use serde_json::{Value, json};

/// How a parcel travels: a field type of a product's own.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Carrier {
    Post,
    Drone,
}

impl EventField for Carrier {
    fn expected() -> String {
        "`post` or `drone`".to_owned()
    }
    fn sample(_: &str) -> Self {
        Self::Drone
    }
}

domain_events! {
    /// What happens to a parcel.
    enum ParcelEvent {
        /// A parcel left the house.
        ///
        /// Its weight is known from version 3 on.
        #[event("parcel.shipped", version = 3, audit = Lifecycle, upcast = shipped_from)]
        ParcelShipped {
            /// How it
            /// travels.
            carrier: Carrier,
            r#type: String,
            /// In grams.
            weight: u32,
            /// Anything the carrier said.
            remark: Value,
            offset: Option<i64>,
            legs: Vec<f64>,
            insured: bool,
        },

        /// The last parcel of the day left.
        #[event("parcel.day_ended", version = 2, audit = Lifecycle)]
        ParcelDayEnded {},
    }
}

fn shipped_from(version: u32, mut details: Details) -> Result<Details, DetailsError> {
    if version == 1 {
        let carrier = details.remove("how").ok_or(DetailsError::Missing {
            field: "how".to_owned(),
            expected: "the carrier".to_owned(),
        })?;
        details.insert("carrier".to_owned(), carrier);
    }
    details.insert("weight".to_owned(), json!(0));
    Ok(details)
}

fn object(value: Value) -> Details {
    serde_json::from_value(value).unwrap_or_default()
}

fn shipped() -> Value {
    json!({
        "carrier": "drone", "type": "box", "weight": 7, "remark": null, "offset": -3,
        "legs": [0.5], "insured": true,
    })
}

fn error_of(change: impl FnOnce(&mut Details)) -> String {
    let mut details = object(shipped());
    change(&mut details);
    ParcelShipped::from_details(&details).map_or_else(|e| e.to_string(), |_| "read".to_owned())
}

fn error_with(field: &str, value: Value) -> String {
    error_of(|details| drop(details.insert(field.to_owned(), value)))
}

#[test]
fn a_missing_field_is_an_error_that_names_it_and_what_belongs_there() {
    for (field, message) in [
        ("type", "field `type` is missing: add it as a string"),
        ("carrier", "field `carrier` is missing: add it as `post` or `drone`"),
        ("weight", "field `weight` is missing: add it as a whole number from 0 to 4294967295"),
        ("remark", "field `remark` is missing: add it as any JSON value"),
        ("legs", "field `legs` is missing: add it as a list, each item a number"),
        ("insured", "field `insured` is missing: add it as true or false"),
        ("offset", "read"),
    ] {
        assert_eq!(error_of(|details| drop(details.remove(field))), message);
    }
}

#[test]
fn a_mistyped_field_is_an_error_that_shows_what_is_there() {
    let long = "ä".repeat(100);
    for (field, value, message) in [
        ("type", json!(7), "field `type` must be a string, not the number 7"),
        ("type", json!(null), "field `type` must be a string, not null"),
        ("type", json!({"a": 1}), "field `type` must be a string, not an object"),
        ("type", json!(true), "field `type` must be a string, not the boolean true"),
        (
            "carrier",
            json!("pigeon"),
            "field `carrier` must be `post` or `drone`, not the string \"pigeon\"",
        ),
        (
            "weight",
            json!(-1),
            "field `weight` must be a whole number from 0 to 4294967295, not the number -1",
        ),
        (
            "offset",
            json!(0.5),
            "field `offset` must be a whole number, null or left out, not the number 0.5",
        ),
        ("legs", json!(["x"]), "field `legs` must be a list, each item a number, not a list of 1"),
        ("insured", json!("yes"), "field `insured` must be true or false, not the string \"yes\""),
        (
            "insured",
            json!(long),
            &format!("field `insured` must be true or false, not the string \"{}…", "ä".repeat(39)),
        ),
    ] {
        assert_eq!(error_with(field, value), message);
    }
}

#[test]
fn null_and_absence_both_mean_no_value_where_a_field_is_optional() {
    assert_eq!(error_with("offset", json!(null)), "read");
    let mut details = object(shipped());
    details.insert("offset".to_owned(), json!(null));
    let event = ParcelShipped::from_details(&details).unwrap();
    assert_eq!(event.offset, None);
    assert!(!event.to_details().unwrap().contains_key("offset"), "written as left out");
    assert_eq!(event.remark, json!(null), "null is a value where any JSON is one");
}

#[test]
fn a_field_the_type_does_not_know_is_ignored_by_the_type_and_kept_in_the_draft() {
    let mut details = object(shipped());
    details.insert("later".to_owned(), json!({"a": [1]}));
    assert!(ParcelShipped::from_details(&details).is_ok());
    let draft = EventDraft::untyped(&ParcelShipped::DESCRIPTOR, 3, details.clone()).unwrap();
    let sealed = draft.seal(chrono::DateTime::UNIX_EPOCH, || "id".to_owned(), "/here").unwrap();
    assert_eq!(sealed.details, details);
}

#[test]
fn a_number_that_json_cannot_carry_is_refused_when_the_event_is_sealed() {
    let seal = |draft: EventDraft| {
        draft.seal(chrono::DateTime::UNIX_EPOCH, || "id".to_owned(), "/here").map(|_| ())
    };
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let alone = ActorCompleted { cost_usd: Some(number), ..ActorCompleted::sample() };
        let error = seal(alone.clone().into()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "field `cost_usd` cannot be written as JSON: it must be a finite number"
        );
        assert!(serde_json::to_string(&alone).is_err(), "serde refuses it as well");
        let in_a_list = ParcelShipped { legs: vec![0.0, number], ..ParcelShipped::sample() };
        assert!(matches!(
            seal(ParcelEvent::from(in_a_list).into()),
            Err(DetailsError::Unwritable { field, .. }) if field == "legs"
        ));
    }
    assert_eq!(
        seal(ActorCompleted { cost_usd: Some(0.0), ..ActorCompleted::sample() }.into()),
        Ok(())
    );
}

/// A field that serde itself cannot write.
#[derive(Clone, Debug, PartialEq, serde::Deserialize, schemars::JsonSchema)]
struct Unwritable;

impl serde::Serialize for Unwritable {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("the ink is dry"))
    }
}

impl EventField for Unwritable {
    fn expected() -> String {
        "nothing".to_owned()
    }
    fn sample(_: &str) -> Self {
        Self
    }
}

#[test]
fn a_field_that_fails_to_write_itself_is_refused_with_its_own_words() {
    let mut details = Details::new();
    let error = Unwritable::sample("note").write_to(&mut details, "note").unwrap_err();
    assert_eq!(error.to_string(), "field `note` cannot be written as JSON: the ink is dry");
    assert!(details.is_empty());
    let missing = Unwritable::read_from(&details, "note").unwrap_err();
    assert_eq!(missing.to_string(), "field `note` is missing: add it as nothing");
}

#[test]
fn an_earlier_version_is_read_through_the_upcaster() {
    let first = object(json!({
        "how": "post", "type": "box", "remark": 1, "legs": [], "insured": false,
    }));
    let event = ParcelShipped::from_versioned(1, &first).unwrap();
    assert_eq!((event.carrier, event.weight), (Carrier::Post, 0));
    let second = object(json!({
        "carrier": "post", "type": "box", "remark": 1, "legs": [], "insured": false,
    }));
    assert_eq!(ParcelShipped::from_versioned(2, &second).map(|event| event.weight), Ok(0));
    assert!((ParcelShipped::DESCRIPTOR.check)(2, &second).is_ok());
    let upgraded = (ParcelShipped::DESCRIPTOR.upgrade)(1, &first).unwrap();
    assert_eq!(upgraded, ParcelShipped::from_versioned(1, &first).unwrap().to_details().unwrap());
    assert_eq!(upgraded.keys().next().map(String::as_str), Some("carrier"), "as written today");
    let error = ParcelShipped::from_versioned(1, &second).unwrap_err();
    assert_eq!(error.to_string(), "field `how` is missing: add it as the carrier");
}

#[test]
fn a_version_from_the_future_or_without_an_upcaster_is_refused() {
    for version in [0, 4, u32::MAX] {
        assert_eq!(
            ParcelShipped::from_versioned(version, &object(shipped())),
            Err(DetailsError::UnknownVersion { version, current: 3 })
        );
    }
    let error = ParcelDayEnded::from_versioned(1, &Details::new()).unwrap_err();
    assert_eq!(error, DetailsError::NoUpcaster { version: 1, current: 2 });
    assert!(error.to_string().contains("declare `upcast = ...`"));
    assert!(EventDraft::untyped(&ParcelDayEnded::DESCRIPTOR, 1, Details::new()).is_err());
}

#[test]
fn an_event_without_fields_is_an_empty_object() {
    assert_eq!(ParcelDayEnded {}.to_details(), Ok(Details::new()));
    assert_eq!(ParcelDayEnded::sample(), ParcelDayEnded {});
    let schema = (ParcelDayEnded::DESCRIPTOR.schema)().to_value();
    assert_eq!(schema["properties"], json!({}));
    assert_eq!(ParcelEvent::GROUP.context, "parcel");
}

#[test]
fn the_schema_holds_docs_raw_names_and_the_definitions_of_a_products_own_types() {
    let schema = (ParcelShipped::DESCRIPTOR.schema)().to_value();
    assert_eq!(schema["title"], "parcel.shipped");
    assert_eq!(
        schema["description"],
        "A parcel left the house. Its weight is known from version 3 on."
    );
    let fields = &schema["properties"];
    assert_eq!(fields["carrier"]["description"], "How it travels.");
    assert_eq!(fields["remark"], json!({ "description": "Anything the carrier said." }));
    assert_eq!(fields["type"]["type"], "string");
    assert!(fields.get("r#type").is_none());
    let validator = jsonschema::validator_for(&schema).unwrap();
    assert!(validator.is_valid(&shipped()));
    let mut by_pigeon = shipped();
    by_pigeon["carrier"] = json!("pigeon");
    assert!(!validator.is_valid(&by_pigeon), "the definition of `Carrier` is in the schema");
}

#[test]
fn serde_and_the_payload_are_the_same_json() {
    let event = ParcelShipped::sample();
    let json = serde_json::to_value(&event).unwrap();
    assert_eq!(json, Value::Object(event.to_details().unwrap()));
    assert_eq!(serde_json::from_value::<ParcelShipped>(json).unwrap(), event);
    let error = serde_json::from_value::<ParcelShipped>(json!({})).unwrap_err();
    assert_eq!(error.to_string(), "field `carrier` is missing: add it as `post` or `drone`");
    assert!(serde_json::from_str::<ParcelShipped>("[]").is_err());
}

#[test]
fn a_number_too_large_for_its_field_is_refused_rather_than_bent() {
    let with = |number: &str| -> Details {
        let text = format!(r#"{{"actor":"a","duration_ms":1,"cost_usd":{number}}}"#);
        serde_json::from_str(&text).unwrap_or_default()
    };
    assert!(ActorCompleted::from_details(&with("1e300")).is_ok());
    assert_eq!(
        ActorCompleted::from_details(&with("1e999")).map_err(|error| error.to_string()),
        Err("field `cost_usd` must be a number, null or left out, not the number 1e+999 (it must \
             be a finite number)"
            .to_owned())
    );
    let details: Details =
        serde_json::from_str(r#"{"actor":"a","duration_ms":18446744073709551616}"#).unwrap();
    assert!(ActorCompleted::from_details(&details).is_err());
}

#[test]
fn field_names_on_the_wire_have_no_raw_mark() {
    assert!(ParcelShipped::sample().to_details().unwrap().contains_key("type"));
    assert_eq!(wire_name::field_name("r#type"), "type");
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((any::<String>(), inner), 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_is_written_is_read_back_as_it_was(
        key in any::<String>(), old in any_json(), new in any_json(),
        alternatives in any::<Vec<String>>(),
        confidence in prop::option::of(prop::num::f64::NORMAL | prop::num::f64::ZERO),
        files_changed in any::<u64>(),
    ) {
        let config = ConfigChanged { key: key.clone(), old, new: new.clone() };
        let text = serde_json::to_string(&config)?;
        prop_assert_eq!(serde_json::from_str::<ConfigChanged>(&text)?, config);

        let decision =
            DecisionCreated { chosen: key, alternatives, confidence, ..DecisionCreated::sample() };
        let text = serde_json::to_string(&decision)?;
        prop_assert_eq!(serde_json::from_str::<DecisionCreated>(&text)?, decision);

        let applied =
            PlanApplied { files_changed, validation_results: vec![new], ..PlanApplied::sample() };
        let text = serde_json::to_string(&applied)?;
        prop_assert_eq!(serde_json::from_str::<PlanApplied>(&text)?, applied);
    }

    #[test]
    fn reading_any_payload_as_any_type_never_panics(
        fields in prop::collection::vec(
            (prop::sample::select(vec!["name", "goal", "from", "actor", "old"]), any_json()), 0..5,
        ),
        version in any::<u32>(),
    ) {
        let details: Details =
            fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        for event in indelible_domain::events::CATALOGUE.events() {
            let _ = (event.check)(version, &details);
            let _ = (event.check)(1, &details);
        }
    }
}
