//! A SHA-256 digest, as it is kept and as it is written.
//!
//! Deliberately absent: which bytes it is of. See the siblings of this file.

use std::fmt;
use std::str::FromStr;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// How many characters a digest has as text.
const TEXT: usize = 44;

/// A SHA-256 digest. As text it is standard base64 with padding, as in a C2SP checkpoint.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub [u8; 32]);

/// A text or a run of bytes is no digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a SHA-256 digest: it has 32 bytes, which are 44 characters in base64")]
pub struct NotADigest;

impl Digest {
    /// The digest in these bytes.
    ///
    /// # Errors
    /// When they are not 32.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, NotADigest> {
        bytes.try_into().map(Self).map_err(|_| NotADigest)
    }

    /// Lends the text, which lies in no memory of its own.
    pub(super) fn with_text<T>(self, with: impl FnOnce(&str) -> T) -> T {
        let mut text = [0; TEXT];
        // 32 bytes are 44 characters of ASCII, which the buffer holds: neither can fail.
        let written = BASE64_STANDARD.encode_slice(self.0, &mut text).unwrap_or_default();
        with(std::str::from_utf8(&text[..written]).unwrap_or_default())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with_text(|text| f.pad(text))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl FromStr for Digest {
    type Err = NotADigest;

    fn from_str(text: &str) -> Result<Self, NotADigest> {
        let bytes = BASE64_STANDARD.decode(text).map_err(|_| NotADigest)?;
        Self::from_slice(&bytes)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.with_text(|text| serializer.serialize_str(text))
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}
