//! A body's text: framing and compression undone, step by step. Pure.

use crate::body::{Body, Framing, Part};
use crate::buffer::Buffer;
use crate::ending::EndedBy;
use crate::failure::Failure;
use crate::head::{Head, shown};
use crate::inflate::Inflate;
use crate::kind::ErrorKind;
use std::ops::Range;

/// A body being received. Uncompressed text stays in the read buffer.
pub(crate) struct Content {
    body: Body,
    framing: Framing,
    inflate: Option<Inflate>,
    /// Of the buffer: payload that is not inflated yet.
    compressed: Range<usize>,
}

/// What the bytes at hand came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A range of [`Content::bytes`], not empty.
    Text(Range<usize>),
    /// The buffer is used up.
    More,
    /// The body has ended, as its framing says.
    End,
}

impl Content {
    pub(crate) fn new(head: &Head) -> Result<Self, Failure> {
        let framing = head.framing().map_err(Failure::from)?;
        let mut codings = head.content_codings();
        let inflate = match (codings.next(), codings.next()) {
            (None, _) => None,
            (Some(coding), None) => Some(Inflate::new(coding).ok_or_else(|| foreign(coding))?),
            (Some(_), Some(second)) => return Err(foreign(second)),
        };
        Ok(Self { body: Body::new(framing), framing, inflate, compressed: 0..0 })
    }

    /// Where the text of the last step lies.
    #[inline]
    pub(crate) fn bytes<'a>(&'a self, buffer: &'a Buffer) -> &'a [u8] {
        self.inflate.as_ref().map_or(buffer.bytes(), Inflate::output)
    }

    /// Whether the end of the connection, here, is the end of the body.
    pub(crate) fn may_end(&self) -> bool {
        self.body.may_end()
    }

    /// What ends a body that ends as its framing says.
    pub(crate) fn ended_by(&self) -> EndedBy {
        match self.framing {
            Framing::Chunked => EndedBy::LastChunk,
            Framing::Length(_) => EndedBy::ContentLength,
            Framing::Close => EndedBy::Close,
        }
    }

    /// The text of a plain chunk, if the next is one; otherwise [`next`](Self::next) has to see.
    #[inline]
    pub(crate) fn plain_text(&mut self, buffer: &mut Buffer) -> Option<Range<usize>> {
        if self.inflate.is_some() {
            return None;
        }
        let Part::Data { skip, len } = self.body.plain_chunk(buffer.unread())? else {
            return None;
        };
        let start = buffer.position() + skip;
        buffer.consume(skip + len);
        Some(start..start + len)
    }

    /// Consumes what it can of the buffer. A text must be used before the next step.
    pub(crate) fn next(&mut self, buffer: &mut Buffer) -> Result<Step, Failure> {
        loop {
            if let Some(text) = self.inflate(buffer)? {
                return Ok(Step::Text(text));
            }
            let part = self.body.next(buffer.unread());
            match part.map_err(|error| Failure::because(ErrorKind::Malformed, error))? {
                Part::End => return Ok(Step::End),
                Part::More => {
                    buffer.consume(usize::MAX);
                    return Ok(Step::More);
                }
                Part::Data { skip, len } => {
                    let start = buffer.position() + skip;
                    buffer.consume(skip + len);
                    if self.inflate.is_none() {
                        return Ok(Step::Text(start..start + len));
                    }
                    self.compressed = start..start + len;
                }
            }
        }
    }

    /// Inflates so much of the payload as gives some text; `None` when none is left.
    fn inflate(&mut self, buffer: &Buffer) -> Result<Option<Range<usize>>, Failure> {
        let Some(inflate) = &mut self.inflate else {
            return Ok(None);
        };
        while !self.compressed.is_empty() {
            let bytes = buffer.bytes().get(self.compressed.clone()).unwrap_or_default();
            let used = inflate.inflate(bytes);
            self.compressed.start +=
                used.map_err(|error| Failure::because(ErrorKind::Malformed, error))?.max(1);
            if !inflate.output().is_empty() {
                return Ok(Some(0..inflate.output().len()));
            }
        }
        Ok(None)
    }
}

fn foreign(coding: &[u8]) -> Failure {
    Failure::because(ErrorKind::ContentEncoding, format!("it is {}", shown(coding)))
}
