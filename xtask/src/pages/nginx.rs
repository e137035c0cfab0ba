//! nginx in front of a program, with the configuration that users are shown: only addresses differ.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};

use crate::requirements::{NGINX, OPENSSL};
use crate::steps::Report;
use crate::workspace::{scratch, workspace};
use testkit::Child;
use testkit::Scratch;
use testkit::wait::{self, Look};

const CONFIGURATION: &str = "examples/proxies/nginx.conf";

/// A running nginx; it ends when this value is dropped.
pub(super) struct Nginx {
    plain: SocketAddr,
    tls: SocketAddr,
    // Dropped in this order: the program ends, then its folder is removed.
    _process: Child,
    folder: Scratch,
}

impl Nginx {
    /// Starts nginx in front of `server`, with a certificate that nobody has signed.
    pub(super) fn start(server: SocketAddr, report: &mut Report) -> anyhow::Result<Nginx> {
        let folder = scratch("nginx")?;
        let mut certificate = Command::new(OPENSSL.ensure(report)?);
        certificate
            .current_dir(&*folder)
            .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]);
        certificate.args(["-subj", "/CN=localhost", "-keyout", "key.pem", "-out", "cert.pem"]);
        report.run(&mut certificate)?;

        let (plain, tls) = free_addresses()?;
        let mut text = fs::read_to_string(workspace().join(CONFIGURATION))
            .with_context(|| format!("{CONFIGURATION} cannot be read"))?;
        for (documented, address) in
            [("127.0.0.1:8080", server), ("127.0.0.1:8081", plain), ("127.0.0.1:8443", tls)]
        {
            ensure!(text.contains(documented), "{CONFIGURATION} does not name {documented}");
            text = text.replace(documented, &address.to_string());
        }
        let file = folder.join("nginx.conf");
        fs::write(&file, text)?;
        let mut nginx = Command::new(NGINX.ensure(report)?);
        nginx.arg("-p").arg(&*folder).arg("-c").arg(&file);
        nginx.stdin(Stdio::null()).stderr(fs::File::create(folder.join("errors"))?);
        let nginx = Nginx { plain, tls, _process: Child::spawn(&mut nginx)?, folder };
        nginx.wait_until_it_listens()?;
        Ok(nginx)
    }

    /// The URL of a path over HTTP/1.1 without TLS.
    pub(super) fn plain_url(&self, path: &str) -> String {
        format!("http://{}{path}", self.plain)
    }

    /// The URL of a path over TLS and, in a browser, HTTP/2.
    pub(super) fn tls_url(&self, path: &str) -> String {
        format!("https://{}{path}", self.tls)
    }

    fn wait_until_it_listens(&self) -> anyhow::Result<()> {
        wait::until("nginx listens", || {
            Ok(match TcpStream::connect(self.tls) {
                Ok(_) => Look::Reached(()),
                Err(_) => {
                    let errors = fs::read_to_string(self.folder.join("errors"));
                    Look::NotYet(errors.unwrap_or_default())
                }
            })
        })
    }
}

/// Two addresses that are free now.
fn free_addresses() -> anyhow::Result<(SocketAddr, SocketAddr)> {
    let listeners = (TcpListener::bind("127.0.0.1:0")?, TcpListener::bind("127.0.0.1:0")?);
    Ok((listeners.0.local_addr()?, listeners.1.local_addr()?))
}
