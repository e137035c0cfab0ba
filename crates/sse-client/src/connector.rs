//! Who opens the byte stream to a server: this crate by TCP, or the caller.

use crate::failure::Failure;
use crate::kind::ErrorKind;
use crate::net::{self, Connection, Io};
use crate::url::Url;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

type Connecting = Pin<Box<dyn Future<Output = io::Result<Io>> + Send>>;

/// Opens connections.
#[derive(Clone)]
pub(crate) enum Connector {
    Tcp,
    Custom(Arc<dyn Fn(Endpoint) -> Connecting + Send + Sync>),
}

/// Where a connection shall lead: the argument of a caller's connector.
///
/// ```
/// use async_io::Async;
/// use sse_client::{Endpoint, EventSource};
/// use std::net::TcpStream;
///
/// // Whatever the host is called: it is on this machine.
/// let here = |endpoint: Endpoint| Async::<TcpStream>::connect(([127, 0, 0, 1], endpoint.port()));
/// let source = EventSource::builder("http://sse.test:8080/").connector(here).build()?;
/// # Ok::<(), sse_client::BuildError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    host: String,
    port: u16,
}

impl Endpoint {
    /// A host name in lower case, an IPv4 address, or an IPv6 address without brackets.
    ///
    /// ```
    /// fn is_local(endpoint: &sse_client::Endpoint) -> bool {
    ///     endpoint.host() == "localhost"
    /// }
    /// ```
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port; the scheme's own if the URL names none.
    ///
    /// ```
    /// fn pair(endpoint: &sse_client::Endpoint) -> (&str, u16) {
    ///     (endpoint.host(), endpoint.port())
    /// }
    /// ```
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Connector {
    pub(crate) fn custom<F, R, C>(connect: F) -> Self
    where
        F: Fn(Endpoint) -> R + Send + Sync + 'static,
        R: Future<Output = io::Result<C>> + Send + 'static,
        C: Connection + 'static,
    {
        Self::Custom(Arc::new(move |endpoint| {
            let connecting = connect(endpoint);
            Box::pin(async move { Ok(Box::new(connecting.await?) as Io) })
        }))
    }

    pub(crate) async fn connect(&self, url: &Url) -> Result<Io, Failure> {
        match self {
            Self::Tcp => Ok(Box::new(net::connect(url.host(), url.port()).await?)),
            Self::Custom(connect) => {
                let endpoint = Endpoint { host: url.host().to_owned(), port: url.port() };
                connect(endpoint).await.map_err(|error| Failure::because(ErrorKind::Connect, error))
            }
        }
    }
}
