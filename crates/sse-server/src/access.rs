//! What an access log is told. Depends on `Request`.

use std::net::SocketAddr;
use std::time::Duration;

use crate::Request;

/// What became of a request: see [`Server::on_access`](crate::Server::on_access).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Access {
    /// The request; `None` if it could not be read.
    pub request: Option<Request>,
    /// The other end.
    pub peer: Option<SocketAddr>,
    /// The status it was answered with; `None` if the client left before there was an answer.
    pub status: Option<u16>,
    /// Bytes sent, head included.
    pub bytes: u64,
    /// From the end of the request's head to the end of the answer.
    pub duration: Duration,
    /// How the answer ended.
    pub outcome: Outcome,
}

/// How an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// It was sent as a whole.
    Complete,
    /// The client left before its end.
    Left,
    /// The closure of a stream failed or panicked, or the client took nothing for the write
    /// deadline, or had fallen off a channel's log: the connection was cut.
    Failed,
    /// The deadline of a shutdown cut it.
    Cut,
}
