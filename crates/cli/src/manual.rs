//! The files in configs/ are the manual: they have to load, and to name every key.

use crate::commands::{node, registry, relay, serve};
use crate::config;
use crate::logging::LogArgs;
use crate::registry::RegistrySettings;
use crate::serve::ServeSettings;
use clap::{Args, Command};
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::path::PathBuf;
use tongke_node::NodeSettings;
use tongke_relay::RelaySettings;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../configs").join(name)
}

/// The flags of a command, as keys.
fn flags<A: Args>() -> BTreeSet<String> {
    let command = LogArgs::augment_args(A::augment_args(Command::new("x")));
    command.get_arguments().filter_map(|arg| arg.get_long()).map(|long| long.replace('-', "_")).collect()
}

/// The keys of a file, from the mistake that an unknown one makes.
fn keys<S: DeserializeOwned + Default + std::fmt::Debug>() -> BTreeSet<String> {
    let file = std::env::temp_dir().join(format!(
        "tongke-keys-{}-{}.toml",
        std::process::id(),
        std::any::type_name::<S>()
    ));
    std::fs::write(&file, "no_such_key_at_all = 1\n").unwrap();
    let error = config::load::<S>(Some(&file)).unwrap_err().to_string();
    std::fs::remove_file(&file).unwrap();
    let allowed = error.lines().find_map(|line| line.trim().strip_prefix("allowed: ")).unwrap();
    allowed.split(", ").map(str::to_owned).collect()
}

/// The keys that a file names, also those commented out, and the file with these in force.
fn everything_in_force(name: &str, alternatives: &[&str]) -> (BTreeSet<String>, String) {
    let mut named = BTreeSet::new();
    let mut text = String::new();
    for line in std::fs::read_to_string(path(name)).unwrap().lines() {
        let line = line.strip_prefix("# ").unwrap_or(line);
        let Some((key, _)) = line.split_once(" = ") else { continue };
        if key.chars().all(|c| c.is_ascii_lowercase() || c == '_') {
            named.insert(key.to_owned());
            if !alternatives.contains(&key) {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    (named, text)
}

fn check<A: Args, S: DeserializeOwned + Default + std::fmt::Debug>(name: &str) {
    assert_eq!(flags::<A>(), keys::<S>(), "each flag has a key and each key a flag");
    config::load::<S>(Some(&path(name))).unwrap();
    let (named, text) = everything_in_force(name, &[]);
    assert_eq!(named, keys::<S>(), "{name} tells every key");
    let file = std::env::temp_dir().join(format!("tongke-manual-{}-{name}", std::process::id()));
    std::fs::write(&file, text).unwrap();
    let loaded = config::load::<S>(Some(&file));
    std::fs::remove_file(&file).unwrap();
    loaded.unwrap();
}

#[test]
fn the_relays_file_loads_and_tells_every_key() {
    check::<relay::Flags, RelaySettings>("relay.toml");
}

#[test]
fn the_file_of_serve_loads_and_tells_every_key() {
    check::<serve::Flags, ServeSettings>("serve.toml");
}

#[test]
fn the_registrys_file_loads_and_tells_every_key() {
    check::<registry::Flags, RegistrySettings>("registry.toml");
}

#[test]
fn the_nodes_files_load_and_tell_every_key() {
    check::<node::Flags, NodeSettings>("send.toml");
    check::<node::Flags, NodeSettings>("receive.toml");
}

#[test]
fn what_stands_commented_in_the_nodes_files_is_the_default() {
    for name in ["send.toml", "receive.toml"] {
        let examples =
            ["relay", "relay_ca", "token", "token_file", "lesson", "room", "data", "seconds", "facts"];
        let (_, defaults) = everything_in_force(name, &examples);
        let defaults: toml::Table = defaults.parse().unwrap();
        let written = |table: &toml::Table| {
            let mut table = table.clone();
            table.retain(|key, _| !LogArgs::KEYS.contains(&key));
            let settings: NodeSettings = table.try_into().unwrap();
            let token = tongke_protocol::GrantKey::new(&[1; 32]).unwrap().sign(&tongke_protocol::Grant {
                lesson: "math".parse().unwrap(),
                participant: "a".parse().unwrap(),
                name: "a".into(),
                role: tongke_protocol::Role::Receiving,
                expires_unix_s: u64::MAX / 2_000_000,
            });
            let required =
                NodeSettings { relay: Some("http://r:80".into()), token: Some(token), ..Default::default() };
            format!("{:?}", tongke_node::NodeConfig::try_from(settings.merge(required)).unwrap())
        };
        assert_eq!(written(&defaults), written(&toml::Table::new()), "{name}");
    }
}

#[test]
fn the_order_is_flag_then_environment_then_file() {
    let file = NodeSettings { lesson: Some("from-file".into()), fps: Some(25), ..Default::default() };
    let flags = node::Flags::augment_args(Command::new("x")).get_matches_from(["x", "--lesson", "from-flag"]);
    let flags = <node::Flags as clap::FromArgMatches>::from_arg_matches(&flags).unwrap();
    let merged = file.merge(flags.into());
    assert_eq!((merged.lesson.as_deref(), merged.fps), (Some("from-flag"), Some(25)));
}
