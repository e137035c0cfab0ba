//! What the caller has chosen; shared by all connections of one source. Pure.

use crate::attempt::Hook;
use crate::connector::Connector;
use crate::policy::Policy;
use crate::proxy::Proxies;
use crate::request::Request;
use crate::resend::Resend;
use crate::tls::Tls;
use crate::types::StreamTypes;
use crate::url::Url;
use sse_proto::Limits;
use std::sync::Arc;
use std::time::Duration;

/// Whether an event is the last that is wanted.
pub(crate) type Until = Arc<dyn Fn(&sse_proto::Event<'_>) -> bool + Send + Sync>;

/// The choices of one event source.
#[derive(Clone)]
pub(crate) struct Config {
    pub(crate) url: Url,
    pub(crate) request: Request,
    pub(crate) last_event_id: String,
    pub(crate) policy: Policy,
    /// What the caller said, whatever the method.
    pub(crate) resend: Option<Resend>,
    pub(crate) timeouts: Timeouts,
    pub(crate) redirects: Redirects,
    pub(crate) limits: Limits,
    pub(crate) head_limit: usize,
    pub(crate) body_limit: usize,
    pub(crate) details: bool,
    pub(crate) until: Option<Until>,
    /// Event types that are no progress.
    pub(crate) heartbeats: Vec<String>,
    pub(crate) types: StreamTypes,
    pub(crate) hook: Option<Hook>,
    /// The parameter of the query that carries the last event ID too.
    pub(crate) last_event_id_query: Option<String>,
    /// A request with a last event ID is a GET without a body.
    pub(crate) resume_by_get: bool,
    pub(crate) connector: Connector,
    pub(crate) proxies: Proxies,
    pub(crate) tls: Tls,
}

/// `None` waits for ever.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timeouts {
    pub(crate) connect: Option<Duration>,
    pub(crate) head: Option<Duration>,
    pub(crate) silence: Option<Duration>,
    pub(crate) event: Option<Duration>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Redirects {
    pub(crate) limit: usize,
    pub(crate) allow_downgrade: bool,
}

impl Config {
    pub(crate) fn new(url: Url) -> Self {
        let seconds = Duration::from_secs;
        Self {
            url,
            request: Request {
                method: "GET".to_owned(),
                headers: Vec::new(),
                body: None,
                accept_gzip: cfg!(feature = "gzip"),
            },
            last_event_id: String::new(),
            policy: Policy {
                reconnection_time: seconds(3),
                min_delay: Duration::from_millis(500),
                max_delay: seconds(60),
                healthy_after: seconds(5),
                jitter: true,
                max_reconnection_time: seconds(24 * 60 * 60),
                retry_statuses: Vec::new(),
                retry_types: Vec::new(),
                refreshes: false,
                resend: Resend::Always,
                max_failures: None,
            },
            resend: None,
            timeouts: Timeouts {
                connect: Some(seconds(30)),
                head: Some(seconds(300)),
                silence: None,
                event: None,
            },
            redirects: Redirects { limit: 20, allow_downgrade: false },
            limits: Limits::DEFAULT,
            head_limit: 64 * 1024,
            body_limit: 1024 * 1024,
            details: false,
            until: None,
            heartbeats: Vec::new(),
            types: StreamTypes::default(),
            hook: None,
            last_event_id_query: None,
            resume_by_get: false,
            connector: Connector::Tcp,
            proxies: Proxies::None,
            tls: Tls::default(),
        }
    }
    /// Whether a request that carries this last event ID is a GET, whatever the method.
    pub(crate) fn resumes_by_get(&self, last_event_id: &str) -> bool {
        self.resume_by_get && !last_event_id.is_empty()
    }

    /// Whether events have to be looked at before they are delivered.
    pub(crate) fn watches_events(&self) -> bool {
        self.until.is_some() || self.timeouts.event.is_some()
    }
}
