//! Which pages of other origins may read an answer (Fetch standard, 3.2: HTTP-CORS protocol).
//! Depends on `request`.

use std::fmt;
use std::sync::Arc;

use super::request::{Method, Request};

/// Which other origins may read an answer. Without one, none may.
///
/// Set it for all answers with [`Server::cors`](crate::Server::cors) or for one with
/// [`Response::with_cors`](crate::Response::with_cors). Preflight requests are answered with the method and
/// the headers they ask for, `Last-Event-ID` included.
///
/// ```
/// use sse_server::Cors;
///
/// let everyone = Cors::any();
/// let partners = Cors::list(["https://a.example", "https://b.example"]).with_credentials();
/// let subdomains = Cors::matching(|origin| origin.ends_with(".a.example"));
/// ```
#[derive(Clone)]
pub struct Cors {
    /// Which origins are allowed; `None` for all.
    named: Option<Predicate>,
    credentials: bool,
}

type Predicate = Arc<dyn Fn(&str) -> bool + Send + Sync>;

impl fmt::Debug for Cors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let any = self.named.is_none();
        f.debug_struct("Cors")
            .field("any", &any)
            .field("credentials", &self.credentials)
            .finish_non_exhaustive()
    }
}

impl Cors {
    /// Any origin, told as `*`. Cookies and other credentials are never allowed with it.
    #[must_use]
    pub fn any() -> Self {
        Self { named: None, credentials: false }
    }

    /// The origins named, each as a browser sends it: `https://a.example`, no slash at the end.
    pub fn list<S: Into<String>>(origins: impl IntoIterator<Item = S>) -> Self {
        let origins: Vec<String> = origins.into_iter().map(Into::into).collect();
        Self::matching(move |origin| origins.iter().any(|known| known == origin))
    }

    /// The origins for which `predicate` says yes.
    pub fn matching(predicate: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Self { named: Some(Arc::new(predicate)), credentials: false }
    }

    /// Lets pages of the allowed origins use the user's cookies
    /// (`new EventSource(url, { withCredentials: true })`). Without effect on [`Cors::any`]: the
    /// standard forbids the two together.
    #[must_use]
    pub fn with_credentials(mut self) -> Self {
        self.credentials = self.named.is_some();
        self
    }

    /// The headers that this rule adds to the answer to `request`; `methods` are those that the
    /// resource knows, for a preflight.
    pub(crate) fn headers(
        &self,
        request: &Request,
        methods: Option<&str>,
    ) -> Vec<(&'static str, String)> {
        let mut headers = Vec::new();
        let mut add = |name, value: &str| headers.push((name, value.to_owned()));
        let allowed = match &self.named {
            None => Some("*"),
            Some(named) => {
                add("Vary", "Origin");
                request.header("origin").filter(|origin| named(origin))
            }
        };
        let Some(origin) = allowed else { return headers };
        add("Access-Control-Allow-Origin", origin);
        if self.credentials {
            add("Access-Control-Allow-Credentials", "true");
        }
        if is_preflight(request) {
            let asked = request.header("access-control-request-method").unwrap_or_default();
            add("Access-Control-Allow-Methods", methods.unwrap_or(asked));
            let names = request.header("access-control-request-headers");
            add("Access-Control-Allow-Headers", names.unwrap_or("Last-Event-ID"));
            add("Access-Control-Max-Age", "600");
        }
        headers
    }
}

/// Whether a browser asks beforehand whether it may send the real request.
pub(crate) fn is_preflight(request: &Request) -> bool {
    request.method() == Method::Options
        && request.header("origin").is_some()
        && request.header("access-control-request-method").is_some()
}
