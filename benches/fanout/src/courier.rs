//! Publishes for a server that makes no events of its own: one POST for each, without waiting.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Instant;

use anyhow::bail;
use servers::Burst;

pub(crate) struct Courier {
    socket: TcpStream,
    burst: Burst,
    start: Instant,
    published: u64,
    unsent: Vec<u8>,
}

impl Courier {
    pub(crate) fn start(address: SocketAddr, burst: Burst) -> anyhow::Result<Courier> {
        let socket = TcpStream::connect(address)?;
        socket.set_nodelay(true)?;
        socket.set_nonblocking(true)?;
        Ok(Courier { socket, burst, start: Instant::now(), published: 0, unsent: Vec::new() })
    }

    /// Sends the events that are due, and reads away the answers.
    pub(crate) fn turn(&mut self) -> anyhow::Result<()> {
        while self.published < self.burst.count
            && self.burst.due(self.published) <= self.start.elapsed()
        {
            let data = self.burst.data(self.published);
            write!(
                self.unsent,
                "POST /publish HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{data}",
                data.len()
            )?;
            self.published += 1;
        }
        if !self.unsent.is_empty() {
            let sent = again(self.socket.write(&self.unsent))?;
            self.unsent.drain(..sent.unwrap_or(0));
        }
        if again(self.socket.read(&mut [0; 4096]))? == Some(0) {
            bail!("the server does not take events any more");
        }
        Ok(())
    }
}

fn again(outcome: io::Result<usize>) -> io::Result<Option<usize>> {
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        outcome => outcome.map(Some),
    }
}
