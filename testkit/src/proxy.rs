//! A proxy in front of a server, with a configuration of `examples/proxies` as users are shown it.
//!
//! Only addresses differ, and what is asked to be replaced besides: the text is copied into a folder of its own, and
//! every text that is replaced has to be in it.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};

use crate::port;
use crate::scratch::Scratch;
use crate::served::Served;

const CONFIGURATIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/proxies");

/// A kind of proxy.
#[derive(Debug)]
pub struct Kind {
    /// What people call it.
    pub name: &'static str,
    /// Its configuration, in one or more files.
    files: &'static [&'static str],
    /// The ports that these name, with what stands before them: the server's, that of HTTP/1.1, that of TLS.
    documented: [&'static str; 3],
    /// The command line, given the files.
    command: fn(&mut Command, &[PathBuf]),
}

/// nginx.
pub static NGINX: Kind = Kind {
    name: "nginx",
    files: &["nginx.conf"],
    documented: [":8080", ":8081", ":8443"],
    command: |command, files| {
        let folder = files[0].parent().unwrap_or(Path::new("."));
        command.arg("-p").arg(folder).arg("-c").arg(&files[0]);
    },
};

/// HAProxy.
pub static HAPROXY: Kind = Kind {
    name: "HAProxy",
    files: &["haproxy.cfg", "haproxy-tls.cfg"],
    documented: [":8080", ":8082", ":8444"],
    command: |command, files| {
        for file in files {
            command.arg("-f").arg(file);
        }
    },
};

/// Caddy.
pub static CADDY: Kind = Kind {
    name: "Caddy",
    files: &["Caddyfile"],
    documented: [":8080", ":8083", ":8445"],
    command: |command, files| {
        command.args(["run", "--adapter", "caddyfile", "--config"]).arg(&files[0]);
    },
};

/// Envoy.
pub static ENVOY: Kind = Kind {
    name: "Envoy",
    files: &["envoy.yaml"],
    documented: ["port_value: 8080", "port_value: 8084", "port_value: 8446"],
    command: |command, files| {
        // Several may run at once, each for itself.
        command.args(["--disable-hot-restart", "--concurrency", "1", "--config-path"]);
        command.arg(&files[0]);
    },
};

/// A running proxy; it is ended when this is dropped.
#[derive(Debug)]
pub struct Proxy {
    plain: SocketAddr,
    // Dropped in this order: the program ends, then its folder is removed.
    served: Served,
    _folder: Scratch,
}

impl Proxy {
    /// Starts `program`, which is one of this kind, in front of `server`, with a certificate that `openssl` makes.
    /// `replacements` are texts of the configuration and what stands in their place.
    ///
    /// # Errors
    ///
    /// When a text is not there, or the program does not run and listen.
    pub fn start(
        kind: &Kind,
        [program, openssl]: [&Path; 2],
        server: SocketAddr,
        replacements: &[(&str, &str)],
    ) -> anyhow::Result<Proxy> {
        let folder = Scratch::new("proxy")?;
        certificate(openssl, &folder)?;
        let (plain, tls) = (port::free(), port::free());
        let mut replaced: Vec<(&str, String)> = Vec::new();
        for (documented, address) in kind.documented.iter().zip([server, plain, tls]) {
            let before = documented.trim_end_matches(|it: char| it.is_ascii_digit());
            replaced.push((documented, format!("{before}{}", address.port())));
        }
        replaced.extend(replacements.iter().map(|&(documented, used)| (documented, used.into())));
        let files = configure(kind, &folder, &replaced)?;
        let mut command = Command::new(program);
        command.current_dir(&*folder).env("HOME", &*folder);
        (kind.command)(&mut command, &files);
        Ok(Proxy { plain, served: Served::at(&mut command, tls)?, _folder: folder })
    }

    /// Where it listens for HTTP/1.1.
    #[must_use]
    pub fn plain(&self) -> SocketAddr {
        self.plain
    }

    /// Where it listens for TLS, and speaks HTTP/2 too.
    #[must_use]
    pub fn tls(&self) -> SocketAddr {
        self.served.address()
    }
}

/// Makes a certificate that nobody has signed, in all the files that the configurations name.
fn certificate(openssl: &Path, folder: &Path) -> anyhow::Result<()> {
    let mut command = Command::new(openssl);
    command.current_dir(folder).args(["req", "-x509", "-newkey", "rsa:2048", "-nodes"]);
    command.args(["-days", "2", "-subj", "/CN=localhost"]);
    command.args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]);
    command.args(["-keyout", "key.pem", "-out", "cert.pem"]);
    let output = command.stdin(Stdio::null()).output().context("openssl does not run")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "openssl makes no certificate: {said}");
    let read = |name: &str| fs::read_to_string(folder.join(name));
    fs::write(folder.join("site.pem"), read("cert.pem")? + &read("key.pem")?)?;
    Ok(())
}

/// Copies the configuration, with other texts in the place of some.
fn configure(
    kind: &Kind,
    folder: &Path,
    replaced: &[(&str, String)],
) -> anyhow::Result<Vec<PathBuf>> {
    let read = |name: &&str| {
        let text = fs::read_to_string(Path::new(CONFIGURATIONS).join(name));
        text.with_context(|| format!("reading {name}"))
    };
    let mut texts = kind.files.iter().map(read).collect::<anyhow::Result<Vec<_>>>()?;
    for (documented, used) in replaced {
        let is_there = texts.iter().any(|text| text.contains(documented));
        ensure!(is_there, "the configuration of {} has no {documented:?}", kind.name);
        texts.iter_mut().for_each(|text| *text = text.replace(documented, used));
    }
    let files: Vec<PathBuf> = kind.files.iter().map(|name| folder.join(name)).collect();
    for (file, text) in files.iter().zip(texts) {
        fs::write(file, text)?;
    }
    Ok(files)
}
