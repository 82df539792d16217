//! What is read from an event, and what is said about a text that is none.

use domain::Actor;
use serde_json::json;

use super::*;

/// What is said about the full event with one attribute changed.
fn refusal(name: &str, value: Option<Value>) -> InvalidEvent {
    read(&with(name, value)).unwrap_err()
}

fn refusal_of_text(text: &str) -> String {
    parse(text.as_bytes(), &CATALOGUE).unwrap_err().to_string()
}

#[test]
fn every_attribute_arrives_in_its_field_of_the_envelope() {
    let envelope = recorded(read(&full()).unwrap()).envelope;
    assert_eq!(envelope.event_id, "01J1");
    assert_eq!(envelope.source, "/agents/one");
    assert_eq!(envelope.event_type.as_str(), "tool.completed");
    assert_eq!(envelope.schema_version, 1);
    assert_eq!(envelope.occurred_at.to_rfc3339(), "2026-07-01T09:00:00.003+00:00");
    assert_eq!(envelope.subject.as_deref(), Some("call-7"));
    assert_eq!(envelope.plan_id.as_deref(), Some("plan-1"));
    assert_eq!(envelope.project_name.as_deref(), Some("demo"));
    assert_eq!(envelope.session_id.as_deref(), Some("session-1"));
    assert_eq!(envelope.actor, Some(Actor::agent("planner")));
    assert_eq!(envelope.user_identity.as_deref(), Some("someone@example.org"));
    assert_eq!(envelope.correlation_id.as_deref(), Some("run-1"));
    assert_eq!(envelope.causation_id.as_deref(), Some("01J0"));
    assert_eq!(envelope.trace_id.as_deref(), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
    assert_eq!(Value::Object(envelope.details), full()["data"]);
    let extensions: Vec<_> = envelope.extensions.keys().map(String::as_str).collect();
    let kept = ["datacontenttype", "traceparent", "dataschema", "partition", "sampled"];
    assert_eq!(extensions, kept);
}

#[test]
fn a_missing_or_null_attribute_is_absent() {
    for absent in [None, Some(Value::Null)] {
        for name in ["subject", "planid", "actor", "traceparent", "partition", "datacontenttype"] {
            assert!(read(&with(name, absent.clone())).is_ok(), "{name}");
        }
        let error = refusal("id", absent.clone());
        assert_eq!(error.to_string(), "id: it is missing: add it as a string that is not empty");
        let envelope = recorded(read(&with("time", absent.clone())).unwrap()).envelope;
        assert_eq!(envelope.occurred_at, moment());
        let error = refusal("data", absent);
        assert_eq!(error.to_string(), "data.invocation_id: it is missing: add it as a string");
    }
    let envelope = recorded(read(&with("partition", Some(Value::Null))).unwrap()).envelope;
    assert!(!envelope.extensions.contains_key("partition"));
}

#[test]
fn a_wrong_attribute_is_named_with_what_is_there_and_what_belongs_there() {
    let time = "time: it must be a time as in RFC 3339, such as \"2026-07-01T09:00:00.003Z\", not ";
    let actor =
        "actor: it must be human:ID, agent:ID or system:ID, such as \"agent:planner\", not ";
    let extension = "partition: it must be a string, a number, or true or false (put anything \
                     else into `data`), not ";
    for (name, value, said) in [
        ("specversion", json!("0.3"), "specversion: it must be \"1.0\", not the string \"0.3\""),
        ("specversion", json!(1.0), "specversion: it must be a string, not the number 1.0"),
        ("id", json!(7), "id: it must be a string, not the number 7"),
        ("id", json!(""), "id: it must be a string that is not empty, not the string \"\""),
        ("source", json!(""), "source: it must be a string that is not empty, not the string \"\""),
        ("subject", json!(["a"]), "subject: it must be a string, not a list of 1"),
        ("planid", json!({}), "planid: it must be a string, not an object"),
        ("time", json!("yesterday"), &format!("{time}the string \"yesterday\"")),
        (
            "time",
            json!("2026-02-30T00:00:00Z"),
            &format!("{time}the string \"2026-02-30T00:00:00Z\""),
        ),
        (
            "time",
            json!("0000-01-01T00:00:00+01:00"),
            &format!("{time}the string \"0000-01-01T00:00:00+01:00\""),
        ),
        ("time", json!(1), "time: it must be a string, not the number 1"),
        ("actor", json!("planner"), &format!("{actor}the string \"planner\"")),
        ("actor", json!("robot:x"), &format!("{actor}the string \"robot:x\"")),
        ("partition", json!([1]), &format!("{extension}a list of 1")),
        ("data", json!("text"), "data: it must be a JSON object, not the string \"text\""),
        (
            "datacontenttype",
            json!("text/plain"),
            "datacontenttype: it must be \"application/json\" or left out, not the string \"text/plain\"",
        ),
        ("datacontenttype", json!(1), "datacontenttype: it must be a string, not the number 1"),
        (
            "data_base64",
            json!("aGk="),
            "data_base64: the payload must be a JSON object in `data`: binary payloads cannot be audited",
        ),
    ] {
        let error = refusal(name, Some(value));
        assert_eq!(error.to_string(), said);
        assert_eq!(error.field.as_deref(), Some(name));
    }
}

#[test]
fn an_unknown_type_is_refused_with_the_nearest_names() {
    let error = refusal("type", Some(json!("tool.complete")));
    let text = error.to_string();
    assert!(text.starts_with("type: `tool.complete` is not in the catalogue: "), "{text}");
    assert!(text.contains("did you mean `tool.completed`"), "{text}");
}

#[test]
fn a_wrong_payload_is_refused_by_the_name_of_its_field() {
    let mut event = full();
    event["data"]["duration_ms"] = json!("soon");
    let error = read(&event).unwrap_err();
    assert_eq!(error.field.as_deref(), Some("data.duration_ms"));
    assert_eq!(
        error.to_string(),
        "data.duration_ms: it must be a whole number, 0 or more, not the string \"soon\""
    );
}

#[test]
fn json_content_types_are_read_and_others_are_not() {
    for fine in ["application/json; charset=utf-8", "Application/JSON", "application/x+json"] {
        assert!(read(&with("datacontenttype", Some(json!(fine)))).is_ok(), "{fine}");
    }
    for other in ["", "json", "application/jsonx", "application/octet-stream"] {
        assert!(read(&with("datacontenttype", Some(json!(other)))).is_err(), "{other}");
    }
}

#[test]
fn a_schema_version_must_be_one_the_program_knows() {
    assert!(read(&with("schemaversion", Some(json!(1)))).is_ok());
    assert!(read(&with("schemaversion", Some(Value::Null))).is_ok());
    let unknown = refusal("schemaversion", Some(json!(2)));
    assert_eq!(unknown.field.as_deref(), Some("schemaversion"));
    assert!(unknown.to_string().contains("schema version 2 is unknown"), "{unknown}");
    for wrong in [json!("1"), json!(1.5), json!(-1), json!(4_294_967_296_u64)] {
        let text = refusal("schemaversion", Some(wrong.clone())).to_string();
        assert!(text.contains("must be a whole number, 1 or more"), "{wrong}: {text}");
    }
}

#[test]
fn a_payload_is_read_as_the_version_it_names_and_as_the_first_where_it_names_none() {
    let first = json!({"scope": "run", "limit_usd": 1.5, "spent_usd": 2});
    let second = json!({"scope": "run", "limit_micro_usd": 1_500_000, "spent_micro_usd": 2});
    let sent = |version: Value, data: &Value| {
        let mut event = with("type", Some(json!("budget.exceeded")));
        event["schemaversion"] = version;
        event["data"] = data.clone();
        read(&event).map(|draft| recorded(draft).envelope)
    };
    for (version, data, kept) in
        [(json!(null), &first, 1), (json!(1), &first, 1), (json!(2), &second, 2)]
    {
        let envelope = sent(version, data).unwrap();
        assert_eq!(envelope.schema_version, kept);
        assert_eq!(Value::Object(envelope.details), *data, "it is kept as it was sent");
    }
    for (version, data, problem) in [
        (json!(null), &second, "schemaversion: it is missing: add it as 2, the version that the"),
        (json!(1), &second, "data.limit_usd: it is missing: add it as a number"),
        (json!(2), &first, "data.limit_micro_usd: it is missing: add it as a whole number"),
        (json!(null), &json!({"scope": "run"}), "data.limit_usd: it is missing: add it as a"),
        (json!(3), &second, "schemaversion: schema version 3 is unknown: this program reads"),
    ] {
        let error = sent(version, data).unwrap_err().to_string();
        assert!(error.starts_with(problem), "{error}");
    }
}

#[test]
fn a_trace_context_must_be_one_of_w3c() {
    let fine = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let later = "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-the-future-brings";
    for context in [fine, later] {
        let draft = read(&with("traceparent", Some(json!(context)))).unwrap();
        let envelope = recorded(draft).envelope;
        assert_eq!(envelope.trace_id.as_deref(), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
        assert_eq!(envelope.extensions["traceparent"], json!(context));
    }
    for wrong in [
        "",
        "00",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
    ] {
        let error = refusal("traceparent", Some(json!(wrong)));
        assert_eq!(error.field.as_deref(), Some("traceparent"), "{wrong}");
    }
    let mut event = with("traceparent", None);
    event["traceid"] = json!("XYZ");
    assert_eq!(read(&event).unwrap_err().field.as_deref(), Some("traceid"));
}

#[test]
fn an_attribute_name_that_cannot_be_is_refused_with_one_that_can() {
    assert_eq!(
        refusal("plan_Id", Some(json!("p"))).to_string(),
        "plan_Id: attribute names are made of a-z and 0-9 alone: rename it to `planid`, or put it \
         into `data`"
    );
    assert_eq!(
        refusal("_", Some(json!("p"))).to_string(),
        "_: attribute names are made of a-z and 0-9 alone: rename it, or put it into `data`"
    );
}

#[test]
fn a_text_that_is_not_json_is_refused_with_the_place() {
    for (text, said) in [
        (
            "",
            "the JSON ends too early, at column 0: write each event whole on one line, or put the events into a JSON array",
        ),
        (
            "{\"id\": \"a",
            "the JSON ends too early, at column 9: write each event whole on one line, or put the events into a JSON array",
        ),
        ("{\"id\" 1}", "broken JSON at line 1 of the event, column 7: expected `:`"),
        ("{\n\"id\": x}", "broken JSON at line 2 of the event, column 7: expected value"),
        ("{\n", "broken JSON at line 2 of the event, column 0: EOF while parsing an object"),
        ("{} {}", "broken JSON at line 1 of the event, column 4: trailing characters"),
        ("[1]", "an event must be a JSON object, not a list of 1"),
        ("12", "an event must be a JSON object, not the number 12"),
        ("null", "an event must be a JSON object, not null"),
        (
            "{\"$serde_json::private::Number\": \"x\"}",
            "broken JSON at line 1 of the event, column 1: invalid number",
        ),
    ] {
        assert_eq!(refusal_of_text(text), said, "{text}");
    }
    let deep = format!("{{\"a\": {}", "[".repeat(100_000));
    assert!(refusal_of_text(&deep).contains("recursion limit exceeded"));
    let error = parse(b"{\"id\": \"\xFF\"}", &CATALOGUE).unwrap_err();
    assert_eq!(error.to_string(), "invalid UTF-8 at byte 9: write events as UTF-8 text");
}

#[test]
fn an_object_that_names_something_twice_is_refused_at_any_depth() {
    for text in ["{\"id\": 1, \"id\": 2}", "{\"data\": {\"a\": [{\"id\": 1, \"id\": 1}]}}"] {
        let said = refusal_of_text(text);
        assert!(said.contains("`id` stands twice in one object: keep one of them"), "{said}");
    }
}
