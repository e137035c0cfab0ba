//! Whatever is fed, dropped, missing or restarted, and wherever clients go: the state that a client was given with the events
//! that it got is the state that the database has at that event; no client goes back, is told a gap, or waits for ever.

use std::sync::atomic::Ordering;

use fastrand::Rng;
use sse_channel::{Lag, Subscription};

use super::support::{Database, Node, Page, rows};

#[derive(Default)]
struct Client {
    page: Page,
    events: Option<Subscription>,
    /// Connections at which it was given anything.
    connections: usize,
}

struct World {
    random: Rng,
    database: Database,
    nodes: Vec<Node>,
    clients: Vec<Client>,
    held: usize,
}

impl World {
    fn new(seed: u64, kept: usize, held: usize) -> Self {
        let random = Rng::with_seed(seed);
        let database = Database::new(kept);
        let nodes = (0..2).map(|_| Node::new(&database, 0, held, Lag::Skip)).collect();
        let clients = (0..3).map(|_| Client::default()).collect();
        Self { random, database, nodes, clients, held }
    }

    fn step(&mut self) {
        let which = self.random.usize(..2);
        match self.random.usize(..32) {
            0..10 => self.publish(),
            10..16 => (0..self.random.usize(..4)).for_each(|_| self.nodes[which].feed()),
            16..20 => self.nodes[which].work(),
            20 if self.random.usize(..4) == 0 => self.restart(which),
            20 => self.miss(which),
            21 => {
                let fails = self.random.usize(..3) == 0;
                self.database.fails.store(fails, Ordering::Relaxed);
            }
            _ => {
                let client = self.random.usize(..self.clients.len());
                self.read(client, which);
            }
        }
    }

    fn publish(&mut self) {
        for _ in 0..=self.random.usize(..3) {
            let (row, sign) = (self.random.usize(..3), ['*', '+'][self.random.usize(..2)]);
            self.database.publish(row, sign, self.random.usize(..1 << 20) as u64 | 1);
        }
    }

    /// A new process, that begins with some of the newest events.
    fn restart(&mut self, which: usize) {
        let len = self.database.len();
        let prefill = self.random.usize(..self.held + 2).min(len);
        let lag = [Lag::Skip, Lag::Disconnect][self.random.usize(..2)];
        self.nodes[which] = Node::new(&self.database, len - prefill, self.held, lag);
        (0..prefill).for_each(|_| self.nodes[which].feed());
    }

    fn miss(&mut self, which: usize) {
        let (fed, len) = (self.nodes[which].fed, self.database.len());
        if fed < len {
            self.nodes[which].miss(fed + 1 + self.random.usize(..len - fed));
        }
    }

    fn read(&mut self, client: usize, node: usize) {
        let Self { random, database, nodes, clients, .. } = self;
        let Client { page, events, connections } = &mut clients[client];
        let events = events.get_or_insert_with(|| {
            *connections += 1;
            nodes[node].replica.subscribe(page.last_event_id.as_deref(), rows)
        });
        if page.read(events, database, || random.usize(..12) == 0).is_err()
            || random.usize(..8) == 0
        {
            clients[client].events = None;
        }
    }

    /// Nothing more happens.
    fn come_to_rest(&mut self) {
        self.database.fails.store(false, Ordering::Relaxed);
        for round in 0..6 {
            for node in &mut self.nodes {
                node.feed_all();
                node.work_much();
            }
            for client in 0..self.clients.len() {
                let Client { page, events, .. } = &mut self.clients[client];
                let replica = &self.nodes[client % 2].replica;
                let open = events
                    .get_or_insert_with(|| replica.subscribe(page.last_event_id.as_deref(), rows));
                if page.read(open, &self.database, || false).is_err() {
                    assert!(round < 5, "cut again and again");
                    *events = None;
                }
            }
        }
    }
}

#[test]
fn state_and_events_are_the_state_on_every_node() {
    let mut connections = 0;
    for seed in 1..=120 {
        for (kept, held) in [(1 << 20, 3), (1 << 20, 1), (12, 4), (5, 8), (1 << 20, 64)] {
            let mut world = World::new(seed, kept, held);
            (0..200).for_each(|_| world.step());
            world.come_to_rest();
            let (table, _) = world.database.load();
            for (index, node) in world.nodes.iter().enumerate() {
                let found = node.replica.read(|table, id| (*table, id.to_string()));
                let (state, id) = found.unwrap_or_else(|| panic!("no state: {seed} {kept} {held}"));
                assert_eq!(state, table, "node {index}: {seed} {kept} {held}");
                assert_eq!(world.database.at(&id).1, table, "node {index}: {seed} {kept} {held}");
            }
            for client in &world.clients {
                assert_eq!(client.page.table, table, "{seed} {kept} {held} {:?}", client.page);
                connections += client.connections;
            }
        }
    }
    assert!(connections > 4000, "{connections}");
}
