//! Reading a request from a connection: its head, then its body, each within its deadline. What
//! the bytes mean is decided in `head` and `body`.

use std::io;

use futures_lite::future::or;

use crate::body::{BodyReader, Framing};
use crate::connection::Connection;
use crate::head::{Head, HeadReader, Refusal, refuse};
use crate::socket::within;

/// Why a request did not come through.
pub(crate) enum Trouble {
    Refused(Refusal),
    /// The client has gone, or has been silent for as long as it may.
    Gone,
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<io::Error> for Trouble {
    fn from(_: io::Error) -> Self {
        Self::Gone
    }
}

impl Connection {
    /// Reads the head of the next request; a `fresh` connection has had none yet.
    pub(crate) async fn read_head(&mut self, fresh: bool) -> Result<Head, Trouble> {
        let limits = &self.admission.service.limits;
        if self.inbox.is_empty() {
            let idle = if fresh { limits.head_deadline } else { limits.keep_alive };
            let stopped = async {
                self.admission.service.stop.requested().await;
                Ok(0)
            };
            match within(idle, or(self.wire.read(&mut self.inbox), stopped)).await {
                Some(Ok(1..)) => {}
                _ => return Err(Trouble::Gone),
            }
        }
        let mut reader = HeadReader::default();
        let read = async {
            loop {
                if let Some(head) = reader.take(&mut self.inbox, limits)? {
                    return Ok(head);
                }
                if self.wire.read(&mut self.inbox).await? == 0 {
                    return Err(Trouble::Gone);
                }
            }
        };
        match within(limits.head_deadline, read).await {
            Some(head) => head,
            None => Ok(refuse(408, "The request did not arrive in time.")?),
        }
    }

    /// Reads the body of a request, after a word to a client that waits for one.
    pub(crate) async fn read_body(
        &mut self,
        framing: Framing,
        expects_continue: bool,
    ) -> Result<Vec<u8>, Trouble> {
        let limits = &self.admission.service.limits;
        let mut reader = BodyReader::new(framing, limits);
        let read = async {
            if expects_continue && self.inbox.is_empty() && framing != Framing::Length(0) {
                self.wire.push(b"HTTP/1.1 100 Continue\r\n\r\n");
                self.wire.flush().await?;
            }
            loop {
                if let Some(body) = reader.take(&mut self.inbox)? {
                    return Ok(body);
                }
                if self.wire.read(&mut self.inbox).await? == 0 {
                    return Err(Trouble::Gone);
                }
            }
        };
        match within(limits.body_deadline, read).await {
            Some(body) => body,
            None => Ok(refuse(408, "The request body did not arrive in time.")?),
        }
    }
}
