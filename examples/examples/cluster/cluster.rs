//! The parent: starts Redis, the nodes and nginx, kills nodes and starts them again. Depends on all the others.

use std::error::Error;
use std::io;
use std::mem;
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use crate::clock::{self, Running};
use crate::kept::Kept;
use crate::parts;

const NAMES: [&str; 3] = ["a", "b", "c"];

/// How often the processes are looked after.
const LOOK: Duration = Duration::from_millis(20);
/// How long a node that has ended stays away.
const AWAY: Duration = Duration::from_secs(5);

/// A node, whether it runs or not.
struct Member {
    name: &'static str,
    address: SocketAddr,
    state: State,
}

enum State {
    Starts(Kept),
    Runs(Kept),
    Away(Instant),
}

/// Runs all parts until SIGTERM or Ctrl-C.
pub(crate) fn run(address: &str) -> Result<(), Box<dyn Error>> {
    let address = free(address)?;
    let is_ending = Arc::new(AtomicBool::new(false));
    let ending = is_ending.clone();
    ctrlc::set_handler(move || ending.store(true, Ordering::SeqCst))?;
    // They end in the opposite order.
    let (mut redis, at) = parts::redis()?;
    let url = format!("redis://{at}/");
    let addresses = [parts::free_address()?, parts::free_address()?, parts::free_address()?];
    let mut nginx = parts::nginx(address, addresses)?;
    let mut members = Vec::new();
    for (name, address) in NAMES.into_iter().zip(addresses) {
        let mut process = start(name, address, &url)?;
        parts::until_it_listens(&format!("node {name}"), &mut process, address)?;
        members.push(Member { name, address, state: State::Runs(process) });
    }
    let running = Running::default();
    let (kills, wanted) = mpsc::channel();
    note(&members, &running);
    clock::start(&url, running.clone(), kills)?;
    examples::say(format_args!("Redis: on {at}"));
    examples::say(format_args!("Open http://{address}/ (Ctrl-C stops)"));
    while !is_ending.load(Ordering::SeqCst) {
        match wanted.recv_timeout(LOOK) {
            Ok(name) => kill(&members, &name),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err("Redis does not answer".into()),
        }
        members.iter_mut().try_for_each(|it| it.look_after(&url))?;
        note(&members, &running);
        for (name, part) in [("redis-server", &mut redis), ("nginx", &mut nginx)] {
            if part.ended()?.is_some() && !is_ending.load(Ordering::SeqCst) {
                return Err(format!("{name} has ended, and so does the cluster").into());
            }
        }
    }
    Ok(())
}

/// The address, with a port in place of 0, if nobody has it.
fn free(address: &str) -> Result<SocketAddr, Box<dyn Error>> {
    let no_address = || format!("{address} is no address, such as 127.0.0.1:8080");
    let mut found = address.to_socket_addrs().map_err(|_| no_address())?;
    let mut found = found.next().ok_or_else(no_address)?;
    if found.port() == 0 {
        found.set_port(parts::free_address()?.port());
    }
    match TcpListener::bind(found) {
        Ok(_) => Ok(found),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Err(format!(
            "{found} is taken by another program. Stop that program, or choose another port:\n  \
             cargo run -p examples --example cluster -- --addr 127.0.0.1:0   (0: any free port)"
        )
        .into()),
        Err(error) => Err(format!("{found}: {error}").into()),
    }
}

fn start(name: &str, address: SocketAddr, redis: &str) -> io::Result<Kept> {
    Kept::start(&["node", name, &address.to_string(), redis])
}

fn kill(members: &[Member], name: &str) {
    let member = members.iter().find(|it| it.name == name);
    if let Some(Member { state: State::Starts(process) | State::Runs(process), .. }) = member {
        process.kill();
    }
}

/// Writes down who runs.
fn note(members: &[Member], running: &Running) {
    for (member, known) in members.iter().zip(running.iter()) {
        let id = match &member.state {
            State::Runs(process) => process.id(),
            State::Starts(_) | State::Away(_) => 0,
        };
        known.store(id, Ordering::SeqCst);
    }
}

impl Member {
    /// Notices that it listens or has ended, and starts it again after a while.
    fn look_after(&mut self, redis: &str) -> io::Result<()> {
        let state = mem::replace(&mut self.state, State::Away(Instant::now()));
        self.state = match state {
            State::Starts(mut process) => match process.ended()? {
                Some(status) => self.is_gone(status),
                None if TcpStream::connect(self.address).is_ok() => State::Runs(process),
                None => State::Starts(process),
            },
            State::Runs(mut process) => match process.ended()? {
                Some(status) => self.is_gone(status),
                None => State::Runs(process),
            },
            State::Away(since) if since.elapsed() > AWAY => {
                State::Starts(start(self.name, self.address, redis)?)
            }
            away => away,
        };
        Ok(())
    }

    fn is_gone(&self, status: ExitStatus) -> State {
        let (name, time) = (self.name, AWAY.as_secs());
        examples::say(format_args!("node {name} has ended ({status}); again in {time} s"));
        State::Away(Instant::now())
    }
}
