//! UDP sockets with room for a burst.

use socket2::SockRef;
use std::net::UdpSocket;

/// Asked of the system for each direction, in bytes; it gives what it allows. A late joiner gets the
/// keyframes of a whole lesson at once, while its thread may still be waiting for a processor.
const ROOM: usize = 2 << 20;

/// Makes room. What the system refuses is no reason not to connect.
pub(super) fn make_room(socket: &UdpSocket) {
    let socket = SockRef::from(socket);
    for outcome in [socket.set_recv_buffer_size(ROOM), socket.set_send_buffer_size(ROOM)] {
        if let Err(error) = outcome {
            tracing::debug!(%error, "a socket keeps its usual buffers");
        }
    }
}
