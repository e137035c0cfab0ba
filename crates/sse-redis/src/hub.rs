//! What an application holds of Redis. Depends on all the others.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::channel::RedisChannel;
use crate::error::Error;
use crate::link::Link;
use crate::node::Node;
use crate::options::{Notice, Options, Tell};
use crate::pages::Pages;
use crate::reader::Reader;
use crate::registry::Registry;
use crate::source::Shared;
use crate::stats::{Counters, HubStats};

/// The channels of a node, each a stream of Redis. A clone is another handle; when the last one is dropped, with all
/// [`RedisChannel`]s, the channels end.
#[derive(Clone)]
pub struct Hub(Arc<Node>);

impl Hub {
    /// A hub for the Redis at `url` (`redis://[user[:password]@]host[:port][/database]`, `rediss://` with the feature
    /// `tls`, `redis+unix:///path`), and its reader: a future that does all the work and has to be spawned, once, on the
    /// runtime of your choice. It ends when the hub does. Nothing is connected before it runs.
    ///
    /// `tell` is told what an operator should know: print it, or log it. It must not block.
    ///
    /// ```no_run
    /// use sse_redis::{Hub, Options, Replay};
    ///
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// let (hub, reader) =
    ///     Hub::new("redis://127.0.0.1/", Options::default(), |notice| eprintln!("{notice}"))?;
    /// std::thread::spawn(|| futures_lite::future::block_on(reader)); // or tokio::spawn, smol::spawn
    /// let room = hub.channel("room:1");
    /// room.publish(&sse_redis::Frame::message("hello")).await?;
    /// let mut events = room.subscribe(None, Replay::Last(10)).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// The URL is none, or needs a feature that is not compiled in; the certificates are none.
    pub fn new(
        url: &str,
        options: Options,
        tell: impl Fn(&Notice) + Send + Sync + 'static,
    ) -> Result<(Self, impl Future<Output = ()> + Send + 'static), Error> {
        let tell: Tell = Arc::new(tell);
        let shared = Arc::new(Shared {
            link: Link::new(
                url,
                &options.certificates,
                options.connect_timeout,
                options.answer_timeout,
            )?,
            pages: Pages::new(options.page_bytes),
            counters: Counters::default(),
            max_event_bytes: options.max_event_bytes,
            tell: tell.clone(),
        });
        let registry = Arc::new(Registry::default());
        let reader = Reader {
            shared: shared.clone(),
            registry: registry.clone(),
            options: options.clone(),
            tell,
            places: BTreeMap::new(),
        };
        Ok((Self(Arc::new(Node { shared, registry, options })), reader.run()))
    }

    /// The channel of a stream. It costs nothing: the stream need not exist, and is followed while somebody subscribes.
    #[must_use]
    pub fn channel(&self, key: &str) -> RedisChannel {
        RedisChannel::new(self.0.clone(), key.into())
    }

    /// What has happened so far.
    #[must_use]
    pub fn stats(&self) -> HubStats {
        self.0.shared.counters.stats(self.0.registry.count())
    }

    /// Ends every channel of this node: its subscribers get what is in its log, and then the end. Publishing goes on.
    pub fn close(&self) {
        self.0.registry.close();
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub").field("stats", &self.stats()).finish_non_exhaustive()
    }
}
