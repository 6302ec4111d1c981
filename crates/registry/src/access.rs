//! Who may do what at the registry's interface: tokens in the form of JWT (RFC 7519), signed with
//! HMAC-SHA-256. Their key is drawn from the registry's secret and is not the one that signs grants, so
//! that neither can be taken for the other. Machines need no token: they sign what they say.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::hmac;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use tongke_protocol::{GrantKey, WallTime};

const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;
/// Longest token read, in bytes; longer ones are refused unread.
const MAX_TOKEN_LEN: usize = 2048;
/// Longest name of a holder, in characters.
pub const MAX_SUB_CHARS: usize = 100;

/// What a token allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// To see everything but pupils' names.
    Read,
    /// To enter things in one's own name, and to see and erase pupils' names.
    Enter,
    /// To let people into lessons.
    Grant,
    /// To have machines tested and schools inspected.
    Inspect,
    /// All of these, and to let machines in and out, to add and end webhooks, to enter in others' names.
    Admin,
}

impl Scope {
    /// All of them.
    pub const ALL: [Scope; 5] = [Scope::Read, Scope::Enter, Scope::Grant, Scope::Inspect, Scope::Admin];

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Scope::Read => "read",
            Scope::Enter => "enter",
            Scope::Grant => "grant",
            Scope::Inspect => "inspect",
            Scope::Admin => "admin",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = String;
    fn from_str(text: &str) -> Result<Scope, String> {
        let found = Scope::ALL.into_iter().find(|scope| scope.as_str() == text);
        found.ok_or_else(|| {
            format!("'{text}' is nothing that a token allows; use read, enter, grant, inspect or admin")
        })
    }
}

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// Who holds it: the author of what is entered with it.
    pub sub: String,
    /// What it allows.
    pub may: Vec<Scope>,
    /// When it ends, seconds since the Unix epoch.
    pub exp: u64,
}

impl Access {
    /// Whether it allows that.
    pub fn allows(&self, scope: Scope) -> bool {
        self.may.iter().any(|may| *may == scope || *may == Scope::Admin)
    }
}

/// Why a token is refused. The texts are shown to people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// None came with the request.
    #[error("no token was given")]
    Missing,
    /// It is none of ours.
    #[error("the token is not one of this system")]
    Malformed,
    /// The signature does not fit this registry's secret.
    #[error("the token was not signed with this registry's secret")]
    Signature,
    /// Its time is over.
    #[error("the token expired {seconds_ago} s ago")]
    Expired {
        /// How long ago, in seconds.
        seconds_ago: u64,
    },
    /// It does not allow this.
    #[error("the token does not allow this; it would have to hold '{needed}'")]
    Scope {
        /// What would.
        needed: Scope,
    },
}

/// The key that signs and checks tokens.
#[derive(Debug, Clone)]
pub struct AccessKey(hmac::Key);

impl AccessKey {
    /// The key that belongs to a registry's secret.
    pub fn of(secret: &GrantKey) -> AccessKey {
        AccessKey(hmac::Key::new(hmac::HMAC_SHA256, &secret.derive("registry access")))
    }

    /// Signs a token.
    pub fn sign(&self, access: &Access) -> String {
        // A struct of strings and numbers always has a JSON form.
        let claims = serde_json::to_string(access).expect("a token has a JSON form");
        let signed = format!("{}.{}", BASE64.encode(HEADER), BASE64.encode(claims));
        let signature = BASE64.encode(hmac::sign(&self.0, signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    /// Checks a token's form, signature and expiry.
    pub fn verify(&self, token: &str, now: WallTime) -> Result<Access, AccessError> {
        if token.is_empty() {
            return Err(AccessError::Missing);
        }
        if token.len() > MAX_TOKEN_LEN {
            return Err(AccessError::Malformed);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(AccessError::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(AccessError::Malformed)?;
        // A token that names another algorithm is refused before anything else of it is read.
        if BASE64.decode(header).ok().as_deref() != Some(HEADER.as_bytes()) {
            return Err(AccessError::Malformed);
        }
        let signature = BASE64.decode(signature).map_err(|_| AccessError::Malformed)?;
        hmac::verify(&self.0, signed.as_bytes(), &signature).map_err(|_| AccessError::Signature)?;
        let claims = BASE64.decode(claims).map_err(|_| AccessError::Malformed)?;
        let access: Access = serde_json::from_slice(&claims).map_err(|_| AccessError::Malformed)?;
        let now_s = now.as_unix_us() / 1_000_000;
        if now_s >= access.exp {
            return Err(AccessError::Expired { seconds_ago: now_s - access.exp });
        }
        Ok(access)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(byte: u8) -> GrantKey {
        GrantKey::new(&[byte; 32]).unwrap()
    }

    fn access() -> Access {
        Access { sub: "单志明".to_owned(), may: vec![Scope::Read, Scope::Enter], exp: 1_000 }
    }

    #[test]
    fn a_signed_token_comes_back_whole_until_its_end() {
        let key = AccessKey::of(&secret(7));
        let token = key.sign(&access());
        assert_eq!(key.verify(&token, WallTime(999_999_999)), Ok(access()));
        let over = AccessError::Expired { seconds_ago: 5 };
        assert_eq!(key.verify(&token, WallTime(1_005_000_000)), Err(over));
    }

    #[test]
    fn every_single_byte_change_of_a_token_is_refused() {
        let key = AccessKey::of(&secret(7));
        let token = key.sign(&access());
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(key.verify(&changed, WallTime(0)).is_err(), "byte {at} changed and still accepted");
        }
    }

    #[test]
    fn another_secret_no_algorithm_and_a_grant_are_refused() {
        let key = AccessKey::of(&secret(7));
        let other = AccessKey::of(&secret(8)).sign(&access());
        assert_eq!(key.verify(&other, WallTime(0)), Err(AccessError::Signature));
        let claims = BASE64.encode(serde_json::to_string(&access()).unwrap());
        let unsigned = format!("{}.{claims}.", BASE64.encode(r#"{"alg":"none","typ":"JWT"}"#));
        assert_eq!(key.verify(&unsigned, WallTime(0)), Err(AccessError::Malformed));
        let grant = tongke_protocol::Grant {
            lesson: tongke_protocol::LessonScope::Any,
            participant: "lake".parse().unwrap(),
            name: "lake".into(),
            role: tongke_protocol::Role::Supporting,
            expires_unix_s: 1_000,
        };
        assert_eq!(key.verify(&secret(7).sign(&grant), WallTime(0)), Err(AccessError::Signature));
    }

    #[test]
    fn admin_is_all_of_them() {
        let admin = Access { may: vec![Scope::Admin], ..access() };
        assert!(Scope::ALL.iter().all(|scope| admin.allows(*scope)));
        assert!(access().allows(Scope::Read) && !access().allows(Scope::Grant));
        for scope in Scope::ALL {
            assert_eq!(scope.as_str().parse(), Ok(scope));
        }
        assert!("all".parse::<Scope>().unwrap_err().contains("use read"));
    }
}
