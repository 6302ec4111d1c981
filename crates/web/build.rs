//! Has the crate built again when a file comes or goes that a release build holds. Debug builds read the
//! folders when they run, and need not.

#![allow(clippy::print_stdout, reason = "how a build script speaks to cargo")]

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var_os("CARGO_CFG_DEBUG_ASSERTIONS").is_none() {
        for folder in ["assets", "messages"] {
            println!("cargo::rerun-if-changed={folder}");
        }
    }
}
