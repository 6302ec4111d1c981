//! What `tongke serve` and `tongke registry` see to by themselves, so that nothing has to be configured: the
//! folder, the secret, the certificate, the addresses that people are told; and the registry inside `tongke serve`.

mod addresses;
mod certificate;
mod folder;
mod inside;
mod own_relay;
mod settings;
mod tls;
mod welcome;

pub use addresses::{reachable, urls};
pub use folder::{Folder, default_folder, secret_in};
pub use inside::Inside;
pub use own_relay::OwnRelay;
pub use settings::ServeSettings;
pub use tls::{Tls, TlsSettings};
pub use welcome::{Welcome, quoted};
