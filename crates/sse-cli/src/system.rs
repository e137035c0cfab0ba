//! The clock, the sockets and the signals: the only file of this program that touches them. Depends on async-io, rustls,
//! ctrlc and what is sent and read.

use crate::target::Target;
use crate::transcript::{Reader, Transcript};
use sse_client::rustls::pki_types::ServerName;
use sse_client::rustls::{ClientConfig, ClientConnection, StreamOwned};
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The moment when something must have ended; `None` for never.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    /// So long from now. A time that the clock cannot hold is never.
    pub(crate) fn within(time: Option<Duration>) -> Self {
        Self(time.and_then(|time| Instant::now().checked_add(time)))
    }

    pub(crate) fn is_over(self) -> bool {
        self.0.is_some_and(|end| Instant::now() >= end)
    }

    /// Completes when it is over.
    pub(crate) async fn over(self) {
        match self.0 {
            Some(end) => drop(async_io::Timer::at(end).await),
            None => std::future::pending().await,
        }
    }
}

/// Waits for a future on this thread.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    async_io::block_on(future)
}

/// Calls a function at each signal that asks a program to end: SIGINT, SIGTERM, SIGHUP.
pub(crate) fn on_signal(act: impl FnMut() + Send + 'static) -> io::Result<()> {
    ctrlc::set_handler(act).map_err(io::Error::other)
}

/// Waits for such a signal.
pub(crate) fn until_signal() -> io::Result<()> {
    let (sender, receiver) = std::sync::mpsc::channel();
    on_signal(move || {
        let _ = sender.send(());
    })?;
    // The handler holds the other end as long as the program runs.
    let _ = receiver.recv();
    Ok(())
}

/// One request, and how long and how far its answer is read.
#[derive(Clone)]
pub(crate) struct Exchange<'a> {
    pub(crate) target: &'a Target,
    pub(crate) method: &'a str,
    pub(crate) fields: &'a [(String, String)],
    pub(crate) body: Option<&'a [u8]>,
    pub(crate) tls: &'a Arc<ClientConfig>,
    /// How long connecting may take.
    pub(crate) connect: Duration,
    /// How long the answer is read, from when the request has been sent.
    pub(crate) time: Option<Duration>,
    /// How many bytes of its body.
    pub(crate) bytes: usize,
    /// After that, how long the server has to close when it is told that no more will be sent.
    pub(crate) parting: Option<Duration>,
}

impl Exchange<'_> {
    /// Sends the request and reads the answer, until `is_enough` says so.
    ///
    /// # Errors
    ///
    /// No connection could be made, or the request could not be sent.
    pub(crate) fn run(
        &self,
        is_enough: &mut dyn FnMut(&mut Transcript) -> bool,
    ) -> Result<Transcript, String> {
        let socket = connect(self.target, self.connect)?;
        let mut stream = secured(socket, self.target, self.tls, self.connect)?;
        let request = self.target.request(self.method, self.fields, self.body);
        let sent = stream.write_all(&request).and_then(|()| stream.flush());
        sent.map_err(|error| format!("the request could not be sent: {error}"))?;
        let began = Instant::now();
        let mut reader = Reader::new(self.method);
        let deadline = self.time.and_then(|time| began.checked_add(time));
        let mut is_enough = |it: &mut Transcript| is_enough(it) || it.body.len() >= self.bytes;
        read(&mut *stream, began, deadline, &mut reader, &mut is_enough);
        if let Some(parting) = self.parting.filter(|_| !reader.is_over()) {
            reader.transcript.ended_at = began.elapsed();
            let left = Instant::now();
            if stream.socket().shutdown(Shutdown::Write).is_ok() {
                let mut aside = Reader::new(self.method);
                read(&mut *stream, left, Some(left + parting), &mut aside, &mut |_| false);
                reader.transcript.closed_after = aside.is_over().then(|| left.elapsed());
            }
        } else if !reader.is_over() {
            reader.transcript.ended_at = began.elapsed();
        }
        Ok(reader.transcript)
    }
}

/// Reads until the answer is over, the time is, or it is enough.
fn read(
    stream: &mut dyn Stream,
    began: Instant,
    deadline: Option<Instant>,
    reader: &mut Reader,
    is_enough: &mut dyn FnMut(&mut Transcript) -> bool,
) {
    let mut block = vec![0; 64 * 1024];
    while !is_enough(&mut reader.transcript) && !reader.is_over() {
        let left = deadline.map(|end| end.saturating_duration_since(Instant::now()));
        // A timeout of nothing would be none at all.
        if left == Some(Duration::ZERO) || stream.socket().set_read_timeout(left).is_err() {
            return;
        }
        match stream.read(&mut block) {
            Ok(0) => reader.closed(began.elapsed(), ""),
            Ok(count) => reader.push(began.elapsed(), &block[..count]),
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => return,
                io::ErrorKind::Interrupted => {}
                // TLS that ends without saying so: what the framing of the answer says counts.
                io::ErrorKind::UnexpectedEof => reader.closed(began.elapsed(), ""),
                _ => reader.closed(began.elapsed(), &error.to_string()),
            },
        }
    }
}

/// A connection, with or without TLS.
trait Stream: Read + Write {
    fn socket(&self) -> &TcpStream;
}

impl Stream for TcpStream {
    fn socket(&self) -> &TcpStream {
        self
    }
}

impl Stream for StreamOwned<ClientConnection, TcpStream> {
    fn socket(&self) -> &TcpStream {
        &self.sock
    }
}

fn connect(target: &Target, time: Duration) -> Result<TcpStream, String> {
    let (host, port) = (&*target.host, target.port);
    let addresses = (host, port).to_socket_addrs();
    let addresses = addresses.map_err(|error| format!("{host:?} has no address: {error}"))?;
    let mut failed = format!("{host:?} has no address");
    for address in addresses {
        match TcpStream::connect_timeout(&address, time) {
            Ok(socket) => {
                let set = socket.set_nodelay(true).and_then(|()| {
                    socket.set_write_timeout(Some(time))?;
                    socket.set_read_timeout(Some(time))
                });
                return set.map(|()| socket).map_err(|error| error.to_string());
            }
            Err(error) => failed = format!("{address} cannot be reached: {error}"),
        }
    }
    Err(failed)
}

fn secured(
    socket: TcpStream,
    target: &Target,
    config: &Arc<ClientConfig>,
    time: Duration,
) -> Result<Box<dyn Stream>, String> {
    if !target.is_secure {
        return Ok(Box::new(socket));
    }
    Ok(Box::new(handshake(socket, target, config, time)?))
}

fn handshake(
    mut socket: TcpStream,
    target: &Target,
    config: &Arc<ClientConfig>,
    time: Duration,
) -> Result<StreamOwned<ClientConnection, TcpStream>, String> {
    let failed = |error: &dyn std::fmt::Display| format!("the TLS handshake failed: {error}");
    let name = ServerName::try_from(target.host.clone()).map_err(|error| failed(&error))?;
    let mut tls = ClientConnection::new(config.clone(), name).map_err(|error| failed(&error))?;
    let deadline = Instant::now() + time;
    while tls.is_handshaking() {
        if Instant::now() >= deadline {
            return Err(failed(&"it took too long"));
        }
        tls.complete_io(&mut socket).map_err(|error| failed(&error))?;
    }
    Ok(StreamOwned::new(tls, socket))
}

/// The protocol that a server chooses when it is offered those of this configuration (RFC 7301).
pub(crate) fn chosen_protocol(
    target: &Target,
    config: &Arc<ClientConfig>,
    time: Duration,
) -> Result<Option<Vec<u8>>, String> {
    let tls = handshake(connect(target, time)?, target, config, time)?;
    Ok(tls.conn.alpn_protocol().map(<[u8]>::to_vec))
}
