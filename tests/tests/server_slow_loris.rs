//! A thousand slow-loris connections, each sending its request a byte at a time: ordinary clients
//! are served as if they were not there, and each is ended at the head deadline. A test program of
//! its own, because of its two thousand file descriptors.

mod server_support;

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use server_support::{Running, live};
use sse_server::{Channel, Frame, Limits, Response, Server};
use testkit::descriptors;
use testkit::raw::{Peer, status};
use testkit::wait::PATIENCE;

const LORISES: usize = 1000;
/// Long enough that all of them are there before the first is ended.
const HEAD_DEADLINE: Duration = Duration::from_secs(2);
/// How much later than the deadline a busy machine may notice the end.
const TOLERANCE: Duration = Duration::from_secs(3);
/// What an ordinary request and an event take together, waiting for no loris.
const AT_ONCE: Duration = Duration::from_millis(100);

#[test]
fn a_thousand_are_each_ended_at_the_head_deadline_and_delay_nobody() {
    descriptors::allow(3 * LORISES as u64).expect("descriptors");
    let channel = Channel::default();
    let shared = channel.clone();
    let limits = Limits { head_deadline: HEAD_DEADLINE, ..Limits::default() };
    let server = Server::new(move |request| match request.path() {
        "/events" => Response::events(live(&shared, request)),
        _ => Response::text("hello"),
    });
    let server = Running::start(server.limits(limits));
    let mut subscriber = Peer::subscribe(server.addr, "/events", None);
    subscriber.block().expect("its position");

    let began = Instant::now();
    let mut lorises: Vec<Loris> = (0..LORISES).map(|_| Loris::begin(server.addr)).collect();
    let (mut took, mut most_open) = (Vec::new(), 0);
    while lorises.iter().any(|loris| loris.lifetime.is_none()) {
        assert!(began.elapsed() < PATIENCE, "some are never ended");
        lorises.iter_mut().for_each(Loris::send_a_byte);
        most_open = most_open.max(server.handle.stats().open);
        let asked = Instant::now();
        let answer = server.exchange("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        assert_eq!(status(&answer), 200, "{answer}");
        let number = took.len().to_string();
        channel.publish(&Frame::message(&number));
        assert_eq!(subscriber.data(), Some(number));
        took.push(asked.elapsed());
        // The pace of the lorises.
        std::thread::sleep(Duration::from_millis(20));
    }

    assert!(most_open > LORISES as u64, "{most_open} at the same time");
    took.sort();
    assert!(took[took.len() / 2] < AT_ONCE, "{took:?}");
    for lifetime in lorises.iter().filter_map(|loris| loris.lifetime) {
        assert!(
            lifetime >= HEAD_DEADLINE && lifetime < HEAD_DEADLINE + TOLERANCE,
            "ended after {lifetime:?}"
        );
    }
    let refused = server.handle.stats().refused;
    assert_eq!(refused.values().sum::<u64>(), LORISES as u64);
    let answers = lorises.iter().map(|loris| loris.answer.as_slice());
    for answer in answers.filter(|answer| !answer.is_empty()) {
        assert_eq!(status(&String::from_utf8_lossy(answer)), 408);
    }
}

/// A client that sends a request so slowly that its head never ends.
struct Loris {
    stream: TcpStream,
    began: Instant,
    /// From the first byte to the end of the connection, once it has ended.
    lifetime: Option<Duration>,
    /// What the server said; nothing if the bytes sent after it have reset the connection.
    answer: Vec<u8>,
}

impl Loris {
    fn begin(addr: SocketAddr) -> Self {
        let mut stream = TcpStream::connect(addr).expect("connect");
        let began = Instant::now();
        stream.write_all(b"GET / HTTP/1.1\r\nX-Slow: ").expect("a new connection");
        stream.set_nonblocking(true).expect("nonblocking");
        Self { stream, began, lifetime: None, answer: Vec::new() }
    }

    /// Sends the next byte of a header, unless the server has ended the connection.
    fn send_a_byte(&mut self) {
        if self.lifetime.is_some() {
            return;
        }
        let mut bytes = [0; 1024];
        match self.stream.read(&mut bytes) {
            Ok(0) => self.lifetime = Some(self.began.elapsed()),
            Ok(count) => self.answer.extend_from_slice(&bytes[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                // It may meet a connection that has just been ended; the next read says so.
                let _ = self.stream.write_all(b"a");
            }
            Err(_) => self.lifetime = Some(self.began.elapsed()),
        }
    }
}
