//! Process groups, process trees and signals of a Unix system.
//!
//! The tree is read from `/proc`. Where there is none only process groups are ended, which misses
//! processes that have made a group of their own.

use std::fs;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, waitid};

/// Makes the command the leader of a process group.
pub(super) fn lead_group(command: &mut Command) {
    command.process_group(0);
}

/// Makes orphaned grandchildren children of this program, so that they can be found and ended.
pub(super) fn adopt_orphans() {
    #[cfg(target_os = "linux")]
    // Refused only by kernels older than 3.4; the groups are ended all the same.
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
}

/// Sends a signal to a process; nothing if there is none.
pub(super) fn signal(process: u32, signal: Signal) -> Option<()> {
    rustix::process::kill_process(pid(process)?, signal).ok()
}

/// Sends a signal to every process of a group. One that has ended already is no error.
pub(super) fn signal_group(leader: u32, signal: Signal) {
    if let Some(leader) = pid(leader) {
        let _ = rustix::process::kill_process_group(leader, signal);
    }
}

/// A process that has not ended, as the system lists it.
#[derive(Clone, Copy)]
pub(super) struct Process {
    pub(super) id: u32,
    parent: u32,
    pub(super) group: u32,
}

impl Process {
    /// Whether its environment had this variable when it started.
    pub(super) fn has(&self, variable: &str, value: &str) -> bool {
        let environment = fs::read(format!("/proc/{}/environ", self.id)).unwrap_or_default();
        let wanted = format!("{variable}={value}");
        environment.split(|&byte| byte == 0).any(|entry| entry == wanted.as_bytes())
    }
}

/// All living descendants of a process.
pub(super) fn descendants(root: u32) -> Vec<Process> {
    let mut others: Vec<Process> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| process(entry.file_name().to_str()?.parse().ok()?))
        .collect();
    let mut found: Vec<Process> = Vec::new();
    let mut parents = vec![root];
    while let Some(parent) = parents.pop() {
        let (children, rest) = others.into_iter().partition(|process| process.parent == parent);
        others = rest;
        let children: Vec<Process> = children;
        parents.extend(children.iter().map(|child| child.id));
        found.extend(children);
    }
    found
}

fn process(id: u32) -> Option<Process> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name stands in parentheses and may contain some itself; state, parent, group follow it.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    let ended = matches!(fields.next()?, "Z" | "X");
    let parent = fields.next()?.parse().ok()?;
    let group = fields.next()?.parse().ok()?;
    (!ended).then_some(Process { id, parent, group })
}

/// Waits until a child has ended, and leaves it to be asked how.
pub(super) fn wait_for_end(child: u32) {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    if let Some(child) = pid(child) {
        while matches!(waitid(WaitId::Pid(child), options), Err(Errno::INTR)) {}
    }
}

/// Processor time of a child that has ended and was not asked how, and of those it has waited for.
pub(super) fn time_of_ended(child: u32) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{child}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    // In the system and outside, of itself and of its children: the 14th to the 17th field.
    let ticks = fields.get(11..15).filter(|_| fields[0] == "Z")?;
    let ticks = ticks.iter().map(|it| it.parse::<u64>().ok()).sum::<Option<u64>>()?;
    Some(Duration::from_millis(ticks * 1000 / rustix::param::clock_ticks_per_second()))
}

fn pid(id: u32) -> Option<Pid> {
    Pid::from_raw(i32::try_from(id).ok()?)
}
