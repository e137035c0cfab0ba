//! Where a request goes: an http or https URL, taken apart. Pure.

/// What is needed to send a request to a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) is_secure: bool,
    /// A name or an address, without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Path and query, as they stand in a request line.
    pub(crate) path: String,
}

impl Target {
    /// Takes a URL apart.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub(crate) fn parse(url: &str) -> Result<Self, String> {
        let wrong = |why: &str| format!("the URL {url:?} cannot be used: {why}");
        let (scheme, rest) = url.split_once("://").ok_or_else(|| wrong("it has no scheme"))?;
        let is_secure = match &*scheme.to_ascii_lowercase() {
            "http" => false,
            "https" => true,
            _ => return Err(wrong("it is neither http nor https")),
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err(wrong("a user belongs into -H 'Authorization: Basic ...'"));
        }
        let usual = if is_secure { 443 } else { 80 };
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, "")) => (host, usual),
            Some((host, port)) if !port.contains(']') => {
                (host, port.parse().map_err(|_| wrong("the port is no number up to 65535"))?)
            }
            _ => (authority, usual),
        };
        let host = host.strip_prefix('[').and_then(|it| it.strip_suffix(']')).unwrap_or(host);
        let is_legal = |it: char| it.is_ascii_alphanumeric() || "-._~:%".contains(it);
        if host.is_empty() || !host.chars().all(is_legal) {
            return Err(wrong("the host is not a name of ASCII letters, or an address"));
        }
        let slash = if path.starts_with('/') { "" } else { "/" };
        let path = format!("{slash}{}", escaped(path));
        Ok(Self { is_secure, host: host.to_owned(), port, path })
    }

    /// Where a `Location` leads from here (RFC 9110, 10.2.2).
    pub(crate) fn join(&self, location: &str) -> Result<Self, String> {
        let scheme = if self.is_secure { "https" } else { "http" };
        let folder = || {
            let path = self.path.split('?').next().unwrap_or_default();
            path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned()
        };
        let authority = self.authority();
        Self::parse(&match location {
            it if it.contains("://") => it.to_owned(),
            it if it.starts_with("//") => format!("{scheme}:{it}"),
            it if it.starts_with('/') => format!("{scheme}://{authority}{it}"),
            it => format!("{scheme}://{authority}{}/{it}", folder()),
        })
    }

    /// The value of `Host`.
    pub(crate) fn authority(&self) -> String {
        let host = match self.host.contains(':') {
            true => format!("[{}]", self.host),
            false => self.host.clone(),
        };
        let is_usual = self.port == if self.is_secure { 443 } else { 80 };
        if is_usual { host } else { format!("{host}:{}", self.port) }
    }

    pub(crate) fn origin(&self) -> String {
        format!("{}://{}", if self.is_secure { "https" } else { "http" }, self.authority())
    }

    /// The head of a request, and its body.
    pub(crate) fn request(
        &self,
        method: &str,
        fields: &[(String, String)],
        body: Option<&[u8]>,
    ) -> Vec<u8> {
        let mut head = format!("{method} {} HTTP/1.1\r\nHost: {}\r\n", self.path, self.authority());
        for (name, value) in fields {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if let Some(body) = body {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        let mut bytes = (head + "\r\n").into_bytes();
        bytes.extend_from_slice(body.unwrap_or_default());
        bytes
    }
}

/// What cannot stand in a request line, percent-encoded.
fn escaped(path: &str) -> String {
    let mut out = String::new();
    for byte in path.bytes() {
        match byte {
            b'!'..=b'~' if !b"\"<>\\^`{|}".contains(&byte) => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_apart() {
        for (url, host, port, path, authority) in [
            ("http://a", "a", 80, "/", "a"),
            ("HTTPS://a.b:8443/c?d#e", "a.b", 8443, "/c?d", "a.b:8443"),
            ("http://[::1]:81?q=ü", "::1", 81, "/?q=%C3%BC", "[::1]:81"),
            ("http://[::1]/ a\r\nX: y", "::1", 80, "/%20a%0D%0AX:%20y", "[::1]"),
            ("http://a:/", "a", 80, "/", "a"),
        ] {
            let target = Target::parse(url).expect(url);
            let seen = (&*target.host, target.port, &*target.path, &*target.authority());
            assert_eq!(seen, (host, port, path, authority), "{url}");
        }
        for url in
            ["a", "ftp://a", "http://", "http://a:b", "http://u@a", "http://a b/", "http://ü/"]
        {
            assert!(Target::parse(url).is_err(), "{url}");
        }
    }

    #[test]
    fn locations_lead_from_where_they_are() {
        let from = Target::parse("https://a:1/b/c?d").expect("a URL");
        for (location, origin, path) in [
            ("http://x/y", "http://x", "/y"),
            ("//x/y", "https://x", "/y"),
            ("/y", "https://a:1", "/y"),
            ("y?z", "https://a:1", "/b/y?z"),
        ] {
            let to = from.join(location).expect(location);
            assert_eq!((&*to.origin(), &*to.path), (origin, path), "{location}");
        }
    }
}
