//! What the builder is told about the way to the server: redirects, connector, proxies, TLS,
//! compression. Depends on the builder.

use super::Builder;
use crate::build_error::BuildError;
use crate::connector::{Connector, Endpoint};
use crate::net::Connection;
use crate::proxy::Proxies;
use std::future::Future;
use std::io;

/// The way to the server.
impl Builder {
    /// So many redirects in a row are followed: 20 by default. 0 makes the first one an error.
    ///
    /// ```
    /// let source = sse_client::EventSource::builder("http://127.0.0.1:8080/events")
    ///     .redirect_limit(0)
    ///     .build()?;
    /// # Ok::<(), sse_client::BuildError>(())
    /// ```
    pub fn redirect_limit(self, limit: usize) -> Self {
        self.with(|config| config.redirects.limit = limit)
    }

    /// Whether a redirect from `https` to `http` is followed: not by default.
    ///
    /// ```
    /// let source = sse_client::EventSource::builder("http://127.0.0.1:8080/events")
    ///     .allow_downgrade(true)
    ///     .build()?;
    /// # Ok::<(), sse_client::BuildError>(())
    /// ```
    pub fn allow_downgrade(self, allowed: bool) -> Self {
        self.with(|config| config.redirects.allow_downgrade = allowed)
    }

    /// Opens connections by `connect` instead of TCP: a Unix socket, another runtime's socket, a
    /// pipe in a test. It is called for each connection, with the host and port to reach: those of the
    /// proxy, if there is one. TLS is laid over what it returns when the URL is `https`.
    ///
    /// ```
    /// # #[cfg(unix)] {
    /// use async_io::Async;
    /// use std::os::unix::net::UnixStream;
    ///
    /// let source = sse_client::EventSource::builder("http://docker/events")
    ///     .connector(|_| Async::<UnixStream>::connect("/var/run/docker.sock"))
    ///     .build();
    /// # assert!(source.is_ok()); }
    /// ```
    pub fn connector<F, R, C>(self, connect: F) -> Self
    where
        F: Fn(Endpoint) -> R + Send + Sync + 'static,
        R: Future<Output = io::Result<C>> + Send + 'static,
        C: Connection + 'static,
    {
        self.with(|config| config.connector = Connector::custom(connect))
    }

    /// Reaches everything through this HTTP proxy, `https` by `CONNECT`. User and password of the
    /// proxy's URL become its `Proxy-Authorization`.
    ///
    /// ```
    /// let builder = sse_client::EventSource::builder("http://sse.example/events");
    /// assert!(builder.clone().proxy("http://user:password@127.0.0.1:3128").build().is_ok());
    /// assert!(builder.proxy("socks5://127.0.0.1").build().is_err());
    /// ```
    pub fn proxy(self, url: &str) -> Self {
        self.try_with(|config| {
            config.proxies = Proxies::One(Proxies::parse(url).map_err(BuildError::Proxy)?);
            Ok(())
        })
    }

    /// Takes the proxy from the environment, as curl does: `http_proxy`, `https_proxy`, `all_proxy`
    /// and the exceptions in `no_proxy`, each in lower or upper case. `HTTP_PROXY` does not count in
    /// a CGI program, where whoever sends a request can set it. The variables are read once, here. One
    /// that this crate cannot use, such as `socks5://`, is an error only if it is the one for the URL.
    ///
    /// ```
    /// let source = sse_client::EventSource::builder("http://127.0.0.1:8080/events")
    ///     .proxy_from_env()
    ///     .build()?;
    /// # Ok::<(), sse_client::BuildError>(())
    /// ```
    pub fn proxy_from_env(self) -> Self {
        self.with(|config| config.proxies = Proxies::from_environment(crate::net::environment))
    }

    /// The TLS configuration: own roots, a client certificate. Its ALPN list is replaced by
    /// `http/1.1`. By default the roots of the Mozilla programme are trusted.
    ///
    /// ```
    /// use sse_client::EventSource;
    /// use sse_client::rustls::{ClientConfig, RootCertStore};
    ///
    /// let mut roots = RootCertStore::empty();
    /// // roots.add(certificate)?;
    /// let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    /// let source = EventSource::builder("https://internal.example/events").tls(config).build()?;
    /// # Ok::<(), sse_client::BuildError>(())
    /// ```
    ///
    /// To trust what the platform trusts, add the crate `rustls-platform-verifier` 0.6:
    ///
    /// ```ignore
    /// use rustls_platform_verifier::ConfigVerifierExt;
    /// use sse_client::{EventSource, rustls::ClientConfig};
    ///
    /// let config = ClientConfig::with_platform_verifier()?;
    /// let source = EventSource::builder("https://sse.example/events").tls(config).build()?;
    /// ```
    #[cfg(feature = "tls")]
    pub fn tls(self, config: futures_rustls::rustls::ClientConfig) -> Self {
        self.with(|it| it.tls = crate::tls::Tls::new(config))
    }

    /// Whether compressed streams are asked for: with the feature `gzip` they are, by default.
    ///
    /// ```
    /// let source = sse_client::EventSource::builder("http://127.0.0.1:8080/events")
    ///     .gzip(false)
    ///     .build()?;
    /// # Ok::<(), sse_client::BuildError>(())
    /// ```
    #[cfg(feature = "gzip")]
    pub fn gzip(self, wanted: bool) -> Self {
        self.with(|config| config.request.accept_gzip = wanted)
    }
}
