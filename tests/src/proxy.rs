//! Programs that are not ours, and the proxies among them with the configurations of `examples/proxies`.
//!
//! They have to be there; `cargo xtask test` finds or installs them first.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use testkit::proxy::{HAPROXY, Kind, NGINX, Proxy};

/// Starts nginx in front of `server`; `replacements` are texts of its configuration and what stands in their place.
#[must_use]
pub fn nginx(server: SocketAddr, replacements: &[(&str, &str)]) -> Proxy {
    start(&NGINX, "nginx", server, replacements)
}

/// Starts HAProxy in front of `server`.
#[must_use]
pub fn haproxy(server: SocketAddr, replacements: &[(&str, &str)]) -> Proxy {
    start(&HAPROXY, "haproxy", server, replacements)
}

fn start(kind: &Kind, program: &str, server: SocketAddr, replaced: &[(&str, &str)]) -> Proxy {
    let programs = [&*find(program), &*find("openssl")];
    Proxy::start(kind, programs, server, replaced).expect("the proxy starts")
}

/// The command of a program that has to be there.
#[must_use]
pub fn command(program: &str) -> Command {
    let mut command = Command::new(find(program));
    command.stdin(Stdio::null());
    command
}

fn find(program: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Servers are in a folder that is not on everybody's search path.
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into()]);
    let file = folders.map(|folder| folder.join(program)).find(|file| file.is_file());
    file.unwrap_or_else(|| {
        panic!("{program} is missing: `cargo xtask test` as root on Debian installs it, or apt-get")
    })
}
