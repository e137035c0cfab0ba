//! A client of Redis for a URL, with TLS or without. Depends on `error` and `redis`, and on `rustls` behind the feature `tls`.

use std::fmt;

use redis::Client;

use crate::error::Error;

/// Whom a hub trusts, and what it shows, when the URL is `rediss://`: PEM, as it stands in files. The default is right for a
/// Redis whose certificate an authority of the Mozilla programme has signed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Certificates {
    /// The authorities that may vouch for Redis, in the place of the Mozilla programme's.
    pub authorities: Option<Vec<u8>>,
    /// This node's own chain and its private key, for a Redis that wants to know its clients (`tls-auth-clients`).
    pub own: Option<(Vec<u8>, Vec<u8>)>,
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // No key gets into a log.
        let (authorities, own) = (self.authorities.is_some(), self.own.is_some());
        f.debug_struct("Certificates")
            .field("has_authorities", &authorities)
            .field("has_own", &own)
            .finish()
    }
}

/// A client for this URL; nothing is connected.
pub(crate) fn client(url: &str, certificates: &Certificates) -> Result<Client, Error> {
    if *certificates == Certificates::default() {
        prepare();
        return Client::open(url).map_err(|error| Error::of(&error));
    }
    with_certificates(url, certificates)
}

#[cfg(feature = "tls")]
fn with_certificates(url: &str, certificates: &Certificates) -> Result<Client, Error> {
    use redis::{ClientTlsConfig, TlsCertificates};

    prepare();
    let Certificates { authorities, own } = certificates.clone();
    let client_tls =
        own.map(|(client_cert, client_key)| ClientTlsConfig { client_cert, client_key });
    let pem = TlsCertificates { client_tls, root_cert: authorities };
    // What is wrong with a file is not for a moment, whatever its kind there.
    Client::build_with_tls(url, pem).map_err(|error| Error::Url(error.to_string()))
}

#[cfg(not(feature = "tls"))]
fn with_certificates(_: &str, _: &Certificates) -> Result<Client, Error> {
    Err(Error::Url("there are certificates, but the feature `tls` is not compiled in".to_owned()))
}

/// The crate `redis` uses the process's provider of cryptography, and panics if there is none and rustls cannot choose.
#[cfg(feature = "tls")]
fn prepare() {
    use rustls::crypto::CryptoProvider;

    if CryptoProvider::get_default().is_none() {
        // Somebody else may have been quicker; theirs is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}

#[cfg(not(feature = "tls"))]
fn prepare() {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_do_not_get_into_logs() {
        let own = Some((b"chain".to_vec(), b"secret".to_vec()));
        let shown = format!("{:?}", Certificates { authorities: None, own });
        assert_eq!(shown, "Certificates { has_authorities: false, has_own: true }");
    }

    #[test]
    fn certificates_need_tls() {
        let authorities = Some(b"no certificate".to_vec());
        let certificates = Certificates { authorities, own: None };
        for url in ["redis://localhost/", "rediss://localhost/"] {
            let made = client(url, &certificates);
            // An empty store of authorities trusts nobody, which is found out later.
            let is_late = cfg!(feature = "tls") && url.starts_with("rediss");
            assert!(is_late || matches!(made, Err(Error::Url(_))), "{made:?}");
        }
    }
}
