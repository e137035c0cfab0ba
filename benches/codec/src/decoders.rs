//! The decoders under test, each behind the same call.

mod eventsource_client;
mod eventsource_stream;
mod limit;
mod ours;
mod ours_stream;
mod sse_core;
mod sse_parse;
mod sse_stream;
mod sseer;

use std::slice::Chunks;

use bytes::Bytes;
use futures_lite::{Stream, stream};
use report::Role;

use crate::sink::Sink;

/// A decoder, or a row for the limit.
pub(crate) struct Decoder {
    pub(crate) name: &'static str,
    /// The crate whose version is shown.
    pub(crate) package: &'static str,
    /// A limit does a part of the work only, so its events are not compared.
    pub(crate) role: Role,
    /// Decodes the input from its start to its end.
    pub(crate) decode: fn(Input, &mut Sink) -> Result<(), String>,
}

/// A stream and how it is cut.
#[derive(Clone, Copy)]
pub(crate) struct Input {
    pub(crate) bytes: &'static [u8],
    pub(crate) chunk: usize,
}

impl Input {
    pub(crate) fn chunks(self) -> Chunks<'static, u8> {
        self.bytes.chunks(self.chunk)
    }

    /// About the first `length` bytes of the input: up to the end of a block if one is near.
    pub(crate) fn first(self, length: usize) -> Input {
        let near = self.bytes.get(length..).unwrap_or_default();
        let near = &near[..near.len().min(length)];
        let ends = memchr::memchr_iter(b'\n', near).map(|at| length + at + 1);
        let mut parts = ends.map(|end| Input { bytes: &self.bytes[..end], ..self });
        let cut = Input { bytes: &self.bytes[..length.min(self.bytes.len())], ..self };
        parts.find(|it| it.ends_with_block()).unwrap_or(cut)
    }

    /// Whether the last block is whole.
    pub(crate) fn ends_with_block(self) -> bool {
        self.bytes.ends_with(b"\n\n") || self.bytes.ends_with(b"\n\r\n")
    }

    /// The chunks as the stream that most peers want. Makes no copy and no allocation.
    fn stream(self) -> impl Stream<Item = Result<Bytes, std::io::Error>> + Unpin {
        stream::iter(self.chunks().map(|chunk| Ok(Bytes::from_static(chunk))))
    }
}

pub(crate) const ALL: [Decoder; 13] = [
    Decoder { name: "copy", package: "", role: Role::Limit, decode: limit::copy },
    Decoder {
        name: "newline-search",
        package: "memchr",
        role: Role::Limit,
        decode: limit::newline_search,
    },
    Decoder {
        name: "search-copy-check",
        package: "simdutf8",
        role: Role::Limit,
        decode: limit::search_copy_check,
    },
    Decoder { name: "ours", package: "sse-proto", role: Role::Ours, decode: ours::decode },
    Decoder {
        name: "ours, no simdutf8",
        package: "",
        role: Role::Ours,
        decode: ours::decode_without_simdutf8,
    },
    Decoder {
        name: "ours-stream",
        package: "",
        role: Role::Ours,
        decode: ours_stream::decode_owned,
    },
    Decoder {
        name: "ours-stream-lent",
        package: "",
        role: Role::Ours,
        decode: ours_stream::decode_lent,
    },
    peer("sse-core", sse_core::decode),
    peer("sse-stream", sse_stream::decode),
    peer("sseer", sseer::decode),
    peer("sse-parse", sse_parse::decode),
    peer("eventsource-stream", eventsource_stream::decode),
    peer("eventsource-client", eventsource_client::decode),
];

const fn peer(name: &'static str, decode: fn(Input, &mut Sink) -> Result<(), String>) -> Decoder {
    Decoder { name, package: name, role: Role::Peer, decode }
}
