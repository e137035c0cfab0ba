//! A connection in memory: it has been sent its bytes already, and keeps what is written to it.
//!
//! Depends on `futures-lite` for the traits of a connection.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use futures_lite::{AsyncRead, AsyncWrite};

/// One end of a connection whose other end has sent all it has to send, and closed.
#[derive(Clone, Debug)]
pub struct Pipe {
    chunks: VecDeque<Vec<u8>>,
    written: Arc<Mutex<Vec<u8>>>,
}

impl Pipe {
    /// A connection that hands over `chunks`, one with each read, and then ends.
    pub fn new<'c>(chunks: impl IntoIterator<Item = &'c [u8]>) -> Self {
        let chunks = chunks.into_iter().filter(|chunk| !chunk.is_empty());
        Self { chunks: chunks.map(<[u8]>::to_vec).collect(), written: Arc::default() }
    }

    /// What has been written up to now, to this or to any clone.
    #[must_use]
    pub fn written(&self) -> Vec<u8> {
        let written = self.written.lock();
        written.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl AsyncRead for Pipe {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let Some(mut chunk) = self.chunks.pop_front() else {
            return Poll::Ready(Ok(0));
        };
        let length = chunk.len().min(buffer.len());
        let rest = chunk.split_off(length);
        buffer[..length].copy_from_slice(&chunk);
        if !rest.is_empty() {
            self.chunks.push_front(rest);
        }
        Poll::Ready(Ok(length))
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        written.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
