//! What makes the load, by link: the epoll thread for WebRTC, a runtime of `quinn` clients for QUIC.

use crate::LoadError;
use crate::engine::{Engine, EngineHandle};
use crate::ledger::{Ledger, Session};
use crate::quic::QuicPlant;
use std::str::FromStr;
use std::sync::Arc;

/// How participants are connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Link {
    /// As browsers are: WHIP, WHEP, DTLS, SRTP.
    #[default]
    Webrtc,
    /// As nodes are: RTP in QUIC datagrams.
    Quic,
}

impl FromStr for Link {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "webrtc" => Ok(Self::Webrtc),
            "quic" => Ok(Self::Quic),
            _ => Err(format!("'{text}' is neither 'webrtc' nor 'quic'")),
        }
    }
}

impl Link {
    /// Its name as a flag.
    pub fn name(self) -> &'static str {
        if self == Link::Quic { "quic" } else { "webrtc" }
    }
}

/// What makes the load.
#[derive(Clone)]
pub(crate) enum Plant {
    Webrtc(Arc<EngineHandle>),
    Quic(Arc<QuicPlant>),
}

impl Plant {
    pub(crate) fn start(link: Link) -> Result<Self, LoadError> {
        Ok(match link {
            Link::Webrtc => Plant::Webrtc(Arc::new(EngineHandle::start()?)),
            Link::Quic => Plant::Quic(Arc::new(QuicPlant::start()?)),
        })
    }

    /// All sessions as they stand.
    pub(crate) fn sessions(&self) -> Result<Vec<Session>, LoadError> {
        match self {
            Plant::Webrtc(engine) => engine.ask(|engine| engine.sessions()),
            Plant::Quic(plant) => Ok(plant.sessions()),
        }
    }

    /// Looks into what was counted.
    pub(crate) fn ledger<T: Send + 'static>(
        &self,
        look: impl FnOnce(&mut Ledger) -> T + Send + 'static,
    ) -> Result<T, LoadError> {
        match self {
            Plant::Webrtc(engine) => engine.ask(|engine| look(&mut engine.ledger)),
            Plant::Quic(plant) => Ok(plant.ledger(look)),
        }
    }

    /// Begins to measure.
    pub(crate) fn open_window(&self) -> Result<(), LoadError> {
        match self {
            Plant::Webrtc(engine) => engine.ask(Engine::open_window),
            Plant::Quic(plant) => {
                plant.open_window();
                Ok(())
            }
        }
    }

    /// The system's number of the thread that does the work.
    pub(crate) fn tid(&self) -> i32 {
        match self {
            Plant::Webrtc(engine) => engine.tid,
            Plant::Quic(plant) => plant.tid,
        }
    }
}
