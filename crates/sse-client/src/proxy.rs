//! Which proxy a URL is reached through, and what is said to it. Pure: the environment comes as an
//! argument.

use crate::head::Head;
use crate::request::basic;
use crate::url::{Url, UrlError};
use std::net::IpAddr;

/// The caller's choice.
#[derive(Debug, Clone, Default)]
pub(crate) enum Proxies {
    #[default]
    None,
    /// One for everything.
    One(Url),
    /// What the environment says. One that cannot be used is an error only for a URL that it is for.
    Environment { http: Variable, https: Variable, bypass: Vec<String> },
}

/// What a variable names: no proxy, one, or something that is none for this crate.
type Variable = Result<Option<Url>, UrlError>;

impl Proxies {
    pub(crate) fn parse(text: &str) -> Result<Url, UrlError> {
        // curl takes a proxy without a scheme for an HTTP proxy.
        let proxy = if text.contains("://") {
            Url::parse(text)?
        } else {
            Url::parse(&format!("http://{text}"))?
        };
        if proxy.secure { Err(UrlError::UnsupportedScheme) } else { Ok(proxy) }
    }

    /// Reads the variables as curl does: the lower-case name first, then the upper-case one. With
    /// `REQUEST_METHOD` in the environment `HTTP_PROXY` is ignored, because a CGI program gets a
    /// request's `Proxy` header field under that name.
    pub(crate) fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        let text = |names: &[&str]| {
            let mut values = names.iter().filter_map(|name| variable(name));
            values.find(|value| !value.trim().is_empty())
        };
        let proxy = |names: &[&str]| {
            let own = text(names).or_else(|| text(&["all_proxy", "ALL_PROXY"]));
            own.map(|value| Self::parse(&value)).transpose()
        };
        let http: &[&str] = match variable("REQUEST_METHOD") {
            Some(_) => &["http_proxy"],
            None => &["http_proxy", "HTTP_PROXY"],
        };
        let bypass = text(&["no_proxy", "NO_PROXY"]).unwrap_or_default();
        let bypass = bypass.split([',', ' ', '\t']).filter(|it| !it.is_empty());
        Self::Environment {
            http: proxy(http),
            https: proxy(&["https_proxy", "HTTPS_PROXY"]),
            bypass: bypass.map(str::to_ascii_lowercase).collect(),
        }
    }

    /// The proxy for `url`, if there is one; an error if there is one that cannot be used.
    pub(crate) fn proxy_for(&self, url: &Url) -> Result<Option<&Url>, UrlError> {
        match self {
            Self::None => Ok(None),
            Self::One(proxy) => Ok(Some(proxy)),
            Self::Environment { bypass, .. } if bypass.iter().any(|it| bypasses(it, url)) => {
                Ok(None)
            }
            Self::Environment { http, https, .. } => {
                let chosen = if url.secure { https } else { http };
                chosen.as_ref().map(Option::as_ref).map_err(|error| *error)
            }
        }
    }
}

/// One member of `no_proxy`: `*`, a domain with all below it, an address, or a network.
fn bypasses(member: &str, url: &Url) -> bool {
    let host = url.host();
    if member == "*" {
        return true;
    }
    if let Ok(address) = host.parse::<IpAddr>() {
        let member = member.trim_start_matches('[').trim_end_matches(']');
        return match member.split_once('/') {
            Some((network, bits)) => {
                let network = network.parse().ok().zip(bits.parse().ok());
                network.is_some_and(|(network, bits)| contains(network, bits, address))
            }
            None => member.parse() == Ok(address),
        };
    }
    let domain = member.strip_prefix('.').unwrap_or(member);
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    let host = host.strip_suffix('.').unwrap_or(host);
    let below =
        host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    !domain.is_empty() && below
}

fn contains(network: IpAddr, bits: u32, address: IpAddr) -> bool {
    let (network, address, width) = match (network, address) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (u128::from(a.to_bits()), u128::from(b.to_bits()), 32),
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits(), b.to_bits(), 128),
        _ => return false,
    };
    bits <= width && (bits == 0 || (network ^ address) >> (width - bits) == 0)
}

/// What opens a tunnel to `url` (RFC 9110 9.3.6).
pub(crate) fn connect_request(url: &Url, proxy: &Url) -> Vec<u8> {
    let target = url.host_port();
    let authorization = authorization(proxy)
        .map(|value| format!("Proxy-Authorization: {value}\r\n"))
        .unwrap_or_default();
    format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{authorization}\r\n").into_bytes()
}

/// Whether the proxy has opened the tunnel.
pub(crate) fn is_tunnel(head: &Head) -> bool {
    (200..300).contains(&head.status())
}

/// The value of `Proxy-Authorization`, if the proxy's URL has a user.
pub(crate) fn authorization(proxy: &Url) -> Option<String> {
    proxy.credentials().map(|(user, password)| basic(&user, &password))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).expect(text)
    }

    fn environment(variables: &[(&str, &str)]) -> Proxies {
        let find = |name: &str| {
            let found = variables.iter().find(|(it, _)| *it == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Proxies::from_environment(find)
    }

    fn chosen(variables: &[(&str, &str)], target: &str) -> String {
        let proxies = environment(variables);
        match proxies.proxy_for(&url(target)) {
            Ok(proxy) => proxy.map(ToString::to_string).unwrap_or_default(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn one_variable_for_each_scheme() {
        let both = [("http_proxy", "http://a:1"), ("HTTPS_PROXY", "b:2"), ("HTTP_PROXY", "c")];
        assert_eq!(chosen(&both, "http://h/"), "http://a:1/");
        assert_eq!(chosen(&both, "https://h/"), "http://b:2/");
        assert_eq!(chosen(&[("ALL_PROXY", "d")], "https://h/"), "http://d/");
        assert_eq!(chosen(&[("HTTP_PROXY", "c")], "http://h/"), "http://c/");
        assert_eq!(chosen(&[("HTTP_PROXY", "c"), ("REQUEST_METHOD", "GET")], "http://h/"), "");
        assert_eq!(chosen(&[("http_proxy", ""), ("HTTP_PROXY", "c")], "http://h/"), "http://c/");
        assert_eq!(chosen(&[], "http://h/"), "");
    }

    #[test]
    fn what_cannot_be_used_counts_only_where_it_is_chosen() {
        let beside = [("ALL_PROXY", "socks5://s"), ("http_proxy", "a"), ("no_proxy", "local")];
        let unusable = UrlError::UnsupportedScheme.to_string();
        assert_eq!(chosen(&beside, "http://h/"), "http://a/");
        assert_eq!(chosen(&beside, "https://h/"), unusable);
        assert_eq!(chosen(&beside, "https://a.local/"), "");
        assert_eq!(chosen(&beside[..1], "http://h/"), unusable);
    }

    #[test]
    fn no_proxy() {
        for (members, target, direct) in [
            ("*", "http://h/", true),
            ("example.com", "http://example.com/", true),
            ("example.com", "http://a.b.EXAMPLE.com./", true),
            (".example.com", "http://example.com/", true),
            ("Example.com.", "http://example.com/", true),
            ("example.com", "http://badexample.com/", false),
            ("x, y  example.com", "http://example.com/", true),
            ("", "http://h/", false),
            (".", "http://h/", false),
            ("127.0.0.1", "http://127.0.0.1:8080/", true),
            ("10.0.0.0/8", "http://10.1.2.3/", true),
            ("10.0.0.0/8", "http://11.1.2.3/", false),
            ("0.0.0.0/0", "http://11.1.2.3/", true),
            ("10.0.0.0/33", "http://10.0.0.0/", false),
            ("::1", "http://[::1]/", true),
            ("fd00::/8", "http://[fd12::1]/", true),
            ("fd00::/8", "http://10.0.0.1/", false),
            ("0.0.1", "http://127.0.0.1/", false),
        ] {
            let variables = [("http_proxy", "p"), ("no_proxy", members)];
            assert_eq!(chosen(&variables, target).is_empty(), direct, "{members:?} {target}");
        }
    }

    #[test]
    fn only_http_proxies() {
        for text in ["socks5://h", "https://h", "http://"] {
            assert!(Proxies::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn tunnel() {
        let bytes = connect_request(&url("https://[::1]/x"), &url("http://u:p@proxy"));
        let expected = "CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\n\
                        Proxy-Authorization: Basic dTpw\r\n\r\n";
        assert_eq!(String::from_utf8(bytes).as_deref(), Ok(expected));
    }
}
