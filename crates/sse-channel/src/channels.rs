//! Several channels over one connection. Depends on `subscription`, `several` and `joint_id`.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use crate::follower::{Follower, Start};
use crate::following::Following;
use crate::joint_id::{self, JointId, MAX_BYTES};
use crate::render::Render;
use crate::several::Several;
use crate::{Entry, Gap, Log, Replay, Replica, StateChannel, Subscription};

/// Bytes that a channel's name may have.
const NAME_BYTES: usize = 64;

type Filter = Arc<dyn Fn(&str, &Entry) -> bool + Send + Sync>;

/// Several channels that a client follows over one connection: a browser has six of those, over HTTP/1.1.
///
/// Each event's ID stands for a place in every one of the channels, so that a client that comes back gets what it has
/// missed of each. What one channel delivers comes in its order, once, or is told as a gap; between channels there is
/// no order. Who follows is the same [`Subscription`] as for one channel, with the same laws.
///
/// ```
/// use sse_channel::{Channel, Channels, Frame, Replay};
///
/// let (news, weather) = (Channel::default(), Channel::default());
/// let both = Channels::new()
///     .with("news", news.log(), Replay::Last(10))
///     .with("weather", weather.log(), Replay::Live);
///
/// // In a handler: `last_event_id` is the request's header of that name.
/// let last_event_id = None;
/// let mut events = both.subscribe(last_event_id)?;
/// news.publish(&Frame::message("hello"));
/// weather.publish(&Frame::message("rain"));
/// # drop((news, weather));
/// # futures_lite::future::block_on(async {
/// # let mut text = String::new();
/// while let Some(block) = events.next().await {
///     let bytes: &[u8] = &block?; // write them
/// #   text += std::str::from_utf8(bytes).unwrap();
/// }
/// # assert!(text.contains("data: hello\n") && text.contains("data: rain\n"));
/// # Ok::<(), sse_channel::Cut>(())
/// # }).unwrap();
/// # Ok::<(), sse_channel::ChannelsError>(())
/// ```
///
/// # What a client is told
///
/// - **Gaps**, for each channel by itself. The event's data says which it is: `{"channel":"news","reason":"evicted",
///   "missed":3}`. See [`Gap`].
/// - **Which channel** an event is of, it is not told: give events of different channels different types.
///
/// # When the channels change between two connections
///
/// A channel that was not followed before begins where its [`Replay`] says, as for a new client. The place in one that is
/// no longer followed is forgotten. A channel is known by its name: one that has another name is another channel. The
/// stream ends when all of the channels have closed.
///
/// # The IDs
///
/// They hold letters, digits, `.`, `-` and `=`, which are safe in a request that crosses origins, and have 4 KiB at most.
/// Each channel takes its name and some 16 bytes, in **every event**: short names are cheap. IDs of the application's own
/// stand there too, as text; one for which there is no room, a share of 4 KiB, is stood for by the channel's number, which
/// does not survive a restart. A [source's](crate::Source) ID for which there is no room is an error.
///
/// The ID of a single channel, or of anything else, is told as a gap in every channel; so is a joint one in a single channel.
///
/// # What it costs
///
/// An event is encoded once, and for each client its bytes are copied with the client's own ID. So a server does not write
/// one batch for all who follow several channels, as it does for those of a single one.
#[derive(Clone, Default)]
#[must_use]
pub struct Channels {
    members: Vec<Named>,
    filter: Option<Filter>,
}

#[derive(Clone)]
struct Named {
    name: Arc<str>,
    log: Log,
    begin: Begin,
}

/// What a client gets that has not followed the channel before.
#[derive(Clone)]
enum Begin {
    Replay(Replay),
    State(Render),
}

/// Why channels cannot be followed over one connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChannelsError {
    /// There is none.
    Empty,
    /// A name is empty, or longer than 64 bytes.
    Name(String),
    /// Two channels have this name.
    SameName(String),
    /// The channel of this name stands there under another one too.
    SameChannel(String),
    /// The places in so many channels do not fit in an ID: some 128 do whose names have six letters.
    TooMany(usize),
}

impl Channels {
    /// No channel yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Follows a channel too. The name, of 64 bytes at most, stands in the IDs; `replay` says where those begin who have
    /// not followed it before.
    pub fn with(self, name: impl Into<Arc<str>>, log: &Log, replay: Replay) -> Self {
        self.and(name.into(), log, Begin::Replay(replay))
    }

    /// Follows a channel whose events change an application's state: who has not followed it before gets the state first,
    /// and so does who has missed something. See [`StateChannel::subscribe`].
    pub fn with_state<S: Send + Sync + 'static>(
        self,
        name: impl Into<Arc<str>>,
        channel: &StateChannel<S>,
        snapshot: impl Fn(&S) -> Vec<Entry> + Send + Sync + 'static,
    ) -> Self {
        self.and(name.into(), channel.log(), Begin::State(channel.render(snapshot)))
    }

    /// The same for a state that follows a log: see [`Replica::subscribe`].
    pub fn with_replica<S: Send + Sync + 'static>(
        self,
        name: impl Into<Arc<str>>,
        replica: &Replica<S>,
        snapshot: impl Fn(&S) -> Vec<Entry> + Send + Sync + 'static,
    ) -> Self {
        self.and(name.into(), replica.log(), Begin::State(replica.render(snapshot)))
    }

    fn and(mut self, name: Arc<str>, log: &Log, begin: Begin) -> Self {
        self.members.push(Named { name, log: log.clone(), begin });
        self
    }

    /// Leaves out events that are not `wanted`; the filter is told the name of each one's channel. See
    /// [`Subscription::with_filter`].
    ///
    /// ```
    /// use sse_channel::{Channel, Channels, Replay};
    ///
    /// let (room, news) = (Channel::default(), Channel::default());
    /// let followed = Channels::new()
    ///     .with("room", room.log(), Replay::Last(50))
    ///     .with("news", news.log(), Replay::Live)
    ///     .with_filter(|name, entry| name == "room" || entry.event_type() == "alert");
    /// # assert!(followed.subscribe(None).is_ok());
    /// ```
    pub fn with_filter(
        mut self,
        wanted: impl Fn(&str, &Entry) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.filter = Some(match self.filter {
            Some(before) => Arc::new(move |name, entry| before(name, entry) && wanted(name, entry)),
            None => Arc::new(wanted),
        });
        self
    }

    /// Follows the channels: each after its event that the ID stands for, or from where its replay says. An empty ID
    /// counts as none. What is published from here on is not missed.
    ///
    /// # Errors
    ///
    /// The channels cannot be followed over one connection, whatever the ID.
    pub fn subscribe(&self, last_event_id: Option<&str>) -> Result<Subscription, ChannelsError> {
        let id = self.check()?;
        let ids = last_event_id.filter(|id| !id.is_empty()).map(joint_id::read);
        let (mut followers, mut gaps, mut is_new) = (Vec::new(), Vec::new(), false);
        for (index, Named { name, log, begin }) in self.members.iter().enumerate() {
            let known = ids.as_ref().map(|ids| ids.as_ref().map(|ids| ids.get(&**name)));
            let replay = if let Begin::Replay(replay) = begin { *replay } else { Replay::Live };
            let start = match known {
                None | Some(Some(None)) => Start::New(replay),
                Some(Some(Some(id))) => Start::After(id),
                Some(None) => Start::Lost,
            };
            is_new |= matches!(start, Start::New(_));
            let (mut follower, gap) = match begin {
                Begin::Replay(_) => Follower::new(log, start),
                Begin::State(render) => (Follower::with_state(log, start, render.clone()), None),
            };
            gaps.extend(gap.map(|gap: Gap| (index, gap)));
            if let Some(wanted) = self.filter.clone() {
                let name = name.clone();
                follower.add_filter(Box::new(move |entry| wanted(&name, entry)));
            }
            followers.push((name.clone(), follower));
        }
        let several = Following::Several(Box::new(Several::new(followers, id)));
        Ok(Subscription::of(several, gaps, is_new))
    }

    /// An ID for these channels.
    fn check(&self) -> Result<JointId, ChannelsError> {
        let (mut names, mut logs) = (HashSet::new(), HashSet::new());
        for Named { name, log, .. } in &self.members {
            if name.is_empty() || name.len() > NAME_BYTES {
                return Err(ChannelsError::Name(name.to_string()));
            }
            if !names.insert(name) {
                return Err(ChannelsError::SameName(name.to_string()));
            }
            if !logs.insert(log) {
                return Err(ChannelsError::SameChannel(name.to_string()));
            }
        }
        if self.members.is_empty() {
            return Err(ChannelsError::Empty);
        }
        let names = self.members.iter().map(|member| &*member.name);
        JointId::new(names).ok_or(ChannelsError::TooMany(self.members.len()))
    }
}

impl fmt::Debug for Channels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.members.iter().map(|member| &member.name)).finish()
    }
}

impl fmt::Display for ChannelsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("there is no channel to follow"),
            Self::Name(name) => {
                write!(f, "the name of a channel has 1 to {NAME_BYTES} bytes, and {name:?} has not")
            }
            Self::SameName(name) => write!(f, "two channels have the name {name:?}"),
            Self::SameChannel(name) => {
                write!(f, "the channel {name:?} stands there under another name too")
            }
            Self::TooMany(count) => write!(
                f,
                "the places in {count} channels do not fit in an ID of {MAX_BYTES} bytes: take fewer, \
                 or shorter names"
            ),
        }
    }
}

impl std::error::Error for ChannelsError {}
