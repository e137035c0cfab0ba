//! `http` and `https` URLs: what a request needs of one, and how a `Location` is resolved.
//! Pure; depends on nothing. Follows RFC 3986; what browsers repair (spaces, non-ASCII in path or
//! query) is percent-encoded, what they guess (backslashes, missing slashes, international host
//! names) is refused with a reason.

mod error;
mod host;
mod percent;

pub use error::UrlError;

use host::{default_port, normal_host, split_port};
use percent::{decode, encode, is_path_byte, is_query_byte, is_unreserved};
use std::fmt;

/// An absolute `http` or `https` URL without its fragment.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Url {
    pub(crate) secure: bool,
    /// User and password as written, still percent-encoded.
    userinfo: Option<String>,
    /// Lower case; an IPv6 address stands in brackets.
    host: String,
    port: u16,
    /// Starts with a slash.
    path: String,
    query: Option<String>,
}

impl Url {
    pub(crate) fn parse(text: &str) -> Result<Self, UrlError> {
        let (scheme, rest) = split_scheme(clean(text)?).ok_or(UrlError::NoScheme)?;
        Self::with_scheme(scheme, rest)
    }

    /// The URL that `reference` names when it is found in a document at `self` (RFC 3986 5.2.2).
    pub(crate) fn resolve(&self, reference: &str) -> Result<Self, UrlError> {
        let reference = clean(reference)?;
        if let Some((scheme, rest)) = split_scheme(reference) {
            return Self::with_scheme(scheme, rest);
        }
        if let Some(rest) = reference.strip_prefix("//") {
            return Self::with_authority(self.secure, rest);
        }
        let (path, query) = split_query(reference);
        let mut target = self.clone();
        if !reference.is_empty() {
            target.query = query.map(|query| encode(query, is_query_byte));
        }
        if path.starts_with('/') {
            target.path = normal_path(path);
        } else if !path.is_empty() {
            let folder = self.path.rfind('/').map_or("", |end| &self.path[..=end]);
            target.path = normal_path(&format!("{folder}{path}"));
        }
        Ok(target)
    }

    fn with_scheme(scheme: &str, rest: &str) -> Result<Self, UrlError> {
        let secure = match scheme {
            s if s.eq_ignore_ascii_case("http") => false,
            s if s.eq_ignore_ascii_case("https") => true,
            _ => return Err(UrlError::UnsupportedScheme),
        };
        Self::with_authority(secure, rest.strip_prefix("//").ok_or(UrlError::NoHost)?)
    }

    fn with_authority(secure: bool, rest: &str) -> Result<Self, UrlError> {
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        let (userinfo, host_port) = match authority.rsplit_once('@') {
            Some((userinfo, host_port)) => (Some(userinfo), host_port),
            None => (None, authority),
        };
        if !userinfo.unwrap_or_default().bytes().all(is_path_byte) {
            return Err(UrlError::InvalidUserinfo);
        }
        let (host, port) = split_port(host_port)?;
        let (path, query) = split_query(rest);
        Ok(Self {
            secure,
            userinfo: userinfo.filter(|it| !it.is_empty()).map(str::to_owned),
            host: normal_host(host)?,
            port: port.unwrap_or(default_port(secure)),
            path: normal_path(if path.is_empty() { "/" } else { path }),
            query: query.map(|query| encode(query, is_query_byte)),
        })
    }

    /// Lower case, without brackets: what a resolver or a certificate check takes.
    pub(crate) fn host(&self) -> &str {
        self.host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(&self.host)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The `Host` header's value: the port is left out when it is the scheme's own.
    pub(crate) fn authority(&self) -> String {
        if self.port == default_port(self.secure) { self.host.clone() } else { self.host_port() }
    }

    /// Host and port, always both: the target of a `CONNECT`.
    pub(crate) fn host_port(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Path and query: the target in a request line.
    pub(crate) fn target(&self) -> String {
        match &self.query {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.clone(),
        }
    }

    /// Scheme, host and port, as the standard serialises an origin.
    pub(crate) fn origin(&self) -> String {
        format!("{}://{}", if self.secure { "https" } else { "http" }, self.authority())
    }

    pub(crate) fn same_origin(&self, other: &Self) -> bool {
        (self.secure, &self.host, self.port) == (other.secure, &other.host, other.port)
    }

    /// User and password, percent-decoded.
    pub(crate) fn credentials(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        let userinfo = self.userinfo.as_deref()?;
        let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
        Some((decode(user), decode(password)))
    }

    /// Adds `name=value` to the query, both percent-encoded.
    pub(crate) fn append_query(&mut self, name: &str, value: &str) {
        let pair = format!("{}={}", encode(name, is_unreserved), encode(value, is_unreserved));
        match &mut self.query {
            Some(query) if !query.is_empty() => {
                query.push('&');
                query.push_str(&pair);
            }
            query => *query = Some(pair),
        }
    }

    /// The same in place of every pair with this name.
    pub(crate) fn set_query(&mut self, name: &str, value: &str) {
        let is_other = |pair: &&str| {
            let (it, _) = pair.split_once('=').unwrap_or((pair, ""));
            decode(it) != name.as_bytes()
        };
        if let Some(query) = &mut self.query {
            *query = query.split('&').filter(is_other).collect::<Vec<_>>().join("&");
        }
        self.append_query(name, value);
    }
}

/// Without user and password, so that a URL can be shown and logged.
impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin(), self.target())
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Trims spaces, drops the fragment, refuses control characters.
fn clean(text: &str) -> Result<&str, UrlError> {
    let text = text.trim_matches(' ');
    if text.bytes().any(|byte| byte.is_ascii_control()) {
        return Err(UrlError::ControlCharacter);
    }
    Ok(text.split_once('#').map_or(text, |(before, _)| before))
}

/// `scheme = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." )`
fn split_scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let legal = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    legal.then_some((scheme, rest))
}

fn split_query(text: &str) -> (&str, Option<&str>) {
    match text.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (text, None),
    }
}

/// Encodes what a path cannot hold and removes dot segments (RFC 3986 5.2.4). Path and result start
/// with a slash.
fn normal_path(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/').skip(1) {
        match segment {
            "." => {}
            ".." => drop(segments.pop()),
            _ => segments.push(segment),
        }
    }
    // A dot segment at the end leaves the folder's slash.
    if path.ends_with("/.") || path.ends_with("/..") {
        segments.push("");
    }
    format!("/{}", encode(&segments.join("/"), is_path_byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn parts() {
        let it = url("HTTP://user:p%40ss@Example.COM:8080/a/../b?x=1&y#top");
        assert_eq!(it.to_string(), "http://example.com:8080/b?x=1&y");
        assert_eq!(it.credentials(), Some((b"user".to_vec(), b"p@ss".to_vec())));
        assert_eq!((it.host(), it.port(), it.secure), ("example.com", 8080, false));
        assert_eq!(it.authority(), "example.com:8080");
        let it = url("https://[0:0::1]?q");
        assert_eq!((it.host(), it.port(), it.target()), ("::1", 443, "/?q".to_owned()));
        assert_eq!((it.authority(), it.host_port()), ("[::1]".to_owned(), "[::1]:443".to_owned()));
        assert_eq!(url("http://h:80/").origin(), "http://h");
        assert_eq!(url("http://h:/x").to_string(), "http://h/x");
        assert_eq!(url("http://a@b@h/").credentials(), Some((b"a@b".to_vec(), Vec::new())));
    }

    #[test]
    fn what_cannot_stand_in_a_request_line_is_encoded() {
        for (text, target) in [
            ("http://h/a b", "/a%20b"),
            ("http://h/流?名=值 1", "/%E6%B5%81?%E5%90%8D=%E5%80%BC%201"),
            ("http://h/%41%zz", "/%41%zz"),
            ("http://h/\"<>\\^`{|}", "/%22%3C%3E%5C%5E%60%7B%7C%7D"),
            ("http://h?a='\"<>#f", "/?a=%27%22%3C%3E"),
            ("  http://h  ", "/"),
        ] {
            assert_eq!(url(text).target(), target, "{text}");
        }
    }

    #[test]
    fn refused() {
        for (text, error) in [
            ("", UrlError::NoScheme),
            ("/events", UrlError::NoScheme),
            ("localhost:8080", UrlError::UnsupportedScheme),
            ("ftp://h/", UrlError::UnsupportedScheme),
            ("http:h", UrlError::NoHost),
            ("http:///x", UrlError::NoHost),
            ("http://:80/", UrlError::NoHost),
            ("http://bücher.example/", UrlError::NonAsciiHost),
            ("http://a b/", UrlError::InvalidHost),
            ("http://evil\\@good/", UrlError::InvalidUserinfo),
            ("http://é@h/", UrlError::InvalidUserinfo),
            ("http://h%41/", UrlError::InvalidHost),
            ("http://[::1/", UrlError::InvalidHost),
            ("http://[fe80::1%eth0]/", UrlError::InvalidHost),
            ("http://1.2.3/", UrlError::InvalidHost),
            ("http://256.1.1.1/", UrlError::InvalidHost),
            ("http://h:0/", UrlError::InvalidPort),
            ("http://h:65536/", UrlError::InvalidPort),
            ("http://h:+80/", UrlError::InvalidPort),
            ("http://::1/", UrlError::InvalidPort),
            ("http://h/a\r\nX: y", UrlError::ControlCharacter),
            ("http://h/a\tb", UrlError::ControlCharacter),
        ] {
            assert_eq!(Url::parse(text), Err(error), "{text}");
        }
    }

    /// The examples of RFC 3986 5.4, with an `http` base.
    #[test]
    fn resolve() {
        let base = url("http://a/b/c/d;p?q");
        for (reference, target) in [
            ("g", "http://a/b/c/g"),
            ("./g", "http://a/b/c/g"),
            ("g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"),
            ("//g", "http://g/"),
            ("?y", "http://a/b/c/d;p?y"),
            ("g?y", "http://a/b/c/g?y"),
            ("#s", "http://a/b/c/d;p?q"),
            ("g#s", "http://a/b/c/g"),
            (";x", "http://a/b/c/;x"),
            ("", "http://a/b/c/d;p?q"),
            (".", "http://a/b/c/"),
            ("./", "http://a/b/c/"),
            ("..", "http://a/b/"),
            ("../g", "http://a/b/g"),
            ("../..", "http://a/"),
            ("../../../g", "http://a/g"),
            ("/./g", "http://a/g"),
            ("/../g", "http://a/g"),
            ("g.", "http://a/b/c/g."),
            ("..g", "http://a/b/c/..g"),
            ("./g/.", "http://a/b/c/g/"),
            ("g/../h", "http://a/b/c/h"),
            ("g;x=1/../y", "http://a/b/c/y"),
            ("g?y/../x", "http://a/b/c/g?y/../x"),
            ("https://other:444/x", "https://other:444/x"),
            ("//[::1]:81/x", "http://[::1]:81/x"),
            ("/a//b", "http://a/a//b"),
            ("g:h/i", ""),
        ] {
            let found = base.resolve(reference).map(|it| it.to_string()).unwrap_or_default();
            assert_eq!(found, target, "{reference}");
        }
    }

    #[test]
    fn query_pairs() {
        let mut it = url("http://h/p");
        it.append_query("a b", "1&2=3");
        it.append_query("名", "+");
        assert_eq!(it.target(), "/p?a%20b=1%262%3D3&%E5%90%8D=%2B");
        it.set_query("a b", "2");
        it.set_query("new", "");
        assert_eq!(it.target(), "/p?%E5%90%8D=%2B&a%20b=2&new=");
        let mut it = url("http://h/p?x&x=1&%78=2&xx=3");
        it.set_query("x", "4");
        assert_eq!(it.target(), "/p?xx=3&x=4");
    }

    #[test]
    fn origins() {
        let base = url("http://h:8080/a");
        assert!(base.same_origin(&url("http://H:8080/b?c")));
        for other in ["https://h:8080/a", "http://h/a", "http://i:8080/a"] {
            assert!(!base.same_origin(&url(other)), "{other}");
        }
        assert!(url("https://h").same_origin(&url("https://h:443")));
    }
}
