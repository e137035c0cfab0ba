//! The limit: one thread, and for each event a bare loop of `write` calls over all sockets.
//!
//! It knows no slow clients, no errors and no memory: what cannot be written is lost.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Parser;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use servers::{Args, Burst};

const LISTENER: Token = Token(usize::MAX);
const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\
    Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n";

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let mut listener = TcpListener::bind(args.addr).context("cannot listen")?;
    let mut poll = Poll::new()?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut events = Events::with_capacity(1024);
    let mut server = Limit::default();
    loop {
        poll.poll(&mut events, server.publish_due())?;
        for event in &events {
            if event.token() == LISTENER {
                while let Ok((mut socket, _)) = listener.accept() {
                    socket.set_nodelay(true)?;
                    let token = Token(server.requests.len());
                    poll.registry().register(&mut socket, token, Interest::READABLE)?;
                    server.requests.push(Some(socket));
                }
            } else {
                server.answer(&poll, event.token().0)?;
            }
        }
    }
}

#[derive(Default)]
struct Limit {
    /// Connections that have not sent their request yet.
    requests: Vec<Option<TcpStream>>,
    streams: Vec<TcpStream>,
    sequence: u64,
    running: Option<Running>,
}

struct Running {
    burst: Burst,
    start: Instant,
    published: u64,
}

impl Limit {
    fn answer(&mut self, poll: &Poll, index: usize) -> std::io::Result<()> {
        let Some(mut socket) = self.requests.get_mut(index).and_then(Option::take) else {
            return Ok(());
        };
        if self.requests.iter().rev().take(64).all(Option::is_none) {
            while matches!(self.requests.last(), Some(None)) {
                self.requests.pop();
            }
        }
        poll.registry().deregister(&mut socket)?;
        let mut request = [0; 1024];
        let length = socket.read(&mut request).unwrap_or(0);
        let request = String::from_utf8_lossy(&request[..length]);
        let target = request.split(' ').nth(1).unwrap_or("");
        if let Some(query) = target.strip_prefix("/start?") {
            // Whoever asked may have gone; the burst is published all the same.
            let _ = socket.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
            self.running = Burst::of_query(query).map(|burst| Running {
                burst,
                start: Instant::now(),
                published: 0,
            });
        } else if target == "/events" {
            let _ = socket.write_all(HEAD);
            self.streams.push(socket);
        }
        Ok(())
    }

    /// Publishes what is due; when to come back.
    fn publish_due(&mut self) -> Option<Duration> {
        while let Some(mut running) = self.running.take() {
            if running.published == running.burst.count {
                return None;
            }
            let due = running.burst.due(running.published);
            if let Some(wait) = due.checked_sub(running.start.elapsed()).filter(|it| !it.is_zero())
            {
                self.running = Some(running);
                return Some(wait);
            }
            let frame = format!("data: {}\n\n", running.burst.data(self.sequence));
            let chunk = format!("{:x}\r\n{frame}\r\n", frame.len());
            for socket in &mut self.streams {
                let _ = socket.write(chunk.as_bytes());
            }
            self.sequence += 1;
            running.published += 1;
            self.running = Some(running);
        }
        None
    }
}
