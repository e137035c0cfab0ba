//! Sees to it that the access log is told of each request once, however it ends. Depends on
//! `service` and `wire`.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::access::{Access, Outcome};
use crate::delivery::wire::Wire;
use crate::service::Service;
use crate::socket::instant;

/// Tells the access hook when it is dropped.
pub(crate) struct Report {
    pub(crate) access: Access,
    began: Instant,
    service: Arc<Service>,
    wire: Arc<Wire>,
}

impl Report {
    /// Begins when the head of a request has been read, or could not be; `None` if nobody wants to
    /// know. What is dropped before it says how it ended was cut.
    pub(crate) fn begin(
        service: &Arc<Service>,
        wire: &Arc<Wire>,
        peer: Option<SocketAddr>,
    ) -> Option<Box<Self>> {
        service.access.as_ref()?;
        let access = Access {
            request: None,
            peer,
            status: None,
            bytes: wire.lock().total,
            duration: Duration::ZERO,
            outcome: Outcome::Cut,
        };
        let (service, wire) = (service.clone(), wire.clone());
        Some(Box::new(Self { access, began: instant(), service, wire }))
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        self.access.bytes = self.wire.lock().total - self.access.bytes;
        self.access.duration = self.began.elapsed();
        if let Some(hook) = &self.service.access {
            // A panic has been counted and logged; there is nothing else to do about it.
            let _ = self.service.shielded(|| hook(&self.access));
        }
    }
}

/// How an answer ended that ended with `error`.
pub(crate) fn outcome(error: &io::Error) -> Outcome {
    match error.kind() {
        ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => {
            Outcome::Left
        }
        _ => Outcome::Failed,
    }
}
