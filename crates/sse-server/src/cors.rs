//! Which pages of other origins may read an answer (Fetch standard, 3.2: HTTP-CORS protocol).
//! Pure; depends on `Request`.

use std::fmt;
use std::sync::Arc;

use crate::Request;

/// Which other origins may read an answer. Without one, none may.
///
/// Set it for all answers with [`Server::cors`](crate::Server::cors) or for one with
/// [`Response::cors`](crate::Response::cors). Preflight requests are answered with the method and
/// the headers they ask for, `Last-Event-ID` included.
///
/// ```
/// use sse_server::Cors;
///
/// let everyone = Cors::any();
/// let partners = Cors::list(["https://a.example", "https://b.example"]).credentials();
/// let subdomains = Cors::matching(|origin| origin.ends_with(".a.example"));
/// ```
#[derive(Clone)]
pub struct Cors {
    origins: Origins,
    credentials: bool,
}

#[derive(Clone)]
enum Origins {
    Any,
    List(Arc<[String]>),
    Matching(Arc<dyn Fn(&str) -> bool + Send + Sync>),
}

impl Cors {
    /// Any origin, told as `*`. Cookies and other credentials are never allowed with it.
    pub fn any() -> Self {
        Self { origins: Origins::Any, credentials: false }
    }

    /// The origins named, each as a browser sends it: `https://a.example`, no slash at the end.
    pub fn list<S: Into<String>>(origins: impl IntoIterator<Item = S>) -> Self {
        let origins = origins.into_iter().map(Into::into).collect();
        Self { origins: Origins::List(origins), credentials: false }
    }

    /// The origins for which `predicate` says yes.
    pub fn matching(predicate: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Self { origins: Origins::Matching(Arc::new(predicate)), credentials: false }
    }

    /// Lets pages of the allowed origins use the user's cookies
    /// (`new EventSource(url, { withCredentials: true })`). Without effect on [`Cors::any`]: the
    /// standard forbids the two together.
    pub fn credentials(mut self) -> Self {
        self.credentials = !matches!(self.origins, Origins::Any);
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
        let preflight = is_preflight(request);
        if !matches!(self.origins, Origins::Any) {
            headers.push(("Vary", "Origin".to_owned()));
        }
        let Some(origin) = self.allowed(request) else {
            return headers;
        };
        headers.push(("Access-Control-Allow-Origin", origin.to_owned()));
        if self.credentials {
            headers.push(("Access-Control-Allow-Credentials", "true".to_owned()));
        }
        if preflight {
            let asked = request.header("access-control-request-method").unwrap_or_default();
            headers.push(("Access-Control-Allow-Methods", methods.unwrap_or(asked).to_owned()));
            let names = request.header("access-control-request-headers");
            headers.push((
                "Access-Control-Allow-Headers",
                names.unwrap_or("Last-Event-ID").to_owned(),
            ));
            headers.push(("Access-Control-Max-Age", "600".to_owned()));
        }
        headers
    }

    /// What `Access-Control-Allow-Origin` says, if the request's origin may read the answer.
    fn allowed<'a>(&self, request: &'a Request) -> Option<&'a str> {
        let origin = request.header("origin");
        match &self.origins {
            Origins::Any => Some("*"),
            Origins::List(list) => origin.filter(|origin| list.iter().any(|known| known == origin)),
            Origins::Matching(predicate) => origin.filter(|origin| predicate(origin)),
        }
    }
}

/// Whether a browser asks beforehand whether it may send the real request.
pub(crate) fn is_preflight(request: &Request) -> bool {
    request.method() == "OPTIONS"
        && request.header("origin").is_some()
        && request.header("access-control-request-method").is_some()
}

impl fmt::Debug for Cors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origins: &dyn fmt::Debug = match &self.origins {
            Origins::Any => &"*",
            Origins::List(list) => list,
            Origins::Matching(_) => &"matching",
        };
        f.debug_struct("Cors")
            .field("origins", origins)
            .field("credentials", &self.credentials)
            .finish()
    }
}
