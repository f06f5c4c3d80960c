//! Types of objects, open to applications.

use crate::Object;

/// One type of object: a Rust type over an [`Object`] that is known to be of it.
///
/// Made by [`vocabulary!`](crate::vocabulary!), for the library's own types and for an application's.
/// [`Object`] itself is the kind that everything is.
pub trait Kind: Clone + Send + Sync + 'static {
    /// The type's name on the wire; empty for [`Object`].
    const TYPE: &'static str;

    /// How much this kind says: 0 for [`Object`], 1 for a type, 2 for a type with the type of its object
    /// (`Create<Note>`). Of two kinds that an object is of, the one that says more is meant.
    const SPECIFICITY: u8 = 1;

    /// The object as this kind, where it is of it (and what it must hold is of the kind that is asked for).
    fn from_object(object: &Object) -> Option<Self>;

    /// The object with all its properties.
    fn as_object(&self) -> &Object;
}

impl Kind for Object {
    const TYPE: &'static str = "";
    const SPECIFICITY: u8 = 0;

    fn from_object(object: &Object) -> Option<Self> {
        Some(object.clone())
    }

    fn as_object(&self) -> &Object {
        self
    }
}

/// Declares types of objects.
///
/// `Name` makes a type over an object whose `type` is `Name` (or what stands after `=`). `Name<T>` makes one
/// whose `object` must be embedded and of kind `T`, and can be had by `object()`.
///
/// ```
/// use federate_activitystreams::{Create, Kind, Object, vocabulary};
///
/// vocabulary! {
///     /// An `Event` of Mobilizon.
///     Event;
///     /// Somebody comes.
///     Join<T>;
/// }
///
/// let came = Object::parse(br#"{"type": "Create", "object": {"type": "Event", "name": "Fair"}}"#)?;
/// let create = came.as_::<Create<Event>>().unwrap();
/// assert_eq!(create.object().name().as_deref(), Some("Fair"));
/// assert_eq!(Event::TYPE, "Event");
/// # Ok::<_, federate_activitystreams::ParseError>(())
/// ```
#[macro_export]
macro_rules! vocabulary {
    () => {};
    ($(#[$doc:meta])* $name:ident $(= $wire:literal)? $(; $($rest:tt)*)?) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name($crate::Object);

        impl $crate::Kind for $name {
            const TYPE: &'static str = $crate::vocabulary!(@wire $name $($wire)?);

            fn from_object(object: &$crate::Object) -> ::core::option::Option<Self> {
                if object.is(<Self as $crate::Kind>::TYPE) { Some(Self(object.clone())) } else { None }
            }

            fn as_object(&self) -> &$crate::Object {
                &self.0
            }
        }

        impl ::core::convert::From<$name> for $crate::Object {
            fn from(kind: $name) -> Self {
                kind.0
            }
        }

        impl $name {
            fn map(self, change: impl ::core::ops::FnOnce($crate::Object) -> $crate::Object) -> Self {
                Self(change(self.0))
            }
        }

        $crate::vocabulary!(@common [] $name);
        $crate::vocabulary!($($($rest)*)?);
    };
    ($(#[$doc:meta])* $name:ident<$of:ident> $(= $wire:literal)? $(; $($rest:tt)*)?) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name<$of = $crate::Object> {
            whole: $crate::Object,
            object: $of,
        }

        impl<$of: $crate::Kind> $name<$of> {
            /// What it is about. Where only an id came and any kind was asked for, an object that has this
            /// id and nothing else.
            #[must_use]
            pub fn object(&self) -> &$of {
                &self.object
            }
        }

        impl<$of: $crate::Kind> $crate::Kind for $name<$of> {
            const TYPE: &'static str = $crate::vocabulary!(@wire $name $($wire)?);

            const SPECIFICITY: u8 = 1 + <$of as $crate::Kind>::SPECIFICITY;

            fn from_object(object: &$crate::Object) -> ::core::option::Option<Self> {
                if !object.is(<Self as $crate::Kind>::TYPE) {
                    return None;
                }
                let inner = object.object().first()?;
                Some(Self { whole: object.clone(), object: <$of as $crate::Kind>::from_object(&inner)? })
            }

            fn as_object(&self) -> &$crate::Object {
                &self.whole
            }
        }

        impl<$of> ::core::convert::From<$name<$of>> for $crate::Object {
            fn from(kind: $name<$of>) -> Self {
                kind.whole
            }
        }

        impl<$of: $crate::Kind> $name<$of> {
            fn map(self, change: impl ::core::ops::FnOnce($crate::Object) -> $crate::Object) -> Self {
                Self { whole: change(self.whole), object: self.object }
            }
        }

        $crate::vocabulary!(@common [$of] $name);
        $crate::vocabulary!($($($rest)*)?);
    };
    (@wire $name:ident) => { stringify!($name) };
    (@wire $name:ident $wire:literal) => { $wire };
    (@common [$($of:ident)?] $name:ident) => {
        impl$(<$of: $crate::Kind>)? ::core::ops::Deref for $name$(<$of>)? {
            type Target = $crate::Object;

            fn deref(&self) -> &$crate::Object {
                $crate::Kind::as_object(self)
            }
        }

        impl$(<$of: $crate::Kind>)? ::core::convert::AsRef<$crate::Object> for $name$(<$of>)? {
            fn as_ref(&self) -> &$crate::Object {
                $crate::Kind::as_object(self)
            }
        }

        impl$(<$of: $crate::Kind>)? ::core::convert::From<&$name$(<$of>)?> for $crate::Object {
            fn from(kind: &$name$(<$of>)?) -> Self {
                ::core::clone::Clone::clone($crate::Kind::as_object(kind))
            }
        }

        impl$(<$of: $crate::Kind>)? ::core::convert::From<$name$(<$of>)?> for $crate::Ref {
            fn from(kind: $name$(<$of>)?) -> Self {
                Self::from($crate::Kind::as_object(&kind))
            }
        }

        impl$(<$of: $crate::Kind>)? ::core::convert::From<&$name$(<$of>)?> for $crate::Ref {
            fn from(kind: &$name$(<$of>)?) -> Self {
                Self::from($crate::Kind::as_object(kind))
            }
        }

        impl$(<$of: $crate::Kind>)? $name$(<$of>)? {
            /// The type's name on the wire.
            pub const TYPE: &'static str = <Self as $crate::Kind>::TYPE;

            /// The same with this property: see [`Object::set`]($crate::Object::set).
            ///
            /// The types and the embedded object that this was taken from stay what they are; a change of those
            /// is for [`Object`]($crate::Object) to make.
            #[must_use]
            pub fn with<P: $crate::Value>(
                self,
                property: &$crate::Property<P>,
                value: impl ::core::convert::Into<P>,
            ) -> Self {
                self.map(|object| object.with(property, value))
            }

            /// The same with this id.
            #[must_use]
            pub fn with_id(self, id: &$crate::Iri) -> Self {
                self.map(|object| object.with_id(id))
            }

            /// The same by this actor: `actor` of an activity, `attributedTo` of all else.
            #[must_use]
            pub fn by(self, actor: &$crate::Iri) -> Self {
                self.map(|object| object.by(actor))
            }

            /// The same with one more primary recipient.
            #[must_use]
            pub fn with_to(self, recipient: &$crate::Iri) -> Self {
                self.map(|object| object.with_to(recipient))
            }

            /// The same with one more recipient of a copy.
            #[must_use]
            pub fn with_cc(self, recipient: &$crate::Iri) -> Self {
                self.map(|object| object.with_cc(recipient))
            }
        }
    };
}
