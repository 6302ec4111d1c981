//! A line that the relay lends for a test.

use super::{LinkError, RelayHttp};
use tokio::runtime::Handle;
use tongke_protocol::control::{LeaseRequest, LoadSession};

/// The line is this test's until this is dropped. Without it nobody may load a line: a lesson may be live there, or
/// another test.
#[derive(Debug)]
pub(crate) struct Lease {
    http: RelayHttp,
    id: String,
    /// With what packets of load are sent.
    pub load: Option<LoadSession>,
}

impl Lease {
    /// Asks the relay for it. Refused with the codes `lesson_live` and `line_busy`, and with `relay_busy` while the
    /// relay tests as many lines as it can.
    pub(crate) async fn take(http: &RelayHttp, asked: LeaseRequest) -> Result<Lease, LinkError> {
        let lent = http.take_line(asked).await?;
        Ok(Lease { http: http.clone(), id: lent.lease, load: lent.load })
    }

    /// Gives it back; the next test may ask for it then.
    pub(crate) async fn give_back(mut self) {
        let id = std::mem::take(&mut self.id);
        self.http.give_line_back(&id).await;
    }
}

impl Drop for Lease {
    /// A test that was stopped in its middle gives the line back too, if it can.
    fn drop(&mut self) {
        let (http, id) = (self.http.clone(), std::mem::take(&mut self.id));
        if let (false, Ok(runtime)) = (id.is_empty(), Handle::try_current()) {
            runtime.spawn(async move { http.give_line_back(&id).await });
        }
    }
}
