//! Facts as machines bring them: who signed them, and whether that machine may say so. What is sound is kept
//! as it came; when and for whom it counts is decided later.

use crate::store::{FactError, IncomingFact, Kept, Machine, MachineKind, Store, StoreError};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use std::collections::{HashMap, HashSet};
use tongke_pairing::id::{NodeId, SchoolId, school_of};
use tongke_protocol::record::{FactKind, LessonFact};
use tongke_protocol::signed::{PublicKey, SignatureError, kid_of};
use tongke_protocol::{LessonId, ParticipantId, WallTime};

/// Longest id of a fact, in bytes.
const MAX_ID_LEN: usize = 200;
/// Most machines whose facts may come together. Each is looked up, and whoever asks need not be one: a machine
/// brings its own facts.
const MOST_MACHINES: usize = 20;
/// By how much a fact may be ahead of the registry's clock before that is remarked.
const AHEAD_US: u64 = 2 * 60 * 1_000_000;

/// What became of a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Taken {
    /// Its id, if it could be read and its signature was right.
    pub id: Option<String>,
    pub outcome: Outcome,
    /// Its clock is ahead of the registry's.
    pub is_ahead: bool,
}

/// Kept or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Kept(Kept),
    Refused(NotTaken),
}

/// Why a fact is refused. The texts are shown to people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotTaken {
    #[error("these are no signed words of the right kind: {0}")]
    Malformed(String),
    #[error("no machine is enrolled as '{0}'; enrol it")]
    UnknownMachine(String),
    #[error("the machine '{0}' was revoked; if it is to report again, enrol it again")]
    MachineRevoked(NodeId),
    #[error("the signature does not fit the key of '{0}'; the machine may have to be enrolled again")]
    WrongKey(NodeId),
    #[error("'{node}' is of school '{school}' and cannot speak of '{of}'")]
    WrongSchool { node: NodeId, school: SchoolId, of: ParticipantId },
    #[error("a node tells what its rooms sent, played and counted; the rest is the relay's to say")]
    WrongKind,
    #[error("the measurement in it is of lesson '{0}', the fact of another one")]
    WrongLesson(String),
    #[error("'{0}' is a test, which never counts as a lesson")]
    TestLesson(LessonId),
}

impl NotTaken {
    /// Stable, for programs.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            NotTaken::Malformed(_) => "malformed",
            NotTaken::UnknownMachine(_) => "unknown_machine",
            NotTaken::MachineRevoked(_) => "machine_revoked",
            NotTaken::WrongKey(_) => "wrong_key",
            NotTaken::WrongSchool { .. } => "wrong_school",
            NotTaken::WrongKind => "wrong_kind",
            NotTaken::WrongLesson(_) => "wrong_lesson",
            NotTaken::TestLesson(_) => "test_lesson",
        }
    }
}

/// A machine that signed something, and what it signed with.
#[derive(Debug, Clone)]
pub(crate) struct Signer {
    pub machine: Machine,
    pub key: PublicKey,
}

impl Signer {
    /// The words, if this machine signed them.
    pub(crate) fn words<T: DeserializeOwned>(&self, jws: &str) -> Result<T, NotTaken> {
        let words = self.key.verify(jws).map_err(|why| match why {
            SignatureError::Signature => NotTaken::WrongKey(self.machine.id.clone()),
            other => NotTaken::Malformed(other.to_string()),
        })?;
        serde_json::from_slice(&words).map_err(|why| NotTaken::Malformed(why.to_string()))
    }
}

/// The machine that signed words says it is; whether it did is for its key to say.
pub(crate) async fn signer(store: &Store, jws: &str) -> Result<Result<Signer, NotTaken>, StoreError> {
    let kid = match kid_of(jws) {
        Ok(kid) => kid,
        Err(why) => return Ok(Err(NotTaken::Malformed(why.to_string()))),
    };
    signer_called(store, kid).await
}

async fn signer_called(store: &Store, kid: String) -> Result<Result<Signer, NotTaken>, StoreError> {
    let Ok(id) = kid.parse::<NodeId>() else { return Ok(Err(NotTaken::UnknownMachine(kid))) };
    let Some(machine) = store.machine(&id).await? else { return Ok(Err(NotTaken::UnknownMachine(kid))) };
    if machine.revoked_us.is_some() {
        return Ok(Err(NotTaken::MachineRevoked(id)));
    }
    // A key that is no key fits no signature.
    let Ok(key) = machine.public_key.parse() else { return Ok(Err(NotTaken::WrongKey(id))) };
    Ok(Ok(Signer { machine, key }))
}

/// Why facts are not even looked at.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoneTaken {
    #[error("these are facts of {0} machines, at most {MOST_MACHINES} machines' are taken at a time")]
    TooManyMachines(usize),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Takes facts in. The answers are in the order of the facts, and everything that is said to be kept is on
/// disk.
pub(crate) async fn take(
    store: &Store,
    facts: Vec<String>,
    received: WallTime,
) -> Result<Vec<Taken>, NoneTaken> {
    let named: HashSet<String> = facts.iter().filter_map(|jws| kid_of(jws).ok()).collect();
    if named.len() > MOST_MACHINES {
        return Err(NoneTaken::TooManyMachines(named.len()));
    }
    let mut signers = HashMap::new();
    for kid in named {
        signers.insert(kid.clone(), signer_called(store, kid).await?);
    }
    // Signatures of a thousand facts take a tenth of a second, in which others want to be answered.
    let judge = move || facts.iter().map(|jws| judge(jws, &signers)).collect::<Vec<_>>();
    let judged = tokio::task::spawn_blocking(judge).await;
    // A panic in there is one out here too.
    let judged = judged.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
    let sound: Vec<IncomingFact> = judged.iter().filter_map(|it| it.as_ref().ok()).cloned().collect();
    let mut kept = store.keep_facts(&sound, received).await?.into_iter();
    let taken = judged.into_iter().map(|judged| match judged {
        Err((id, why)) => Taken { id, outcome: Outcome::Refused(why), is_ahead: false },
        Ok(said) => {
            let kept = kept.next().expect("there is an answer for each fact");
            let is_ahead = said.fact.at_us > received.0.saturating_add(AHEAD_US);
            Taken { id: Some(said.fact.id), outcome: Outcome::Kept(kept), is_ahead }
        }
    });
    Ok(taken.collect())
}

type Judged = Result<IncomingFact, (Option<String>, NotTaken)>;

fn judge(jws: &str, signers: &HashMap<String, Result<Signer, NotTaken>>) -> Judged {
    let kid = kid_of(jws).map_err(|why| (None, NotTaken::Malformed(why.to_string())))?;
    let signer = signers.get(&kid).expect("every signer was looked for");
    let Signer { machine, key } = signer.as_ref().map_err(|why| (None, why.clone()))?;
    let said = IncomingFact::verified(jws, machine.id.clone(), key).map_err(|why| match why {
        FactError::Signature(SignatureError::Signature) => (None, NotTaken::WrongKey(machine.id.clone())),
        other => (None, NotTaken::Malformed(other.to_string())),
    })?;
    may_say(machine, &said.fact).map_err(|why| (Some(said.fact.id.clone()), why))?;
    Ok(said)
}

/// Whether that machine may say this.
fn may_say(machine: &Machine, fact: &LessonFact) -> Result<(), NotTaken> {
    let is_name = |c: char| c.is_ascii_graphic();
    if fact.id.is_empty() || fact.id.len() > MAX_ID_LEN || !fact.id.chars().all(is_name) {
        let what =
            format!("an id has 1 to {MAX_ID_LEN} characters, and only those of ASCII that can be seen");
        return Err(NotTaken::Malformed(what));
    }
    if fact.lesson.is_test() {
        return Err(NotTaken::TestLesson(fact.lesson.clone()));
    }
    if let FactKind::Quality { measured } = &fact.what
        && measured.lesson != fact.lesson
    {
        return Err(NotTaken::WrongLesson(measured.lesson.to_string()));
    }
    match machine.kind {
        MachineKind::Relay => Ok(()),
        MachineKind::Node => node_may_say(machine, &fact.what),
    }
}

fn node_may_say(machine: &Machine, what: &FactKind) -> Result<(), NotTaken> {
    let of = match what {
        FactKind::Flow { participant, .. } | FactKind::HeadCount { participant, .. } => participant,
        FactKind::Quality { measured } => &measured.participant,
        _ => return Err(NotTaken::WrongKind),
    };
    let Some(school) = &machine.school else { return Err(NotTaken::WrongKind) };
    if school_of(of).as_ref() == Some(school) {
        return Ok(());
    }
    let (node, school) = (machine.id.clone(), school.clone());
    Err(NotTaken::WrongSchool { node, school, of: of.clone() })
}

/// The id that stands in signed words, whoever signed them; none: they cannot be read.
pub(crate) fn id_in(jws: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Id {
        id: String,
    }
    let payload = URL_SAFE_NO_PAD.decode(jws.split('.').nth(1)?).ok()?;
    serde_json::from_slice::<Id>(&payload).ok().map(|it| it.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use tongke_protocol::signed::MachineKey;

    fn machine(kind: MachineKind, school: Option<&str>, key: &MachineKey) -> Machine {
        Machine {
            id: "oak-1".parse().unwrap(),
            kind,
            school: school.map(|school| school.parse().unwrap()),
            name: String::new(),
            public_key: key.public().to_string(),
            enrolled_us: WallTime(1),
            revoked_us: None,
        }
    }

    fn key() -> MachineKey {
        MachineKey::from_pkcs8(&MachineKey::generate().unwrap()).unwrap()
    }

    fn flow(participant: &str) -> Value {
        json!({"id": "f-1", "lesson": "math", "at_us": 60, "fact": "flow", "participant": participant, "seq": 0,
            "from_us": 0, "until_us": 60, "sent_audio_ms": 1, "sent_video_ms": 2,
            "got": [{"participant": "lake", "audio_ms": 3, "video_ms": 4}]})
    }

    /// xorshift64: the same on every run.
    fn next(state: &mut u64) -> usize {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        usize::try_from(*state % 1_000_003).unwrap()
    }

    fn changed(text: &[u8], state: &mut u64) -> Vec<u8> {
        let mut bytes = text.to_vec();
        for _ in 0..=next(state) % 3 {
            let at = next(state) % bytes.len().max(1);
            match next(state) % 4 {
                0 => bytes.truncate(at),
                1 => bytes.insert(at.min(bytes.len()), b"\"{}[],:.0x"[next(state) % 10]),
                _ if at < bytes.len() => bytes[at] = (next(state) & 0x7f) as u8,
                _ => {}
            }
        }
        bytes
    }

    #[test]
    fn whatever_a_stranger_changes_is_not_taken_and_whatever_a_machine_signs_is_read_without_a_crash() {
        let key = key();
        let signer = Signer { machine: machine(MachineKind::Node, Some("oak"), &key), key: key.public() };
        let signers = HashMap::from([("oak-1".to_owned(), Ok(signer))]);
        let known = |jws: &str| kid_of(jws).is_ok_and(|kid| kid == "oak-1");
        let words = flow("oak").to_string();
        let good = key.sign("oak-1", words.as_bytes());
        assert!(judge(&good, &signers).is_ok());
        let mut state = 0x0dd0_f0fa_c750_dd0f;
        let mut taken = 0;
        for _ in 0..20_000 {
            let text = String::from_utf8_lossy(&changed(good.as_bytes(), &mut state)).into_owned();
            assert!(text == good || !known(&text) || judge(&text, &signers).is_err(), "{text}");
        }
        for _ in 0..5_000 {
            let signed = key.sign("oak-1", &changed(words.as_bytes(), &mut state));
            taken += usize::from(judge(&signed, &signers).is_ok());
        }
        assert!((1..5_000).contains(&taken), "{taken} of what was changed still is a fact");
    }

    #[test]
    fn a_node_speaks_of_its_own_rooms_and_a_relay_of_everybody() {
        let key = key();
        let says = |kind, school, what: Value| {
            let fact: LessonFact = serde_json::from_value(what).unwrap();
            may_say(&machine(kind, school, &key), &fact).map_err(|why| why.code())
        };
        use MachineKind::{Node, Relay};
        let locked = json!({"id": "f", "lesson": "math", "at_us": 1, "fact": "locked", "locked": true});
        assert_eq!(says(Node, Some("oak"), flow("oak")), Ok(()));
        assert_eq!(says(Node, Some("oak"), flow("oak.hall")), Ok(()));
        assert_eq!(says(Node, Some("oak"), flow("oakwood")), Err("wrong_school"));
        assert_eq!(says(Node, Some("oak"), flow("lake.oak")), Err("wrong_school"));
        assert_eq!(says(Node, Some("oak"), locked.clone()), Err("wrong_kind"));
        assert_eq!(says(Node, None, flow("oak")), Err("wrong_kind"));
        assert_eq!(says(Relay, None, locked), Ok(()));
        assert_eq!(says(Relay, None, flow("oak")), Ok(()));
    }

    #[test]
    fn nobody_says_anything_of_a_test() {
        let key = key();
        let mut what = flow("oak");
        what["lesson"] = json!("test-1");
        let fact: LessonFact = serde_json::from_value(what).unwrap();
        for kind in [MachineKind::Node, MachineKind::Relay] {
            let refused = may_say(&machine(kind, Some("oak"), &key), &fact).unwrap_err();
            assert_eq!(refused.code(), "test_lesson");
        }
    }
}
