//! One event stream through every adapter of the codec, from sources that hand over pieces, wait, and fail.
//!
//! Depends on the codec's public API.

use std::cell::Cell;
use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use futures_lite::future::block_on;
use futures_lite::io::BufReader;
use futures_lite::{AsyncRead, Stream, StreamExt};
use sse_proto::{
    ByteStreamExt, Decoder, Event, Events, Limits, OwnedEvent, Part, ReadError, Unfinished,
};

/// What a source does when it is read.
#[derive(Clone, Debug)]
pub enum Piece {
    /// It gives these bytes.
    Bytes(Vec<u8>),
    /// It fails, and goes on if it is read again.
    Failure,
    /// It was interrupted, where sources can be.
    Interruption,
}

/// What is seen of a source.
#[derive(Debug, PartialEq, Eq)]
pub struct Seen {
    /// What came, and how many bytes the source had given by then.
    pub steps: Vec<(usize, Step)>,
    /// The last event ID after the end.
    pub last_event_id: String,
    /// The reconnection time in milliseconds.
    pub reconnection_time: Option<u128>,
    /// Type and data of an unfinished event.
    pub unfinished: Option<(String, String)>,
}

/// What comes out of an adapter.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// An event.
    Event(OwnedEvent),
    /// A limit was passed.
    Limit(Part, usize),
    /// The source has failed.
    Failure,
}

/// The error of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("broken")
    }
}

impl std::error::Error for Broken {}

impl embedded_io::Error for Broken {
    fn kind(&self) -> embedded_io::ErrorKind {
        embedded_io::ErrorKind::Other
    }
}

/// A source of every kind; an asynchronous one has to be asked twice.
struct Source {
    pieces: VecDeque<Piece>,
    given: Rc<Cell<usize>>,
    is_pending: bool,
}

impl Source {
    fn next(&mut self) -> Option<Result<Vec<u8>, io::ErrorKind>> {
        Some(match self.pieces.pop_front()? {
            Piece::Bytes(bytes) => {
                self.given.set(self.given.get() + bytes.len());
                Ok(bytes)
            }
            Piece::Failure => Err(io::ErrorKind::Other),
            Piece::Interruption => Err(io::ErrorKind::Interrupted),
        })
    }

    /// Where sources cannot be interrupted.
    fn next_or_broken(&mut self) -> Option<Result<Vec<u8>, Broken>> {
        loop {
            match self.next()? {
                Err(io::ErrorKind::Interrupted) => {}
                piece => return Some(piece.map_err(|_| Broken)),
            }
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<&mut Self> {
        self.is_pending = !self.is_pending;
        if self.is_pending {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(self)
    }
}

fn put(piece: &[u8], buffer: &mut [u8]) -> usize {
    buffer[..piece.len()].copy_from_slice(piece);
    piece.len()
}

impl io::Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let piece = self.next().unwrap_or(Ok(Vec::new()))?;
        Ok(put(&piece, buffer))
    }
}

impl AsyncRead for Source {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.poll(context).map(|source| io::Read::read(source, buffer))
    }
}

impl Stream for Source {
    type Item = Result<Vec<u8>, Broken>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll(context).map(Self::next_or_broken)
    }
}

impl embedded_io::ErrorType for Source {
    type Error = Broken;
}

impl embedded_io::Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Broken> {
        let piece = self.next_or_broken().unwrap_or(Ok(Vec::new()))?;
        Ok(put(&piece, buffer))
    }
}

impl embedded_io_async::Read for Source {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Broken> {
        futures_lite::future::yield_now().await;
        embedded_io::Read::read(self, buffer)
    }
}

/// Reads pieces to their end.
pub type Read = fn(Vec<Piece>, Limits) -> Seen;

/// The adapters by name, each of which reads `pieces` to their end.
pub const ALL: [(&str, Read); 5] = [
    ("a stream", by_stream),
    ("a reader", by_reader),
    ("an asynchronous reader", by_async_reader),
    ("an asynchronous reader with a buffer", by_async_buf_reader),
    ("an embedded reader", by_embedded),
];

/// More than any stream of the tests has in one piece.
const BUFFER: usize = 16 << 10;

/// Asks in turn for an owned event and for one that is lent.
macro_rules! seen {
    ($events:ident, $given:ident, $owned:expr, $lent:expr) => {{
        let mut steps = Vec::new();
        loop {
            let owned = if steps.len() % 2 == 0 { $owned } else { $lent.map(owned) };
            match owned {
                None => break,
                Some(step) => steps.push(($given.get(), step_of(step))),
            }
        }
        Seen {
            steps,
            last_event_id: $events.last_event_id().to_owned(),
            reconnection_time: $events.reconnection_time().map(|time| time.as_millis()),
            unfinished: $events.unfinished().map(texts),
        }
    }};
}

fn by_stream(pieces: Vec<Piece>, limits: Limits) -> Seen {
    let (source, given) = source(pieces);
    let mut events = source.events().with_decoder(Decoder::with_limits(limits));
    seen!(events, given, block_on(events.next()), block_on(events.lend()))
}

fn by_reader(pieces: Vec<Piece>, limits: Limits) -> Seen {
    let (source, given) = source(pieces);
    let mut events = Events::from_reader(source).with_decoder(Decoder::with_limits(limits));
    seen!(events, given, events.next(), events.lend())
}

fn by_async_reader(pieces: Vec<Piece>, limits: Limits) -> Seen {
    let (source, given) = source(pieces);
    let mut events = Events::from_async_reader(source).with_decoder(Decoder::with_limits(limits));
    seen!(events, given, block_on(events.next()), block_on(events.lend()))
}

fn by_async_buf_reader(pieces: Vec<Piece>, limits: Limits) -> Seen {
    let (source, given) = source(pieces);
    let source = BufReader::with_capacity(BUFFER, source);
    let events = Events::from_async_buf_reader(source);
    let mut events = events.with_decoder(Decoder::with_limits(limits));
    seen!(events, given, block_on(events.next()), block_on(events.lend()))
}

/// A blocking one and an asynchronous one, which must agree.
fn by_embedded(pieces: Vec<Piece>, limits: Limits) -> Seen {
    let (mut buffer, mut other) = ([0; BUFFER], [0; BUFFER]);
    let decoder = || Decoder::with_limits(limits);
    let (source_1, given) = source(pieces.clone());
    let mut events = Events::from_embedded(source_1, &mut buffer[..], decoder());
    let seen = seen!(events, given, events.lend().map(owned), events.lend());
    let (source_2, given) = source(pieces);
    let mut events = Events::from_embedded_async(source_2, &mut other[..], decoder());
    let mut next = || block_on(events.lend()).map(owned);
    let mut steps = Vec::new();
    while let Some(step) = next() {
        steps.push((given.get(), step_of(step)));
    }
    assert_eq!(steps, seen.steps);
    assert_eq!(events.last_event_id(), seen.last_event_id);
    seen
}

fn source(pieces: Vec<Piece>) -> (Source, Rc<Cell<usize>>) {
    let given = Rc::new(Cell::new(0));
    (Source { pieces: pieces.into(), given: given.clone(), is_pending: false }, given)
}

fn owned<E>(event: Result<Event<'_>, ReadError<E>>) -> Result<OwnedEvent, ReadError<E>> {
    event.map(Event::into_owned)
}

fn step_of<E>(step: Result<OwnedEvent, ReadError<E>>) -> Step {
    match step {
        Ok(event) => Step::Event(event),
        Err(ReadError::Limit(error)) => Step::Limit(error.part, error.limit),
        Err(ReadError::Source(_)) => Step::Failure,
    }
}

fn texts(unfinished: Unfinished<'_>) -> (String, String) {
    (unfinished.event_type().to_owned(), unfinished.data().to_owned())
}

/// What a decoder alone sees of the pieces: what every adapter must see.
#[must_use]
pub fn expected(pieces: &[Piece], limits: Limits) -> Seen {
    let mut decoder = Decoder::with_limits(limits);
    let (mut steps, mut given) = (Vec::new(), 0);
    for piece in pieces {
        let Piece::Bytes(bytes) = piece else {
            steps.extend(matches!(piece, Piece::Failure).then_some((given, Step::Failure)));
            continue;
        };
        given += bytes.len();
        let mut rest = &bytes[..];
        while let Some(event) = decoder.next_event(&mut rest) {
            let event = event.map(Event::into_owned).map_err(ReadError::<Broken>::Limit);
            steps.push((given, step_of(event)));
        }
    }
    let last_event_id = decoder.last_event_id().to_owned();
    let reconnection_time = decoder.reconnection_time().map(|time| time.as_millis());
    let unfinished = decoder.unfinished().map(texts);
    Seen { steps, last_event_id, reconnection_time, unfinished }
}
