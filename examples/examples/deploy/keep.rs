//! The parent: keeps the socket open, and a server on it.

use std::error::Error;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// How often the server is looked after.
const LOOK: Duration = Duration::from_millis(10);
/// After a server that failed: it would fail again at once.
const PAUSE: Duration = Duration::from_secs(1);

/// The server that runs, and whether it was the last.
#[derive(Default)]
struct Kept {
    child: Option<Child>,
    is_ending: bool,
}

/// Starts a server whenever there is none, until SIGTERM or Ctrl-C.
pub(crate) fn keep(address: &str, state: &Path) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(address)?;
    let address = listener.local_addr()?;
    examples::say(format_args!("Open http://{address}/events (Ctrl-C stops)"));
    let kept = Arc::new(Mutex::new(Kept::default()));
    let signalled = kept.clone();
    ctrlc::set_handler(move || {
        let mut kept = signalled.lock().unwrap_or_else(PoisonError::into_inner);
        kept.is_ending = true;
        if let Some(child) = &kept.child {
            // It fails only if the server has ended by itself.
            let _ = kill_process(Pid::from_child(child), Signal::TERM);
        }
    })?;
    loop {
        let ended = {
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            match kept.child.as_mut().map(Child::try_wait).transpose()? {
                Some(None) => None,
                _ if kept.is_ending => return Ok(()),
                ended => {
                    kept.child = Some(start(&listener, state)?);
                    ended.flatten()
                }
            }
        };
        if let Some(status) = ended.filter(|it: &ExitStatus| !it.success()) {
            eprintln!("the server failed: {status}");
            thread::sleep(PAUSE);
        }
        thread::sleep(LOOK);
    }
}

/// Starts the program that is there now under the name of this one.
fn start(listener: &TcpListener, state: &Path) -> std::io::Result<Child> {
    let socket: OwnedFd = listener.try_clone()?.into();
    let program = std::env::args_os().next().unwrap_or_default();
    Command::new(program).arg("serve").arg(state).stdin(socket).spawn()
}
