//! nginx and HAProxy in front of a server, with the configurations of `examples/proxies`.
//!
//! Each is started as shipped but for addresses and what a test replaces besides: the text is
//! copied into a folder of its own, and every text that is replaced has to be in it. Needs the
//! programs themselves; `cargo xtask test` finds or installs them first.

#![expect(clippy::missing_panics_doc, reason = "a panic is a failed test")]

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::folder::Folder;

const CONFIGURATIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/proxies/");

/// A running proxy; it is ended when this is dropped.
#[derive(Debug)]
pub struct Proxy {
    child: Child,
    folder: Folder,
    plain: SocketAddr,
    tls: SocketAddr,
}

impl Proxy {
    /// Starts nginx in front of `server`, with TLS too; `replacements` are texts of its
    /// configuration and what stands in their place.
    pub fn nginx(server: SocketAddr, replacements: &[(&str, &str)]) -> Self {
        let (folder, plain, tls) = place("nginx");
        let addresses = [("8080", server), ("8081", plain), ("8443", tls)];
        let file = configure("nginx.conf", &folder, &addresses, replacements);
        let mut openssl = command("openssl");
        openssl.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes"]);
        openssl.args(["-days", "2", "-subj", "/CN=localhost"]);
        openssl.args(["-keyout", "key.pem", "-out", "cert.pem"]);
        let made = openssl.current_dir(&*folder).stderr(Stdio::null()).status();
        assert!(made.is_ok_and(|made| made.success()), "no certificate");
        let mut nginx = command("nginx");
        nginx.arg("-p").arg(&*folder).arg("-c").arg(file);
        Self::start(nginx, folder, plain, tls)
    }

    /// Starts HAProxy in front of `server`.
    pub fn haproxy(server: SocketAddr, replacements: &[(&str, &str)]) -> Self {
        let (folder, plain, tls) = place("haproxy");
        let addresses = [("8080", server), ("8082", plain)];
        let file = configure("haproxy.cfg", &folder, &addresses, replacements);
        let mut haproxy = command("haproxy");
        haproxy.arg("-f").arg(file);
        Self::start(haproxy, folder, plain, tls)
    }

    /// Where it listens for HTTP/1.1.
    #[must_use]
    pub fn plain(&self) -> SocketAddr {
        self.plain
    }

    /// Where nginx listens for TLS.
    #[must_use]
    pub fn tls(&self) -> SocketAddr {
        self.tls
    }

    /// A folder of its own, removed at the end.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn start(mut program: Command, folder: Folder, plain: SocketAddr, tls: SocketAddr) -> Self {
        let log = fs::File::create(folder.join("log")).expect("a log");
        let child = program.stderr(log).spawn().expect("the proxy starts");
        let mut proxy = Self { child, folder, plain, tls };
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(plain).is_err() {
            let log = fs::read_to_string(proxy.folder.join("log")).unwrap_or_default();
            let ended = proxy.child.try_wait().expect("it can be asked");
            assert!(ended.is_none() && Instant::now() < deadline, "it does not listen: {log}");
            thread::sleep(Duration::from_millis(5));
        }
        proxy
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // SIGTERM, so that nginx's workers end with their master. It fails only if it has ended.
        let _ = command("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

/// The command of a program that has to be there.
pub fn command(program: &str) -> Command {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Servers are in a folder that is not on everybody's search path.
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into()]);
    let file = folders.map(|folder| folder.join(program));
    let file = file.into_iter().find(|file| file.is_file());
    let file = file.unwrap_or_else(|| {
        panic!("{program} is missing: `cargo xtask test` as root on Debian installs it, or apt-get")
    });
    let mut command = Command::new(file);
    command.stdin(Stdio::null());
    command
}

/// A folder, and two addresses that are free now.
fn place(name: &str) -> (Folder, SocketAddr, SocketAddr) {
    (Folder::new(name), free_address(), free_address())
}

/// An address that nobody has until the proxy takes it: a port that the system gives to nobody who leaves the choice to it.
/// Otherwise it might have been given to another test's server when the proxy comes to it.
fn free_address() -> SocketAddr {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    const FIRST: u16 = 20_000;
    const PORTS: u32 = 10_000;
    loop {
        // Programs that run at the same time begin apart.
        let number = std::process::id().wrapping_mul(64) + NEXT.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + (number % PORTS) as u16;
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", port)) {
            return listener.local_addr().expect("an address");
        }
    }
}

fn configure(
    name: &str,
    folder: &Path,
    addresses: &[(&str, SocketAddr)],
    replacements: &[(&str, &str)],
) -> PathBuf {
    let mut text = fs::read_to_string(format!("{CONFIGURATIONS}{name}")).expect("a configuration");
    let mut replace = |documented: &str, used: &str| {
        assert!(text.contains(documented), "{name} has no {documented:?}");
        text = text.replace(documented, used);
    };
    for (port, address) in addresses {
        replace(&format!("127.0.0.1:{port}"), &address.to_string());
    }
    for (documented, used) in replacements {
        replace(documented, used);
    }
    let file = folder.join(name);
    fs::write(&file, text).expect("written");
    file
}
