//! How facts reach the registry: they are on disk before they are said to be kept, signed with the
//! machine's own key, and delivered in the background as often as it takes.
//!
//! Two places where facts wait: an [`Outbox`] of a machine that has no other record (a node), and the files
//! of a journal that a [`Follow`] reads (a relay). Reports of inspections, signed already, wait in [`Reports`]. A
//! [`Delivery`] empties each. The registry knows facts and reports by their ids, so that one may be sent any number
//! of times: whatever a crash leaves in doubt is sent again.

mod aside;
mod backoff;
mod deliver;
mod disk;
mod errand;
mod facts;
mod follow;
mod frame;
mod grant;
mod link;
mod machine;
mod outbox;
mod post;
mod reports;
mod source;
mod store;

pub use backoff::{Backoff, Pace};
pub use deliver::{Delivery, DeliveryStatus};
pub use follow::Follow;
pub use grant::{AskError, Granted};
pub use link::OrderLink;
pub use machine::{EnrolError, Machine, MachineError, enrol, public_key};
pub use outbox::{OpenError, Outbox};
pub use reports::{MAX_REPORT_LEN, MOST_REPORTS, PutReportError, Reports};
pub use store::{Limits, PutError, Worth};
