//! A scenario: what a server answers, and what a conforming client makes of it. Pure data.

use std::time::Duration;

/// One thing that a client can be asked to get right.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name, unique, of lower-case letters, digits and hyphens.
    pub name: &'static str,
    /// What is served, in a sentence.
    pub about: &'static str,
    /// Where WHATWG HTML decides it, and in which words.
    pub clause: &'static str,
    /// What the first request is answered by, the second, and so on. The last one answers all that follow.
    pub answers: Vec<Answer>,
    /// What a conforming client does.
    pub expected: Expected,
    /// Whether the client is asked to send credentials to another origin.
    pub credentials: bool,
    /// What a client must do at all for this to say anything of it.
    pub needs: Vec<Need>,
}

/// What a conforming client does in a scenario.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    /// The events that it dispatches, in order. One of the type [`DONE`] is the sign to stop.
    pub events: Vec<Event>,
    /// The value of `Last-Event-ID` in each of its requests, empty where there is none. It makes
    /// these requests and no others.
    pub last_event_ids: Vec<Vec<u8>>,
    /// How it ends.
    pub ending: Ending,
    /// The last event before [`DONE`] arrives at least this much earlier than that one: what is
    /// complete is not held back.
    pub apart: Option<Duration>,
    /// How long after the end of the first answer the second request comes, at least and at most.
    pub returns_after: Option<(Duration, Duration)>,
}

/// An event as a client dispatches it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its type.
    pub event_type: String,
    /// Its data.
    pub data: String,
    /// The last event ID that goes with it; `None` if a client does not tell it.
    pub last_event_id: Option<String>,
}

/// How a run ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ending {
    /// The client is told to stop, by an event of the type [`DONE`].
    #[default]
    Done,
    /// The client has failed the connection for good, and comes back no more.
    Failed,
}

/// The type of the event by which a scenario says that it is over.
pub const DONE: &str = "done";

/// What not every client does, and need not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// It reads events, not bytes.
    Events,
    /// It tells the last event ID of an event.
    LastEventId,
    /// It opens the connection again by itself.
    Reconnection,
    /// It looks at status and type of the answer.
    Response,
    /// It follows redirects.
    Redirects,
    /// It keeps to the same-origin policy.
    Origins,
}

impl Need {
    /// What a client lacks that does not do it.
    #[must_use]
    pub fn lack(self) -> &'static str {
        match self {
            Self::Events => "it reads bytes, not events",
            Self::LastEventId => "it does not tell the last event ID",
            Self::Reconnection => "it does not reconnect by itself",
            Self::Response => "it does not look at the response head",
            Self::Redirects => "it does not follow redirects",
            Self::Origins => "it has no origin",
        }
    }
}

/// An answer to a request: a head, then steps of a body, then an end.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The header fields, but for those of the framing. `{origin}` in a value is the request's `Origin`,
    /// `{self}` the request's path.
    pub fields: Vec<(&'static str, String)>,
    /// How the body is framed.
    pub framing: Framing,
    /// The body.
    pub steps: Vec<Step>,
    /// What comes after it.
    pub end: End,
}

/// A part of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Bytes that are sent at once, in a chunk of their own.
    Send(Vec<u8>),
    /// Nothing is sent for so long.
    Pause(Duration),
}

/// How a client finds the end of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// In chunks.
    Chunked,
    /// By the end of the connection.
    UntilClose,
    /// By its length.
    Length,
}

/// What becomes of a connection after the last step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The body ends as its framing says.
    Complete,
    /// The connection is closed as if the server had gone away: a chunked body lacks its last chunk.
    Cut,
    /// The connection is reset.
    Reset,
    /// It stays open until the client leaves.
    Hold,
    /// The server shuts down: it listens no more, then the body ends as its framing says. After so long it
    /// listens again.
    Restart(Duration),
    /// The same, but the connection is closed as by [`End::Cut`].
    Crash(Duration),
}

impl Scenario {
    /// A scenario in which nothing is answered and nothing expected yet.
    #[must_use]
    pub fn new(name: &'static str, about: &'static str, clause: &'static str) -> Self {
        let (answers, expected) = (Vec::new(), Expected::default());
        let needs = vec![Need::Events];
        Self { name, about, clause, answers, expected, credentials: false, needs }
    }

    /// Adds an answer to the next request.
    #[must_use]
    pub fn answer(mut self, answer: Answer) -> Self {
        self.answers.push(answer);
        self
    }

    /// Adds an event that is dispatched.
    #[must_use]
    pub fn event(mut self, event_type: &str, data: impl Into<String>, last_event_id: &str) -> Self {
        self.expected.events.push(Event {
            event_type: event_type.to_owned(),
            data: data.into(),
            last_event_id: Some(last_event_id.to_owned()),
        });
        self
    }

    /// Adds an event of the type `message` without an ID.
    #[must_use]
    pub fn message(self, data: impl Into<String>) -> Self {
        self.event("message", data, "")
    }

    /// Says that the client comes back with this last event ID, empty for none.
    #[must_use]
    pub fn returns_with(mut self, last_event_id: &str) -> Self {
        self.expected.last_event_ids.push(last_event_id.as_bytes().to_vec());
        self.needing(Need::Reconnection)
    }

    /// Says that the client is led on to another URL, with the last event ID that it had.
    #[must_use]
    pub fn redirected(mut self) -> Self {
        let id = self.expected.last_event_ids.last().cloned().unwrap_or_default();
        self.expected.last_event_ids.push(id);
        self.needing(Need::Redirects)
    }

    /// Says that the client gives up in the end.
    #[must_use]
    pub fn fails(mut self) -> Self {
        self.expected.ending = Ending::Failed;
        self.needing(Need::Response)
    }

    /// Says that this asks nothing of a client which does not do something.
    #[must_use]
    pub fn needing(mut self, need: Need) -> Self {
        if !self.needs.contains(&need) {
            self.needs.push(need);
        }
        self
    }

    /// Asks the client to send credentials.
    #[must_use]
    pub fn with_credentials(mut self) -> Self {
        self.credentials = true;
        self
    }

    /// Says how much earlier than the end of the scenario its last event arrives.
    #[must_use]
    pub fn apart(mut self, time: Duration) -> Self {
        self.expected.apart = Some(time);
        self
    }

    /// Says when the client comes back.
    #[must_use]
    pub fn returns_after(mut self, least: Duration, most: Duration) -> Self {
        self.expected.returns_after = Some((least, most));
        self
    }

    /// Whether the server goes away and comes back. Give such a scenario a server of its own: whoever else
    /// connects meanwhile is refused.
    #[must_use]
    pub fn restarts(&self) -> bool {
        let mut ends = self.answers.iter().map(|answer| answer.end);
        ends.any(|end| matches!(end, End::Restart(_) | End::Crash(_)))
    }

    /// The values of `Last-Event-ID` that the requests must have, the first one's included.
    #[must_use]
    pub fn last_event_ids(&self) -> Vec<Vec<u8>> {
        std::iter::once(Vec::new()).chain(self.expected.last_event_ids.iter().cloned()).collect()
    }

    /// The event types that the client has to listen to.
    #[must_use]
    pub fn event_types(&self) -> Vec<&str> {
        let mut types: Vec<&str> =
            self.expected.events.iter().map(|event| event.event_type.as_str()).collect();
        types.extend(["message", DONE]);
        types.sort_unstable();
        types.dedup();
        types
    }
}

impl Answer {
    /// An event stream that begins with `body` and then stays open.
    #[must_use]
    pub fn stream(body: impl AsRef<[u8]>) -> Self {
        let fields = vec![
            ("Content-Type", "text/event-stream".to_owned()),
            ("Cache-Control", "no-store".to_owned()),
            ("X-Accel-Buffering", "no".to_owned()),
        ];
        let framing = Framing::Chunked;
        Self { status: 200, fields, framing, steps: Vec::new(), end: End::Hold }.then(body)
    }

    /// An answer without a body.
    #[must_use]
    pub fn status(status: u16) -> Self {
        let (fields, framing) = (Vec::new(), Framing::Length);
        Self { status, fields, framing, steps: Vec::new(), end: End::Complete }
    }

    /// Sets a header field in place of the one with this name.
    #[must_use]
    pub fn field(mut self, name: &'static str, value: &str) -> Self {
        self = self.without_field(name);
        self.fields.push((name, value.to_owned()));
        self
    }

    /// Leaves a header field out.
    #[must_use]
    pub fn without_field(mut self, name: &str) -> Self {
        self.fields.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    /// Sets how the body is framed.
    #[must_use]
    pub fn framed(mut self, framing: Framing) -> Self {
        self.framing = framing;
        self
    }

    /// Sends bytes in a chunk of their own.
    #[must_use]
    pub fn then(mut self, bytes: impl AsRef<[u8]>) -> Self {
        let bytes = bytes.as_ref();
        if !bytes.is_empty() {
            self.steps.push(Step::Send(bytes.to_vec()));
        }
        self
    }

    /// Sends each byte in a chunk of its own.
    #[must_use]
    pub fn byte_by_byte(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.steps.extend(bytes.as_ref().iter().map(|&byte| Step::Send(vec![byte])));
        self
    }

    /// Sends nothing for a while.
    #[must_use]
    pub fn pause(mut self, time: Duration) -> Self {
        self.steps.push(Step::Pause(time));
        self
    }

    /// Sends the event that says that the scenario is over, and then keeps the connection.
    #[must_use]
    pub fn done(self) -> Self {
        self.then(format!("event: {DONE}\ndata: {DONE}\n\n")).ending(End::Hold)
    }

    /// Ends the connection in this way.
    #[must_use]
    pub fn ending(mut self, end: End) -> Self {
        self.end = end;
        self
    }

    /// All bytes of the body.
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        let sent = self.steps.iter().filter_map(|step| match step {
            Step::Send(bytes) => Some(bytes.as_slice()),
            Step::Pause(_) => None,
        });
        sent.collect::<Vec<_>>().concat()
    }
}
