//! The way to a relay and into a lesson there, as every command that tests something is told it.

use std::path::PathBuf;
use tongke_node::NodeSettings;

/// The flags for it.
#[derive(Debug, Clone, clap::Args)]
pub struct WayArgs {
    /// The relay: http://HOST:PORT or https://…
    #[arg(long, value_name = "URL", env = "TONGKE_RELAY")]
    relay: Option<String>,
    /// PEM file with the authority of a relay whose certificate no public authority signed
    #[arg(long, value_name = "FILE", env = "TONGKE_RELAY_CA")]
    relay_ca: Option<PathBuf>,
    /// The lesson at the relay, a test lesson for whatever sends media [default: the one that the token is for]
    #[arg(long, value_name = "LESSON", env = "TONGKE_LESSON")]
    lesson: Option<String>,
    /// A file that holds the grant, as 'tongke token' prints it; an inspector's is made with --role inspector
    #[arg(long, value_name = "FILE", env = "TONGKE_TOKEN_FILE")]
    token_file: Option<PathBuf>,
}

impl WayArgs {
    /// The settings of a file, over which these flags win.
    pub fn over(&self, file: NodeSettings) -> NodeSettings {
        NodeSettings {
            relay: self.relay.clone().or(file.relay),
            relay_ca: self.relay_ca.clone().or(file.relay_ca),
            lesson: self.lesson.clone().or(file.lesson),
            token_file: self.token_file.clone().or(file.token_file),
            ..file
        }
    }
}
