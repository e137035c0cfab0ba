//! One stream from memory: what a client takes by itself, without sockets and what the system does for them.

use std::cell::Cell as Shared;
use std::hint::black_box;
use std::io;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use anyhow::Context as _;
use futures_lite::{AsyncRead, AsyncWrite};
use report::{Cell, Report, Spread, Table};
use sse_client::EventSource;
use sse_client::proto::Decoder;

use crate::seen::{OnSeen, Seen};
use crate::subjects::ours;
use crate::trials::throughput::delta;
use crate::writer::Framing;

/// As much as the client reads at once.
const BUFFER: usize = 64 << 10;

const FRAMINGS: [Framing; 2] = [Framing::Chunked, Framing::Close];

/// What reads the stream, from least to most.
const READERS: [(&str, Reader); 4] = [
    ("copying", copy),
    ("the decoder", decode),
    ("ours", |stream, events| {
        listen(stream, events, |source, on_seen| Box::pin(ours::follow(source, on_seen)))
    }),
    ("ours, owned events", |stream, events| {
        listen(stream, events, |source, on_seen| Box::pin(ours::follow_owned(source, on_seen)))
    }),
];

/// Listens until it has seen enough.
type Follow = fn(&mut EventSource, OnSeen) -> Pin<Box<dyn Future<Output = ()> + '_>>;

/// Nanoseconds per event, of so many.
type Reader = fn(Stream, u32) -> anyhow::Result<f64>;

pub(crate) fn measure(quick: bool, report: &mut Report) -> anyhow::Result<()> {
    let (rounds, events) = if quick { (2, 10_000) } else { (60, 60_000) };
    let mut times = [const { [const { Vec::new() }; FRAMINGS.len()] }; READERS.len()];
    for _ in 0..rounds {
        for (column, framing) in FRAMINGS.into_iter().enumerate() {
            for ((_, read), times) in READERS.iter().zip(&mut times) {
                times[column].push(read(Stream::new(framing), events)?);
            }
        }
    }
    let mut table = Table::new(
        "one stream from memory, CPU ns per event: the best round, and the median of all",
        ["a chunk for each event", "median", "until the connection closes", "median"],
    );
    for ((name, _), times) in READERS.iter().zip(times) {
        let cells = times.iter().flat_map(|times| {
            let best = times.iter().copied().reduce(f64::min).map_or_else(Cell::none, Cell::number);
            let median = Spread::of(times.iter().copied()).map(|it| it.median);
            [best.with_detail(times), Cell::from(median)]
        });
        table.row(*name, cells);
    }
    report.table(table);
    Ok(())
}

fn copy(mut stream: Stream, events: u32) -> anyhow::Result<f64> {
    let mut buffer = vec![0; BUFFER];
    let total = stream.event * events as usize;
    let (mut read, start) = (0, Instant::now());
    while read < total {
        read += stream.read(&mut buffer);
        black_box(&buffer);
    }
    Ok(start.elapsed().as_nanos() as f64 / f64::from(events))
}

fn decode(mut stream: Stream, events: u32) -> anyhow::Result<f64> {
    let mut buffer = vec![0; BUFFER];
    let mut decoder = Decoder::new();
    let (mut seen, start) = (0, Instant::now());
    while seen < events {
        let length = stream.read(&mut buffer);
        let mut rest = &buffer[..length];
        while let Some(event) = decoder.next_event(&mut rest) {
            black_box(event?.data());
            seen += 1;
        }
    }
    Ok(start.elapsed().as_nanos() as f64 / f64::from(seen))
}

/// The client, listening by `follow` until it has seen the events.
fn listen(stream: Stream, events: u32, follow: Follow) -> anyhow::Result<f64> {
    let connector = move |_| std::future::ready(io::Result::Ok(stream.clone()));
    let mut source = EventSource::builder("http://memory/").connector(connector).build()?;
    let taken = Rc::new(Shared::new(None));
    let (told, mut seen, mut start) = (Rc::clone(&taken), 0, Instant::now());
    async_io::block_on(follow(
        &mut source,
        Box::new(move |it| {
            match it {
                Seen::Open => start = Instant::now(),
                Seen::Event(data) => {
                    black_box(data);
                    seen += 1;
                }
                Seen::Bytes(_) => {}
                Seen::Lost => return ControlFlow::Break(()),
            }
            if seen < events {
                return ControlFlow::Continue(());
            }
            told.set(Some(start.elapsed().as_nanos() as f64 / f64::from(events)));
            ControlFlow::Break(())
        }),
    ));
    taken.take().context("the client lost the stream")
}

/// A response without end.
#[derive(Clone)]
struct Stream {
    /// The head, and a thousand events.
    bytes: Arc<[u8]>,
    head: usize,
    /// The length of an event.
    event: usize,
    at: usize,
}

impl Stream {
    fn new(framing: Framing) -> Stream {
        let head = framing.head();
        let event = framing.event(&format!("data: {}\n\n", delta()));
        let bytes = (head.clone() + &event.repeat(1000)).into_bytes().into();
        Stream { bytes, head: head.len(), event: event.len(), at: 0 }
    }

    fn read(&mut self, buffer: &mut [u8]) -> usize {
        if self.at == self.bytes.len() {
            self.at = self.head;
        }
        let bytes = &self.bytes[self.at..];
        let length = bytes.len().min(buffer.len());
        buffer[..length].copy_from_slice(&bytes[..length]);
        self.at += length;
        length
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(self.read(buffer)))
    }
}

/// What the client asks is not looked at.
impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
