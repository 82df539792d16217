//! Shapes of payloads as a model: what schema a shape has, which values it admits, and how it may be
//! changed. None of it is taken from the comparison that it is there to try.

use proptest::prelude::*;
use serde_json::{Value, json};

const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];
const CHOICES: [&str; 4] = ["post", "drone", "bicycle", "ship"];
const FORMATS: [(&str, i128, i128); 4] = [
    ("uint8", 0, 255),
    ("uint32", 0, 4_294_967_295),
    ("int64", -9_223_372_036_854_775_808, 9_223_372_036_854_775_807),
    ("uint64", 0, 18_446_744_073_709_551_615),
];

/// What a payload or a field holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shape {
    Any,
    Text { most: Option<u8> },
    Whole { format: usize },
    Number,
    Switch,
    Choice { first: usize, count: usize, one_of: bool },
    Nullable(Box<Shape>),
    List(Box<Shape>),
    Object(Vec<Field>),
}

/// A field of an object.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Field {
    name: usize,
    shape: Shape,
    required: bool,
    described: bool,
}

pub(crate) fn payloads() -> impl Strategy<Value = Shape> {
    let leaf =
        prop_oneof![
            Just(Shape::Any),
            proptest::option::of(3..6_u8).prop_map(|most| Shape::Text { most }),
            (0..FORMATS.len()).prop_map(|format| Shape::Whole { format }),
            Just(Shape::Number),
            Just(Shape::Switch),
            (0..3_usize, 1..3_usize, any::<bool>())
                .prop_map(|(first, count, one_of)| Shape::Choice { first, count, one_of }),
        ];
    let field = leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|shape| Shape::Nullable(Box::new(shape))),
            inner.clone().prop_map(|shape| Shape::List(Box::new(shape))),
            objects(inner),
        ]
    });
    objects(field)
}

fn objects(field: impl Strategy<Value = Shape>) -> impl Strategy<Value = Shape> {
    proptest::collection::vec((0..NAMES.len(), field, any::<bool>(), any::<bool>()), 0..4).prop_map(
        |fields| {
            let mut object: Vec<Field> = Vec::new();
            for (name, shape, required, described) in fields {
                if object.iter().all(|field| field.name != name) {
                    object.push(Field { name, shape, required, described });
                }
            }
            Shape::Object(object)
        },
    )
}

/// Where changes are decided on: a run of bytes, after whose end nothing changes.
pub(crate) struct Dice<'a>(pub(crate) std::slice::Iter<'a, u8>);

impl Dice<'_> {
    fn roll(&mut self) -> u8 {
        self.0.next().copied().unwrap_or(255)
    }
}

impl Shape {
    /// The shape as an author might change it.
    pub(crate) fn evolved(&self, dice: &mut Dice<'_>) -> Self {
        match dice.roll() {
            0..=9 => return Self::Nullable(Box::new(self.clone())),
            10..=12 => return Self::Any,
            13..=15 => return Self::Text { most: None },
            _ => {}
        }
        match self {
            Self::Text { .. } => match dice.roll() {
                0..=40 => Self::Text { most: Some(4) },
                41..=80 => Self::Text { most: None },
                _ => self.clone(),
            },
            Self::Whole { format } => match dice.roll() {
                0..=60 => Self::Whole { format: usize::from(dice.roll()) % FORMATS.len() },
                61..=80 => Self::Number,
                _ => Self::Whole { format: *format },
            },
            Self::Choice { first, count, one_of } => match dice.roll() {
                0..=60 => Self::Choice {
                    first: *first,
                    count: (count + 1).min(4 - first),
                    one_of: !one_of,
                },
                61..=90 => Self::Choice { first: *first, count: 1, one_of: *one_of },
                91..=110 => Self::Text { most: None },
                _ => self.clone(),
            },
            Self::Nullable(inner) => match dice.roll() {
                0..=20 => inner.evolved(dice),
                _ => Self::Nullable(Box::new(inner.evolved(dice))),
            },
            Self::List(inner) => Self::List(Box::new(inner.evolved(dice))),
            Self::Object(fields) => Self::Object(evolved_fields(fields, dice)),
            Self::Any | Self::Number | Self::Switch => self.clone(),
        }
    }

    /// The schema, written as one of a Rust type would be.
    pub(crate) fn schema(&self) -> Value {
        match self {
            Self::Any => json!(true),
            Self::Text { most: None } => json!({"type": "string"}),
            Self::Text { most: Some(most) } => json!({"type": "string", "maxLength": most}),
            Self::Whole { format } => {
                let (format, least, _) = FORMATS[*format];
                let mut schema = json!({"type": "integer", "format": format});
                if least == 0 {
                    schema["minimum"] = json!(0);
                }
                schema
            }
            Self::Number => json!({"type": "number", "format": "double"}),
            Self::Switch => json!({"type": "boolean"}),
            Self::Choice { first, count, one_of: false } => {
                json!({"type": "string", "enum": CHOICES[*first..(first + count).min(4)]})
            }
            Self::Choice { first, count, one_of: true } => {
                let each = CHOICES[*first..(first + count).min(4)].iter();
                let each = each.map(|c| json!({"type": "string", "const": c, "description": "c"}));
                json!({"oneOf": each.collect::<Vec<_>>()})
            }
            Self::Nullable(inner) => match &**inner {
                Self::Any => json!(true),
                Self::Text { most: None } => json!({"type": ["string", "null"]}),
                other => json!({"anyOf": [other.schema(), {"type": "null"}]}),
            },
            Self::List(inner) => json!({"type": "array", "items": inner.schema()}),
            Self::Object(fields) => {
                let mut properties = serde_json::Map::new();
                let mut required = Vec::new();
                for field in fields {
                    let mut schema = field.shape.schema();
                    if let (true, Some(schema)) = (field.described, schema.as_object_mut()) {
                        schema.insert("description".to_owned(), json!("What it is."));
                    }
                    properties.insert(NAMES[field.name].to_owned(), schema);
                    if field.required {
                        required.push(NAMES[field.name]);
                    }
                }
                json!({"type": "object", "properties": properties, "required": required})
            }
        }
    }

    /// Whether a value is one of this shape.
    pub(crate) fn admits(&self, value: &Value) -> bool {
        match self {
            Self::Any => true,
            Self::Text { most } => value.as_str().is_some_and(|text| {
                most.is_none_or(|most| text.chars().count() <= usize::from(most))
            }),
            Self::Whole { format } => {
                let (_, least, most) = FORMATS[*format];
                let whole = value.is_number().then(|| value.to_string().parse::<i128>());
                whole.is_some_and(|number| number.is_ok_and(|n| least <= n && n <= most))
            }
            Self::Number => value.is_number(),
            Self::Switch => value.is_boolean(),
            Self::Choice { first, count, .. } => value
                .as_str()
                .is_some_and(|text| CHOICES[*first..(first + count).min(4)].contains(&text)),
            Self::Nullable(inner) => value.is_null() || inner.admits(value),
            Self::List(inner) => {
                value.as_array().is_some_and(|items| items.iter().all(|item| inner.admits(item)))
            }
            Self::Object(fields) => value.as_object().is_some_and(|object| {
                fields.iter().all(|field| match object.get(NAMES[field.name]) {
                    Some(value) => field.shape.admits(value),
                    None => !field.required,
                })
            }),
        }
    }

    /// Whether it knows every field that the other knows.
    pub(crate) fn keeps(&self, other: &Self) -> bool {
        match (other, self) {
            (Self::Nullable(other), Self::Nullable(own)) | (Self::List(other), Self::List(own)) => {
                own.keeps(other)
            }
            (_, Self::Nullable(own)) => own.keeps(other),
            (Self::Object(others), Self::Object(own)) => others.iter().all(|other| {
                own.iter().any(|own| own.name == other.name && own.shape.keeps(&other.shape))
            }),
            _ => true,
        }
    }

    /// Values of this shape, those at its limits among them.
    pub(crate) fn values(&self) -> BoxedStrategy<Value> {
        match self {
            Self::Any => prop_oneof![
                Just(json!(null)),
                any::<i64>().prop_map(|n| json!(n)),
                "[a-z]{0,8}".prop_map(|text| json!(text)),
                Just(json!({"a": [1, null]})),
            ]
            .boxed(),
            Self::Text { most } => {
                let most = usize::from(most.unwrap_or(9));
                prop_oneof![
                    "[a-zé🦀]{0,9}".prop_map(move |text| {
                        json!(text.chars().take(most).collect::<String>())
                    }),
                    Just(json!("é".repeat(most))),
                    proptest::sample::select(CHOICES.to_vec()).prop_map(move |text| {
                        json!(text.chars().take(most).collect::<String>())
                    }),
                ]
                .boxed()
            }
            Self::Whole { format } => {
                let (_, least, most) = FORMATS[*format];
                let whole = |n: i128| serde_json::from_str::<Value>(&n.to_string()).unwrap();
                prop_oneof![Just(whole(least)), Just(whole(most)), (least..=most).prop_map(whole),]
                    .boxed()
            }
            Self::Number => {
                prop_oneof![Just(json!(0)), (-1e300..1e300_f64).prop_map(|number| json!(number)),]
                    .boxed()
            }
            Self::Switch => any::<bool>().prop_map(|on| json!(on)).boxed(),
            Self::Choice { first, count, .. } => {
                let values = CHOICES[*first..(first + count).min(4)].to_vec();
                proptest::sample::select(values).prop_map(|text| json!(text)).boxed()
            }
            Self::Nullable(inner) => prop_oneof![Just(json!(null)), inner.values()].boxed(),
            Self::List(inner) => {
                proptest::collection::vec(inner.values(), 0..3).prop_map(Value::from).boxed()
            }
            Self::Object(fields) => {
                let each: Vec<_> = fields
                    .iter()
                    .map(|field| {
                        let values = field.shape.values();
                        let values = if field.required {
                            values.prop_map(Some).boxed()
                        } else {
                            proptest::option::of(values).boxed()
                        };
                        (Just(NAMES[field.name]), values)
                    })
                    .collect();
                (each, any::<bool>())
                    .prop_map(|(fields, evolved)| {
                        let mut object = serde_json::Map::new();
                        for (name, value) in fields {
                            if let Some(value) = value {
                                object.insert(name.to_owned(), value);
                            }
                        }
                        if evolved {
                            object.insert("a_later_field".to_owned(), json!(1));
                        }
                        Value::Object(object)
                    })
                    .boxed()
            }
        }
    }
}

fn evolved_fields(fields: &[Field], dice: &mut Dice<'_>) -> Vec<Field> {
    let mut evolved = Vec::new();
    for field in fields {
        let mut field = field.clone();
        match dice.roll() {
            0..=9 => continue,
            10..=29 => field.required = false,
            30..=39 => field.required = true,
            40..=69 => field.described = !field.described,
            70..=139 => field.shape = field.shape.evolved(dice),
            _ => {}
        }
        evolved.push(field);
    }
    if dice.roll() < 100 {
        let name = usize::from(dice.roll()) % NAMES.len();
        if fields.iter().all(|field| field.name != name) {
            let required = dice.roll() < 60;
            evolved.push(Field { name, shape: Shape::Switch, required, described: true });
        }
    }
    evolved
}
