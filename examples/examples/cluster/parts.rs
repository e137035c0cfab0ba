//! The programs of others that the cluster consists of: found, and started in a folder of their own. Depends on `kept`.

use std::error::Error;
use std::fs;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::kept::Kept;

const CONFIGURATION: &str = include_str!("nginx.conf");

/// How long a part may take until it listens.
const PATIENCE: Duration = Duration::from_secs(30);

/// Starts Redis, with nothing on a disk; where it listens.
pub(crate) fn redis() -> Result<(Kept, SocketAddr), Box<dyn Error>> {
    const REMEDY: &str = "`sudo apt-get install redis-server` (macOS: `brew install redis`)";
    let program = find(&["redis-server", "valkey-server"], REMEDY)?;
    let address = free_address()?;
    let (folder, port) = (folder("redis")?, address.port().to_string());
    let mut arguments = vec!["keep", &folder, &program, "--port", &port, "--bind", "127.0.0.1"];
    arguments.extend(["--save", "", "--appendonly", "no", "--loglevel", "warning"]);
    let mut redis = Kept::start(&arguments)?;
    until_it_listens("redis-server", &mut redis, address)?;
    Ok((redis, address))
}

/// Starts nginx at an address in front of the nodes.
pub(crate) fn nginx(address: SocketAddr, nodes: [SocketAddr; 3]) -> Result<Kept, Box<dyn Error>> {
    const REMEDY: &str = "`sudo apt-get install nginx` (macOS: `brew install nginx`)";
    let program = find(&["nginx"], REMEDY)?;
    let folder = folder("nginx")?;
    let mut text = CONFIGURATION.replace("ADDRESS", &address.to_string());
    for (word, node) in ["NODE-A", "NODE-B", "NODE-C"].iter().zip(nodes) {
        text = text.replace(word, &node.to_string());
    }
    fs::write(format!("{folder}/nginx.conf"), text)?;
    let mut nginx = Kept::start(&["keep", &folder, &program, "-p", &folder, "-c", "nginx.conf"])?;
    until_it_listens("nginx", &mut nginx, address)?;
    Ok(nginx)
}

/// Waits until a process listens.
pub(crate) fn until_it_listens(
    name: &str,
    process: &mut Kept,
    address: SocketAddr,
) -> Result<(), Box<dyn Error>> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        // If it has ended, it has said why; and then whoever listens is somebody else.
        if process.ended()?.is_some() {
            return Err(format!("{name} has ended instead of listening on {address}").into());
        }
        if TcpStream::connect(address).is_ok() {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(format!("{name} does not listen on {address}").into());
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// An address that nobody has until a part takes it: of those that the system gives to nobody who leaves the choice to it.
pub(crate) fn free_address() -> io::Result<SocketAddr> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    const FIRST: u16 = 20_000;
    const PORTS: u32 = 10_000;
    loop {
        // Clusters that run at the same time begin apart.
        let number = std::process::id().wrapping_mul(64) + NEXT.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + (number % PORTS) as u16;
        match TcpListener::bind(("127.0.0.1", port)) {
            Ok(listener) => return listener.local_addr(),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            Err(error) => return Err(error),
        }
    }
}

/// A folder that nobody else has; who keeps the program removes it.
fn folder(purpose: &str) -> io::Result<String> {
    let name = format!("sse-cluster-{}-{purpose}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    fs::create_dir(&folder)?;
    Ok(folder.to_string_lossy().into_owned())
}

fn find(names: &[&str], remedy: &str) -> Result<String, Box<dyn Error>> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Servers are in folders that are not on everybody's search path.
    let servers = ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from);
    let folders: Vec<PathBuf> = std::env::split_paths(&path).chain(servers).collect();
    let files = names.iter().flat_map(|name| folders.iter().map(move |it| it.join(name)));
    match files.into_iter().find(|file| file.is_file()) {
        Some(file) => Ok(file.to_string_lossy().into_owned()),
        None => Err(format!("{} is missing: {remedy} installs it", names[0]).into()),
    }
}
