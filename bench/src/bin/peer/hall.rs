//! All sessions, and the way of a packet through them.

use crate::client::{Client, ClientId, Route, Section};
use std::collections::HashMap;
use std::error::Error;
use std::mem;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};
use str0m::crypto::{self, dtls::DtlsCert};
use str0m::media::KeyframeRequest;
use str0m::net::{Protocol, Receive};
use str0m::rtp::RtpPacket;
use str0m::{Event, Input, Output};
use tongke_bench::target::{Counters, Join};

/// How long a session without a timer is left alone.
const LONG: Duration = Duration::from_secs(1);

/// What a session wants of others.
enum Wish {
    Forward(Box<RtpPacket>),
    Keyframe(KeyframeRequest),
    /// Sections or connection have changed.
    Connect,
}

/// All sessions.
pub struct Hall {
    socket: UdpSocket,
    local: SocketAddr,
    counters: Arc<Counters>,
    certificate: DtlsCert,
    /// A gone session leaves its place empty.
    clients: Vec<Option<Client>>,
    by_address: HashMap<SocketAddr, ClientId>,
    /// No session is due before.
    next_due: Instant,
    /// What sessions said while they were driven; emptied after each of them.
    wishes: Vec<(ClientId, Wish)>,
}

impl Hall {
    /// Without sessions.
    pub fn new(socket: UdpSocket, counters: Arc<Counters>) -> Result<Self, Box<dyn Error>> {
        crypto::from_feature_flags().install_process_default();
        let provider = crypto::from_feature_flags().dtls_provider;
        Ok(Self {
            local: socket.local_addr()?,
            socket,
            counters,
            certificate: provider.generate_certificate().ok_or("no certificate can be made")?,
            clients: Vec::new(),
            by_address: HashMap::new(),
            next_due: Instant::now(),
            wishes: Vec::new(),
        })
    }

    /// Answers an offer.
    pub fn join(&mut self, now: Instant, join: Join) {
        let answered = Client::answer(now, join.place, &join.offer, self.local, self.certificate.clone());
        let answer = answered.map(|(client, answer)| {
            self.clients.push(Some(client));
            self.drive(now, self.clients.len() - 1);
            answer
        });
        // A client that has gone does not want it.
        let _ = join.answer.send(answer.map_err(|error| error.to_string()));
        self.grant(now);
    }

    /// Takes a datagram.
    pub fn receive(&mut self, now: Instant, source: SocketAddr, datagram: &[u8]) {
        let Ok(receive) = Receive::new(Protocol::Udp, source, self.local, datagram) else { return };
        let input = Input::Receive(now, receive);
        let known = self.by_address.get(&source).copied();
        let accepts =
            |client: &Option<Client>| client.as_ref().is_some_and(|client| client.rtc.accepts(&input));
        let Some(id) = known.or_else(|| self.clients.iter().position(accepts)) else { return };
        let Some(client) = &mut self.clients[id] else { return };
        self.by_address.insert(source, id);
        if client.rtc.handle_input(input).is_err() {
            client.rtc.disconnect();
        }
        self.drain(now, id);
        self.grant(now);
    }

    /// Drives the sessions that are due.
    pub fn handle_timeouts(&mut self, now: Instant) {
        if now < self.next_due {
            return;
        }
        self.next_due = now + LONG;
        for id in 0..self.clients.len() {
            match self.clients[id].as_ref().map(|client| client.due) {
                Some(due) if due <= now => self.drive(now, id),
                Some(due) => self.next_due = self.next_due.min(due),
                None => {}
            }
        }
        self.grant(now);
    }

    /// Drives all sessions, whether or not they are due.
    pub fn drive_all(&mut self, now: Instant) {
        (0..self.clients.len()).for_each(|id| self.drive(now, id));
        self.grant(now);
    }

    /// Moves a session's time on and sends what follows from it.
    fn drive(&mut self, now: Instant, id: ClientId) {
        let Some(client) = &mut self.clients[id] else { return };
        if client.rtc.handle_input(Input::Timeout(now)).is_err() {
            client.rtc.disconnect();
        }
        self.drain(now, id);
    }

    /// Sends what a session has to say, and notes what it wishes.
    fn drain(&mut self, now: Instant, id: ClientId) {
        let Some(client) = &mut self.clients[id] else { return };
        while client.rtc.is_alive() {
            let wish = match client.rtc.poll_output() {
                Ok(Output::Transmit(transmit)) => {
                    // What the kernel does not take is lost.
                    if self.socket.send_to(&transmit.contents, transmit.destination).is_ok() {
                        self.counters.sent(1);
                    }
                    continue;
                }
                Ok(Output::Timeout(due)) => {
                    client.due = due.min(now + LONG);
                    self.next_due = self.next_due.min(client.due);
                    return;
                }
                Ok(Output::Event(Event::RtpPacket(packet))) => Wish::Forward(Box::new(packet)),
                Ok(Output::Event(Event::KeyframeRequest(request))) => Wish::Keyframe(request),
                Ok(Output::Event(Event::MediaAdded(added))) => {
                    let section =
                        Section { mid: added.mid, kind: added.kind, source: None, routes: Vec::new() };
                    client.sections.push(section);
                    Wish::Connect
                }
                Ok(Output::Event(Event::Connected)) => {
                    client.is_connected = true;
                    Wish::Connect
                }
                Ok(Output::Event(_)) => continue,
                Err(_) => break,
            };
            self.wishes.push((id, wish));
        }
        self.remove(id);
    }

    /// Does what sessions wish, until nobody wishes any more.
    fn grant(&mut self, now: Instant) {
        while !self.wishes.is_empty() {
            for (id, wish) in mem::take(&mut self.wishes) {
                match wish {
                    Wish::Forward(packet) => self.forward(now, id, &packet),
                    Wish::Keyframe(request) => self.request_keyframe(now, id, request),
                    Wish::Connect => self.connect(id),
                }
            }
        }
    }

    fn forward(&mut self, now: Instant, id: ClientId, packet: &RtpPacket) {
        // Out of its place while the others are written to.
        let Some(mut publisher) = self.clients[id].take() else { return };
        let mid = publisher.mid_of(packet);
        let Client { rtc, sections, .. } = &mut publisher;
        for route in sections.iter_mut().filter(|own| Some(own.mid) == mid).flat_map(|own| &mut own.routes) {
            if let Some(to) = &mut self.clients[route.to] {
                to.write(route, packet, rtc);
                self.counters.forwarded(1);
                self.drive(now, route.to);
            }
        }
        self.clients[id] = Some(publisher);
    }

    fn request_keyframe(&mut self, now: Instant, id: ClientId, request: KeyframeRequest) {
        let section = |client: &Client| client.sections.iter().find(|own| own.mid == request.mid)?.source;
        let Some((publisher, mid)) = self.clients[id].as_ref().and_then(section) else { return };
        let Some(from) = &mut self.clients[publisher] else { return };
        if let Some(stream) = from.rtc.direct_api().stream_rx_by_mid(mid, None) {
            stream.request_keyframe(request.kind);
            self.drive(now, publisher);
        }
    }

    /// Gives the free sections of a lesson's connected subscribers to its publishers' media.
    fn connect(&mut self, id: ClientId) {
        let Some(lesson) = self.clients[id].as_ref().map(|client| client.place.lesson.clone()) else {
            return;
        };
        let in_lesson =
            |id: &ClientId| self.clients[*id].as_ref().is_some_and(|it| it.place.lesson == lesson);
        let ids: Vec<ClientId> = (0..self.clients.len()).filter(in_lesson).collect();
        for &publisher in &ids {
            for &subscriber in ids.iter().filter(|id| **id != publisher) {
                if let Ok([Some(from), Some(to)]) = self.clients.get_disjoint_mut([publisher, subscriber])
                    && to.is_connected
                    && to.place.gets(&from.place)
                {
                    connect((publisher, from), (subscriber, to));
                }
            }
        }
    }

    fn remove(&mut self, id: ClientId) {
        self.clients[id] = None;
        self.by_address.retain(|_, known| *known != id);
        for section in self.clients.iter_mut().flatten().flat_map(|client| &mut client.sections) {
            section.routes.retain(|route| route.to != id);
        }
    }
}

fn connect((publisher, from): (ClientId, &mut Client), (subscriber, to): (ClientId, &mut Client)) {
    for medium in &mut from.sections {
        let source = Some((publisher, medium.mid));
        if to.sections.iter().any(|section| section.source == source) {
            continue;
        }
        let is_free = |section: &&mut Section| section.source.is_none() && section.kind == medium.kind;
        if let Some(section) = to.sections.iter_mut().find(is_free) {
            section.source = source;
            medium.routes.push(Route::new(subscriber, section.mid));
        }
    }
}
