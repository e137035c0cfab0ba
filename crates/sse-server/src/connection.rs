//! One connection: requests are read, answered, and answered again until one side has enough.
//! Works on a `Wire`; the pure modules decide.

use std::io;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use futures_lite::FutureExt as _;
use futures_lite::future::or;

use crate::answer::{Answer, answer, refusal};
use crate::body::{BodyReader, Framing};
use crate::date::http_date;
use crate::head::{Head, HeadReader, Refusal, refuse};
use crate::log::push_chunk;
use crate::pump::Worker;
use crate::response::{BoxFuture, Content, Producer};
use crate::service::{Access, Admission, Service};
use crate::socket::{now, sleep, within};
use crate::subscriber::Subscriber;
use crate::wire::Wire;
use crate::{Request, Response, Sink};

/// How long a refused client may take to read the refusal, and what it may still send meanwhile.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 256 * 1024;

pub(crate) struct Connection {
    pub(crate) wire: Arc<Wire>,
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) service: Arc<Service>,
    pub(crate) worker: Weak<Worker>,
    pub(crate) inbox: Vec<u8>,
    pub(crate) _admission: Admission,
}

/// Why a request did not come through.
enum Trouble {
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

/// How a stream ended.
enum Ended {
    Finished,
    Failed,
    Gone,
    Stopped,
    Expired,
}

/// What follows an exchange.
enum Next {
    Again,
    Close,
    Stream(Stream),
}

/// A channel's stream, about to begin.
struct Stream {
    subscriber: Subscriber,
    until: Option<BoxFuture<()>>,
    chunked: bool,
    keep_alive: bool,
    record: Record,
}

/// What the access hook wants to know.
struct Record {
    request: Option<Request>,
    status: u16,
    began: Instant,
    sent_before: u64,
}
