//! A server on sockets that somebody else has bound, and passes from one process to the next.

use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::server_support::Running;
use sse_server::{BoundServer, Response, Server, Shutdown};
use testkit::raw::{Peer, status};
use testkit::wait::eventually;

const REQUEST: &str = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

fn bound() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").expect("a free port")
}

fn server(text: &'static str) -> Server {
    Server::new(move |_| Response::text(text))
}

fn taking(text: &'static str, listener: &TcpListener) -> BoundServer {
    let duplicate = listener.try_clone().expect("a duplicate");
    server(text).listener(duplicate).expect("it listens already")
}

#[test]
fn who_waits_at_a_socket_that_is_handed_over_is_served() {
    let listener = bound();
    let mut early = Peer::connect(listener.local_addr().expect("an address"));
    early.send(REQUEST);
    let _server = Running::of(server("hello").listener(listener).expect("it listens already"));
    assert!(early.read_to_end().ends_with("\r\n\r\nhello"));
}

#[test]
fn nobody_is_refused_between_two_servers_on_one_socket() {
    let listener = bound();
    let address = listener.local_addr().expect("an address");
    let mut first = Running::of(taking("first", &listener));
    assert!(first.exchange(REQUEST).ends_with("first"));
    first.stop(Shutdown::default());
    let mut between = Peer::connect(address);
    between.send(REQUEST);
    let second = Running::of(taking("second", &listener));
    assert!(between.read_to_end().ends_with("second"));
    assert!(second.exchange(REQUEST).ends_with("second"));
    // Nobody keeps it open any more.
    drop(listener);
    drop(second);
    assert!(TcpStream::connect(address).is_err());
}

/// A client that has been accepted when the server is asked to end could not know.
#[test]
fn who_has_been_accepted_is_answered_though_the_server_ends() {
    let listener = bound();
    let server = Running::of(taking("hello", &listener));
    let mut peer = server.connect();
    eventually("it is accepted", || server.handle.stats().open == 1);
    server.handle.shutdown(Shutdown { deadline: Duration::from_secs(20), ..Shutdown::default() });
    peer.send(REQUEST);
    let answer = peer.read_to_end();
    assert_eq!(status(&answer), 200, "{answer}");
}

/// Clients come all the time while servers take turns on the socket: each is answered.
#[test]
fn whoever_comes_is_answered_while_servers_take_turns() {
    let listener = bound();
    let address = listener.local_addr().expect("an address");
    let done = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..8)
        .map(|_| {
            let done = done.clone();
            thread::spawn(move || {
                let mut answers = 0;
                while !done.load(Ordering::Relaxed) {
                    let mut peer = Peer::connect(address);
                    peer.send(REQUEST);
                    let answer = peer.read_to_end();
                    assert!(answer.ends_with("hello"), "{answer:?}");
                    answers += 1;
                }
                answers
            })
        })
        .collect();
    for _ in 0..20 {
        let mut server = Running::of(taking("hello", &listener));
        eventually("it is asked", || server.handle.stats().requests > 5);
        server.stop(Shutdown::default());
    }
    done.store(true, Ordering::Relaxed);
    let _last = Running::of(taking("hello", &listener));
    for client in clients {
        assert!(client.join().expect("all are answered") > 0);
    }
}

#[test]
fn several_sockets_are_served_and_closed_together() {
    let (one, two) = (bound(), bound());
    let addresses = [&one, &two].map(|it| it.local_addr().expect("an address"));
    let server = server("hello").threads(2).listener(one).expect("it listens");
    let server = server.listener(two).expect("it listens");
    assert_eq!(server.local_addr().expect("an address"), addresses[0]);
    let server = Running::of(server);
    for address in addresses {
        let mut peer = Peer::connect(address);
        peer.send(REQUEST);
        assert!(peer.read_to_end().ends_with("hello"));
    }
    drop(server);
    assert!(addresses.iter().all(|it| TcpStream::connect(it).is_err()));
}

#[test]
#[cfg(unix)]
fn what_is_no_listening_socket_is_an_error() {
    use std::net::UdpSocket;
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixListener;

    let folder = testkit::Scratch::new("listener").expect("a folder");
    let listener = bound();
    let connected = TcpStream::connect(listener.local_addr().expect("an address"));
    let file = std::fs::File::create(folder.join("file")).expect("a file");
    let wrong: [OwnedFd; 4] = [
        UnixListener::bind(folder.join("socket")).expect("a path").into(),
        UdpSocket::bind("127.0.0.1:0").expect("a free port").into(),
        connected.expect("it listens").into(),
        file.into(),
    ];
    for wrong in wrong {
        let refused = server("").listener(wrong.into()).expect_err("it is none");
        assert!(refused.to_string().contains("none to listen on by TCP"), "{refused}");
    }
}

#[test]
fn a_taken_port_is_explained() {
    let server = Running::start(server("first"));
    let error = self::server("second").bind(server.addr).map(|_| ()).unwrap_err().to_string();
    assert!(
        error.contains(&server.addr.to_string()) && error.contains("another program"),
        "{error}"
    );
}
