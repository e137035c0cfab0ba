//! What a request is aimed at: its target, and a host with a port (RFC 9112, 3.2). Depends on
//! `status`.

use super::status::Refusal;

/// A request target, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Target<'a> {
    /// Percent-decoded, and valid.
    pub(crate) path: String,
    pub(crate) query: &'a str,
    /// Of a target in absolute form.
    pub(crate) authority: Option<&'a str>,
}

impl<'a> Target<'a> {
    /// A target in origin or absolute form. The asterisk form is not among them.
    pub(crate) fn parse(target: &'a str) -> Result<Self, Refusal> {
        let (authority, origin_form) = match target.split_once("://") {
            _ if target.starts_with('/') => (None, target),
            Some((scheme, rest)) if matches!(&*scheme.to_ascii_lowercase(), "http" | "https") => {
                let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
                // "A recipient that processes such a URI reference [with an empty host] MUST reject
                // it as invalid." (RFC 9110, 4.2.1)
                if authority.is_empty() || !is_host(authority) {
                    return Err(Refusal::Target);
                }
                (Some(authority), path)
            }
            _ => return Err(Refusal::Target),
        };
        let (path, query) = origin_form.split_once('?').unwrap_or((origin_form, ""));
        let (decoded, valid) = percent_decode(if path.is_empty() { "/" } else { path });
        match String::from_utf8(decoded) {
            Ok(path)
                if valid && !origin_form.contains('#') && !path.chars().any(char::is_control) =>
            {
                Ok(Self { path, query, authority })
            }
            _ => Err(Refusal::Target),
        }
    }
}

/// `Host = uri-host [ ":" port ]` (RFC 9110, 7.2), where `port = *DIGIT` (RFC 3986, 3.2.3) is one
/// that there is. Empty if the target has no authority.
pub(crate) fn is_host(host: &str) -> bool {
    let (name, port) = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((literal, port)) => {
            let is_literal = |byte: u8| byte.is_ascii_alphanumeric() || b":.".contains(&byte);
            if literal.is_empty() || !literal.bytes().all(is_literal) {
                return false;
            }
            ("", port)
        }
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=%".contains(&byte);
    let is_port = match port.strip_prefix(':') {
        Some(digits) => {
            digits.bytes().all(|it| it.is_ascii_digit())
                && (digits.is_empty() || digits.parse::<u16>().is_ok())
                && host.len() > port.len()
        }
        None => port.is_empty(),
    };
    is_port && name.bytes().all(is_name)
}

/// The decoded bytes, and whether every `%` was followed by two hexadecimal digits.
pub(crate) fn percent_decode(text: &str) -> (Vec<u8>, bool) {
    let mut parts = text.split('%');
    let mut decoded = parts.next().unwrap_or_default().as_bytes().to_vec();
    let mut valid = true;
    for part in parts {
        let digits = part.get(..2).filter(|pair| pair.bytes().all(|it| it.is_ascii_hexdigit()));
        let byte = digits.and_then(|pair| u8::from_str_radix(pair, 16).ok());
        valid &= byte.is_some();
        decoded.push(byte.unwrap_or(b'%'));
        decoded.extend_from_slice(&part.as_bytes()[digits.unwrap_or_default().len()..]);
    }
    (decoded, valid)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(target: &str) -> Result<String, Refusal> {
        Target::parse(target).map(|target| target.path)
    }

    #[test]
    fn targets() {
        assert_eq!(path("/"), Ok("/".into()));
        assert_eq!(path("/%E4%B8%AD?q"), Ok("/中".into()));
        assert_eq!(path("/a%2Fb"), Ok("/a/b".into()), "decoded once, like everything else");
        assert_eq!(path("/a/../%252e"), Ok("/a/../%2e".into()), "and never normalised");
        assert_eq!(path("http://a.example/b?c"), Ok("/b".into()));
        assert_eq!(path("HTTPS://a.example"), Ok("/".into()));
        assert_eq!(path("http://a.example?c"), Ok("/".into()));
        let absolute = Target::parse("http://a.example:80?c").unwrap();
        assert_eq!((absolute.authority, absolute.query), (Some("a.example:80"), "c"));
        for bad in ["", "*", "a", "ftp://a/", "/%", "/%g1", "/%00", "/%0a", "/%ff", "/a#b"] {
            assert_eq!(path(bad), Err(Refusal::Target), "{bad}");
        }
    }

    /// RFC 9110, 4.2.1 and 4.2.4: no empty host, no user information.
    #[test]
    fn absolute_targets_have_a_host() {
        for bad in
            ["http://", "http:///x", "http://?q", "http://a:x/", "http://me@a/", "http://:80/"]
        {
            assert_eq!(path(bad), Err(Refusal::Target), "{bad}");
        }
    }

    /// RFC 9110, 7.2; RFC 3986, 3.2.
    #[test]
    fn hosts() {
        for good in [
            "",
            "a",
            "a:80",
            "a:",
            "a.example:65535",
            "127.0.0.1:0",
            "[::1]",
            "[::1]:8080",
            "a%20b",
        ] {
            assert!(is_host(good), "{good}");
        }
        for bad in [
            "a:x", "a:99999", "a:65536", "a:b:c", "a:1:2", "a b", "a/b", "me@a", ":80", "[::1",
            "::1", "[::1]x", "[]", "[g h]", "a[::1]", "a:-1", "a:+1", "é",
        ] {
            assert!(!is_host(bad), "{bad}");
        }
    }
}
