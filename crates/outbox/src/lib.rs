//! How facts reach the registry: they are on disk before they are said to be kept, signed with the
//! machine's own key, and delivered in the background as often as it takes.
//!
//! Two places where facts wait: an [`Outbox`] of a machine that has no other record (a node), and the files
//! of a journal that a [`Follow`] reads (a relay). A [`Delivery`] empties either. The registry knows a fact
//! by its id, so that one may be sent any number of times: whatever a crash leaves in doubt is sent again.

mod aside;
mod backoff;
mod deliver;
mod disk;
mod follow;
mod frame;
mod grant;
mod machine;
mod outbox;
mod post;
mod source;
mod store;

pub use backoff::Pace;
pub use deliver::{Delivery, DeliveryStatus};
pub use follow::Follow;
pub use grant::{AskError, Granted};
pub use machine::{EnrolError, Machine, MachineError, enrol, public_key};
pub use outbox::{OpenError, Outbox};
pub use store::{Limits, PutError, Worth};
