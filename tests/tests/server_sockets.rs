//! What the server asks of the system for each connection it accepts. Linux only: the accepted sockets
//! are in this process, which looks at them through its own table of descriptors.
#![cfg(target_os = "linux")]

mod server_support;

use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::net::sockopt;
use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};
use server_support::{Peer, Running};
use sse_server::{Limits, Response, Server};

/// A duplicate of the descriptor whose other end is the socket at `peer`.
fn accepted_from(peer: SocketAddr) -> Option<OwnedFd> {
    let process = pidfd_open(getpid(), PidfdFlags::empty()).expect("a handle of this process");
    let entries = std::fs::read_dir("/proc/self/fd").expect("the table of descriptors");
    let numbers = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    // Some are closed meanwhile, by tests that run at the same time.
    let mut sockets =
        numbers.filter_map(|number| pidfd_getfd(&process, number, PidfdGetfdFlags::empty()).ok());
    sockets.find(|socket| {
        rustix::net::getpeername(socket)
            .ok()
            .flatten()
            .and_then(|address| SocketAddr::try_from(address).ok())
            == Some(peer)
    })
}

/// The server's end of a connection that has been answered.
fn server_end(limits: Limits) -> (TcpStream, OwnedFd, Running) {
    let server = Running::start(Server::new(|_| Response::text("x")).limits(limits));
    let mut peer = Peer::connect(server.addr);
    peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    peer.answer();
    let ours = peer.stream.local_addr().expect("an address");
    let socket = accepted_from(ours).expect("the server's end is in this process");
    (peer.stream, socket, server)
}

#[test]
fn the_system_asks_after_silent_peers() {
    let (_peer, socket, _server) = server_end(Limits::default());
    assert_eq!(sockopt::socket_keepalive(&socket), Ok(true));
    let minute = Duration::from_secs(60);
    assert!(sockopt::tcp_keepidle(&socket).expect("Linux tells") <= minute);
    assert!(sockopt::tcp_keepintvl(&socket).expect("Linux tells") <= minute);
}

#[test]
fn small_events_do_not_wait_for_acknowledgements() {
    let (_peer, socket, _server) = server_end(Limits::default());
    assert_eq!(sockopt::tcp_nodelay(&socket), Ok(true));
}

#[test]
fn the_send_buffer_is_as_large_as_was_asked_for() {
    let size = |send_buffer| {
        let (_peer, socket, _server) = server_end(Limits { send_buffer, ..Limits::default() });
        sockopt::socket_send_buffer_size(&socket).expect("a size")
    };
    // Linux doubles what is asked for, to have room for its own accounts.
    assert_eq!(size(Some(32 * 1024)), 2 * 32 * 1024);
    assert!(size(None) > 2 * 32 * 1024);
}
