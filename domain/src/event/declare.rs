//! [`domain_events!`](crate::domain_events): one declaration, everything an event needs.
//!
//! A declarative macro rather than a derive, so that there is no second crate to compile and the
//! whole mechanism can be read here. Deliberately absent: generics and lifetimes on events, since
//! a fact on record is a plain value.

/// Declares the events of one context.
///
/// Each event becomes a struct with its serde and JSON Schema implementations, its wire name,
/// version, audit category, catalogue entry and sample, and a variant of the context's enum.
///
/// ```
/// indelible_domain::domain_events! {
///     /// What happens to an order.
///     pub enum OrderEvent {
///         /// A customer placed an order.
///         #[event("order.placed", version = 1, audit = Lifecycle)]
///         OrderPlaced { order_id: String, items: u64, note: Option<String> },
///     }
/// }
/// use indelible_domain::DomainEvent;
/// assert_eq!(OrderPlaced::DESCRIPTOR.event_type, "order.placed");
/// ```
///
/// An event without fields is written `OrderArchived {}`. A field may have a doc comment, which
/// becomes its description in the JSON Schema, and a raw name: `r#type` is `type` on the wire.
///
/// Slips do not compile, and the message names the fix: a missing doc comment, a missing audit
/// category, a malformed wire name, a wire name used twice, a field that no payload can hold.
///
/// When a shape changes, raise the version and say how earlier payloads are read:
/// `#[event("order.placed", version = 2, audit = Lifecycle, upcast = order_placed_from)]`, where
/// `order_placed_from` is a `fn(u32, Details) -> Result<Details, DetailsError>`.
///
/// A type that begins something which another type ends says so, as [`Work`](crate::Work) shows, and
/// what was begun and never ended can be found on the record.
#[macro_export]
macro_rules! domain_events {
    (
        $(#[doc = $docs:literal])+
        $vis:vis enum $Group:ident {
            $( $(#[$($attr:tt)*])* $Event:ident { $($fields:tt)* } ),+ $(,)?
        }
    ) => {
        $( $crate::__domain_event! { $vis $Event [ $([ $($attr)* ])* ] { $($fields)* } } )+

        $(#[doc = $docs])+
        #[derive(Clone, Debug, PartialEq)]
        $vis enum $Group {
            $(
                #[doc = concat!("See [`", stringify!($Event), "`].")]
                $Event($Event),
            )+
        }

        const _: () = $crate::event::__assert_group(
            <$Group as $crate::EventGroup>::GROUP.events,
        );

        impl $crate::EventGroup for $Group {
            const GROUP: $crate::GroupDescriptor = {
                const EVENTS: &[$crate::EventDescriptor] =
                    &[$( <$Event as $crate::DomainEvent>::DESCRIPTOR ),+];
                $crate::GroupDescriptor {
                    context: $crate::event::__context_of(EVENTS[0].event_type),
                    docs: concat!($($docs, "\n"),+),
                    events: EVENTS,
                }
            };

            fn decode(
                event_type: &str,
                version: u32,
                details: &$crate::Details,
            ) -> ::core::option::Option<::core::result::Result<Self, $crate::DetailsError>> {
                $(
                    if event_type == <$Event as $crate::DomainEvent>::DESCRIPTOR.event_type {
                        return ::core::option::Option::Some(
                            <$Event as $crate::DomainEvent>::from_versioned(version, details)
                                .map(Self::$Event),
                        );
                    }
                )+
                ::core::option::Option::None
            }

            fn event_type(&self) -> $crate::EventType {
                match self {
                    $( Self::$Event(_) => <$Event as $crate::DomainEvent>::DESCRIPTOR.name(), )+
                }
            }
        }

        impl ::core::convert::From<$Group> for $crate::EventDraft {
            fn from(event: $Group) -> Self {
                match event {
                    $( $Group::$Event(event) => event.into(), )+
                }
            }
        }

        $(
            impl ::core::convert::From<$Event> for $Group {
                fn from(event: $Event) -> Self {
                    Self::$Event(event)
                }
            }
        )+
    };
    (
        $vis:vis enum $Group:ident {
            $( $(#[$($attr:tt)*])* $Event:ident { $($fields:tt)* } ),+ $(,)?
        }
    ) => {
        ::core::compile_error!(concat!(
            "the context `", stringify!($Group), "` needs a doc comment: ",
            "write `/// What the context is about.` above it",
        ));
        $crate::domain_events! {
            /// Undocumented.
            $vis enum $Group { $( $(#[$($attr)*])* $Event { $($fields)* } ),+ }
        }
    };
    ( $(#[doc = $docs:literal])* $vis:vis enum $Group:ident {} ) => {
        ::core::compile_error!(concat!(
            "the context `", stringify!($Group), "` has no events: declare its first one, or ",
            "leave the context out",
        ));
    };
    ( $($anything:tt)* ) => {
        ::core::compile_error!(concat!(
            "`domain_events!` takes one context, `/// What it is about.` above `pub enum Name { }`",
            ", and in it events separated by commas, each `/// What happened.`, ",
            "`#[event(\"context.past_tense_fact\", version = 1, audit = Lifecycle)]` and ",
            "`Name { field: Type }`; one without fields is `Name {}`",
        ));
    };
}

/// One event of a declaration. The arms after the first hold a message for each slip, and build
/// the event all the same, so that the message stands alone.
#[doc(hidden)]
#[macro_export]
macro_rules! __domain_event {
    (
        $vis:vis $Event:ident
        [
            $([doc = $docs:literal])+
            [event($wire:literal, version = $version:literal, audit = $category:ident
                   $(, upcast = $upcast:path)?
                   $(, opens = $($opens:ident)or+)?
                   $(, completes = $completes:literal by $($completes_by:ident)or+)?
                   $(, fails = $fails:literal by $($fails_by:ident)or+)?
                   $(, resumes = $resumes:literal by $($resumes_by:ident)or+)? $(,)?)]
        ]
        { $($fields:tt)* }
    ) => {
        const _: () = $crate::event::__assert_event(
            stringify!($Event), $wire, $version, concat!($($docs),+),
        );
        $crate::__domain_event_struct! {
            $vis $Event, [$($docs),+], $wire, $version, $category, [$($upcast)?],
            [
                $((Opens $wire $($opens)+))? $((Completes $completes $($completes_by)+))?
                $((Fails $fails $($fails_by)+))? $((Resumes $resumes $($resumes_by)+))?
            ],
            { $($fields)* }
        }
    };
    ( $vis:vis $Event:ident [ [event($wire:literal $($rest:tt)*)] ] { $($fields:tt)* } ) => {
        ::core::compile_error!(concat!(
            "the event `", stringify!($Event), "` needs a doc comment: ",
            "write `/// What happened.` above its `#[event(...)]`",
        ));
        $crate::__domain_event_struct! {
            $vis $Event, ["undocumented"], $wire, 1, Lifecycle, [], [], { $($fields)* }
        }
    };
    (
        $vis:vis $Event:ident
        [ $([doc = $docs:literal])+ [event($wire:literal $(, version = $version:literal)? $(,)?)] ]
        { $($fields:tt)* }
    ) => {
        ::core::compile_error!(concat!(
            "the event `", stringify!($Event), "` needs an audit category: ",
            "write `#[event(", stringify!($wire), ", version = 1, audit = Lifecycle)]`, with the ",
            "category that says why it is on the record (see `AuditCategory`)",
        ));
        $crate::__domain_event_struct! {
            $vis $Event, [$($docs),+], $wire, 1, Lifecycle, [], [], { $($fields)* }
        }
    };
    (
        $vis:vis $Event:ident
        [ $([doc = $docs:literal])+ [event($wire:literal, audit = $category:ident $($rest:tt)*)] ]
        { $($fields:tt)* }
    ) => {
        ::core::compile_error!(concat!(
            "the event `", stringify!($Event), "` needs a version before its audit category: ",
            "write `#[event(", stringify!($wire), ", version = 1, audit = ",
            stringify!($category), ")]`",
        ));
        $crate::__domain_event_struct! {
            $vis $Event, [$($docs),+], $wire, 1, $category, [], [], { $($fields)* }
        }
    };
    (
        $vis:vis $Event:ident
        [
            $([doc = $docs:literal])+
            [event($wire:literal, version = $version:literal, audit = $category:ident, $($rest:tt)*)]
        ]
        { $($fields:tt)* }
    ) => {
        ::core::compile_error!(concat!(
            "the event `", stringify!($Event), "` says something that is not understood after its ",
            "audit category: write `upcast = path` first, where there is one, then one of ",
            "`opens = key`, `completes = \"context.opener\" by key`, ",
            "`fails = \"context.opener\" by key` and `resumes = \"context.opener\" by key`",
        ));
        $crate::__domain_event_struct! {
            $vis $Event, [$($docs),+], $wire, 1, $category, [], [], { $($fields)* }
        }
    };
    ( $vis:vis $Event:ident [ $($attr:tt)* ] { $($fields:tt)* } ) => {
        ::core::compile_error!(concat!(
            "the event `", stringify!($Event), "` needs a doc comment, below it ",
            "`#[event(\"context.past_tense_fact\", version = 1, audit = Lifecycle)]`, and no other ",
            "attribute",
        ));
        $crate::__domain_event_struct! {
            $vis $Event, ["undeclared"], "undeclared", 1, Lifecycle, [], [], { $($fields)* }
        }
    };
}

/// The struct of one event and its implementations.
#[doc(hidden)]
#[macro_export]
macro_rules! __domain_event_struct {
    (
        $vis:vis $Event:ident, [$($docs:literal),+], $wire:literal, $version:literal,
        $category:ident, [$($upcast:path)?], [$($work:tt)*],
        { $( $(#[doc = $field_docs:literal])* $field:ident : $ty:ty ),* $(,)? }
    ) => {
        $(#[doc = $docs])+
        #[doc = ""]
        #[doc = concat!("On the wire: `", $wire, "`, version ", stringify!($version), ".")]
        #[derive(Clone, Debug, PartialEq)]
        #[allow(missing_docs)]
        $vis struct $Event {
            $( $(#[doc = $field_docs])* pub $field: $ty, )*
        }

        const _: () = $crate::event::__assert_key(
            $wire,
            <$Event as $crate::DomainEvent>::DESCRIPTOR.work,
            &[$( $crate::event::wire_name::field_name(stringify!($field)) ),*],
        );

        impl $crate::DomainEvent for $Event {
            const DESCRIPTOR: $crate::EventDescriptor = $crate::EventDescriptor {
                event_type: $wire,
                version: $version,
                category: $crate::AuditCategory::$category,
                rust_name: stringify!($Event),
                docs: concat!($($docs, "\n"),+),
                upcast: $crate::__first_or_none!($($upcast)?),
                work: $crate::__work!($Event $($work)*),
                schema: || $crate::__private::schemars::SchemaGenerator::default()
                    .into_root_schema_for::<$Event>(),
                sample: || <$Event as $crate::DomainEvent>::sample()
                    .to_details()
                    .unwrap_or_default(),
                check: |version, details| {
                    <$Event as $crate::DomainEvent>::from_versioned(version, details).map(|_| ())
                },
                upgrade: |version, details| {
                    <$Event as $crate::DomainEvent>::into_details(
                        <$Event as $crate::DomainEvent>::from_versioned(version, details)?,
                    )
                },
            };

            fn sample() -> Self {
                Self {
                    $( $field: <$ty as $crate::EventField>::sample(
                        $crate::event::wire_name::field_name(stringify!($field)),
                    ), )*
                }
            }

            fn into_details(
                self,
            ) -> ::core::result::Result<$crate::Details, $crate::DetailsError> {
                #[allow(unused_mut)]
                let mut details = $crate::Details::new();
                $( <$ty as $crate::EventField>::write_to(
                    self.$field,
                    &mut details,
                    $crate::event::wire_name::field_name(stringify!($field)),
                )?; )*
                ::core::result::Result::Ok(details)
            }

            #[allow(unused_variables)]
            fn from_details(
                details: &$crate::Details,
            ) -> ::core::result::Result<Self, $crate::DetailsError> {
                ::core::result::Result::Ok(Self {
                    $( $field: <$ty as $crate::EventField>::read_from(
                        details,
                        $crate::event::wire_name::field_name(stringify!($field)),
                    )?, )*
                })
            }
        }

        impl $crate::__private::serde::Serialize for $Event {
            fn serialize<S: $crate::__private::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                let details = <Self as $crate::DomainEvent>::to_details(self)
                    .map_err($crate::__private::serde::ser::Error::custom)?;
                $crate::__private::serde::Serialize::serialize(&details, serializer)
            }
        }

        impl<'de> $crate::__private::serde::Deserialize<'de> for $Event {
            fn deserialize<D: $crate::__private::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                let details = <$crate::Details as $crate::__private::serde::Deserialize>
                    ::deserialize(deserializer)?;
                <Self as $crate::DomainEvent>::from_details(&details)
                    .map_err($crate::__private::serde::de::Error::custom)
            }
        }

        impl $crate::__private::schemars::JsonSchema for $Event {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                stringify!($Event).into()
            }

            fn schema_id() -> ::std::borrow::Cow<'static, str> {
                concat!(module_path!(), "::", stringify!($Event)).into()
            }

            #[allow(unused_variables)]
            fn json_schema(
                generator: &mut $crate::__private::schemars::SchemaGenerator,
            ) -> $crate::__private::schemars::Schema {
                $crate::event::schema::object(
                    $wire,
                    concat!($($docs, "\n"),+),
                    &[$( $crate::event::schema::FieldSchema {
                        name: $crate::event::wire_name::field_name(stringify!($field)),
                        docs: concat!($($field_docs, "\n",)* ""),
                        schema: <$ty as $crate::EventField>::schema(generator),
                        required: <$ty as $crate::EventField>::absent().is_none(),
                    } ),*],
                )
            }
        }
    };
    (
        $vis:vis $Event:ident, $docs:tt, $wire:literal, $version:literal,
        $category:ident, $upcast:tt, $work:tt, { $($fields:tt)* }
    ) => {
        ::core::compile_error!(concat!(
            "the fields of the event `", stringify!($Event), "` must be `name: Type`, separated ",
            "by commas: no `pub`, and no attribute but a doc comment",
        ));
        $crate::__domain_event_struct! {
            $vis $Event, $docs, $wire, $version, $category, $upcast, [], {}
        }
    };
}

/// `Some` of the one thing given, or `None`.
#[doc(hidden)]
#[macro_export]
macro_rules! __first_or_none {
    () => {
        ::core::option::Option::None
    };
    ($first:path) => {
        ::core::option::Option::Some($first)
    };
}
