//! Proxies in front of our server, with the configurations of `examples/proxies`: only addresses differ.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use testkit::{Scratch, Served, port};

use super::carrier::{Carrier, Refuses};
use super::served::{Own, ours};
use super::setup;
use crate::requirements::{CADDY, HAPROXY, NGINX, OPENSSL};
use crate::steps::Report;
use crate::workspace::{scratch, workspace};

/// A kind of proxy.
pub(super) struct Proxy {
    pub(super) name: &'static str,
    program: fn(&mut Report) -> anyhow::Result<PathBuf>,
    /// Its configuration, in one or more files.
    files: &'static [&'static str],
    /// The ports that these name, with what stands before them: the server's, that of HTTP/1.1, that of HTTP/2.
    documented: [&'static str; 3],
    /// The command line, given the files.
    command: fn(&mut Command, &[PathBuf]),
    version: &'static [&'static str],
}

pub(super) static PROXIES: [Proxy; 4] = [
    Proxy {
        name: "nginx",
        program: |report| NGINX.ensure(report),
        files: &["nginx.conf"],
        documented: [":8080", ":8081", ":8443"],
        command: |command, files| {
            let folder = files[0].parent().unwrap_or(Path::new("."));
            command.arg("-p").arg(folder).arg("-c").arg(&files[0]);
        },
        version: &["-v"],
    },
    Proxy {
        name: "HAProxy",
        program: |report| HAPROXY.ensure(report),
        files: &["haproxy.cfg", "haproxy-tls.cfg"],
        documented: [":8080", ":8082", ":8444"],
        command: |command, files| {
            for file in files {
                command.arg("-f").arg(file);
            }
        },
        version: &["-v"],
    },
    Proxy {
        name: "Caddy",
        program: |report| CADDY.ensure(report),
        files: &["Caddyfile"],
        documented: [":8080", ":8083", ":8445"],
        command: |command, files| {
            command.args(["run", "--adapter", "caddyfile", "--config"]).arg(&files[0]);
        },
        version: &["version"],
    },
    Proxy {
        name: "Envoy",
        program: setup::envoy,
        files: &["envoy.yaml"],
        documented: ["port_value: 8080", "port_value: 8084", "port_value: 8446"],
        command: |command, files| {
            // Several may run at once, each for itself.
            command
                .args(["--disable-hot-restart", "--concurrency", "1", "--config-path"])
                .arg(&files[0]);
        },
        version: &["--version"],
    },
];

/// A running proxy, with our scenario server behind it.
pub(super) struct Fronted {
    plain: SocketAddr,
    tls: SocketAddr,
    pub(super) version: String,
    // Dropped in this order: the proxy ends, then the server, then the folder is removed.
    _proxy: Served,
    server: Served,
    _folder: Scratch,
}

impl Fronted {
    /// Starts the proxy; again if somebody else took one of its ports meanwhile.
    pub(super) fn start(proxy: &Proxy) -> anyhow::Result<Fronted> {
        Fronted::try_start(proxy).or_else(|_| Fronted::try_start(proxy))
    }

    fn try_start(proxy: &Proxy) -> anyhow::Result<Fronted> {
        let mut report = Report::quiet();
        let program = (proxy.program)(&mut report)?;
        let server = ours("scenario-server")?;
        let folder = scratch("proxy")?;
        certificate(&folder, &mut report)?;
        let (plain, tls) = (port::free(), port::free());
        let mut files = Vec::new();
        let mut replaced = 0;
        for name in proxy.files {
            let path = workspace().join("examples/proxies").join(name);
            let mut text = fs::read_to_string(path).with_context(|| format!("reading {name}"))?;
            for (documented, address) in proxy.documented.iter().zip([server.address(), plain, tls])
            {
                replaced += text.matches(documented).count();
                let before = documented.trim_end_matches(|it: char| it.is_ascii_digit());
                text = text.replace(documented, &format!("{before}{}", address.port()));
            }
            files.push(folder.join(name));
            fs::write(folder.join(name), text)?;
        }
        ensure!(replaced >= 3, "the configuration of {} names other addresses", proxy.name);
        let mut command = Command::new(&program);
        command.current_dir(&*folder).env("HOME", &*folder);
        (proxy.command)(&mut command, &files);
        let served = Served::at(&mut command, tls)?;
        let version = version(&program, proxy.version);
        Ok(Fronted { plain, tls, version, _proxy: served, server, _folder: folder })
    }

    /// The way over HTTP/1.1.
    pub(super) fn plain(&self, refuses: Refuses) -> Carrier {
        self.carrier(format!("http://{}", self.plain), refuses)
    }

    /// The way over TLS and HTTP/2.
    pub(super) fn tls(&self, refuses: Refuses) -> Carrier {
        self.carrier(format!("https://{}", self.tls), refuses)
    }

    fn carrier(&self, base: String, refuses: Refuses) -> Carrier {
        Carrier { base, requests: self.server.url(""), refuses, own: Own::ours }
    }
}

fn certificate(folder: &Path, report: &mut Report) -> anyhow::Result<()> {
    let mut openssl = Command::new(OPENSSL.ensure(report)?);
    openssl.current_dir(folder).args(["req", "-x509", "-newkey", "rsa:2048", "-nodes"]);
    openssl.args(["-days", "2", "-subj", "/CN=localhost"]);
    openssl.args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]);
    report.run(openssl.args(["-keyout", "key.pem", "-out", "cert.pem"]))?;
    let read = |name: &str| fs::read_to_string(folder.join(name));
    fs::write(folder.join("site.pem"), read("cert.pem")? + &read("key.pem")?)?;
    Ok(())
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
