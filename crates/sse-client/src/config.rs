//! What the caller has chosen; shared by all connections of one source. Pure.

use crate::connector::Connector;
use crate::proxy::Proxies;
use crate::request::Request;
use crate::schedule::Policy;
use crate::tls::Tls;
use crate::url::Url;
use sse_proto::Limits;
use std::time::Duration;

/// The choices of one event source.
#[derive(Clone)]
pub(crate) struct Config {
    pub(crate) url: Url,
    pub(crate) request: Request,
    pub(crate) last_event_id: String,
    pub(crate) policy: Policy,
    pub(crate) timeouts: Timeouts,
    pub(crate) redirects: Redirects,
    pub(crate) limits: Limits,
    pub(crate) head_limit: usize,
    pub(crate) details: bool,
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
                retry_statuses: Vec::new(),
                resend: true,
                max_failures: None,
            },
            timeouts: Timeouts {
                connect: Some(seconds(30)),
                head: Some(seconds(300)),
                silence: None,
            },
            redirects: Redirects { limit: 20, allow_downgrade: false },
            limits: Limits::DEFAULT,
            head_limit: 64 * 1024,
            details: false,
            connector: Connector::Tcp,
            proxies: Proxies::None,
            tls: Tls::default(),
        }
    }
}
