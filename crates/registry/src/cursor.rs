//! Cursors: behind what a list goes on, as text. It is nobody's matter what stands in it, so that a list may go on
//! behind something else one day.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// As text; it needs no percent-encoding.
pub(crate) fn write<C: Serialize>(cursor: &C) -> String {
    // Numbers and strings always have a JSON form.
    BASE64.encode(serde_json::to_vec(cursor).expect("a cursor has a JSON form"))
}

/// From text. None: it is no cursor of such a list.
pub(crate) fn read<C: DeserializeOwned>(text: &str) -> Option<C> {
    serde_json::from_slice(&BASE64.decode(text).ok()?).ok()
}

/// For `#[serde(with)]`: as a cursor, if there is one.
pub(crate) mod option {
    use serde::de::{DeserializeOwned, Error};
    use serde::{Deserialize as _, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<C: Serialize, S: Serializer>(
        cursor: &Option<C>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        cursor.as_ref().map(super::write).serialize(to)
    }

    pub(crate) fn deserialize<'de, C: DeserializeOwned, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<C>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        let read =
            |text: String| super::read(&text).ok_or_else(|| D::Error::custom("no cursor of this list"));
        text.map(read).transpose()
    }
}
