//! Machines that stand by, from end to end: a registry, a relay and two schools' nodes as processes; what is ordered at
//! the registry is done by the nodes, and its report comes back.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod support;

use serde_json::Value;
use std::path::{Path, PathBuf};
use support::process::{Running, run, tongke};
use support::registry::Registry;
use support::relay::{Relay, free_address};
use support::scratch::Scratch;
use support::{eventually, http, s, taught};

/// A node's devices: drawn, and like speech; small pictures, so that all of it fits a small machine.
const DEVICES: &str = "camera = 'test'\nscreen = 'none'\nmicrophone = 'test'\nvideo_out = 'none'\nsound_out = 'none'\n\
    width = 320\nheight = 180\nfps = 15\n";

/// A county: its registry, its relay, and two schools that are enrolled.
struct County {
    scratch: Scratch,
    relay: Relay,
    registry: Registry,
    token: String,
}

impl County {
    fn start(name: &str) -> County {
        let scratch = Scratch::new(name);
        let relay = Relay::start(&scratch);
        let folder = scratch.file("registry");
        taught::fill(&folder);
        let registry = serve(&scratch, &relay, &folder, free_address());
        let secret = relay.secret_file.to_str().unwrap();
        let may = ["registry", "token", "--secret-file", secret, "--name", "Wang", "--may", "read,inspect"];
        let token = run(may).out.trim().to_owned();
        County { scratch, relay, registry, token }
    }

    /// The registry again, after a kill.
    fn restart(&mut self) {
        let (folder, listen) = (self.registry.folder.clone(), self.registry.listen);
        self.registry = serve(&self.scratch, &self.relay, &folder, listen);
    }

    /// Enrols a school's node, and has it stand by.
    fn node(&self, machine: &str, school: &str) -> (PathBuf, Running) {
        let data = self.scratch.file(machine);
        let folder = self.registry.folder.to_str().unwrap();
        let code = run([
            "registry",
            "code",
            "--data",
            folder,
            "--machine",
            machine,
            "--kind",
            "node",
            "--school",
            school,
        ]);
        let url = format!("http://{}", self.registry.listen);
        let enrolled =
            run(["enrol", "--registry", &url, "--code", code.out.trim(), "--data", data.to_str().unwrap()]);
        assert_eq!(enrolled.code, Some(0), "{enrolled:?}");
        let devices = self.scratch.write("devices.toml", DEVICES);
        let mut command = tongke();
        command.arg("standby").arg("--config").arg(devices).arg("--data").arg(&data);
        let standby = Running::start(command, &self.scratch.file(&format!("{machine}.log")));
        eventually("its link is open", s(30), || {
            let (_, card) = self.registry.get(&format!("machines/{machine}"), &self.token);
            (card["link_open"] == true).then_some(())
        });
        (data, standby)
    }

    fn order(&self, what: &str, body: &str) -> Value {
        let (status, ordered) = self.registry.ask("POST", what, &self.token, body);
        assert_eq!(status, 201, "{ordered}");
        ordered
    }

    /// An order's card, once it is in that state.
    fn until(&self, order: &Value, state: &str, within: u64, node: &Running) -> Value {
        let order = order.as_str().unwrap();
        eventually(&format!("the order is {state}"), s(within), || {
            let (_, card) = self.registry.get(&format!("orders/{order}"), &self.token);
            let now = card["state"].as_str().unwrap_or_default();
            assert!(now == state || ["given", "taken", "lost"].contains(&now), "{card}\n{}", node.log());
            (now == state).then_some(card)
        })
    }

    /// The report of that kind, once it has come, as it was signed.
    fn report(&self, kind: &str) -> String {
        let id = eventually("the report has come", s(60), || {
            let (_, list) = self.registry.get(&format!("reports?kind={kind}"), &self.token);
            list["items"][0]["id"].as_str().map(str::to_owned)
        });
        let bearer = format!("Bearer {}", self.token);
        let path = format!("/api/v1/reports/{id}");
        let headers = [("Authorization", bearer.as_str())];
        http::request(self.registry.listen, "GET", &path, &headers, "").unwrap().1
    }

    fn lessons(&self) -> usize {
        let (_, list) = self.registry.get("lessons?limit=200", &self.token);
        list["items"].as_array().unwrap().len()
    }
}

fn serve(scratch: &Scratch, relay: &Relay, folder: &Path, listen: std::net::SocketAddr) -> Registry {
    let (secret, url) = (relay.secret_file.to_str().unwrap(), relay.url());
    Registry::start_at(scratch, folder, listen, &["--secret-file", secret, "--relay-url", &url])
}

fn facts(report: &str) -> Value {
    serde_json::from_str::<Value>(report).unwrap()["report"]["facts"].clone()
}

#[test]
fn a_self_test_that_is_ordered_is_done_and_its_report_comes_back_signed() {
    let county = County::start("standby-selftest");
    let before = county.lessons();
    let (_, node) = county.node("oak-1", "oak");
    let ordered = county.order("machines/oak-1/self-tests", "");
    assert_eq!(ordered["link_open"], true);
    county.until(&ordered["order"], "taken", 20, &node);
    let (status, busy) = county.registry.ask("POST", "machines/oak-1/self-tests", &county.token, "");
    assert_eq!((status, busy["code"].as_str()), (409, Some("machine_busy")), "{busy}");
    let card = county.until(&ordered["order"], "done", 170, &node);
    let report = county.report("self_test");
    let facts = facts(&report);
    assert_eq!(facts["id"], card["report"]);
    assert_eq!(
        (facts["places"]["a"]["node"].as_str(), facts["places"]["a"]["school"].as_str()),
        (Some("oak-1"), Some("oak"))
    );
    assert!(!facts["findings"].as_array().unwrap().is_empty());
    let (_, checked) = county.registry.ask("POST", "reports/check", "", &report);
    assert_eq!(
        (checked["state"].as_str(), checked["machine"].as_str()),
        (Some("intact"), Some("oak-1")),
        "{checked}"
    );
    assert_eq!(county.lessons(), before, "a test is no lesson");
}

#[test]
fn an_inspection_that_is_ordered_is_led_to_its_report_which_waits_while_the_registry_is_away() {
    let mut county = County::start("standby-inspection");
    let before = county.lessons();
    let (lake, leads) = county.node("lake-1", "lake");
    let (_, other) = county.node("oak-1", "oak");
    let wanted = r#"{"from": "lake-1", "to": "oak-1", "hold_s": 5, "idle_s": 1}"#;
    let ordered = county.order("inspections", wanted);
    county.until(&ordered["from"]["order"], "taken", 20, &leads);
    county.until(&ordered["to"]["order"], "taken", 20, &other);
    county.registry.kill();
    eventually("the report waits on the disk of the node that leads", s(240), || {
        let waiting = std::fs::read_dir(lake.join("reports")).ok()?;
        let mut names = waiting.map(|file| file.unwrap().file_name());
        names.any(|name| name.to_string_lossy().ends_with(".json")).then_some(())
    });
    county.restart();
    let facts = facts(&county.report("inspection"));
    let node = |place: &str| facts["places"][place]["node"].as_str().unwrap().to_owned();
    assert_eq!((node("a"), node("b")), ("lake-1".to_owned(), "oak-1".to_owned()));
    assert_eq!(facts["asked_by"], "Wang");
    let card = county.until(&ordered["from"]["order"], "done", 90, &leads);
    assert_eq!(card["report"], facts["id"]);
    county.until(&ordered["to"]["order"], "done", 90, &other);
    let (_, found) = county.registry.get("reports?school=oak", &county.token);
    assert_eq!(found["items"][0]["id"], facts["id"], "{found}");
    assert_eq!(county.lessons(), before, "an inspection is no lesson");
    // The next one can be ordered at once.
    county.order("machines/oak-1/self-tests", "");
}

#[test]
fn who_cannot_stand_by_is_told_why() {
    let scratch = Scratch::new("standby-refused");
    let nowhere = run(["standby"]);
    assert!(
        nowhere.code == Some(2) && nowhere.err.contains("--data") && nowhere.err.contains("--token-file"),
        "{nowhere:?}"
    );
    let stranger = run(["standby", "--data", scratch.file("none").to_str().unwrap()]);
    assert!(stranger.code == Some(2) && stranger.err.contains("tongke enrol"), "{stranger:?}");
}
