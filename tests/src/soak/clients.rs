//! The clients: our own, and bare sockets with worse manners. Each keeps a record.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::OnceLock;
use std::time::Duration;

use crate::streams::Random;
use async_io::{Async, Timer};
use futures_lite::future::or;
use futures_lite::{AsyncReadExt as _, AsyncWriteExt as _};
use socket2::{Domain, SockRef, Socket, Type};
use sse_client::{EventSource, Item};
use sse_proto::Decoder;

use super::record::{Position, Record};

/// Longer than the server is ever silent, on a machine that is busy.
const SILENCE: Duration = Duration::from_secs(20);

/// Where the server is, and, once it is known, the event at which a record is complete.
#[derive(Debug)]
pub(crate) struct Aim {
    address: SocketAddr,
    end: OnceLock<Position>,
}

impl Aim {
    pub(crate) fn new(address: SocketAddr) -> Self {
        let end = OnceLock::new();
        Self { address, end }
    }

    /// From now on the clients stay until they have seen the event at `end`.
    pub(crate) fn set(&self, end: Position) {
        self.end.get_or_init(|| end);
    }

    fn is_known(&self) -> bool {
        self.end.get().is_some()
    }

    fn is_reached(&self, record: &Record) -> bool {
        self.is_known() && self.end.get().copied() == record.at()
    }
}

/// What a client is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner {
    is_raw: bool,
    only_rare: bool,
}

impl Manner {
    /// A third are bare sockets; of these and of the others each fourth wants the rare events alone.
    pub(crate) fn of(number: usize) -> Self {
        Self { is_raw: number % 3 == 2, only_rare: number / 3 % 4 == 3 }
    }

    fn path(self) -> &'static str {
        if self.only_rare { "/rare" } else { "/all" }
    }
}

/// Connects again and again, until the record is complete.
///
/// # Errors
///
/// What is wrong with the record.
pub(crate) async fn run(aim: &Aim, manner: Manner, mut random: Random) -> Result<Record, String> {
    let mut record = Record::new(manner.only_rare);
    while !aim.is_reached(&record) {
        let random = &mut random;
        if manner.is_raw {
            // Whatever ended the connection, the next one tells what the client has missed.
            let _ = raw(aim, manner, &mut record, random).await?;
        } else {
            event_source(aim, manner, &mut record, random).await?;
        }
        pause(random, 300).await;
    }
    Ok(record)
}

/// One event source, over as many connections as it makes until it is dropped.
async fn event_source(
    aim: &Aim,
    manner: Manner,
    record: &mut Record,
    random: &mut Random,
) -> Result<(), String> {
    let mut source = EventSource::builder(&format!("http://{}{}", aim.address, manner.path()))
        .last_event_id(&record.last_event_id())
        .details(true)
        .reconnection_time(Duration::from_millis(50))
        .min_delay(Duration::from_millis(20))
        .max_delay(Duration::from_millis(500))
        .silence_timeout(SILENCE)
        .build()
        .map_err(|error| error.to_string())?;
    let stay = 1 + random.below(2000);
    for count in 0.. {
        let item = source.next().await.ok_or("the event source has ended")?;
        match item {
            Item::Open(_) => record.connections += 1,
            Item::Event(it) => record.take(&it.event_type, &it.data, &it.last_event_id)?,
            Item::LastEventId(id) => record.move_to(&id)?,
            Item::Error(error) if error.is_final() => return Err(error.to_string()),
            _ => {}
        }
        if aim.is_reached(record) {
            break;
        }
        if !aim.is_known() {
            if count > stay {
                break;
            }
            match random.below(2000) {
                0..4 => pause(random, 5000).await,
                4..6 => source.restart(),
                _ => {}
            }
        }
    }
    Ok(())
}

/// One connection of a bare socket, by HTTP/1.0. The outer error is a wrong record, the inner one
/// a connection that broke.
async fn raw(
    aim: &Aim,
    manner: Manner,
    record: &mut Record,
    random: &mut Random,
) -> Result<io::Result<()>, String> {
    let mut stream = match subscribe(aim.address, manner, record).await {
        Ok(stream) => stream,
        Err(error) => return Ok(Err(error)),
    };
    record.connections += 1;
    let mut decoder = Decoder::new();
    let mut buffer = [0; 4096];
    let stay = 1 + random.below(400);
    for count in 0.. {
        let bytes = match read(&mut stream, &mut buffer).await {
            Ok(0) => return Ok(Ok(())),
            Ok(length) => &buffer[..length],
            Err(error) if error.kind() == io::ErrorKind::TimedOut => return Err(error.to_string()),
            Err(error) => return Ok(Err(error)),
        };
        take(record, &mut decoder, bytes)?;
        if aim.is_reached(record) {
            return Ok(Ok(()));
        }
        if aim.is_known() {
            continue;
        }
        if count > stay {
            return Ok(leave(stream, random));
        }
        match random.below(300) {
            // Long enough to be cut for not reading; what is on the way is read all the same.
            0 => pause(random, 6000).await,
            // So slow that the log goes on without it.
            1..20 => pause(random, 300).await,
            _ => {}
        }
    }
    Ok(Ok(()))
}

/// A connection with a small receive buffer, whose response head has been read.
async fn subscribe(
    address: SocketAddr,
    manner: Manner,
    record: &Record,
) -> io::Result<Async<TcpStream>> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_recv_buffer_size(16 << 10)?;
    socket.connect_timeout(&address.into(), Duration::from_secs(1))?;
    let mut stream = Async::new(TcpStream::from(socket))?;
    let id = match record.last_event_id() {
        id if id.is_empty() => id,
        id => format!("Last-Event-ID: {id}\r\n"),
    };
    let request = format!("GET {} HTTP/1.0\r\n{id}\r\n", manner.path());
    stream.write_all(request.as_bytes()).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        match read(&mut stream, &mut byte).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            _ => head.extend_from_slice(&byte),
        }
    }
    Ok(stream)
}

async fn read(stream: &mut Async<TcpStream>, buffer: &mut [u8]) -> io::Result<usize> {
    or(stream.read(buffer), async {
        Timer::after(SILENCE).await;
        Err(io::Error::new(io::ErrorKind::TimedOut, "no heartbeat for a long time"))
    })
    .await
}

fn take(record: &mut Record, decoder: &mut Decoder, mut bytes: &[u8]) -> Result<(), String> {
    while let Some(item) = decoder.next(&mut bytes) {
        match item.map_err(|error| error.to_string())? {
            sse_proto::Item::Event(it) => {
                record.take(it.event_type(), it.data(), it.last_event_id())?;
            }
            sse_proto::Item::LastEventId(id) => record.move_to(id)?,
            _ => {}
        }
    }
    Ok(())
}

/// Ends a connection: by closing it, by resetting it, or by closing one half only.
fn leave(stream: Async<TcpStream>, random: &mut Random) -> io::Result<()> {
    match random.below(3) {
        0 => Ok(()),
        1 => SockRef::from(stream.get_ref()).set_linger(Some(Duration::ZERO)),
        _ => stream.get_ref().shutdown(std::net::Shutdown::Write),
    }
}

async fn pause(random: &mut Random, at_most: usize) {
    Timer::after(Duration::from_millis(random.below(at_most) as u64)).await;
}
