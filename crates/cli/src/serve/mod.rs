//! What `tongke serve` sees to by itself, so that nothing has to be configured: its folder, its secret,
//! its certificate, and the addresses that it tells people.

mod addresses;
mod certificate;
mod folder;
mod settings;
mod welcome;

pub use addresses::reachable;
pub use certificate::keep as keep_certificate;
pub use folder::{Folder, secret_in};
pub use settings::ServeSettings;
pub use welcome::Welcome;
