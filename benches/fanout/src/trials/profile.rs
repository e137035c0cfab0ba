//! Where the time of a server goes: `perf` looks at it 999 times a second while it publishes.
//!
//! Loopback has no other machine: what the kernel does for the client's end of a connection, it
//! does on the server's account, inside the call that sends.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use report::{Cell, Report, Table};
use servers::Burst;
use testkit::{Child, Signal};

use crate::plan::Plan;
use crate::process::Server;
use crate::run::Run;
use crate::subject::Subject;

const CONNECTIONS: usize = 1_000;

/// Functions of the kernel whose share is shown, with all that they call.
const FUNCTIONS: [(&str, &str); 7] = [
    ("all calls of the kernel", "entry_SYSCALL_64_after_hwframe"),
    ("sending", "tcp_sendmsg"),
    ("of it: passing packets down and through loopback", "__tcp_transmit_skb"),
    ("of it: receiving them at the client's end", "tcp_v4_rcv"),
    ("of it: waking the client", "sock_def_readable"),
    ("waiting for sockets", "do_epoll_wait"),
    ("arming sockets", "do_epoll_ctl"),
];

pub(crate) fn measure(
    plan: &Plan,
    subjects: &[Subject],
    report: &mut Report,
) -> anyhow::Result<()> {
    let (_, one_at_a_time) = plan.steady[0];
    let (in_flight, times) = plan.in_flight;
    for (title, file, burst, times) in [
        ("one event at a time", "steady", one_at_a_time, 1),
        ("16 in flight", "in-flight", in_flight, times * 8),
    ] {
        let mut columns = vec!["us per delivery", "user space %"];
        columns.extend(FUNCTIONS.map(|it| it.0));
        let mut table =
            Table::new(format!("where the time goes, {title}, {CONNECTIONS} connections"), columns);
        let mut hottest = Vec::new();
        for subject in subjects {
            let data = folder().join(format!("profile-{}-{file}.data", subject.name()));
            let cost = record(*subject, burst, times, &data)?;
            let inclusive =
                Shares::of(&data, &["--children", "--fields", "overhead_children,symbol"])?;
            let own = Shares::of(&data, &["--no-children", "--fields", "overhead,symbol"])?;
            let shares =
                FUNCTIONS.map(|(_, function)| Cell::number(inclusive.of_function(function)));
            let first = [Cell::number(cost), Cell::number(own.in_user_space())];
            table.row(subject.name(), first.into_iter().chain(shares));
            hottest.push(format!("{}: {}", subject.name(), own.first(12).join(", ")));
        }
        report.table(table);
        report.note(format!("Most time by itself, {title}:\n{}", hottest.join("\n")));
    }
    report.note("`perf report --input benches/target/profile-SERVER-PART.data` shows more.");
    Ok(())
}

/// Profiles one server, and returns what a delivery cost meanwhile in microseconds.
fn record(subject: Subject, burst: Burst, times: u64, data: &Path) -> anyhow::Result<f64> {
    let mut run = Run::open(subject, CONNECTIONS, &[])?;
    let perf = Perf::start(&run.running.server, data)?;
    let measured =
        if times == 1 { run.burst(burst, CONNECTIONS)? } else { run.bursts(burst, times)? };
    perf.stop()?;
    Ok(measured.microseconds_per_delivery())
}

struct Perf(Child);

impl Perf {
    fn start(server: &Server, data: &Path) -> anyhow::Result<Perf> {
        let processes: Vec<String> = server.processes().iter().map(u32::to_string).collect();
        let mut command = Command::new("perf");
        command
            .args(["record", "--quiet", "--event", "cpu-clock", "--freq", "999", "-g"])
            .arg("--output")
            .arg(data)
            .args(["--pid", &processes.join(",")])
            .stdout(Stdio::null());
        let perf = Child::spawn(&mut command).context("Debian has it in linux-perf")?;
        // It says nothing when it has begun.
        thread::sleep(Duration::from_millis(500));
        Ok(Perf(perf))
    }

    fn stop(mut self) -> anyhow::Result<()> {
        self.0.signal(Signal::INT)?;
        self.0.wait()?;
        Ok(())
    }
}

/// The share of each function in percent, largest first.
struct Shares(Vec<(f64, Place, String)>);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    UserSpace,
    Kernel,
}

impl Shares {
    fn of(data: &Path, arguments: &[&str]) -> anyhow::Result<Shares> {
        let output = Command::new("perf")
            .args(["report", "--stdio", "--call-graph", "none"])
            .args(arguments)
            .arg("--input")
            .arg(data)
            .output()
            .context("cannot run perf")?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8_lossy(&output.stdout);
        let shares: Vec<_> = text.lines().filter_map(share).collect();
        if shares.is_empty() {
            bail!("perf has seen nothing");
        }
        Ok(Shares(shares))
    }

    fn of_function(&self, name: &str) -> f64 {
        self.0.iter().find(|it| it.2 == name).map_or(0.0, |it| it.0)
    }

    fn in_user_space(&self) -> f64 {
        self.0.iter().filter(|it| it.1 == Place::UserSpace).map(|it| it.0).sum()
    }

    fn first(&self, count: usize) -> Vec<String> {
        self.0.iter().take(count).map(|it| format!("{:.1} % {}", it.0, it.2)).collect()
    }
}

/// A line such as `12.34%  [k] tcp_sendmsg`; a share with all that it calls stands first.
fn share(line: &str) -> Option<(f64, Place, String)> {
    let (before, name) = line.split_once("[k] ").or_else(|| line.split_once("[.] "))?;
    let share = before.split_whitespace().next()?.strip_suffix('%')?.parse().ok()?;
    let place = if line.contains("[k] ") { Place::Kernel } else { Place::UserSpace };
    Some((share, place, name.trim().to_owned()))
}

/// Where the recordings are kept.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target")
}
