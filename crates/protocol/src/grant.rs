//! Grants: short-lived signed tokens that say who may do what in which lesson.
//!
//! A token is a JWT (RFC 7519) signed with HMAC-SHA-256. The header is fixed: a token that names
//! another algorithm is refused before anything else of it is read.

use crate::id::{LessonId, ParticipantId, Role};
use crate::time::WallTime;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::fmt;
use std::str::FromStr;

const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;
/// Longest token read, in bytes; longer ones are refused unread.
const MAX_TOKEN_LEN: usize = 2048;
/// Longest display name, in characters.
pub const MAX_NAME_CHARS: usize = 64;
/// Shortest secret accepted, in bytes (RFC 7518 §3.2: as long as the hash).
pub const MIN_SECRET_LEN: usize = 32;

/// The token in the value of an `Authorization` header, `Bearer TOKEN` (RFC 6750 §2.1); the scheme's case does not
/// matter. None: it is of another scheme.
pub fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Which lessons a grant is good for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum LessonScope {
    /// Any lesson; for benches and self-tests. Written `*`.
    Any,
    /// One lesson.
    Only(LessonId),
}

impl LessonScope {
    /// Whether `lesson` is covered.
    pub fn covers(&self, lesson: &LessonId) -> bool {
        match self {
            LessonScope::Any => true,
            LessonScope::Only(only) => only == lesson,
        }
    }
}

impl FromStr for LessonScope {
    type Err = crate::id::IdError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "*" { Ok(Self::Any) } else { Ok(Self::Only(text.parse()?)) }
    }
}

impl TryFrom<String> for LessonScope {
    type Error = crate::id::IdError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<LessonScope> for String {
    fn from(scope: LessonScope) -> String {
        scope.to_string()
    }
}

impl fmt::Display for LessonScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LessonScope::Any => f.write_str("*"),
            LessonScope::Only(lesson) => lesson.fmt(f),
        }
    }
}

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The lesson, or any.
    pub lesson: LessonScope,
    /// Who holds it (JWT `sub`).
    #[serde(rename = "sub")]
    pub participant: ParticipantId,
    /// The name shown to the class, e.g. of the school.
    pub name: String,
    /// What the holder is to the lesson.
    pub role: Role,
    /// When it ends, seconds since the Unix epoch (JWT `exp`).
    #[serde(rename = "exp")]
    pub expires_unix_s: u64,
}

impl Grant {
    /// What a token says, unchecked: for its holder, who has no secret to check it with.
    pub fn read_unchecked(token: &str) -> Result<Grant, GrantError> {
        if token.is_empty() {
            return Err(GrantError::Missing);
        }
        let claims = token.split('.').nth(1).ok_or(GrantError::Malformed)?;
        let claims = BASE64.decode(claims).map_err(|_| GrantError::Malformed)?;
        serde_json::from_slice(&claims).map_err(|_| GrantError::Malformed)
    }

    /// Refused if its time is over.
    pub fn check_time(&self, now: WallTime) -> Result<(), GrantError> {
        let now_s = now.as_unix_us() / 1_000_000;
        if now_s >= self.expires_unix_s {
            return Err(GrantError::Expired { seconds_ago: now_s - self.expires_unix_s });
        }
        Ok(())
    }

    /// Refused if it does not cover `lesson`.
    pub fn check_lesson(&self, lesson: &LessonId) -> Result<(), GrantError> {
        if self.lesson.covers(lesson) {
            return Ok(());
        }
        Err(GrantError::OtherLesson { granted: self.lesson.clone(), asked: lesson.clone() })
    }
}

/// Why a token is refused. The texts are shown to people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// No token came with the request.
    #[error("no grant was given; send it as 'Authorization: Bearer TOKEN'")]
    Missing,
    /// The token is not one of ours.
    #[error("the grant is not a token of this system; copy the whole token and nothing else")]
    Malformed,
    /// The signature does not fit this relay's secret.
    #[error("the grant was not signed with this relay's secret; ask for a new one")]
    Signature,
    /// The grant's time is over.
    #[error("the grant expired {seconds_ago} s ago; ask for a new one")]
    Expired {
        /// How long ago, in seconds.
        seconds_ago: u64,
    },
    /// The grant is for another lesson.
    #[error("the grant is for lesson '{granted}', not for '{asked}'")]
    OtherLesson {
        /// The lesson it covers.
        granted: LessonScope,
        /// The lesson that was asked for.
        asked: LessonId,
    },
    /// The role may not do this.
    #[error("the role {role} may not {action}")]
    Role {
        /// The grant's role.
        role: Role,
        /// What it tried.
        action: &'static str,
    },
}

/// The secret that signs and checks grants.
#[derive(Clone)]
pub struct GrantKey(Vec<u8>);

impl fmt::Debug for GrantKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GrantKey(..)")
    }
}

impl GrantKey {
    /// A key from secret bytes, at least [`MIN_SECRET_LEN`] of them; `None` if there are fewer.
    pub fn new(secret: &[u8]) -> Option<Self> {
        (secret.len() >= MIN_SECRET_LEN).then(|| Self(secret.to_vec()))
    }

    /// A key from what a secret file holds: the bytes without the white space at both ends, so that
    /// a line end left by an editor does not make another secret.
    pub fn from_secret_file(contents: &[u8]) -> Option<Self> {
        Self::new(contents.trim_ascii())
    }

    fn mac(&self, signed: &str) -> Hmac<Sha256> {
        // HMAC takes a key of any length (RFC 2104), so this cannot fail.
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes any key length");
        mac.update(signed.as_bytes());
        mac
    }

    /// Another secret drawn from this one for `purpose`, so that one file serves every need.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        self.mac(&format!("tongke derived key: {purpose}")).finalize().into_bytes().into()
    }

    /// Signs `grant`.
    pub fn sign(&self, grant: &Grant) -> String {
        // A struct of strings and numbers always has a JSON form.
        let claims = serde_json::to_string(grant).expect("a grant has a JSON form");
        let signed = format!("{}.{}", BASE64.encode(HEADER), BASE64.encode(claims));
        let signature = BASE64.encode(self.mac(&signed).finalize().into_bytes());
        format!("{signed}.{signature}")
    }

    /// Checks a token's form and signature, but not its expiry.
    pub fn verify_signature(&self, token: &str) -> Result<Grant, GrantError> {
        if token.is_empty() {
            return Err(GrantError::Missing);
        }
        if token.len() > MAX_TOKEN_LEN {
            return Err(GrantError::Malformed);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(GrantError::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(GrantError::Malformed)?;
        if BASE64.decode(header).ok().as_deref() != Some(HEADER.as_bytes()) {
            return Err(GrantError::Malformed);
        }
        let signature = BASE64.decode(signature).map_err(|_| GrantError::Malformed)?;
        self.mac(signed).verify_slice(&signature).map_err(|_| GrantError::Signature)?;
        let claims = BASE64.decode(claims).map_err(|_| GrantError::Malformed)?;
        serde_json::from_slice(&claims).map_err(|_| GrantError::Malformed)
    }

    /// Checks a token's form, signature and expiry.
    pub fn verify(&self, token: &str, now: WallTime) -> Result<Grant, GrantError> {
        let grant = self.verify_signature(token)?;
        grant.check_time(now)?;
        Ok(grant)
    }

    /// Checks a token as [`verify`](Self::verify) does, and that it covers `lesson`.
    pub fn verify_for(&self, token: &str, lesson: &LessonId, now: WallTime) -> Result<Grant, GrantError> {
        let grant = self.verify(token, now)?;
        grant.check_lesson(lesson)?;
        Ok(grant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> GrantKey {
        GrantKey::new(&[7; 32]).unwrap()
    }

    fn grant() -> Grant {
        Grant {
            lesson: "math".parse().unwrap(),
            participant: "school-1".parse().unwrap(),
            name: "永嘉县实验小学".into(),
            role: Role::Supporting,
            expires_unix_s: 1_000,
        }
    }

    #[test]
    fn a_signed_grant_comes_back_whole() {
        let token = key().sign(&grant());
        assert_eq!(key().verify(&token, WallTime(999_999_999)), Ok(grant()));
        assert_eq!(Grant::read_unchecked(&token), Ok(grant()));
        assert_eq!(Grant::read_unchecked("a.b"), Err(GrantError::Malformed));
    }

    #[test]
    fn an_expired_grant_says_since_when() {
        let token = key().sign(&grant());
        assert_eq!(
            key().verify(&token, WallTime(1_005_000_000)),
            Err(GrantError::Expired { seconds_ago: 5 })
        );
    }

    #[test]
    fn a_grant_for_another_lesson_is_refused_and_a_star_covers_all() {
        let other: LessonId = "art".parse().unwrap();
        let token = key().sign(&grant());
        let refused = key().verify_for(&token, &other, WallTime(0)).unwrap_err();
        assert_eq!(refused.to_string(), "the grant is for lesson 'math', not for 'art'");
        let any = Grant { lesson: LessonScope::Any, ..grant() };
        assert!(key().verify_for(&key().sign(&any), &other, WallTime(0)).is_ok());
    }

    #[test]
    fn every_single_byte_change_of_a_token_is_refused() {
        let token = key().sign(&grant());
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(key().verify(&changed, WallTime(0)).is_err(), "byte {at} changed and still accepted");
        }
    }

    #[test]
    fn a_token_without_a_signature_algorithm_is_refused() {
        let claims = BASE64.encode(serde_json::to_string(&grant()).unwrap());
        let unsigned = format!("{}.{claims}.", BASE64.encode(r#"{"alg":"none","typ":"JWT"}"#));
        assert_eq!(key().verify(&unsigned, WallTime(0)), Err(GrantError::Malformed));
    }

    #[test]
    fn a_line_end_in_a_secret_file_does_not_make_another_secret() {
        let plain = GrantKey::from_secret_file(&[b'k'; 44]).unwrap();
        let edited = GrantKey::from_secret_file(&[[b'k'; 44].as_slice(), b"\r\n"].concat()).unwrap();
        assert_eq!(edited.verify(&plain.sign(&grant()), WallTime(0)), Ok(grant()));
        assert!(GrantKey::from_secret_file(b"short\n").is_none());
    }

    #[test]
    fn a_key_from_another_secret_is_refused_and_short_secrets_are_not_taken() {
        let other = GrantKey::new(&[8; 32]).unwrap();
        assert_eq!(other.verify(&key().sign(&grant()), WallTime(0)), Err(GrantError::Signature));
        assert!(GrantKey::new(&[1; 31]).is_none());
        assert_ne!(key().derive("a"), key().derive("b"));
    }

    #[test]
    fn the_scheme_is_bearer_in_any_case_and_nothing_else() {
        assert_eq!(bearer("bearer a.b.c"), Some("a.b.c"));
        assert_eq!(bearer("Bearer  a.b.c "), Some("a.b.c"));
        for other in ["Basic a.b.c", "a.b.c", "", "Bearer", "Bearera.b.c x"] {
            assert_eq!(bearer(other), None, "{other}");
        }
    }
}
