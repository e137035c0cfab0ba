//! The one reader of a node: it waits for news of all streams at once, and feeds the channels' logs. Depends on
//! `options`, `place`, `registry`, `reply`, `source` and `time`.
//!
//! `XREAD` says which streams have news; what the news are is read together with `XINFO STREAM`, in one transaction, whose
//! number of entries ever added shows whether any were trimmed or deleted before this node saw them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use futures_lite::future::or;
use redis::Value;
use redis::aio::MultiplexedConnection;

use crate::error::Error;
use crate::options::{Notice, Options, Tell};
use crate::place::Place;
use crate::registry::Registry;
use crate::reply;
use crate::source::{Shared, Stream, pair, transaction};
use crate::time::{sleep, within};

/// How long Redis is asked to wait for news; what nobody uses any more is looked for as often.
const BLOCK: Duration = Duration::from_secs(5);
/// Streams that are read in one transaction: others wait for Redis while it runs.
const STREAMS: usize = 64;
/// What the reader waits for each stream it follows, before it asks for news again: Redis looks at all of them each time,
/// for a quarter of that.
const PACE: Duration = Duration::from_micros(1);
/// Waiting for a connection: at first, and at most.
const DELAY: Duration = Duration::from_millis(100);
const MAX_DELAY: Duration = Duration::from_secs(5);
/// How long a request to stop waiting may be on its way before it is repeated.
const UNBLOCK: Duration = Duration::from_millis(50);

pub(crate) struct Reader {
    pub(crate) shared: Arc<Shared>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) options: Options,
    pub(crate) tell: Tell,
    pub(crate) places: BTreeMap<Arc<str>, Place>,
}

impl Reader {
    /// Reads until the hub is closed.
    pub(crate) async fn run(mut self) {
        let mut delay = DELAY;
        while !self.registry.is_closed() {
            let Err(error) = self.session(&mut delay).await else { break };
            self.shared.counters.losses.fetch_add(1, Relaxed);
            self.shared.link.forget().await;
            if !error.may_pass() {
                self.registry.fail(&error);
            }
            let jittered = delay.mul_f64(0.5 + fastrand::f64() / 2.0);
            (self.tell)(&Notice::Lost(error, jittered));
            self.pause(jittered).await;
            delay = (delay * 2).min(MAX_DELAY);
        }
        self.registry.clear();
    }

    /// Waits, unless there is to be an end.
    async fn pause(&self, time: Duration) {
        let closed = async {
            loop {
                let changed = self.registry.changed.listen();
                if self.registry.is_closed() {
                    return;
                }
                changed.await;
            }
        };
        or(sleep(time), closed).await;
    }

    /// Reads over one connection until it breaks, or the hub is closed.
    async fn session(&mut self, delay: &mut Duration) -> Result<(), Error> {
        let mut connection = self.shared.link.connect(BLOCK * 2).await?;
        let client: i64 = redis::cmd("CLIENT")
            .arg("ID")
            .query_async(&mut connection)
            .await
            .map_err(|error| Error::of(&error))?;
        self.warn(&mut connection).await;
        let all = self.places.keys().cloned().collect();
        self.catch_up(&mut connection, all).await?;
        (self.tell)(&Notice::Connected);
        *delay = DELAY;
        loop {
            self.open(&mut connection).await?;
            for key in self.registry.sweep(self.options.idle) {
                self.places.remove(&key);
            }
            let news = self.news(&mut connection, client).await?;
            if self.registry.is_closed() {
                return Ok(());
            }
            if !news.is_empty() {
                self.shared.counters.wakes.fetch_add(1, Relaxed);
                self.catch_up(&mut connection, news).await?;
                self.pause(PACE * u32::try_from(self.places.len()).unwrap_or(u32::MAX)).await;
            }
        }
    }

    /// Says so if Redis may drop streams.
    async fn warn(&self, connection: &mut MultiplexedConnection) {
        let answer = redis::cmd("INFO").arg("memory").query_async::<String>(connection).await;
        let memory = answer.unwrap_or_default();
        let value = |name| memory.lines().find_map(|line| line.strip_prefix(name));
        let policy = value("maxmemory_policy:").unwrap_or("noeviction");
        if policy != "noeviction" {
            (self.tell)(&Notice::Evicts(policy.to_owned()));
        }
    }

    /// Opens what somebody waits for.
    async fn open(&mut self, connection: &mut MultiplexedConnection) -> Result<(), Error> {
        let wanted = self.registry.wanted();
        for keys in wanted.chunks(STREAMS) {
            let mut pipeline = transaction();
            for key in keys {
                let count = self.options.prefill + 1;
                pipeline.cmd("XREVRANGE").arg(&**key).arg("+").arg("-").arg("COUNT").arg(count);
                pipeline.cmd("XINFO").arg("STREAM").arg(&**key);
            }
            for (key, answer) in keys.iter().zip(ask(connection, &pipeline).await?) {
                let place = answer.map(|(mut newest, info)| {
                    newest.reverse();
                    let stream = Arc::new(Stream::new(key.clone(), self.shared.clone()));
                    let (history, prefill) = (self.options.history.clone(), self.options.prefill);
                    Place::new(stream, history, newest, prefill, &info)
                });
                let outcome = place.map(|place| {
                    let open = place.open.clone();
                    self.places.insert(key.clone(), place);
                    open
                });
                self.registry.opened(key, outcome);
            }
        }
        Ok(())
    }

    /// Waits for news: the streams that have some.
    async fn news(
        &mut self,
        connection: &mut MultiplexedConnection,
        client: i64,
    ) -> Result<Vec<Arc<str>>, Error> {
        let changed = self.registry.changed.listen();
        if self.registry.is_closed() || !self.registry.wanted().is_empty() {
            return Ok(Vec::new());
        }
        if self.places.is_empty() {
            // Nothing to read: a connection that breaks meanwhile is noticed when there is.
            or(changed, sleep(BLOCK)).await;
            return Ok(Vec::new());
        }
        let mut command = redis::cmd("XREAD");
        command.arg("COUNT").arg(1).arg("BLOCK").arg(BLOCK.as_millis() as u64).arg("STREAMS");
        for key in self.places.keys() {
            command.arg(&**key);
        }
        for place in self.places.values() {
            command.arg(place.read.to_string());
        }
        let mut reading = connection.clone();
        let mut answer = std::pin::pin!(command.query_async::<Value>(&mut reading));
        let first = or(async { Some((&mut answer).await) }, async {
            changed.await;
            None
        });
        let answer = match first.await {
            Some(answer) => answer,
            None if self.registry.is_closed() => return Ok(Vec::new()),
            None => or(answer, self.stop_waiting(client)).await,
        };
        match answer.map_err(|error| Error::of(&error)) {
            Ok(answer) => {
                let known =
                    |key: String| self.places.get_key_value(&*key).map(|(key, _)| key.clone());
                Ok(reply::keys(answer)?.into_iter().filter_map(known).collect())
            }
            // One of the keys: asking for each by itself shows which.
            Err(Error::NotAStream(_) | Error::Denied(_)) => {
                let all: Vec<_> = self.places.keys().cloned().collect();
                let before = all.len();
                self.catch_up(connection, all).await?;
                let is_mended = self.places.len() < before;
                if is_mended { Ok(Vec::new()) } else { Err(Error::Refused("XREAD".to_owned())) }
            }
            Err(error) => Err(error),
        }
    }

    /// Asks Redis to answer now, until it does.
    async fn stop_waiting<T>(&self, client: i64) -> T {
        let mut unblock = redis::pipe();
        unblock.cmd("CLIENT").arg("UNBLOCK").arg(client);
        loop {
            // If this cannot be sent, the wait ends by itself.
            let _ = within(UNBLOCK, self.shared.link.ask(&unblock)).await;
            sleep(UNBLOCK).await;
        }
    }

    /// Reads these streams to their ends.
    async fn catch_up(
        &mut self,
        connection: &mut MultiplexedConnection,
        mut keys: Vec<Arc<str>>,
    ) -> Result<(), Error> {
        while !keys.is_empty() {
            let now: Vec<Arc<str>> = keys.drain(..keys.len().min(STREAMS)).collect();
            let mut pipeline = transaction();
            for place in now.iter().filter_map(|key| self.places.get(key)) {
                let key = &*place.open.key;
                let after = format!("({}", place.read);
                pipeline.cmd("XRANGE").arg(key).arg(after).arg("+").arg("COUNT").arg(place.count);
                pipeline.cmd("XINFO").arg("STREAM").arg(key);
            }
            for (key, answer) in now.into_iter().zip(ask(connection, &pipeline).await?) {
                let Some(place) = self.places.get_mut(&key) else { continue };
                let (raw, info) = match answer {
                    Ok(answer) => answer,
                    Err(error @ (Error::NotAStream(_) | Error::Denied(_))) => {
                        self.close(&key, error);
                        continue;
                    }
                    Err(error) => return Err(error),
                };
                let may_have_more = raw.len() >= place.count;
                if let Some(gap) = place.take(raw, &info) {
                    (self.tell)(&Notice::Gap(key.to_string(), gap.reason().to_owned()));
                }
                if may_have_more {
                    keys.push(key);
                }
            }
        }
        Ok(())
    }

    fn close(&mut self, key: &Arc<str>, error: Error) {
        self.registry.remove(key);
        if let Some(place) = self.places.remove(key) {
            place.open.feed.close();
        }
        (self.tell)(&Notice::Closed(key.to_string(), error));
    }
}

type Answers = Vec<Result<(Vec<reply::Raw>, reply::Info), Error>>;

/// The answers to pairs of commands, each by itself.
async fn ask(
    connection: &mut MultiplexedConnection,
    pipeline: &redis::Pipeline,
) -> Result<Answers, Error> {
    let answers: Vec<Value> =
        pipeline.query_async(connection).await.map_err(|error| Error::of(&error))?;
    let mut answers = answers.into_iter();
    Ok(std::iter::from_fn(|| Some(pair(vec![answers.next()?, answers.next()?]))).collect())
}
