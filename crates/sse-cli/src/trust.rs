//! Whom to believe over https: the roots of the Mozilla programme, or those of a file. Depends on rustls.

use sse_client::rustls::crypto::ring::default_provider;
use sse_client::rustls::pki_types::CertificateDer;
use sse_client::rustls::pki_types::pem::PemObject;
use sse_client::rustls::{ClientConfig, RootCertStore};
use std::path::Path;
use std::sync::Arc;

/// A configuration that trusts these roots, and offers these protocols.
///
/// # Errors
///
/// What is wrong with the file.
pub(crate) fn trust(file: Option<&Path>, protocols: &[&str]) -> Result<ClientConfig, String> {
    let roots = match file {
        None => RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() },
        Some(path) => read(path).map_err(|error| {
            format!("the certificates in {} cannot be used: {error}", path.display())
        })?,
    };
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(|it| it.to_string())?;
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|it| it.as_bytes().to_vec()).collect();
    Ok(config)
}

fn read(path: &Path) -> Result<RootCertStore, Box<dyn std::error::Error>> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path)? {
        roots.add(certificate?)?;
    }
    if roots.is_empty() { Err("there are none".into()) } else { Ok(roots) }
}
