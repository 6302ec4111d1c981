//! What the registry's commands share: where its database is, by which rules it counts, and how it is opened.

mod database;
mod rules;
mod running;
mod settings;
mod welcome;

pub use database::{Place, now, unusable};
pub use rules::{policies_in, rule_sets_in};
pub use running::Running;
pub use settings::RegistrySettings;
pub use welcome::Welcome;
