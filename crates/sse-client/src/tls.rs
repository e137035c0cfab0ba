//! TLS over any connection. Depends on `rustls` behind the feature `tls`.

#[cfg(feature = "tls")]
mod rustls {
    use crate::failure::Failure;
    use crate::kind::ErrorKind;
    use crate::net::Io;
    use futures_rustls::TlsConnector;
    use futures_rustls::rustls::crypto::ring::default_provider;
    use futures_rustls::rustls::pki_types::ServerName;
    use futures_rustls::rustls::{self, ClientConfig, RootCertStore};
    use std::sync::{Arc, OnceLock};

    /// The caller's configuration, or the crate's.
    #[derive(Clone, Default)]
    pub(crate) struct Tls(Option<Arc<ClientConfig>>);

    impl Tls {
        /// "http/1.1" is offered, whatever the configuration offers: this crate speaks nothing else.
        pub(crate) fn new(mut config: ClientConfig) -> Self {
            config.alpn_protocols = vec![b"http/1.1".to_vec()];
            Self(Some(Arc::new(config)))
        }

        pub(crate) async fn connect(&self, host: &str, io: Io) -> Result<Io, Failure> {
            let failed = |error: rustls::Error| Failure::because(ErrorKind::Tls, error);
            let config = match &self.0 {
                Some(config) => Arc::clone(config),
                None => shared().map_err(failed)?,
            };
            let name = ServerName::try_from(host.to_owned())
                .map_err(|error| Failure::because(ErrorKind::Tls, error))?;
            let stream = TlsConnector::from(config).connect(name, io).await;
            Ok(Box::new(stream.map_err(handshake)?))
        }
    }

    /// What is no TLS record at all is most often the plain HTTP of a port that has nothing else.
    fn handshake(error: std::io::Error) -> Failure {
        let inner = error.get_ref().and_then(|it| it.downcast_ref::<rustls::Error>());
        match inner {
            Some(rustls::Error::InvalidMessage(_)) => Failure::because(
                ErrorKind::Tls,
                format!("this port does not speak TLS; does its URL begin with http://? ({error})"),
            ),
            _ => Failure::because(ErrorKind::Tls, error),
        }
    }

    /// Made once: it holds the roots and the sessions to resume.
    fn shared() -> Result<Arc<ClientConfig>, rustls::Error> {
        static SHARED: OnceLock<Arc<ClientConfig>> = OnceLock::new();
        if let Some(config) = SHARED.get() {
            return Ok(Arc::clone(config));
        }
        let provider = Arc::new(default_provider());
        let builder = ClientConfig::builder_with_provider(provider);
        let builder = builder.with_safe_default_protocol_versions()?;
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let mut config = builder.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::clone(SHARED.get_or_init(|| Arc::new(config))))
    }
}

#[cfg(not(feature = "tls"))]
mod rustls {
    use crate::failure::Failure;
    use crate::kind::ErrorKind;
    use crate::net::Io;

    /// There is none in this build; `https` URLs are refused before they come here.
    #[derive(Clone, Default)]
    pub(crate) struct Tls(());

    impl Tls {
        pub(crate) async fn connect(&self, _host: &str, _io: Io) -> Result<Io, Failure> {
            Err(ErrorKind::Tls.into())
        }
    }
}

pub(crate) use rustls::Tls;
