//! Proxies in front of our server, with the configurations of `examples/proxies`.

use std::path::{Path, PathBuf};
use std::process::Command;

use testkit::Served;
use testkit::proxy::{self, Kind, Proxy};

use super::carrier::{Carrier, Refuses};
use super::served::{Own, ours};
use super::setup;
use crate::requirements::{CADDY, HAPROXY, NGINX, OPENSSL};
use crate::steps::Report;

/// A kind of proxy, and how its program is found.
pub(super) struct Candidate {
    pub(super) kind: &'static Kind,
    program: fn(&mut Report) -> anyhow::Result<PathBuf>,
    version: &'static [&'static str],
}

pub(super) static PROXIES: [Candidate; 4] = [
    Candidate { kind: &proxy::NGINX, program: |report| NGINX.ensure(report), version: &["-v"] },
    Candidate { kind: &proxy::HAPROXY, program: |report| HAPROXY.ensure(report), version: &["-v"] },
    Candidate {
        kind: &proxy::CADDY,
        program: |report| CADDY.ensure(report),
        version: &["version"],
    },
    Candidate { kind: &proxy::ENVOY, program: setup::envoy, version: &["--version"] },
];

/// A running proxy, with our scenario server behind it.
pub(super) struct Fronted {
    pub(super) version: String,
    // Dropped in this order: the proxy ends, then the server.
    proxy: Proxy,
    server: Served,
}

impl Fronted {
    pub(super) fn start(candidate: &Candidate) -> anyhow::Result<Fronted> {
        let mut report = Report::quiet();
        let program = (candidate.program)(&mut report)?;
        let openssl = OPENSSL.ensure(&mut report)?;
        let server = ours("scenario-server")?;
        let proxy = Proxy::start(candidate.kind, [&program, &openssl], server.address(), &[])?;
        let version = version(&program, candidate.version);
        Ok(Fronted { version, proxy, server })
    }

    /// The way over HTTP/1.1.
    pub(super) fn plain(&self, refuses: Refuses) -> Carrier {
        self.carrier(format!("http://{}", self.proxy.plain()), refuses)
    }

    /// The way over TLS and HTTP/2.
    pub(super) fn tls(&self, refuses: Refuses) -> Carrier {
        self.carrier(format!("https://{}", self.proxy.tls()), refuses)
    }

    fn carrier(&self, base: String, refuses: Refuses) -> Carrier {
        Carrier { base, requests: self.server.url(""), refuses, own: Own::ours }
    }
}

/// The first word like `1.22` that a program says of itself, wherever it says it.
fn version(program: &Path, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().ok();
    let text = output.map(|it| [it.stdout, it.stderr].concat()).unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    let is_version = |it: &&str| it.starts_with(|it: char| it.is_ascii_digit()) && it.contains('.');
    let word = text.split([' ', '/', '\n']).find(is_version);
    word.unwrap_or_default().to_owned()
}
