//! The keys of each type in the order in which they are declared, which a JSON Schema does not keep.

use std::fmt;

use serde::de::{DeserializeOwned, Deserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::schema;

/// Asks one type for its keys.
type Ask = fn() -> &'static [&'static str];

/// Returns the keys of the type with this name, in order.
///
/// # Panics
///
/// When the schema has a type that the table here lacks; a test walks them all.
pub(crate) fn of(name: &str) -> &'static [&'static str] {
    let table: &[(&str, Ask)] = &[
        ("Spec", declared::<schema::Spec>),
        ("Contents", declared::<schema::Contents>),
        ("DebianRepository", declared::<schema::DebianRepository>),
        ("DebRepository", declared::<schema::DebRepository>),
        ("DebsRepository", declared::<schema::DebsRepository>),
        ("PackageOptions", declared::<schema::PackageOptions>),
        ("Without", declared::<schema::Without>),
        ("FileEntry", declared::<schema::FileEntry>),
        ("Certificates", declared::<schema::Certificates>),
        ("InlineCertificate", declared::<schema::InlineCertificate>),
        ("Accounts", declared::<schema::Accounts>),
        ("User", declared::<schema::User>),
        ("Group", declared::<schema::Group>),
        ("PathEntry", declared::<schema::PathEntry>),
        ("EntrypointCommand", declared::<schema::EntrypointCommand>),
        ("Healthcheck", declared::<schema::Healthcheck>),
        ("Layering", declared::<schema::Layering>),
        ("Check", declared::<schema::Check>),
        ("CheckLimits", declared::<schema::CheckLimits>),
        ("CheckException", declared::<schema::CheckException>),
        ("Start", declared::<schema::Start>),
        ("StartException", declared::<schema::StartException>),
        ("FileKeys", declared::<schema::FileKeys>),
        ("VariantKeys", declared::<schema::VariantKeys>),
    ];
    let row = table.iter().find(|(row, _)| *row == name);
    row.map(|(_, fields)| fields()).unwrap_or_else(|| unreachable!("the table of fields lacks {name}"))
}

/// Asks a type for the keys it deserialises, by failing at the moment it tells them.
fn declared<T: DeserializeOwned>() -> &'static [&'static str] {
    T::deserialize(Asking).err().map_or(&[], |Told(fields)| fields)
}

struct Asking;

/// The keys, passed on as an error.
#[derive(Debug)]
struct Told(&'static [&'static str]);

impl<'de> Deserializer<'de> for Asking {
    type Error = Told;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Told> {
        Err(Told(&[]))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Told> {
        Err(Told(fields))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl std::error::Error for Told {}

impl serde::de::Error for Told {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self(&[])
    }
}
