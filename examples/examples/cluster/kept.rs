//! A process that ends with the cluster. Depends on processes and signals alone.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

/// How long it may take to end.
const GRACE: Duration = Duration::from_secs(3);

/// A process that looks at its standard input: that ends when this value is dropped, or when the cluster is killed.
#[derive(Debug)]
pub(crate) struct Kept(Child);

impl Kept {
    /// Starts this program in another role.
    pub(crate) fn start(arguments: &[&str]) -> io::Result<Self> {
        let program = std::env::args_os().next().unwrap_or_default();
        // A group of its own: Ctrl-C is for the cluster, which ends its parts in their order.
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::piped()).process_group(0);
        Ok(Self(command.spawn()?))
    }

    /// Its number.
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// How it has ended, if it has.
    pub(crate) fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.0.try_wait()
    }

    /// Ends it without a word, and all that it has started.
    pub(crate) fn kill(&self) {
        // It fails only if all have ended.
        let _ = kill_process_group(Pid::from_child(&self.0), Signal::KILL);
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let deadline = Instant::now() + GRACE;
        while matches!(self.0.try_wait(), Ok(None)) && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(5));
        }
        self.kill();
        let _ = self.0.wait();
    }
}
