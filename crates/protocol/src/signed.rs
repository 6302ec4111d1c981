//! What a machine says, signed with its own key: JWS compact serialisation (RFC 7515 §7.1) with
//! Ed25519 (`"alg":"EdDSA"`, RFC 8037). The header's `kid` names the machine.
//!
//! The algorithm is fixed: a header that names another one is refused before the signature is looked at.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::rand::SystemRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Longest JWS read, in bytes; longer ones are refused unread. The longest fact, who is present in a
/// lesson with a thousand observers, takes half of it.
pub const MAX_JWS_LEN: usize = 256 * 1024;
/// Longest header read, in base64url characters.
const MAX_HEADER_LEN: usize = 512;
/// Length of a public key, in bytes (RFC 8032 §5.1.5).
const PUBLIC_KEY_LEN: usize = 32;

/// Why signed words are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Longer than [`MAX_JWS_LEN`].
    #[error("the JWS has {0} bytes; at most {MAX_JWS_LEN} are taken")]
    TooLong(usize),
    /// Not a JWS in compact serialisation.
    #[error("this is not a JWS: three parts in base64url without padding, with a '.' between them")]
    Malformed,
    /// A header that names another algorithm, or something critical that is not known here.
    #[error("the JWS's header must name the algorithm EdDSA and no critical extension")]
    Algorithm,
    /// A header without the name of a machine.
    #[error("the JWS's header names no machine; its 'kid' must be the name that the machine enrolled as")]
    NoKey,
    /// The signature is not of this key over these words.
    #[error("the signature does not fit the machine's key; the machine may have to be enrolled again")]
    Signature,
    /// No Ed25519 key.
    #[error("this is not an Ed25519 key")]
    Key,
}

/// The header of a JWS, RFC 7515 §4. Members that are not listed are ignored, as §4 requires.
#[derive(Debug, Serialize, Deserialize)]
struct Header {
    alg: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kid: Option<String>,
    /// Extensions that must be understood. None is.
    #[serde(default, skip_serializing)]
    crit: Option<serde::de::IgnoredAny>,
}

/// A JWS taken apart.
struct Parts<'a> {
    header: Header,
    /// Header, '.' and payload, as the signature covers them.
    signed: &'a str,
    payload: &'a str,
    signature: &'a str,
}

fn take_apart(jws: &str) -> Result<Parts<'_>, SignatureError> {
    if jws.len() > MAX_JWS_LEN {
        return Err(SignatureError::TooLong(jws.len()));
    }
    let (signed, signature) = jws.rsplit_once('.').ok_or(SignatureError::Malformed)?;
    let (header, payload) = signed.split_once('.').ok_or(SignatureError::Malformed)?;
    if header.len() > MAX_HEADER_LEN {
        return Err(SignatureError::Malformed);
    }
    let header = BASE64.decode(header).map_err(|_| SignatureError::Malformed)?;
    let header: Header = serde_json::from_slice(&header).map_err(|_| SignatureError::Malformed)?;
    if header.alg != "EdDSA" || header.crit.is_some() {
        return Err(SignatureError::Algorithm);
    }
    Ok(Parts { header, signed, payload, signature })
}

/// The machine that a JWS says it is of. Nothing is checked yet: it tells which key to check it with.
pub fn kid_of(jws: &str) -> Result<String, SignatureError> {
    take_apart(jws)?.header.kid.ok_or(SignatureError::NoKey)
}

/// A machine's secret key.
pub struct MachineKey(Ed25519KeyPair);

impl fmt::Debug for MachineKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MachineKey({}, ..)", self.public())
    }
}

impl MachineKey {
    /// A new key, as PKCS #8 (RFC 5958) for its file; [`from_pkcs8`](Self::from_pkcs8) reads it.
    pub fn generate() -> Result<Vec<u8>, SignatureError> {
        // Fails if the system gives no randomness only.
        let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| SignatureError::Key)?;
        Ok(key.as_ref().to_vec())
    }

    /// The key in a PKCS #8 document.
    pub fn from_pkcs8(document: &[u8]) -> Result<Self, SignatureError> {
        Ed25519KeyPair::from_pkcs8(document).map(Self).map_err(|_| SignatureError::Key)
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        let mut key = [0; PUBLIC_KEY_LEN];
        key.copy_from_slice(self.0.public_key().as_ref());
        PublicKey(key)
    }

    /// Signs words in the name of the machine `kid`. The same words give the same JWS.
    pub fn sign(&self, kid: &str, payload: &[u8]) -> String {
        let header = Header { alg: "EdDSA".to_owned(), kid: Some(kid.to_owned()), crit: None };
        // A struct of strings always has a JSON form.
        let header = serde_json::to_string(&header).expect("a header has a JSON form");
        self.sign_under(&header, payload)
    }

    fn sign_under(&self, header: &str, payload: &[u8]) -> String {
        let mut jws = String::with_capacity((header.len() + payload.len() + 64) * 4 / 3 + 8);
        BASE64.encode_string(header, &mut jws);
        jws.push('.');
        BASE64.encode_string(payload, &mut jws);
        let signature = self.0.sign(jws.as_bytes());
        jws.push('.');
        BASE64.encode_string(signature, &mut jws);
        jws
    }
}

/// A machine's public key, written as base64url without padding (`x` of RFC 8037 §2).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicKey([u8; PUBLIC_KEY_LEN]);

impl PublicKey {
    /// The words that `jws` carries, if this key signed them.
    pub fn verify(&self, jws: &str) -> Result<Vec<u8>, SignatureError> {
        let Parts { signed, payload, signature, .. } = take_apart(jws)?;
        let signature = BASE64.decode(signature).map_err(|_| SignatureError::Malformed)?;
        let payload = BASE64.decode(payload).map_err(|_| SignatureError::Malformed)?;
        let key = UnparsedPublicKey::new(&ED25519, self.0);
        key.verify(signed.as_bytes(), &signature).map_err(|_| SignatureError::Signature)?;
        Ok(payload)
    }
}

impl FromStr for PublicKey {
    type Err = SignatureError;
    fn from_str(text: &str) -> Result<Self, SignatureError> {
        let bytes = BASE64.decode(text).map_err(|_| SignatureError::Key)?;
        bytes.try_into().map(Self).map_err(|_| SignatureError::Key)
    }
}

impl TryFrom<String> for PublicKey {
    type Error = SignatureError;
    fn try_from(text: String) -> Result<Self, SignatureError> {
        text.parse()
    }
}

impl From<PublicKey> for String {
    fn from(key: PublicKey) -> String {
        key.to_string()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64.encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8037 appendices A.1, A.2 and A.4.
    const SEED: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
    const PUBLIC: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    const PAYLOAD: &[u8] = b"Example of Ed25519 signing";
    const JWS: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.\
        hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

    fn key() -> MachineKey {
        let seed = BASE64.decode(SEED).unwrap();
        let public = BASE64.decode(PUBLIC).unwrap();
        MachineKey(Ed25519KeyPair::from_seed_and_public_key(&seed, &public).unwrap())
    }

    fn other_key() -> MachineKey {
        MachineKey::from_pkcs8(&MachineKey::generate().unwrap()).unwrap()
    }

    #[test]
    fn the_example_of_rfc_8037_is_signed_and_verified_to_the_letter() {
        assert_eq!(key().sign_under(r#"{"alg":"EdDSA"}"#, PAYLOAD), JWS);
        let public: PublicKey = PUBLIC.parse().unwrap();
        assert_eq!(public, key().public());
        assert_eq!(public.verify(JWS).as_deref(), Ok(PAYLOAD));
        assert_eq!(kid_of(JWS), Err(SignatureError::NoKey));
    }

    #[test]
    fn signed_words_come_back_with_the_machines_name() {
        let jws = key().sign("node-7", "枫林镇小学".as_bytes());
        assert_eq!(kid_of(&jws).as_deref(), Ok("node-7"));
        assert_eq!(key().public().verify(&jws).as_deref(), Ok("枫林镇小学".as_bytes()));
        assert_eq!(other_key().public().verify(&jws), Err(SignatureError::Signature));
    }

    #[test]
    fn every_single_byte_change_is_refused() {
        let jws = key().sign("node-7", PAYLOAD);
        for at in 0..jws.len() {
            let mut bytes = jws.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(key().public().verify(&changed).is_err(), "byte {at} changed and still accepted");
        }
        for len in 0..jws.len() {
            assert!(key().public().verify(&jws[..len]).is_err(), "cut to {len} bytes and still accepted");
        }
    }

    #[test]
    fn other_algorithms_and_critical_extensions_are_refused_though_the_key_signed_them() {
        let under = |header: &str| key().public().verify(&key().sign_under(header, PAYLOAD));
        assert_eq!(under(r#"{"alg":"none"}"#), Err(SignatureError::Algorithm));
        assert_eq!(under(r#"{"alg":"HS256","kid":"a"}"#), Err(SignatureError::Algorithm));
        let unencoded = r#"{"alg":"EdDSA","b64":false,"crit":["b64"]}"#;
        assert_eq!(under(unencoded), Err(SignatureError::Algorithm));
        assert_eq!(under("[]"), Err(SignatureError::Malformed));
        assert_eq!(under(r#"{"alg":"EdDSA","alg":"EdDSA"}"#), Err(SignatureError::Malformed));
        assert_eq!(under(r#"{"alg":"EdDSA","typ":"JOSE"}"#).as_deref(), Ok(PAYLOAD));
    }

    #[test]
    fn what_is_too_long_is_refused_unread() {
        let jws = key().sign("a", &vec![b' '; MAX_JWS_LEN]);
        assert_eq!(key().public().verify(&jws), Err(SignatureError::TooLong(jws.len())));
        let long = key().sign(&"a".repeat(MAX_HEADER_LEN), b"");
        assert_eq!(kid_of(&long), Err(SignatureError::Malformed));
    }

    #[test]
    fn keys_are_kept_as_they_were_made_and_never_shown() {
        let document = MachineKey::generate().unwrap();
        let [first, second] = [&document, &document].map(|it| MachineKey::from_pkcs8(it).unwrap());
        assert_eq!(first.public(), second.public());
        assert_eq!(first.sign("a", b"b"), second.sign("a", b"b"));
        assert_eq!(format!("{first:?}"), format!("MachineKey({}, ..)", first.public()));
        assert!(MachineKey::from_pkcs8(&document[1..]).is_err());
        assert_eq!("11qY".parse::<PublicKey>(), Err(SignatureError::Key));
        let json = serde_json::to_string(&first.public()).unwrap();
        assert_eq!(serde_json::from_str::<PublicKey>(&json).unwrap(), first.public());
    }

    #[test]
    fn mutated_words_are_refused_and_never_crash() {
        let jws = key().sign("node-7", PAYLOAD);
        // xorshift64: the same mutations on every run.
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        for _ in 0..20_000 {
            let mut bytes = jws.clone().into_bytes();
            for _ in 0..1 + next() % 4 {
                let at = next() as usize % bytes.len();
                bytes[at] = b"ABCabc019._-\"{ "[next() as usize % 15];
            }
            let text = String::from_utf8(bytes).unwrap();
            let _ = kid_of(&text);
            assert!(text == jws || key().public().verify(&text).is_err(), "{text}");
        }
    }
}
