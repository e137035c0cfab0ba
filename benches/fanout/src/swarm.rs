//! Many subscribers on one thread: connects them and reads from those that have something.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use servers::now;
use socket2::{Domain, Socket, Type};

use crate::connection::Connection;
use crate::recorder::Recorder;

/// Connections that leave from one address of loopback, below its number of free ports.
const PER_SOURCE: usize = 5_000;

/// Requests that may be unanswered while connecting, below the backlog of every server.
const UNANSWERED: usize = 100;

const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Swarm {
    poll: Poll,
    events: Events,
    pub(crate) connections: Vec<Connection>,
    buffer: Vec<u8>,
    answered: usize,
    closed: usize,
    /// How long it sleeps until something comes.
    sleep: Duration,
}

impl Swarm {
    /// Opens `count` event streams, from addresses 127.0.NETWORK.x, and waits until all have been answered.
    pub(crate) fn connect(
        address: SocketAddr,
        count: usize,
        network: u8,
        header: &str,
        recorder: &mut Recorder,
    ) -> anyhow::Result<Swarm> {
        let mut swarm = Swarm {
            poll: Poll::new()?,
            events: Events::with_capacity(4096),
            connections: Vec::with_capacity(count),
            buffer: vec![0; 256 << 10],
            answered: 0,
            closed: 0,
            sleep: Duration::ZERO,
        };
        let request = format!(
            "GET /events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n{header}\r\n"
        );
        let deadline = Instant::now() + PATIENCE;
        for index in 0..count {
            swarm.open(address, index, network, request.as_bytes()).context("cannot connect")?;
            while swarm.unanswered() > UNANSWERED && Instant::now() < deadline {
                swarm.turn(recorder)?;
            }
        }
        while swarm.unanswered() > 0 && Instant::now() < deadline {
            swarm.turn(recorder)?;
        }
        let (closed, silent) = (swarm.closed(), swarm.unanswered());
        ensure!(
            closed + silent == 0,
            "of {count} connections {closed} were closed, {silent} not answered"
        );
        Ok(swarm)
    }

    fn open(
        &mut self,
        address: SocketAddr,
        index: usize,
        network: u8,
        request: &[u8],
    ) -> anyhow::Result<()> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        let host = 2 + (index / PER_SOURCE) as u8;
        socket.bind(&SocketAddr::from((Ipv4Addr::new(127, 0, network, host), 0)).into())?;
        // Closing leaves nothing in TIME_WAIT: among tens of thousands of those the next trial's search for a free port
        // takes milliseconds for each connection.
        socket.set_linger(Some(Duration::ZERO))?;
        socket.connect(&address.into())?;
        socket.set_tcp_nodelay(true)?;
        ensure!(socket.send(request)? == request.len(), "the request was cut");
        socket.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(socket.into());
        let token = Token(self.connections.len());
        self.poll.registry().register(&mut stream, token, Interest::READABLE)?;
        self.connections.push(Connection::new(stream));
        Ok(())
    }

    /// It may sleep for so long until something comes. It does not at first.
    pub(crate) fn sleep_at_most(&mut self, time: Duration) {
        self.sleep = time;
    }

    /// Reads what has come. True if something had come.
    pub(crate) fn turn(&mut self, recorder: &mut Recorder) -> anyhow::Result<bool> {
        self.poll.poll(&mut self.events, Some(self.sleep))?;
        let mut any = false;
        for event in &self.events {
            any = true;
            let index = event.token().0;
            let Some(connection) = self.connections.get_mut(index) else {
                continue;
            };
            let before = (connection.is_open, connection.is_closed);
            // The end may have come together with the last bytes, and no other edge tells of it.
            connection.read(&mut self.buffer, event.is_read_closed(), |last, delivery| {
                recorder.deliver(last, delivery, now());
            });
            self.answered += usize::from(connection.is_open && !before.0);
            self.closed += usize::from(connection.is_closed && !before.1);
        }
        Ok(any)
    }

    /// The first `count` connections stop reading.
    pub(crate) fn stall(&mut self, count: usize) {
        for connection in self.connections.iter_mut().take(count) {
            connection.is_stalled = true;
        }
    }

    /// Those that have stopped read again.
    pub(crate) fn resume(&mut self, recorder: &mut Recorder) {
        for connection in self.connections.iter_mut().filter(|it| it.is_stalled) {
            connection.is_stalled = false;
            connection.read(&mut self.buffer, true, |last, delivery| {
                recorder.deliver(last, delivery, now());
            });
            self.closed += usize::from(connection.is_closed);
        }
    }

    /// Sequence numbers begin anew.
    pub(crate) fn forget(&mut self) {
        for connection in &mut self.connections {
            connection.last = None;
        }
    }

    /// Turns until `done` holds or the time is over. True if it held.
    pub(crate) fn until(
        &mut self,
        recorder: &mut Recorder,
        limit: Duration,
        done: impl Fn(&Recorder) -> bool,
    ) -> anyhow::Result<bool> {
        let deadline = Instant::now() + limit;
        while !done(recorder) {
            if Instant::now() > deadline {
                return Ok(false);
            }
            self.turn(recorder)?;
        }
        Ok(true)
    }

    pub(crate) fn closed(&self) -> usize {
        self.closed
    }

    /// Bytes that all connections have read.
    pub(crate) fn received(&self) -> u64 {
        self.connections.iter().map(|it| it.received).sum()
    }

    /// Streams whose response head has not come. Those that are refused count as closed.
    fn unanswered(&self) -> usize {
        (self.connections.len() - self.answered).saturating_sub(self.closed)
    }
}
