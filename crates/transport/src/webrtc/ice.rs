//! The ICE-lite agent (RFC 8445 §2.5): it sends no checks of its own, answers the peer's, and sends
//! media where the peer nominates.

use super::Path;
use super::stun::{self, Class, Message, TransactionId};
use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::time::{Duration, Instant};

/// Most paths remembered; a browser with many interfaces checks about a dozen.
const MAX_PATHS: usize = 16;
/// A nominated path with a lower priority takes over from one that has not been nominated again for
/// this long. Peers that nominate aggressively repeat it for every path, and the path would flap.
const QUIET_NOMINATION: Duration = Duration::from_secs(1);
/// Checks remembered, so that a copy of one from elsewhere proves nothing; the oldest go first. A browser sends
/// one each 2.5 s, so it is the last two minutes.
const MAX_CHECKS: usize = 48;
/// Characters of a user fragment and of a password made here: 6 bits each, so 48 and 144 bits
/// (RFC 8445 §5.3 asks for 24 and 128).
const UFRAG_LEN: usize = 8;
const PWD_LEN: usize = 24;

/// One side's user fragment and password.
#[derive(Clone, PartialEq, Eq)]
pub struct IceCredentials {
    /// The user fragment, `a=ice-ufrag`.
    pub ufrag: String,
    /// The password, `a=ice-pwd`.
    pub pwd: String,
}

impl IceCredentials {
    /// Bytes of randomness that [`Self::from_random`] wants.
    pub const RANDOM_LEN: usize = UFRAG_LEN + PWD_LEN;

    /// Spells random bytes as credentials, six bits of each byte.
    pub fn from_random(random: &[u8; Self::RANDOM_LEN]) -> Self {
        const ICE_CHARS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let spell = |bytes: &[u8]| -> String {
            bytes.iter().map(|byte| char::from(ICE_CHARS[usize::from(byte & 63)])).collect()
        };
        IceCredentials { ufrag: spell(&random[..UFRAG_LEN]), pwd: spell(&random[UFRAG_LEN..]) }
    }
}

/// Shows the fragment only: whoever reads logs must not be able to answer checks.
impl std::fmt::Debug for IceCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IceCredentials").field("ufrag", &self.ufrag).finish_non_exhaustive()
    }
}

/// What became of a check.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Checked {
    /// The peer has proved that it is there; send this back to it.
    Answer {
        /// The response.
        response: Vec<u8>,
        /// Whether the selected path is another one now.
        path_changed: bool,
    },
    /// Not from the peer, or not for an answer: dropped.
    Ignored(IgnoredCheck),
}

/// Why a STUN message was not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IgnoredCheck {
    /// No STUN binding message.
    Malformed,
    /// A response or an indication.
    NotRequest,
    /// For another session's user fragment, or none.
    Stranger,
    /// MESSAGE-INTEGRITY is missing or wrong.
    Unauthentic,
    /// It came from another address before: somebody repeats what was overheard.
    Copied,
    /// Shorter than its answer, which would go to an address that may be forged.
    TooShort,
}

/// A way on which the peer has answered for itself.
#[derive(Debug, Clone, Copy)]
struct KnownPath {
    path: Path,
    priority: u32,
    heard: Instant,
    nominated: Option<Instant>,
}

/// The last authentic checks, by hashes of their transactions and of the ways they came. At most [`MAX_CHECKS`].
#[derive(Debug, Default)]
struct Checks(VecDeque<(u64, u64)>);

impl Checks {
    /// Whether a check came from another address before; remembers it if not. Its integrity says only that the
    /// peer made it once: overheard and sent again from a forged address, it would turn the media there.
    fn is_copy(&mut self, id: TransactionId, path: Path) -> bool {
        let (id, path) = (hash_of(&id), hash_of(&path));
        if let Some((_, known)) = self.0.iter().find(|(known, _)| *known == id) {
            return *known != path;
        }
        if self.0.len() == MAX_CHECKS {
            self.0.pop_front();
        }
        self.0.push_back((id, path));
        false
    }
}

fn hash_of(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// The relay's half of ICE for one session.
#[derive(Debug)]
pub(super) struct IceLite {
    local: IceCredentials,
    /// The credentials before a restart; good until the peer nominates with the new ones.
    previous: Option<IceCredentials>,
    remote: IceCredentials,
    paths: Vec<KnownPath>,
    selected: Option<Path>,
    checks: Checks,
}

impl IceLite {
    pub fn new(local: IceCredentials, remote: IceCredentials) -> Self {
        IceLite {
            local,
            previous: None,
            remote,
            paths: Vec::new(),
            selected: None,
            checks: Checks::default(),
        }
    }

    /// The path that the peer nominated.
    pub fn selected(&self) -> Option<Path> {
        self.selected
    }

    /// Whether the peer has proved with its password that it can be reached at this path.
    pub fn is_validated(&self, path: Path) -> bool {
        self.paths.iter().any(|known| known.path == path)
    }

    /// New credentials (RFC 8445 §9). Media goes on where it goes until the peer nominates anew.
    pub fn restart(&mut self, local: IceCredentials, remote: IceCredentials) {
        self.previous = Some(std::mem::replace(&mut self.local, local));
        self.remote = remote;
    }

    /// A path is gone; if media went there, it waits for another nomination.
    pub fn forget(&mut self, path: Path) {
        self.paths.retain(|known| known.path != path);
        if self.selected == Some(path) {
            self.selected = None;
        }
    }

    /// Takes a datagram that looks like STUN.
    pub fn handle_check(&mut self, now: Instant, path: Path, datagram: &[u8]) -> Checked {
        let Ok(message) = Message::parse(datagram) else {
            return Checked::Ignored(IgnoredCheck::Malformed);
        };
        if message.class() != Class::Request {
            return Checked::Ignored(IgnoredCheck::NotRequest);
        }
        let Some((to, from)) = message.username().and_then(|name| name.split_once(':')) else {
            return Checked::Ignored(IgnoredCheck::Stranger);
        };
        let is_current = to == self.local.ufrag;
        let password = match &self.previous {
            _ if is_current && from == self.remote.ufrag => &self.local.pwd,
            Some(previous) if to == previous.ufrag => &previous.pwd,
            _ => return Checked::Ignored(IgnoredCheck::Stranger),
        };
        if !message.is_authentic(password.as_bytes()) {
            return Checked::Ignored(IgnoredCheck::Unauthentic);
        }
        let id = message.transaction_id();
        if self.checks.is_copy(id, path) {
            return Checked::Ignored(IgnoredCheck::Copied);
        }
        let refusal = if let Some(kind) = message.unknown_required() {
            Some(stun::error_response(id, 420, Some(kind), password.as_bytes()))
        } else if message.claims_controlled() {
            // A lite agent is always the controlled one: the peer must change over (RFC 8445 §7.3.1.1).
            Some(stun::error_response(id, 487, None, password.as_bytes()))
        } else {
            None
        };
        let is_good = refusal.is_none();
        let good = || stun::success_response(id, path.remote(), password.as_bytes());
        let response = refusal.unwrap_or_else(good);
        if response.len() > datagram.len() && !self.is_validated(path) {
            return Checked::Ignored(IgnoredCheck::TooShort);
        }
        let path_changed = is_good && self.note_check(now, path, &message, is_current);
        Checked::Answer { response, path_changed }
    }

    /// Remembers the path and follows a nomination; says whether the selected path changed.
    fn note_check(&mut self, now: Instant, path: Path, message: &Message<'_>, is_current: bool) -> bool {
        let priority = message.priority().unwrap_or(0);
        let has_path = self.selected.is_some();
        let known = self.remember(now, path, priority);
        if !message.use_candidate() || (!is_current && has_path) {
            return false;
        }
        known.nominated = Some(now);
        // The first nomination after a restart always wins; the old credentials are done with.
        let restarted = is_current && self.previous.take().is_some();
        let replace = restarted
            || self.current().is_none_or(|current| {
                current.path == path
                    || priority >= current.priority
                    || current.nominated.is_none_or(|at| now.duration_since(at) >= QUIET_NOMINATION)
            });
        let changed = replace && self.selected != Some(path);
        if replace {
            self.selected = Some(path);
        }
        changed
    }

    fn current(&self) -> Option<&KnownPath> {
        let selected = self.selected?;
        self.paths.iter().find(|known| known.path == selected)
    }

    fn remember(&mut self, now: Instant, path: Path, priority: u32) -> &mut KnownPath {
        let at = match self.paths.iter().position(|known| known.path == path) {
            Some(at) => at,
            None => {
                if self.paths.len() == MAX_PATHS {
                    self.forget_one();
                }
                self.paths.push(KnownPath { path, priority, heard: now, nominated: None });
                self.paths.len() - 1
            }
        };
        let known = &mut self.paths[at];
        known.heard = now;
        known.priority = priority;
        known
    }

    /// Makes room by dropping the path heard from longest ago, never the selected one.
    fn forget_one(&mut self) {
        let stalest = (0..self.paths.len())
            .filter(|at| Some(self.paths[*at].path) != self.selected)
            .min_by_key(|at| self.paths[*at].heard);
        if let Some(at) = stalest {
            self.paths.swap_remove(at);
        }
    }
}
