//! What stands between the cluster and a program that does not look at its standard input: Redis, nginx. It ends the
//! program when its own standard input ends, which it does when the cluster ends in any way.

use std::error::Error;
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// How long the program may take to end.
const GRACE: Duration = Duration::from_secs(2);

/// Runs a program in a folder that is removed when it has ended.
pub(crate) fn keep(folder: &Path, program: &str, arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    let result = run(folder, program, arguments);
    // What remains of it does no harm.
    let _ = fs::remove_dir_all(folder);
    result
}

fn run(folder: &Path, program: &str, arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    let log = File::create(folder.join("log"))?;
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    let mut child = command.stdout(log.try_clone()?).stderr(log).spawn()?;
    let (process, asked) = (Pid::from_child(&child), Arc::new(AtomicBool::new(false)));
    let asks = asked.clone();
    thread::spawn(move || {
        let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
        asks.store(true, Ordering::SeqCst);
        // Both fail only if it has ended.
        let _ = kill_process(process, Signal::TERM);
        thread::sleep(GRACE);
        let _ = kill_process(process, Signal::KILL);
    });
    let status = child.wait()?;
    if asked.load(Ordering::SeqCst) {
        return Ok(());
    }
    let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
    Err(format!("{program} has ended ({status}):\n{log}").into())
}
