//! Nothing that a task has started is there after its end, whichever way it ends.
//!
//! A script in the place of cargo starts processes as servers and browsers do, in its own process
//! group and outside of it, and writes down their IDs.

#![cfg(target_os = "linux")]

mod workspace;

use std::fs;
use std::process::{Child, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use workspace::Workspace;

/// A child in the group, one in a session of its own, an orphan, and one that ignores SIGTERM.
const FAMILY: &str = "sleep 1000 & echo $! >>started
    setsid sh -c 'echo $$ >>started; exec sleep 1000' &
    (setsid sh -c 'echo $$ >>started; exec sleep 1000' &)
    setsid sh -c 'trap \"\" TERM; echo $$ >>started; while :; do sleep 1000; done' &
    until [ $(wc -l <started) -eq 4 ]; do sleep 0.01; done
    echo $$ >>started; touch ready\n";

fn is_alive(id: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, fields)| !fields.starts_with(" Z"))
}

fn started(workspace: &Workspace) -> Vec<u32> {
    let started = fs::read_to_string(workspace.folder.join("started")).unwrap_or_default();
    started.lines().map(|line| line.parse().expect("a process ID")).collect()
}

fn wait_until(what: &str, mut reached: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !reached() {
        assert!(Instant::now() < deadline, "{what}: not within 30 s");
        sleep(Duration::from_millis(10));
    }
}

fn wait(child: &mut Child) -> ExitStatus {
    let mut status = None;
    wait_until("the end of xtask", || {
        status = child.try_wait().expect("xtask can be waited for");
        status.is_some()
    });
    status.expect("xtask has ended")
}

/// Starts a task whose cargo is `script`, waits until the family is complete, and ends the task
/// with `signal`, if any.
fn family_after(name: &str, task: &[&str], script: &str, signal: Option<Signal>) -> ExitStatus {
    let workspace = Workspace::new(name);
    workspace.cargo(&script.replace("FAMILY", FAMILY));
    let mut xtask = workspace.xtask(task);
    let mut xtask = xtask.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    let ready = workspace.folder.join("ready");
    wait_until("the family", || ready.exists());
    let family = Family(started(&workspace));
    assert_eq!(family.0.len(), 5, "{:?}", family.0);
    if let Some(signal) = signal {
        assert_eq!(family.living(), family.0, "ended before the signal");
        send(xtask.id(), signal);
    }
    let status = wait(&mut xtask);
    assert_eq!(family.living(), [0; 0], "left behind");
    status
}

/// The processes that a task has started; a failed test leaves none of them behind.
struct Family(Vec<u32>);

impl Family {
    fn living(&self) -> Vec<u32> {
        self.0.iter().copied().filter(|&id| is_alive(id)).collect()
    }
}

impl Drop for Family {
    fn drop(&mut self) {
        self.living().into_iter().for_each(|id| send(id, Signal::KILL));
    }
}

fn send(id: u32, signal: Signal) {
    let id = Pid::from_raw(id.try_into().expect("a process ID")).expect("not 0");
    kill_process(id, signal).expect("the process is there");
}

const TEST: [&str; 3] = ["test", "--only", "format"];

#[test]
fn interrupted_demo() {
    // The first call of cargo builds the demo, the second one runs it.
    let script = "[ \"$1\" = run ] || exit 0\nFAMILY wait";
    let status = family_after("interrupted-demo", &["demo"], script, Some(Signal::INT));
    assert_eq!(status.code(), Some(0), "Ctrl-C is how a demo ends");
}

#[test]
fn interrupted_build_of_the_demo() {
    let status = family_after("interrupted-build", &["demo"], "FAMILY wait", Some(Signal::INT));
    assert_eq!(status.code(), Some(130));
}

#[test]
fn interrupted_test() {
    let status = family_after("interrupted-test", &TEST, "FAMILY wait", Some(Signal::INT));
    assert_eq!(status.code(), Some(130));
}

#[test]
fn terminated_test() {
    let status = family_after("terminated-test", &TEST, "FAMILY wait", Some(Signal::TERM));
    assert_eq!(status.code(), Some(143));
}

#[test]
fn failed_test() {
    let status = family_after("failed-test", &TEST, "FAMILY exit 1", None);
    assert_eq!(status.code(), Some(1));
}
