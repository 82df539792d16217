//! A private key as text: `PRIVATE+KEY+name+hash+base64`, the form that Go's `note` package reads.
//!
//! Deliberately absent: the name's meaning. A checkpoint is signed under the name of its log, whatever
//! the key's own name is.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use ed25519_dalek::SigningKey;

/// What marks a key as one for Ed25519.
pub(super) const ED25519: u8 = 1;

/// The name of a key in its own file.
const NAME: &str = "indelible";

/// The text of a key.
pub(super) fn write(key: &SigningKey) -> String {
    let id = id(NAME, key);
    let secret = [&[ED25519], key.as_bytes().as_slice()].concat();
    format!("PRIVATE+KEY+{NAME}+{id:08x}+{}\n", BASE64_STANDARD.encode(secret))
}

/// The key in a text; `None` where there is none.
pub(super) fn read(text: &str) -> Option<SigningKey> {
    let rest = text.trim().strip_prefix("PRIVATE+KEY+")?;
    let (name, rest) = rest.split_once('+')?;
    let (stated, secret) = rest.split_once('+')?;
    let secret = BASE64_STANDARD.decode(secret).ok()?;
    let (&ED25519, secret) = secret.split_first()? else { return None };
    let key = SigningKey::from_bytes(secret.try_into().ok()?);
    // A letter that was lost would otherwise make another key, unnoticed.
    (format!("{:08x}", id(name, &key)) == stated).then_some(key)
}

/// The hash that a key of this name is known by.
pub(super) fn id(name: &str, key: &SigningKey) -> u32 {
    let public = [&[ED25519], key.verifying_key().as_bytes().as_slice()].concat();
    signed_note::key_id(name, &public)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_was_written_and_by_another_implementation() {
        let key = SigningKey::from_bytes(&[7; 32]);
        let text = write(&key);
        assert_eq!(read(&text).unwrap().to_bytes(), key.to_bytes());
        assert!(signed_note::StandardSigner::new(text.trim()).is_ok());
    }

    #[test]
    fn what_is_not_a_whole_key_is_none() {
        let text = write(&SigningKey::from_bytes(&[7; 32]));
        let text = text.trim();
        let changed = format!("{}A{}", &text[..60], &text[61..]);
        let other_kind = text.replace("+AQ", "+Ag");
        for wrong in
            ["", "PRIVATE+KEY+", &text[..text.len() - 4], &changed, &other_kind, &text[8..]]
        {
            assert!(wrong == text || read(wrong).is_none(), "{wrong}");
        }
    }
}
