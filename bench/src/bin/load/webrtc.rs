//! A receiver over WebRTC: the thin WHEP client on a socket.

use crate::relay::Relay;
use crate::tally::{Clock, Tally};
use std::collections::HashMap;
use std::error::Error;
use std::net::Ipv4Addr;
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::sync::watch;
use tongke_bench::browser::{Browser, extensions};
use tongke_protocol::{Now, Role};
use tongke_transport::rtp::{Extensions, RtpView, SequenceExtender};

/// Longest wait for a handshake.
const PATIENCE: Duration = Duration::from_secs(5);
/// Browsers send transport-wide feedback every 50 to 100 ms.
const FEEDBACK_INTERVAL: Duration = Duration::from_millis(100);
/// An ICE check goes with every twentieth feedback.
const FEEDBACKS_PER_CHECK: u32 = 20;

/// A connected receiver.
pub struct WebrtcClient {
    browser: Browser,
    socket: UdpSocket,
    numbers: HashMap<u32, SequenceExtender>,
}

/// Joins a lesson over WHEP and connects.
///
/// # Errors
/// If the relay does not let it, or the handshake does not come to its end.
pub async fn join(
    relay: &Relay,
    lesson: &str,
    name: &str,
    clock: Clock,
) -> Result<WebrtcClient, Box<dyn Error>> {
    let mut browser = Browser::new(name)?;
    let request = relay
        .http
        .post(format!("{}/whep/{lesson}", relay.url))
        .bearer_auth(relay.token(name, Role::Observer)?)
        .header("content-type", "application/sdp")
        .body(browser.offer.clone());
    let answer = request.send().await?.error_for_status()?.text().await?;
    let address = browser.connect(clock.now().instant, &answer)?;
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await?;
    socket.connect(address).await?;
    let mut client = WebrtcClient { browser, socket, numbers: HashMap::new() };
    let handshake = async {
        let mut buffer = [0; 2_048];
        while !client.browser.is_connected() {
            client.flush().await;
            let len = client.socket.recv(&mut buffer).await?;
            client.browser.handle_datagram(clock.now().instant, &mut buffer[..len]);
        }
        client.flush().await;
        Ok::<_, std::io::Error>(())
    };
    tokio::time::timeout(PATIENCE, handshake).await??;
    Ok(client)
}

impl WebrtcClient {
    /// Receives until told to stop.
    pub async fn run(mut self, clock: Clock, mut stop: watch::Receiver<bool>) -> Tally {
        let (mut tally, mut buffer, mut feedbacks) = (Tally::default(), [0; 2_048], 0_u32);
        let mut feedback = tokio::time::interval(FEEDBACK_INTERVAL);
        loop {
            tokio::select! {
                received = self.socket.recv(&mut buffer) => match received {
                    Ok(len) => self.take(clock.now(), &mut buffer[..len], &mut tally),
                    Err(_) => return tally,
                },
                _ = feedback.tick() => {
                    feedbacks += 1;
                    self.browser.send_feedback();
                    if feedbacks.is_multiple_of(FEEDBACKS_PER_CHECK) {
                        self.browser.check();
                    }
                    self.flush().await;
                }
                _ = stop.changed() => return tally,
            }
        }
    }

    fn take(&mut self, now: Now, datagram: &mut [u8], tally: &mut Tally) {
        let Some(plain) = self.browser.handle_datagram(now.instant, datagram) else { return };
        let Ok(view) = RtpView::parse(plain) else { return };
        let number = self.numbers.entry(view.header.ssrc).or_default().extend(view.header.sequence);
        let capture = Extensions::read(&view, &extensions()).abs_capture_time.map(|time| time.capture);
        tally.count(now, view.header.ssrc.into(), number, capture);
    }

    async fn flush(&mut self) {
        for datagram in self.browser.out.drain(..) {
            // What cannot be sent is lost.
            let _ = self.socket.send(&datagram).await;
        }
    }
}
