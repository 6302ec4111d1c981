//! A registry at work: what its interface and its background work share.

mod work;

use crate::access::AccessKey;
use crate::http::Tries;
use crate::links::Links;
use crate::passwords::Passwords;
use crate::store::{PupilKey, Store};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::{Mutex, Notify, Semaphore};
use tongke_inspection::Criteria;
use tongke_pairing::rules::RuleSet;
use tongke_protocol::{GrantKey, WallTime};

/// Requests with facts at a time; further ones are to come again. The database takes one at a time in any case.
const INTAKE: usize = 32;

/// What tells the time.
pub type Clock = Arc<dyn Fn() -> WallTime + Send + Sync>;

/// The clock of this machine.
pub fn system_clock() -> Clock {
    Arc::new(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        WallTime(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
    })
}

/// A registry at work. Shared behind an [`Arc`] by everyone who asks it.
pub struct Service {
    /// What it knows.
    pub store: Store,
    /// What is asked of schools and counties, the oldest set first.
    pub rules: Vec<RuleSet>,
    /// What signs grants; the relay has the same.
    pub(crate) grants: GrantKey,
    /// What signs tokens of its own interface.
    pub(crate) access: AccessKey,
    /// The key to pupils' names; none: they cannot be kept.
    pub(crate) pupils: Option<PupilKey>,
    /// Where the relay is, as classrooms reach it.
    pub(crate) relay_url: Option<String>,
    clock: Clock,
    /// Entries are judged and kept one request at a time: two at once could both pass beside the same book.
    pub(crate) entering: Mutex<()>,
    /// Places for those who bring facts.
    pub(crate) intake: Semaphore,
    /// Codes that were tried in vain.
    pub(crate) tries: Tries,
    /// Anybody's files that were checked.
    pub(crate) checks: Tries,
    /// Wrong passwords, and wrong codes for the first account.
    pub(crate) sign_ins: Tries,
    /// What hashes them.
    pub(crate) passwords: Passwords,
    /// Links that machines hold.
    pub(crate) links: Links,
    /// By what reports are judged.
    pub(crate) criteria: Criteria,
    /// Facts or entries came.
    came: Notify,
    /// Lessons became worth another thing, and somebody may want to know.
    decided: Notify,
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").field("relay_url", &self.relay_url).finish_non_exhaustive()
    }
}

impl Service {
    /// A registry with the built-in rules and criteria, no key for pupils' names and this machine's clock.
    pub fn new(store: Store, secret: GrantKey) -> Service {
        Service {
            store,
            rules: RuleSet::shipped(),
            access: AccessKey::of(&secret),
            grants: secret,
            pupils: None,
            relay_url: None,
            clock: system_clock(),
            entering: Mutex::default(),
            intake: Semaphore::new(INTAKE),
            tries: Tries::default(),
            checks: Tries::default(),
            sign_ins: Tries::default(),
            passwords: Passwords::new(),
            links: Links::default(),
            criteria: Criteria::shipped(),
            came: Notify::new(),
            decided: Notify::new(),
        }
    }

    /// With these rule sets, the oldest first (`RuleSet::with_own`).
    #[must_use]
    pub fn with_rules(mut self, rules: Vec<RuleSet>) -> Service {
        self.rules = rules;
        self
    }

    /// Judging reports by these criteria.
    #[must_use]
    pub fn with_criteria(mut self, criteria: Criteria) -> Service {
        self.criteria = criteria;
        self
    }

    /// With the key to pupils' names.
    #[must_use]
    pub fn with_pupils(mut self, key: PupilKey) -> Service {
        self.pupils = Some(key);
        self
    }

    /// With the relay's address, which is told to whoever gets a grant.
    #[must_use]
    pub fn with_relay(mut self, url: impl Into<String>) -> Service {
        self.relay_url = Some(url.into());
        self
    }

    /// With another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Service {
        self.clock = clock;
        self
    }

    /// What the time is.
    pub fn now(&self) -> WallTime {
        (self.clock)()
    }

    /// Facts or entries came: what follows from them is to be worked out.
    pub(crate) fn something_came(&self) {
        self.came.notify_one();
    }
}
