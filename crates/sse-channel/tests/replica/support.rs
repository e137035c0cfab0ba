//! A database that knows the state after each of its events, and nodes whose logs are fed from it, hold little, and have
//! a keeper.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use futures_core::Stream;
use sse_channel::{
    Channel, Cut, Entry, EventId, Feed, Frame, Gap, History, Keeper, Lag, Log, PageFuture, Read,
    Replica, Source, Stopped, Subscription,
};

pub(crate) type Table = [u64; 3];

pub(crate) const BEGIN: Table = [1; 3];

/// Events change a table in ways that depend on their order, and do not tell what they have made of it.
#[derive(Clone)]
pub(crate) struct Database {
    pub(crate) channel: Channel,
    /// IDs, and the table after each.
    states: Arc<Mutex<Vec<(String, Table)>>>,
    pub(crate) fails: Arc<AtomicBool>,
}

impl Database {
    pub(crate) fn new(events: usize) -> Self {
        let channel = Channel::new(History { events, ..History::default() });
        let states = vec![(channel.last_event_id().to_string(), BEGIN)];
        Self { channel, states: Arc::new(Mutex::new(states)), fails: Arc::default() }
    }

    /// `row * number` or `row + number`.
    pub(crate) fn publish(&self, row: usize, sign: char, number: u64) {
        let mut states = self.states.lock().unwrap();
        let mut table = states.last().unwrap().1;
        let text = format!("{row} {sign} {number}");
        apply(&mut table, &text);
        let id = self.channel.publish(&Frame::message(&text));
        states.push((id.to_string(), table));
    }

    /// The state as it is now, and the last event in it.
    pub(crate) fn load(&self) -> (Table, String) {
        let (id, table) = self.states.lock().unwrap().last().unwrap().clone();
        (table, id)
    }

    /// The how manieth event has this ID, and the table after it.
    pub(crate) fn at(&self, id: &str) -> (usize, Table) {
        let states = self.states.lock().unwrap();
        let index = states.iter().position(|(known, _)| known == id);
        let index = index.unwrap_or_else(|| panic!("{id} is none of the database's"));
        (index, states[index].1)
    }

    pub(crate) fn id(&self, index: usize) -> EventId {
        self.states.lock().unwrap()[index].0.as_str().into()
    }

    /// How many events there have been.
    pub(crate) fn len(&self) -> usize {
        self.states.lock().unwrap().len() - 1
    }
}

impl Source for Database {
    fn page(self: Arc<Self>, after: Option<EventId>, max_bytes: usize) -> PageFuture {
        let log: Arc<Log> = Arc::new(self.channel.log().clone());
        Box::pin(async move {
            // The answer may be of before or after what comes meanwhile.
            let page = log.clone().page(after.clone(), max_bytes.min(120)).await;
            futures_lite::future::yield_now().await;
            if self.fails.load(Ordering::Relaxed) {
                return Err(io::Error::other("gone"));
            }
            page
        })
    }
}

fn apply(table: &mut Table, text: &str) {
    let parts: Vec<&str> = text.split(' ').collect();
    let [row, sign, number] = parts[..] else { panic!("{text}") };
    let number: u64 = number.parse().unwrap();
    let row = &mut table[row.parse::<usize>().unwrap()];
    *row = match sign {
        "*" => row.wrapping_mul(number),
        "+" => row.wrapping_add(number),
        _ => number,
    };
}

/// A snapshot: each row is an event of its own, so that a client can be cut off between them.
pub(crate) fn rows(table: &Table) -> Vec<Entry> {
    let row = |(row, number)| Entry::new(&Frame::message(&format!("{row} = {number}")));
    table.iter().enumerate().map(row).collect()
}

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

pub(crate) struct Node {
    database: Database,
    pub(crate) feed: Feed,
    /// Events of the database that have been fed.
    pub(crate) fed: usize,
    pub(crate) replica: Replica<Table>,
    pub(crate) keeper: Task,
    /// How often the keeper has stopped at one.
    gaps: Arc<AtomicUsize>,
}

impl Node {
    /// A node that is fed what follows on the first `fed` events; its keeper loads the state whenever it is not whole.
    pub(crate) fn new(database: &Database, fed: usize, events: usize, lag: Lag) -> Self {
        let history = History { events, lag, ..History::default() };
        let feed = Feed::new(history, &database.id(fed), Arc::new(database.clone()));
        let (replica, keeper) = Replica::new(feed.log(), |table: &mut Table, event: &Entry| {
            apply(table, &event.data().unwrap());
        });
        let gaps = Arc::new(AtomicUsize::new(0));
        let keeper = Box::pin(keep(keeper, database.clone(), gaps.clone()));
        Self { database: database.clone(), feed, fed, replica, keeper, gaps }
    }

    pub(crate) fn gaps(&self) -> usize {
        self.gaps.load(Ordering::Relaxed)
    }

    /// Feeds the next event, if there is one, and the database still has it; otherwise all that it has not is a gap.
    pub(crate) fn feed(&mut self) {
        let position = self.fed as u64 + 1;
        match self.database.channel.log().read(position, 0) {
            Read::Entries(entries) => {
                entries.into_iter().for_each(|entry| self.feed.push(entry));
                self.fed += 1;
            }
            Read::Gap(_, first) => self.miss(first as usize - 1),
            Read::Nothing | Read::Closed => {}
        }
    }

    /// Tells that this node has not got the events up to this one.
    pub(crate) fn miss(&mut self, until: usize) {
        let gap = Gap::Evicted { missed: Some((until - self.fed) as u64) };
        // Of the last event before it; where nothing follows yet, of the last that is missing.
        let cursor = if until == self.database.len() { until } else { self.fed };
        self.feed.tell_gap(gap, &self.database.id(cursor));
        self.fed = until;
    }

    pub(crate) fn feed_all(&mut self) {
        while self.fed < self.database.len() {
            self.feed();
        }
    }

    pub(crate) fn work(&mut self) {
        let mut cx = Context::from_waker(Waker::noop());
        let _ = self.keeper.as_mut().poll(&mut cx);
    }

    pub(crate) fn work_much(&mut self) {
        (0..200).for_each(|_| self.work());
    }
}

async fn keep(mut keeper: Keeper<Table>, database: Database, gaps: Arc<AtomicUsize>) {
    let (state, id) = database.load();
    let mut stopped = keeper.follow(state, Some(&id)).await;
    loop {
        futures_lite::future::yield_now().await;
        stopped = match stopped {
            Stopped::Gap(..) => {
                gaps.fetch_add(1, Ordering::Relaxed);
                let (state, id) = database.load();
                keeper.follow(state, Some(&id)).await
            }
            Stopped::Failed(_, state) => keeper.go_on(state).await,
            Stopped::Closed => return std::future::pending().await,
        };
    }
}

/// What a page makes of a stream.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) last_event_id: Option<String>,
    pub(crate) table: Table,
    /// Events of the database that are in it.
    pub(crate) seen: usize,
}

impl Page {
    /// Takes an event, and checks what has come of it.
    pub(crate) fn take(&mut self, block: &str, database: &Database) {
        let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
        assert_eq!(field("event: "), None, "a gap: {block}");
        if let Some(data) = field("data: ") {
            apply(&mut self.table, data);
        }
        if block.lines().any(|line| line == "id: ") {
            // The first of several events that are a state: who has not got all of them is new.
            (self.seen, self.last_event_id) = (0, None);
        } else if let Some(id) = field("id: ") {
            let (seen, table) = database.at(id);
            assert_eq!(self.table, table, "after {block}, event {seen}; before: {self:?}");
            assert!(seen >= self.seen, "from {} back to {seen}", self.seen);
            (self.seen, self.last_event_id) = (seen, Some(id.to_owned()));
        }
    }

    /// Reads what has come, until `is_enough` of an event.
    pub(crate) fn read(
        &mut self,
        events: &mut Subscription,
        database: &Database,
        mut is_enough: impl FnMut() -> bool,
    ) -> Result<(), Option<Cut>> {
        let mut cx = Context::from_waker(Waker::noop());
        let (mut idle, mut blocks) = (0, 0);
        while idle < 5 {
            blocks += 1;
            assert!(blocks < 10_000, "the same again and again");
            match Pin::new(&mut *events).poll_next(&mut cx) {
                Poll::Ready(Some(Ok(block))) => {
                    idle = 0;
                    for block in std::str::from_utf8(&block).unwrap().split_terminator("\n\n") {
                        self.take(block, database);
                        if is_enough() {
                            return Err(None);
                        }
                    }
                }
                Poll::Ready(Some(Err(cut))) => return Err(Some(cut)),
                Poll::Ready(None) => return Err(None),
                Poll::Pending => idle += 1,
            }
        }
        Ok(())
    }
}
