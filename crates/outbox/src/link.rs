//! The link to the registry over which a machine is told what to do. The machine asks, and each question may wait for
//! its answer: nothing has to reach the machine from outside. One attempt each: whoever holds the link tries again.

use crate::grant::AskError;
use crate::machine::Machine;
use crate::post::client;
use reqwest::Client;
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use tongke_protocol::WallTime;
use tongke_protocol::order::{MAX_WAIT_S, MachineAsks, Order, OrderNews, PlannedLesson, Question};

/// Time for an answer that need not wait.
const ANSWER_WAIT: Duration = Duration::from_secs(10);

/// A machine's link. Cheap to clone; all clones share connections.
#[derive(Debug, Clone)]
pub struct OrderLink {
    machine: Arc<Machine>,
    client: Client,
}

impl OrderLink {
    /// The link of this machine.
    pub fn of(machine: Arc<Machine>) -> Result<OrderLink, AskError> {
        let client = client(machine.authority()).map_err(|why| machine.unreachable(why))?;
        Ok(OrderLink { machine, client })
    }

    /// Whose it is.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// What is to be done; waits up to 25 s for something. `now` by this machine's clock, here and in what follows.
    pub async fn order(&self, now: WallTime) -> Result<Option<Order>, AskError> {
        #[derive(Deserialize)]
        struct Orders {
            orders: Vec<Order>,
        }
        let question = Question::Orders { wait_s: MAX_WAIT_S };
        let patience = ANSWER_WAIT + Duration::from_secs(u64::from(MAX_WAIT_S));
        let text = self.ask("machines/me/orders", question, now, patience).await?;
        let Orders { orders } = self.machine.understood(&text)?;
        Ok(orders.into_iter().next())
    }

    /// The lessons that this machine's school has today and tomorrow.
    pub async fn timetable(&self, now: WallTime) -> Result<Vec<PlannedLesson>, AskError> {
        #[derive(Deserialize)]
        struct Lessons {
            lessons: Vec<PlannedLesson>,
        }
        let text = self.ask("machines/me/timetable", Question::Timetable, now, ANSWER_WAIT).await?;
        let Lessons { lessons } = self.machine.understood(&text)?;
        Ok(lessons)
    }

    /// What lets this machine test itself now.
    pub async fn self_test(&self, now: WallTime) -> Result<Order, AskError> {
        let text = self.ask("machines/me/self-tests", Question::SelfTest, now, ANSWER_WAIT).await?;
        self.machine.understood(&text)
    }

    /// Says how an order goes.
    pub async fn tell(&self, order: &str, news: OrderNews, now: WallTime) -> Result<(), AskError> {
        let address = format!("orders/{order}/progress");
        let question = Question::News { order: order.to_owned(), news };
        self.ask(&address, question, now, ANSWER_WAIT).await.map(drop)
    }

    async fn ask(
        &self,
        what: &str,
        asks: Question,
        now: WallTime,
        patience: Duration,
    ) -> Result<String, AskError> {
        // Strings and numbers always have a JSON form.
        let request = serde_json::to_vec(&MachineAsks { at_us: now.as_unix_us(), asks })
            .expect("a question has a JSON form");
        self.machine.ask(&self.client, what, &request, patience).await
    }
}
