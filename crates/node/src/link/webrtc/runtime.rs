//! The `webrtc` crate's runtime, with room for bursts and two more things added.
//!
//! Its TCP connections send at once: the crate leaves Nagle's algorithm on, so the end of each
//! picture would wait for the acknowledgement of its beginning, up to 40 ms.
//!
//! The end of the DTLS handshake is never read together with the media behind it: the crate installs
//! the keys between two reads, and would drop a late joiner's first keyframe, which the relay sends
//! right behind its last handshake message.

use crate::link::socket::make_room;
use bytes::{Buf, BytesMut};
use std::future::Future;
use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use webrtc::runtime::{
    AsyncInterval, AsyncTcpListener, AsyncTcpStream, AsyncUdpSocket, JoinHandle, RecvMeta, Runtime,
    TokioRuntime, Transmit,
};

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Tokio, without Nagle's algorithm.
#[derive(Debug)]
pub(super) struct PromptRuntime(TokioRuntime);

impl PromptRuntime {
    pub(super) fn shared() -> Arc<dyn Runtime> {
        Arc::new(Self(TokioRuntime))
    }
}

impl Runtime for PromptRuntime {
    fn spawn(&self, future: Boxed<'static, ()>) -> Box<dyn JoinHandle> {
        self.0.spawn(future)
    }

    fn wrap_udp_socket(&self, socket: std::net::UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        make_room(&socket);
        let inner = self.0.wrap_udp_socket(socket)?;
        Ok(Arc::new(PromptSocket { inner, pause: AtomicBool::new(false) }))
    }

    fn wrap_tcp_listener(&self, listener: std::net::TcpListener) -> io::Result<Arc<dyn AsyncTcpListener>> {
        self.0.wrap_tcp_listener(listener)
    }

    fn connect_tcp<'a>(&'a self, remote: SocketAddr) -> Boxed<'a, io::Result<Arc<dyn AsyncTcpStream>>> {
        Box::pin(async move {
            let stream = tokio::net::TcpStream::connect(remote).await?;
            stream.set_nodelay(true)?;
            let (local_addr, peer_addr) = (stream.local_addr()?, stream.peer_addr()?);
            let (read, write) = stream.into_split();
            let unread = Mutex::default();
            Ok(Arc::new(PromptStream { read, write, unread, local_addr, peer_addr })
                as Arc<dyn AsyncTcpStream>)
        })
    }

    fn resolve_host<'a>(&'a self, host: &'a str) -> Boxed<'a, io::Result<Vec<SocketAddr>>> {
        self.0.resolve_host(host)
    }

    fn now(&self) -> Instant {
        self.0.now()
    }

    fn sleep(&self, duration: Duration) -> Boxed<'static, ()> {
        self.0.sleep(duration)
    }

    fn interval(&self, period: Duration) -> Box<dyn AsyncInterval> {
        self.0.interval(period)
    }

    fn block_on(&self, future: Pin<Box<dyn Future<Output = ()> + '_>>) {
        self.0.block_on(future);
    }

    fn yield_now(&self) -> Boxed<'static, ()> {
        self.0.yield_now()
    }

    fn name(&self) -> &'static str {
        self.0.name()
    }
}

/// Whether a datagram belongs to DTLS, by its first byte (RFC 7983 §7).
fn is_dtls(datagram: &[u8]) -> bool {
    matches!(datagram.first(), Some(20..=63))
}

/// A UDP socket that has nothing to read, once, after each DTLS datagram.
#[derive(Debug)]
struct PromptSocket {
    inner: Arc<dyn AsyncUdpSocket>,
    pause: AtomicBool,
}

impl AsyncUdpSocket for PromptSocket {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }

    fn poll_send(&self, cx: &mut Context<'_>, transmit: &Transmit<'_>) -> Poll<io::Result<usize>> {
        self.inner.poll_send(cx, transmit)
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        if self.pause.swap(false, Ordering::Relaxed) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        // One message at a time, so that the last one read is the one looked at.
        let received = self.inner.poll_recv(cx, &mut buffers[..1], &mut meta[..1]);
        if matches!(received, Poll::Ready(Ok(1..))) && is_dtls(&buffers[0][..meta[0].len]) {
            self.pause.store(true, Ordering::Relaxed);
        }
        received
    }

    fn max_gso_segments(&self) -> usize {
        self.inner.max_gso_segments()
    }

    fn max_gro_segments(&self) -> usize {
        self.inner.max_gro_segments()
    }
}

/// Bytes asked of a TCP connection at once.
const READ_LEN: usize = 16 * 1024;

/// A TCP connection that gives its frames (RFC 4571) one by one.
#[derive(Debug)]
struct PromptStream {
    read: OwnedReadHalf,
    write: OwnedWriteHalf,
    unread: Mutex<BytesMut>,
    local_addr: SocketAddr,
    peer_addr: SocketAddr,
}

/// Moves the next whole frame to `buffer`; of one that is longer, as much as fits. None: it is not
/// all there yet.
fn take_frame(unread: &mut BytesMut, buffer: &mut [u8]) -> Option<usize> {
    let length = unread.first_chunk::<2>().map(|length| 2 + usize::from(u16::from_be_bytes(*length)))?;
    if unread.len() < length {
        return None;
    }
    let taken = length.min(buffer.len());
    buffer[..taken].copy_from_slice(&unread[..taken]);
    unread.advance(length);
    Some(taken)
}

impl AsyncTcpStream for PromptStream {
    fn read<'a, 'b>(&'a self, buffer: &'b mut [u8]) -> Boxed<'b, io::Result<usize>>
    where
        'a: 'b,
    {
        Box::pin(async move {
            loop {
                {
                    let mut unread = self.unread.lock().unwrap_or_else(PoisonError::into_inner);
                    if let Some(taken) = take_frame(&mut unread, buffer) {
                        return Ok(taken);
                    }
                }
                self.read.readable().await?;
                let mut unread = self.unread.lock().unwrap_or_else(PoisonError::into_inner);
                unread.reserve(READ_LEN);
                match self.read.try_read_buf(&mut *unread) {
                    Ok(0) => return Ok(0),
                    Ok(_) => {}
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) => return Err(error),
                }
            }
        })
    }

    fn write_all<'a, 'b>(&'a self, buffer: &'b [u8]) -> Boxed<'b, io::Result<()>>
    where
        'a: 'b,
    {
        Box::pin(async move {
            let mut rest = buffer;
            while !rest.is_empty() {
                self.write.writable().await?;
                match self.write.try_write(rest) {
                    Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                    Ok(written) => rest = &rest[written..],
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(())
        })
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.local_addr)
    }

    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.peer_addr)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_given_one_by_one_however_they_came() {
        let mut unread = BytesMut::from(&[0, 2, 9, 9, 0, 1][..]);
        let mut buffer = [0; 16];
        assert_eq!(take_frame(&mut unread, &mut buffer), Some(4));
        assert_eq!(buffer[..4], [0, 2, 9, 9]);
        assert_eq!(take_frame(&mut unread, &mut buffer), None);
        unread.extend_from_slice(&[7]);
        assert_eq!(take_frame(&mut unread, &mut buffer), Some(3));
        assert!(unread.is_empty());
    }

    #[test]
    fn handshake_and_media_are_told_apart() {
        assert!(is_dtls(&[22, 254, 253]) && is_dtls(&[20]));
        assert!(!is_dtls(&[128, 96]) && !is_dtls(&[0, 1]) && !is_dtls(&[]));
    }
}
