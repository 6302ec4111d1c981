//! Orders to machines: self-tests and inspections. Both happen in test lessons, which never count; neither begins
//! where a lesson is, or would be before it is over.

use crate::granting::name_of;
use crate::planned::{Asked, planned};
use crate::service::Service;
use crate::store::{Machine, MachineKind, NewOrder, StoreError};
use jiff::ToSpan as _;
use ring::rand::{SecureRandom as _, SystemRandom};
use std::sync::Arc;
use std::time::Duration;
use tongke_pairing::book::Book;
use tongke_pairing::calendar::local;
use tongke_pairing::id::{NodeId, SchoolId};
use tongke_pairing::lesson::{Purpose, Session};
use tongke_protocol::inspect::{MAX_CALL_S as MAX_HOLD_S, MAX_IDLE_S};
use tongke_protocol::order::{Door, JoinInspection, LeadInspection, Order, OrderKind};
use tongke_protocol::{Grant, LessonId, LessonScope, Role, WallTime};

/// How long an order may be taken. Its machine holds a link: it takes it at once or is away.
const TAKEN_WITHIN: Duration = Duration::from_mins(2);
/// How long a self-test takes at most, with what comes before it.
const SELF_TEST: Duration = Duration::from_mins(3);
/// How long an inspection takes beside its hold.
const INSPECTION: Duration = Duration::from_mins(6);
/// How long before a lesson its line is left alone: rooms come early.
const BEFORE: Duration = Duration::from_mins(3);
/// A relay tells each minute who is there: without word for so long, nobody is.
const PRESENCE_US: u64 = 150 * 1_000_000;
/// The hold, if nobody says, in seconds.
pub(crate) const USUAL_HOLD_S: u32 = 300;
/// How long idle lines are watched, if nobody says, in seconds.
pub(crate) const USUAL_IDLE_S: u16 = 30;
/// Most sessions of one school that are looked at.
const MOST_SESSIONS: usize = 1_000;

/// Why nothing is ordered. The texts are shown to people.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotOrdered {
    #[error("no machine is enrolled as '{0}'")]
    MachineUnknown(NodeId),
    #[error("the machine '{0}' was revoked")]
    MachineRevoked(NodeId),
    #[error("'{0}' is no school's node")]
    NotANode(NodeId),
    #[error("an inspection is between two nodes, and '{0}' is one")]
    SameNode(NodeId),
    #[error("a call is held for 1 to {MAX_HOLD_S} seconds, and idle lines are watched for 1 to {MAX_IDLE_S}")]
    Hold,
    #[error("the registry does not know where the relay is")]
    NoRelay,
    #[error("'{school}' has the lesson '{lesson}' now, or before the test would be over")]
    LessonLive { school: SchoolId, lesson: LessonId },
    #[error("'{0}' is not done with its last order")]
    MachineBusy(NodeId),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl NotOrdered {
    /// Stable, for programs.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            NotOrdered::MachineUnknown(_) => "machine_unknown",
            NotOrdered::MachineRevoked(_) => "machine_revoked",
            NotOrdered::NotANode(_) => "not_a_node",
            NotOrdered::SameNode(_) => "same_node",
            NotOrdered::Hold => "hold_unfit",
            NotOrdered::NoRelay => "relay_unknown",
            NotOrdered::LessonLive { .. } => "lesson_live",
            NotOrdered::MachineBusy(_) => "machine_busy",
            NotOrdered::Store(_) => "store",
        }
    }
}

/// Who leads an inspection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lead {
    /// The node that it begins from.
    From,
    /// Whoever asks for it: an inspector with `tongke inspect`.
    Asker,
}

/// An inspection that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InspectionWish {
    pub from: NodeId,
    pub to: NodeId,
    pub hold_s: u32,
    pub idle_s: u16,
    pub metered: bool,
    pub lead: Lead,
}

/// An inspection that was ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Inspection {
    pub lesson: LessonId,
    pub relay: String,
    /// The inspector's grant, if whoever asked is to lead it.
    pub grant: Option<String>,
    /// The orders to both nodes.
    pub from: String,
    pub to: String,
}

/// A test lesson that grants are made for.
struct TestLesson<'a> {
    service: &'a Service,
    book: Arc<Book>,
    lesson: LessonId,
    relay: String,
    expires: WallTime,
}

impl TestLesson<'_> {
    fn grant(&self, participant: &str, name: &str, role: Role) -> String {
        // Machines' names are short and plain enough for a participant's, and an inspector's is ours.
        let participant = participant.parse().expect("the name of a participant");
        let (lesson, name) = (LessonScope::Only(self.lesson.clone()), name_of(name));
        let expires_unix_s = self.expires.as_unix_us() / 1_000_000;
        self.service.grants.sign(&Grant { lesson, participant, name, role, expires_unix_s })
    }

    fn door(&self, node: &Node, role: Role) -> Door {
        let name = self.book.school(&node.school).map_or(node.school.as_str(), |school| &school.name);
        let grant = self.grant(node.id.as_str(), name, role);
        Door { lesson: self.lesson.clone(), relay: self.relay.clone(), grant }
    }

    fn order(&self, node: &Node, what: OrderKind, author: &str, now: WallTime) -> NewOrder {
        NewOrder {
            order: Order { id: fresh("order-"), what },
            machine: node.id.clone(),
            lesson: self.lesson.clone(),
            author: author.to_owned(),
            expires_us: later(now, TAKEN_WITHIN),
        }
    }
}

/// A school's node that may be ordered to do something.
struct Node {
    id: NodeId,
    school: SchoolId,
}

impl Service {
    /// Orders a self-test; gives the order's name.
    pub(crate) async fn order_self_test(&self, id: &NodeId, author: &str) -> Result<String, NotOrdered> {
        let order = self.self_test(id, author).await?;
        self.links.wake(id);
        Ok(order.id)
    }

    /// A self-test that a machine wants by itself.
    pub(crate) async fn self_test(&self, id: &NodeId, author: &str) -> Result<Order, NotOrdered> {
        let now = self.now();
        let node = self.node(id).await?;
        let test = self.test_lesson(&[&node], SELF_TEST, now).await?;
        let what = OrderKind::SelfTest(test.door(&node, Role::Receiving));
        let new = test.order(&node, what, author, now);
        self.give(std::slice::from_ref(&new), now).await?;
        Ok(new.order)
    }

    /// Orders an inspection of two nodes.
    pub(crate) async fn order_inspection(
        &self,
        wish: &InspectionWish,
        author: &str,
    ) -> Result<Inspection, NotOrdered> {
        if wish.from == wish.to {
            return Err(NotOrdered::SameNode(wish.from.clone()));
        }
        if !(1..=MAX_HOLD_S).contains(&wish.hold_s) || !(1..=MAX_IDLE_S).contains(&wish.idle_s) {
            return Err(NotOrdered::Hold);
        }
        let now = self.now();
        let (from, to) = (self.node(&wish.from).await?, self.node(&wish.to).await?);
        let lasting = INSPECTION + Duration::from_secs(u64::from(wish.hold_s));
        let test = self.test_lesson(&[&from, &to], lasting, now).await?;
        let inspector = test.grant("inspector", author, Role::Inspector);
        let (lead, grant) = match wish.lead {
            Lead::Asker => (None, Some(inspector)),
            Lead::From => {
                let id = |node: &Node| node.id.as_str().parse().expect("a machine's name is a participant's");
                let (from, to, asked_by) = (id(&from), id(&to), author.to_owned());
                let InspectionWish { hold_s, idle_s, metered, .. } = *wish;
                (Some(LeadInspection { grant: inspector, from, to, hold_s, idle_s, metered, asked_by }), None)
            }
        };
        let join = |door, lead| OrderKind::JoinInspection(JoinInspection { door, lead });
        let first = test.order(&from, join(test.door(&from, Role::Supporting), lead), author, now);
        let second = test.order(&to, join(test.door(&to, Role::Receiving), None), author, now);
        let ids = (first.order.id.clone(), second.order.id.clone());
        self.give(&[first, second], now).await?;
        [&from, &to].into_iter().for_each(|node| self.links.wake(&node.id));
        Ok(Inspection { lesson: test.lesson, relay: test.relay, grant, from: ids.0, to: ids.1 })
    }

    async fn give(&self, orders: &[NewOrder], now: WallTime) -> Result<(), NotOrdered> {
        let busy = self.store.give_orders(orders, now).await?;
        busy.map_or(Ok(()), |machine| Err(NotOrdered::MachineBusy(machine)))
    }

    async fn node(&self, id: &NodeId) -> Result<Node, NotOrdered> {
        let machine = self.store.machine(id).await?.ok_or_else(|| NotOrdered::MachineUnknown(id.clone()))?;
        match machine {
            Machine { revoked_us: Some(_), .. } => Err(NotOrdered::MachineRevoked(id.clone())),
            Machine { kind: MachineKind::Node, school: Some(school), id, .. } => Ok(Node { id, school }),
            Machine { id, .. } => Err(NotOrdered::NotANode(id)),
        }
    }

    /// A new test lesson for these nodes, unless one of their schools has a lesson within that time.
    async fn test_lesson(
        &self,
        nodes: &[&Node],
        lasting: Duration,
        now: WallTime,
    ) -> Result<TestLesson<'_>, NotOrdered> {
        let relay = self.relay_url.clone().ok_or(NotOrdered::NoRelay)?;
        for node in nodes {
            self.no_lesson(&node.school, now, later(now, lasting)).await?;
        }
        let lesson = fresh("test-").parse().expect("letters, digits and '-'");
        let expires = later(now, TAKEN_WITHIN + lasting);
        Ok(TestLesson { service: self, book: self.store.book().await?, lesson, relay, expires })
    }

    /// Refuses if a school has a lesson between two moments: planned, or still going on as a relay tells.
    async fn no_lesson(&self, school: &SchoolId, now: WallTime, until: WallTime) -> Result<(), NotOrdered> {
        let live = |lesson: LessonId| NotOrdered::LessonLive { school: school.clone(), lesson };
        for session in self.lessons_near(school, now).await? {
            let Session { id, start_us, end_us, .. } = session;
            let begins = WallTime(start_us.0.saturating_sub(us(BEFORE)));
            if begins < until && now < end_us {
                return Err(live(id));
            }
            let seen = if end_us <= now { self.store.last_presence(&id).await? } else { None };
            if seen.is_some_and(|seen| now.0.saturating_sub(seen.0) < PRESENCE_US) {
                return Err(live(id));
            }
        }
        Ok(())
    }

    /// The lessons that a school has today and tomorrow, by the timetable.
    pub(crate) async fn lessons_near(
        &self,
        school: &SchoolId,
        now: WallTime,
    ) -> Result<Vec<Session>, StoreError> {
        let book = self.store.book().await?;
        let today = local(now).date();
        let days = (today, today.saturating_add(1.day()));
        let asked = Asked { days, school: Some(school.clone()), region: None };
        // A province's timetable takes a while, in which others want to be answered.
        let plan = tokio::task::spawn_blocking(move || planned(&book, &asked, MOST_SESSIONS)).await;
        // A panic in there is one out here too.
        let plan = plan.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
        // A school that had more lessons than that in two days would have no minute for a test.
        let mut sessions = plan.map(|plan| plan.sessions).unwrap_or_default();
        sessions.retain(|it| it.cancelled.is_none() && matches!(it.purpose, Purpose::Help(_)));
        Ok(sessions)
    }
}

fn us(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

fn later(now: WallTime, time: Duration) -> WallTime {
    WallTime(now.0.saturating_add(us(time)))
}

/// A name that nobody else has and nobody guesses.
fn fresh(prefix: &str) -> String {
    let mut bytes = [0; 12];
    // Without a source of random bytes nothing here would start.
    SystemRandom::new().fill(&mut bytes).expect("the system gives random bytes");
    bytes.iter().fold(prefix.to_owned(), |name, byte| format!("{name}{byte:02x}"))
}
