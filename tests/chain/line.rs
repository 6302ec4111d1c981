//! A line to the registry that breaks: connections end in the middle, before and behind an answer.

use super::chance::Chance;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// One connection in so many breaks.
const BREAKS: u64 = 4;
/// Within so many bytes of either direction.
const WITHIN: u64 = 60_000;

/// A listener that passes everything on. Ends with the process.
pub struct Line {
    pub address: SocketAddr,
    is_sound: Arc<AtomicBool>,
}

impl Line {
    pub fn to(registry: SocketAddr, seed: u64) -> Line {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let is_sound = Arc::new(AtomicBool::new(false));
        let sound = is_sound.clone();
        thread::spawn(move || {
            let mut chance = Chance::new(seed);
            for connection in listener.incoming().flatten() {
                let breaks = chance.below(BREAKS) == 0 && !sound.load(Ordering::Relaxed);
                let room = || if breaks { WITHIN } else { u64::MAX };
                let (there, back) = (chance.below(room()), chance.below(room()));
                pass_on(connection, registry, (there, back));
            }
        });
        Line { address, is_sound }
    }

    /// From now on it does not break any more.
    pub fn mend(&self) {
        self.is_sound.store(true, Ordering::Relaxed);
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// Passes so many bytes on in each direction, then breaks.
fn pass_on(from: TcpStream, registry: SocketAddr, (there, back): (u64, u64)) {
    let Ok(to) = TcpStream::connect(registry) else { return };
    let (from_again, to_again) = (from.try_clone().unwrap(), to.try_clone().unwrap());
    thread::spawn(move || copy(&from, &to, there));
    thread::spawn(move || copy(&to_again, &from_again, back));
}

fn copy(mut from: &TcpStream, mut to: &TcpStream, mut left: u64) {
    let mut buffer = [0; 4096];
    while left > 0 {
        let Ok(n @ 1..) = from.read(&mut buffer) else { break };
        let n = n.min(usize::try_from(left).unwrap_or(usize::MAX));
        left -= n as u64;
        if to.write_all(&buffer[..n]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
