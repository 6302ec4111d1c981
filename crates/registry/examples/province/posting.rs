//! The same facts as relays bring them: signed, over HTTP, in batches, each relay after the answer to its last.

use super::lessons;
use super::{BATCH, RELAYS, Trouble};
use reqwest::Client;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tongke_protocol::GrantKey;
use tongke_protocol::signed::MachineKey;
use tongke_registry::access::{Access, AccessKey, Scope};
use tongke_registry::store::Store;
use tongke_registry::{Server, ServerConfig, Service};

const SECRET: &[u8; 32] = b"a secret of a made-up province..";

/// Serves the registry, and brings it so many facts of the lessons of so many counties. The facts are signed
/// before the clock runs: that is other machines' work.
pub async fn measure(store: Store, counties: u32, facts: usize) -> Result<(), Trouble> {
    let secret = || GrantKey::new(SECRET).expect("it is long enough");
    let service = Arc::new(Service::new(store, secret()));
    let listen = "127.0.0.1:0".parse()?;
    let server = Server::start(&ServerConfig { listen, tls: None }, service.clone())?;
    let registry = format!("http://{}/api/v1", server.address());
    let access =
        Access { sub: "clerk".to_owned(), may: vec![Scope::Admin], exp: service.now().0 / 1_000_000 + 3600 };
    let token = AccessKey::of(&secret()).sign(&access);
    let mut relays = Vec::new();
    for number in 0..RELAYS {
        let relay = Relay::enrol(&registry, &token, number).await?;
        let batches = relay.batches(counties, facts);
        relays.push((relay, batches));
    }
    let begin = Instant::now();
    let posting = relays.into_iter().map(|(relay, batches)| tokio::spawn(relay.post(batches)));
    let (mut kept, mut slowest) = (0, Duration::ZERO);
    for relay in posting.collect::<Vec<_>>() {
        let (new, longest) = relay.await??;
        kept += new;
        slowest = slowest.max(longest);
    }
    let seconds = begin.elapsed().as_secs_f64();
    let rate = kept as f64 / seconds;
    println!(
        "intake over HTTP: {kept} facts in {seconds:.1} s, {rate:.0} facts/s, slowest batch {slowest:.0?}"
    );
    server.shutdown().await;
    Ok(())
}

struct Relay {
    id: String,
    number: usize,
    key: MachineKey,
    registry: String,
    client: Client,
}

impl Relay {
    async fn enrol(registry: &str, token: &str, number: usize) -> Result<Relay, Trouble> {
        let (id, client) = (format!("posting-{number}"), Client::builder().no_proxy().build()?);
        let key = MachineKey::from_pkcs8(&MachineKey::generate()?)?;
        let allowed = json!({"machine": id, "kind": "relay", "school": null, "name": id});
        let asked = client.post(format!("{registry}/enrolments")).bearer_auth(token).json(&allowed);
        let code: Value = asked.send().await?.error_for_status()?.json().await?;
        let enrolment = json!({"code": code["code"], "public_key": key.public(), "name": id});
        client.post(format!("{registry}/machines")).json(&enrolment).send().await?.error_for_status()?;
        Ok(Relay { id, number, key, registry: registry.to_owned(), client })
    }

    /// Its share of the facts, signed, as the bodies of requests.
    fn batches(&self, counties: u32, facts: usize) -> Vec<Value> {
        let lessons = lessons::all(counties).enumerate().filter(|(number, _)| number % RELAYS == self.number);
        let said = lessons.flat_map(|(_, lesson)| lesson.facts().collect::<Vec<_>>()).take(facts / RELAYS);
        let signed: Vec<String> = said.map(|fact| self.key.sign(&self.id, fact.body.as_bytes())).collect();
        signed.chunks(BATCH).map(|facts| json!({"facts": facts})).collect()
    }

    async fn post(self, batches: Vec<Value>) -> Result<(usize, Duration), Trouble> {
        let (mut kept, mut slowest) = (0, Duration::ZERO);
        for batch in batches {
            let begin = Instant::now();
            let sent = self.client.post(format!("{}/facts", self.registry)).json(&batch).send().await?;
            let answer: Value = sent.error_for_status()?.json().await?;
            let results = answer["results"].as_array().ok_or("the answer has no results")?;
            slowest = slowest.max(begin.elapsed());
            if let Some(other) = results.iter().find(|result| result["status"] != "new") {
                return Err(format!("{other}; use a database that has the timetable and no facts").into());
            }
            kept += results.len();
        }
        Ok((kept, slowest))
    }
}
