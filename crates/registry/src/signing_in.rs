//! Signing in to the pages: the first account of all, passwords, and what a browser holds from then on.

use crate::enrolment::Code;
use crate::passwords::Busy;
use crate::service::Service;
use crate::store::{Added, KeptAccount, SessionToken, StoreError};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};
use std::net::IpAddr;
use tongke_people::account::AccountProblem;
use tongke_people::password::{self, PasswordProblem};
use tongke_people::{Account, AccountId, Appointment, Place, Role};

/// Bytes of an account's id.
const ID_LEN: usize = 9;

/// Why somebody is not let in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// No such account, or another password, or an account that ended: which of these is nobody's matter.
    #[error("the name or the password is wrong")]
    Wrong,
    /// Too many wrong passwords, for this account or from this place.
    #[error("too many wrong passwords; try again in {seconds} s")]
    Wait {
        /// How long, in seconds.
        seconds: u64,
    },
    /// Too many sign in at once.
    #[error("too many people sign in at this moment; try again in a few seconds")]
    Busy,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why the first account was not made.
#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    /// Not the code that this registry told whoever started it.
    #[error("this is not the code that was shown when the system was started")]
    Code,
    /// There is an account already.
    #[error("the first account exists already; sign in with it")]
    Over,
    /// What is wrong with it.
    #[error("the account cannot be like that")]
    Unfit(Vec<AccountProblem>),
    /// The password is not taken.
    #[error(transparent)]
    Password(#[from] PasswordProblem),
    /// Too many wrong codes.
    #[error("too many codes were tried; try again in {seconds} s")]
    Wait {
        /// How long, in seconds.
        seconds: u64,
    },
    /// Too many at once.
    #[error("too much is going on at this moment; try again in a few seconds")]
    Busy,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a password was not changed.
#[derive(Debug, thiserror::Error)]
pub enum NewPasswordError {
    /// The one that there is was not known.
    #[error(transparent)]
    SignIn(#[from] SignInError),
    /// The new one is not taken.
    #[error(transparent)]
    Password(#[from] PasswordProblem),
}

/// What whoever makes the first account fills in.
#[derive(Debug, Clone)]
pub struct FirstAccount {
    /// The code that was shown when the system was started.
    pub code: String,
    /// What the person is called.
    pub name: String,
    /// By what they sign in.
    pub login: String,
    /// With what.
    pub password: String,
}

impl From<Busy> for SignInError {
    fn from(_: Busy) -> Self {
        SignInError::Busy
    }
}

impl From<Busy> for SetUpError {
    fn from(_: Busy) -> Self {
        SetUpError::Busy
    }
}

impl Service {
    /// What whoever makes the first account has to know. It follows from the registry's secret: whoever started it is
    /// told, and nobody who only found the address.
    pub fn set_up_code(&self) -> Code {
        Code::of(&self.grants.derive("first account"))
    }

    /// Makes the first account, an administrator, and signs it in.
    pub async fn set_up(
        &self,
        first: FirstAccount,
        place: Option<IpAddr>,
    ) -> Result<SessionToken, SetUpError> {
        let now = self.now();
        if self.store.has_accounts().await? {
            return Err(SetUpError::Over);
        }
        self.sign_ins.may(place, now).map_err(|seconds| SetUpError::Wait { seconds })?;
        let (typed, code) = (Code::typed(&first.code), self.set_up_code());
        if !typed.is_some_and(|typed| same(typed.as_str().as_bytes(), code.as_str().as_bytes())) {
            self.sign_ins.count(place, now);
            return Err(SetUpError::Code);
        }
        let account = Account {
            id: fresh_id(),
            login: first.login,
            name: first.name.trim().to_owned(),
            appointments: vec![Appointment { role: Role::Administrator, place: Place::Everywhere }],
            ended: false,
        };
        let problems = account.problems();
        if !problems.is_empty() {
            return Err(SetUpError::Unfit(problems));
        }
        password::check(&first.password, &[&account.name, &account.login])?;
        let hash = self.passwords.hash(&first.password).await?;
        if self.store.add_first_account(&account, &hash, now).await? != Added::Done {
            return Err(SetUpError::Over);
        }
        let token = SessionToken::new();
        self.store.begin_session(&token, &account.id, now).await?;
        Ok(token)
    }

    /// Signs somebody in by name and password. `place`: where they ask from.
    pub async fn sign_in(
        &self,
        login: &str,
        password: &str,
        place: Option<IpAddr>,
    ) -> Result<SessionToken, SignInError> {
        let kept = self.known(self.store.account_of_login(login).await?, password, place).await?;
        let token = SessionToken::new();
        self.store.begin_session(&token, &kept.account.id, self.now()).await?;
        Ok(token)
    }

    /// Changes somebody's own password, signs them out everywhere and in here again.
    pub async fn change_password(
        &self,
        who: &AccountId,
        old: &str,
        new: &str,
        place: Option<IpAddr>,
    ) -> Result<SessionToken, NewPasswordError> {
        let of = |error: StoreError| NewPasswordError::from(SignInError::from(error));
        let kept = self.known(self.store.account(who).await.map_err(of)?, old, place).await?;
        if old == new {
            return Err(PasswordProblem::Same.into());
        }
        let account = kept.account;
        password::check(new, &[&account.name, &account.login])?;
        let hash = self.passwords.hash(new).await.map_err(SignInError::from)?;
        let by = format!("{} ({})", account.name, account.login);
        self.store.set_password(&account, &hash, &by, self.now()).await.map_err(of)?;
        let token = SessionToken::new();
        self.store.begin_session(&token, &account.id, self.now()).await.map_err(of)?;
        Ok(token)
    }

    /// The account, if this is its password. Each wrong one makes the next one wait, for the account and the place.
    async fn known(
        &self,
        kept: Option<KeptAccount>,
        password: &str,
        place: Option<IpAddr>,
    ) -> Result<KeptAccount, SignInError> {
        let now = self.now();
        self.sign_ins.may(place, now).map_err(|seconds| SignInError::Wait { seconds })?;
        let wait = kept.as_ref().map(|kept| kept.failures.wait(now)).unwrap_or_default();
        if !wait.is_zero() {
            return Err(SignInError::Wait { seconds: wait.as_secs_f64().ceil() as u64 });
        }
        let hash = kept.as_ref().filter(|kept| !kept.account.ended).and_then(|kept| kept.password.as_deref());
        let fits = password.len() <= password::MAX_BYTES && self.passwords.is(password, hash).await?;
        match kept {
            Some(kept) if fits => {
                if kept.failures.count > 0 {
                    self.store.note_password(&kept.account.id, None).await?;
                }
                Ok(kept)
            }
            kept => {
                self.sign_ins.count(place, now);
                if let Some(kept) = kept {
                    self.store.note_password(&kept.account.id, Some(now)).await?;
                }
                Err(SignInError::Wrong)
            }
        }
    }

    /// What a form of somebody who is signed in must hold, so that no other page can send it in their name.
    pub fn form_token(&self, session: &SessionToken) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.grants.derive("forms of the pages"));
        BASE64.encode(hmac::sign(&key, session.as_str().as_bytes()))
    }

    /// Whether a form holds what it must.
    pub fn is_form_token(&self, session: &SessionToken, shown: &str) -> bool {
        same(self.form_token(session).as_bytes(), shown.as_bytes())
    }
}

/// An account's id: random, so that it tells nothing.
pub fn fresh_id() -> AccountId {
    let mut bytes = [0; ID_LEN];
    // Without a source of random bytes nothing here would start.
    SystemRandom::new().fill(&mut bytes).expect("the system gives random bytes");
    BASE64.encode(bytes).parse().expect("base64 for addresses is made of letters that ids have")
}

/// Whether two texts are the same, in a time that does not tell where they differ.
fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}

#[cfg(test)]
mod tests;
