//! How much of each part of the benchmark is measured.

use std::time::Duration;

use servers::Burst;

/// A run in which a tenth of the clients stop reading.
pub(crate) struct Stalled {
    pub(crate) clients: usize,
    pub(crate) burst: Burst,
    /// Whether all servers take part, or ours and the limit.
    pub(crate) is_for_all: bool,
}

/// How much is measured.
pub(crate) struct Plan {
    pub(crate) rounds: usize,
    /// Connections and the burst for each: one event at a time.
    pub(crate) steady: Vec<(usize, Burst)>,
    /// Events at once, and how many times.
    pub(crate) in_flight: (Burst, u64),
    pub(crate) wide: (usize, Burst),
    pub(crate) stalled: Vec<Stalled>,
    /// Clients that come back, and the events that each has missed.
    pub(crate) reconnect: (usize, u64),
    /// Clients that never finish their request, beside a hundred that listen.
    pub(crate) slow: usize,
    /// Seconds for each point of a curve.
    pub(crate) point: f64,
    /// 1: all points of a curve; 3: every third.
    pub(crate) every: usize,
    /// The time for which clients that were stalled may read again.
    pub(crate) afterwards: Duration,
}

impl Plan {
    pub(crate) fn new(quick: bool, rounds: Option<usize>) -> Plan {
        let burst =
            |rate: f64, seconds: f64, size| Burst { rate, count: (rate * seconds) as u64, size };
        let in_flight = Burst { rate: 0.0, count: 16, size: 100 };
        if quick {
            return Plan {
                rounds: rounds.unwrap_or(1),
                steady: vec![(100, burst(500.0, 0.2, 100)), (1_000, burst(50.0, 0.2, 100))],
                in_flight: (in_flight, 10),
                wide: (2_000, burst(10.0, 0.3, 100)),
                stalled: vec![Stalled {
                    clients: 50,
                    burst: burst(2_000.0, 0.8, 1 << 10),
                    is_for_all: false,
                }],
                reconnect: (1_000, 100),
                slow: 100,
                point: 0.1,
                every: 6,
                afterwards: Duration::from_millis(100),
            };
        }
        let stalled = |clients, rate, is_for_all| Stalled {
            clients,
            burst: Burst { rate, count: 10_000, size: 1 << 10 },
            is_for_all,
        };
        Plan {
            rounds: rounds.unwrap_or(5),
            steady: vec![(1_000, burst(100.0, 4.0, 100)), (10_000, burst(8.0, 4.0, 100))],
            in_flight: (in_flight, 60),
            wide: (19_000, burst(1.0, 30.0, 100)),
            stalled: vec![stalled(100, 1_000.0, true), stalled(1_000, 150.0, false)],
            reconnect: (10_000, 100),
            slow: 1_000,
            point: 1.5,
            every: 1,
            afterwards: Duration::from_secs(3),
        }
    }
}
