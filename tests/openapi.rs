//! The registry's interface as its own description says it is, asked by a program that knows nothing else
//! (schemathesis): every route, with what fits and what does not.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod support;

use std::path::Path;
use std::process::Command;
use support::registry::Registry;
use support::scratch::Scratch;
use support::{http, taught};

/// What must hold of every answer.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
    response_headers_conformance,response_schema_conformance,unsupported_method,ignored_auth";
/// The same questions each time.
const SEED: &str = "20261125";

#[test]
fn every_route_answers_as_its_description_says() {
    let scratch = Scratch::new("openapi");
    let folder = scratch.file("data");
    taught::fill(&folder);
    let registry = Registry::start(&scratch, &folder, &[]);
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let schemathesis = top.join("target/venv/bin/schemathesis");
    assert!(schemathesis.exists(), "{} is missing: 'make test' makes it", schemathesis.display());
    let output = Command::new(schemathesis)
        .args(["run", &format!("http://{}/api/openapi.json", registry.listen)])
        .args(["--header", &format!("Authorization: Bearer {}", registry.token("admin"))])
        .args(["--checks", CHECKS, "--phases", "examples,coverage,fuzzing", "--max-examples", "10"])
        .args(["--seed", SEED, "--generation-deterministic"])
        .args(["--no-color", "--warnings", "off", "--request-timeout", "10", "--continue-on-failure"])
        .env("SCHEMATHESIS_HOOKS", top.join("tests/openapi/hooks.py").canonicalize().unwrap())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .current_dir(scratch.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (_, described) = http::get(registry.listen, "/api/openapi.json").unwrap();
    let described: serde_json::Value = serde_json::from_str(&described).unwrap();
    let routes = described["paths"].as_object().unwrap().values().map(|path| path.as_object().unwrap());
    let routes: usize =
        routes.map(|path| path.keys().filter(|key| METHODS.contains(&key.as_str())).count()).sum();
    assert!(said.contains(&format!("Tested: {routes}")), "{routes} routes");
    // Whatever was asked, what is kept still fits together.
    let checked = support::process::run(["registry", "check", "--data", folder.to_str().unwrap()]);
    assert_eq!(checked.code, Some(0), "{checked:?}");
}

const METHODS: [&str; 5] = ["get", "put", "post", "delete", "patch"];
