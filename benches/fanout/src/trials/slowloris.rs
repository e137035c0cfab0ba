//! Clients that send their request a byte at a time and never finish it.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use report::{Cell, Report, Spread, Table};
use servers::Burst;

use crate::plan::Plan;
use crate::recorder::Recorder;
use crate::run::Run;
use crate::subject::Subject;

/// Clients that listen meanwhile.
const LISTENERS: usize = 100;

/// How long slow clients are watched.
const PATIENCE: Duration = Duration::from_secs(40);

const REQUEST: &[u8] = b"GET /events HTTP/1.1\r\nHost: localhost\r\nX-Slow: ";

struct SlowClient {
    socket: TcpStream,
    since: Instant,
    sent: usize,
    ended: Option<Duration>,
}

pub(crate) fn measure(
    plan: &Plan,
    subjects: &[Subject],
    report: &mut Report,
) -> anyhow::Result<()> {
    if !subjects.contains(&Subject::Ours) {
        return Ok(());
    }
    let burst = Burst { rate: 100.0, count: 300, size: 100 };
    let mut run = Run::open(Subject::Ours, LISTENERS, &[])?;
    let alone = run.burst(burst, LISTENERS)?;
    let address = run.running.server.address;
    let slow = (0..plan.slow).map(|_| SlowClient::connect(address));
    let mut slow: Vec<SlowClient> = slow.collect::<io::Result<_>>()?;
    let beside = run.burst(burst, LISTENERS)?;
    let start = Instant::now();
    while slow.iter().any(|it| it.ended.is_none()) && start.elapsed() < PATIENCE {
        slow.iter_mut().for_each(SlowClient::turn);
        run.swarm.turn(&mut Recorder::default())?;
        // Seconds are looked at here, and nobody's latency.
        thread::sleep(Duration::from_millis(1));
    }
    let ended = Spread::of(slow.iter().filter_map(|it| Some(it.ended?.as_secs_f64())));
    let mut table = Table::new(
        format!("ours, {} clients that never finish their request, {LISTENERS} listen", plan.slow),
        ["value"],
    );
    table
        .row("p99 of the listeners without them, ms", [Cell::from(alone.latency.map(|it| it.p99))]);
    table
        .row("p99 of the listeners beside them, ms", [Cell::from(beside.latency.map(|it| it.p99))]);
    table.row(
        "listeners missed",
        [Cell::number(beside.expected.saturating_sub(beside.deliveries) as f64)],
    );
    let count = slow.iter().filter(|it| it.ended.is_some()).count();
    table.row("slow clients ended", [Cell::number(count as f64)]);
    table.row("first ended after s", [Cell::from(ended.map(|it| it.least))]);
    table.row("last ended after s", [Cell::from(ended.map(|it| it.most))]);
    report.table(table);
    Ok(())
}

impl SlowClient {
    fn connect(address: SocketAddr) -> io::Result<SlowClient> {
        let socket = TcpStream::connect(address)?;
        socket.set_nodelay(true)?;
        socket.set_nonblocking(true)?;
        Ok(SlowClient { socket, since: Instant::now(), sent: 0, ended: None })
    }

    /// Sends the bytes that are due, one each second, and sees whether the server has hung up.
    fn turn(&mut self) {
        if self.ended.is_some() {
            return;
        }
        let due = self.since.elapsed().as_secs() as usize;
        let next = REQUEST.get(self.sent).copied().unwrap_or(b'x');
        let sent = self.sent <= due && self.socket.write_all(&[next]).is_err();
        self.sent += usize::from(self.sent <= due);
        let is_gone = match self.socket.read(&mut [0; 512]) {
            Ok(0) => true,
            Ok(_) => false,
            Err(error) => error.kind() != io::ErrorKind::WouldBlock,
        };
        if sent || is_gone {
            self.ended = Some(self.since.elapsed());
        }
    }
}
