//! A private key, and how it is written.

use std::fmt;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use domain::proof::Origin;
use ed25519_dalek::{SECRET_KEY_LENGTH, SigningKey};
use signed_note::StandardSigner;
use zeroize::Zeroizing;

/// Ed25519, where a key says what it is for.
const ED25519: u8 = 1;

/// What stands before the bytes in a key's text: `PRIVATE`, `KEY`, its name and its hash.
const PARTS_BEFORE: usize = 4;

/// A private key. It is never shown, also not by `Debug`, and is gone from memory when it is no longer
/// used.
pub(super) struct PrivateKey(SigningKey);

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(..)")
    }
}

impl PrivateKey {
    /// A new one.
    pub(super) fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new([0; SECRET_KEY_LENGTH]);
        getrandom::fill(bytes.as_mut_slice())?;
        Ok(Self(SigningKey::from_bytes(&bytes)))
    }

    /// The one in a text, if there is one.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?.trim();
        // Whether all of it fits together; the signer itself keeps its key to itself.
        StandardSigner::new(text).ok()?;
        let encoded = text.splitn(PARTS_BEFORE + 1, '+').nth(PARTS_BEFORE)?;
        let bytes = Zeroizing::new(BASE64_STANDARD.decode(encoded).ok()?);
        SigningKey::try_from(bytes.get(1..)?).ok().map(Self)
    }

    /// The key as text, labelled with a log's name.
    pub(super) fn to_text(&self, label: &Origin) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new([ED25519; 1 + SECRET_KEY_LENGTH]);
        bytes[1..].copy_from_slice(self.0.as_bytes());
        let encoded = Zeroizing::new(BASE64_STANDARD.encode(bytes.as_slice()));
        let id = self.id(label);
        Zeroizing::new(format!("PRIVATE+KEY+{label}+{id:08x}+{}\n", *encoded))
    }

    /// The public key under a name, as text.
    pub(super) fn public(&self, name: &Origin) -> String {
        signed_note::new_ed25519_verifier_key(name.as_str(), &self.0.verifying_key())
    }

    /// What tells a log's keys apart.
    pub(super) fn id(&self, name: &Origin) -> u32 {
        let mut public = [ED25519; 1 + ed25519_dalek::PUBLIC_KEY_LENGTH];
        public[1..].copy_from_slice(self.0.verifying_key().as_bytes());
        signed_note::key_id(name.as_str(), &public)
    }

    pub(super) const fn key(&self) -> &SigningKey {
        &self.0
    }
}
