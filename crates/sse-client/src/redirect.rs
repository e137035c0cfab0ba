//! Where a redirect leads and what of the request goes with it. Pure.

use crate::head::Head;
use crate::kind::RedirectError;
use crate::url::Url;

/// The request as far as redirects change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hop {
    pub(crate) url: Url,
    /// The method became GET and the body was dropped.
    pub(crate) as_get: bool,
    /// The request has left the origin it was meant for; what is secret stays behind.
    pub(crate) foreign: bool,
}

/// The hops of one attempt to connect.
#[derive(Debug)]
pub(crate) struct Trail {
    hops: Vec<Hop>,
    limit: usize,
    allow_downgrade: bool,
}

impl Trail {
    pub(crate) fn new(first: Hop, limit: usize, allow_downgrade: bool) -> Self {
        Self { hops: vec![first], limit, allow_downgrade }
    }

    pub(crate) fn here(&self) -> &Hop {
        // The first hop is put in by `new` and none is ever taken out.
        &self.hops[self.hops.len() - 1]
    }

    /// Follows `head` if it is a redirect; says whether it was.
    pub(crate) fn follow(&mut self, head: &Head, method: &str) -> Result<bool, RedirectError> {
        if !matches!(head.status(), 301 | 302 | 303 | 307 | 308) {
            return Ok(false);
        }
        let here = self.here();
        let location = head.header("location").ok_or(RedirectError::NoLocation)?;
        let url = here.url.resolve(location).map_err(|_| RedirectError::InvalidLocation)?;
        if here.url.secure && !url.secure && !self.allow_downgrade {
            return Err(RedirectError::Downgrade);
        }
        let hop = Hop {
            as_get: here.as_get || becomes_get(head.status(), method),
            foreign: here.foreign || !url.same_origin(&here.url),
            url,
        };
        if self.hops.iter().any(|it| it.url == hop.url && it.as_get == hop.as_get) {
            return Err(RedirectError::Loop);
        }
        if self.hops.len() > self.limit {
            return Err(RedirectError::TooMany);
        }
        if hop.url.secure && !cfg!(feature = "tls") {
            return Err(RedirectError::TlsNotBuilt);
        }
        self.hops.push(hop);
        Ok(true)
    }
}

/// Fetch, "HTTP-redirect fetch": 301 and 302 turn POST into GET, 303 all but GET and HEAD.
fn becomes_get(status: u16, method: &str) -> bool {
    match status {
        301 | 302 => method == "POST",
        303 => method != "GET" && method != "HEAD",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redirect(status: u16, location: &str) -> Head {
        let text = format!("HTTP/1.1 {status} X\r\nLocation: {location}\r\n\r\n");
        Head::parse(text.as_bytes()).expect("a head")
    }

    fn hop(url: &str) -> Hop {
        Hop { url: Url::parse(url).expect(url), as_get: false, foreign: false }
    }

    fn trail(url: &str) -> Trail {
        Trail::new(hop(url), 4, false)
    }

    #[test]
    fn methods() {
        for (status, method, as_get) in [
            (301, "POST", true),
            (302, "POST", true),
            (303, "POST", true),
            (303, "PUT", true),
            (301, "PUT", false),
            (302, "GET", false),
            (303, "GET", false),
            (303, "HEAD", false),
            (307, "POST", false),
            (308, "POST", false),
        ] {
            let mut trail = trail("http://h/a");
            assert_eq!(trail.follow(&redirect(status, "b"), method), Ok(true));
            assert_eq!(trail.here().as_get, as_get, "{status} {method}");
            assert_eq!(trail.here().url.to_string(), "http://h/b");
        }
    }

    #[test]
    fn what_became_get_stays_get() {
        let mut trail = trail("http://h/a");
        assert_eq!(trail.follow(&redirect(303, "/b"), "POST"), Ok(true));
        assert_eq!(trail.follow(&redirect(307, "/c"), "POST"), Ok(true));
        assert!(trail.here().as_get);
    }

    #[test]
    fn other_statuses_are_not_followed() {
        for status in [200, 204, 300, 304, 305, 306, 309, 400, 500] {
            let mut trail = trail("http://h/a");
            assert_eq!(trail.follow(&redirect(status, "b"), "GET"), Ok(false));
        }
    }

    #[test]
    fn secrets_do_not_come_back_after_a_detour() {
        let mut trail = trail("http://h/a");
        assert_eq!(trail.follow(&redirect(302, "/b"), "GET"), Ok(true));
        assert!(!trail.here().foreign);
        assert_eq!(trail.follow(&redirect(302, "http://other/"), "GET"), Ok(true));
        assert!(trail.here().foreign);
        assert_eq!(trail.follow(&redirect(302, "http://h/c"), "GET"), Ok(true));
        assert!(trail.here().foreign);
        assert_eq!(trail.follow(&redirect(302, "http://h/d"), "GET"), Ok(true));
        assert!(trail.here().foreign);
    }

    #[test]
    fn refusals() {
        let no_location = Head::parse(b"HTTP/1.1 301 X\r\n\r\n").expect("a head");
        assert_eq!(trail("http://h/").follow(&no_location, "GET"), Err(RedirectError::NoLocation));
        for (location, error) in [
            ("/a", RedirectError::Loop),
            ("", RedirectError::Loop),
            ("ftp://h/", RedirectError::InvalidLocation),
            ("http://", RedirectError::InvalidLocation),
            ("http://h/a", RedirectError::Downgrade),
        ] {
            let found = trail("https://h/a").follow(&redirect(301, location), "GET");
            assert_eq!(found, Err(error), "{location}");
        }
        if !cfg!(feature = "tls") {
            let found = trail("http://h/a").follow(&redirect(301, "https://h/a"), "GET");
            assert_eq!(found, Err(RedirectError::TlsNotBuilt));
        }
        let mut allowed = Trail::new(hop("https://h/a"), 3, true);
        assert_eq!(allowed.follow(&redirect(301, "http://h/a"), "GET"), Ok(true));
        let mut chain = trail("http://h/0");
        for step in 1..=4 {
            assert_eq!(chain.follow(&redirect(301, &format!("/{step}")), "GET"), Ok(true));
        }
        assert_eq!(chain.follow(&redirect(301, "/5"), "GET"), Err(RedirectError::TooMany));
        // A form answered by "see other" at its own URL is not a loop.
        assert_eq!(trail("http://h/a").follow(&redirect(303, "/a"), "POST"), Ok(true));
    }
}
