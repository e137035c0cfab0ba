//! The request that a command sends, as the command line describes it. Depends on the client's builder.

use crate::trust::trust;
use sse_client::{Builder, EventSource};
use std::io::{self, Read};
use std::net::{Ipv4Addr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What every command that sends a request is told about it.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Request {
    /// Where the stream is; without a scheme, http is meant
    url: String,
    /// Send this header field too; may be repeated
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE", value_parser = Field::parse)]
    headers: Vec<Field>,
    /// Send this token: Authorization: Bearer TOKEN
    #[arg(long, value_name = "TOKEN", env = "SSE_BEARER", hide_env_values = true)]
    bearer: Option<String>,
    /// Send this body, by POST; @FILE sends a file, @- standard input
    #[arg(short = 'd', long = "data", value_name = "BODY")]
    data: Option<String>,
    /// Use this method instead of GET, or of POST when there is a body
    #[arg(short = 'X', long, value_name = "METHOD")]
    method: Option<String>,
    /// Trust the certificates in this file (PEM), and no others
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

/// A header field as it is written on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Field {
    name: String,
    value: String,
}

impl Field {
    fn parse(text: &str) -> Result<Self, &'static str> {
        let (name, value) = text.split_once(':').ok_or("a header field is written NAME: VALUE")?;
        if name.trim().is_empty() || text.contains(['\r', '\n', '\0']) {
            return Err("a header field has a name, and no line breaks");
        }
        Ok(Self { name: name.trim().to_owned(), value: value.trim().to_owned() })
    }
}

/// An address as people write it.
pub(crate) fn address(text: &str) -> Result<String, String> {
    let whole = match (text.strip_prefix(':'), text.parse::<u16>()) {
        (Some(port), _) => format!("{}:{port}", Ipv4Addr::UNSPECIFIED),
        (None, Ok(port)) => format!("{}:{port}", Ipv4Addr::LOCALHOST),
        _ => text.to_owned(),
    };
    match whole.to_socket_addrs() {
        Ok(_) => Ok(whole),
        Err(error) => Err(format!("{error}; write 127.0.0.1:8080, :8080 or 8080")),
    }
}

/// A length of time on the command line.
pub(crate) fn seconds(text: &str) -> Result<Duration, &'static str> {
    let wrong = "a number of seconds, such as 10 or 0.5";
    Duration::try_from_secs_f64(text.parse().map_err(|_| wrong)?).map_err(|_| wrong)
}

impl Request {
    /// The URL, with its scheme.
    pub(crate) fn url(&self) -> String {
        match self.url.contains("://") {
            true => self.url.clone(),
            false => format!("http://{}", self.url),
        }
    }

    pub(crate) fn method(&self) -> &str {
        let usual = if self.data.is_some() { "POST" } else { "GET" };
        self.method.as_deref().unwrap_or(usual)
    }

    /// The header fields, the token's among them.
    pub(crate) fn fields(&self) -> Vec<(String, String)> {
        let named = self.headers.iter().map(|Field { name, value }| (name.clone(), value.clone()));
        let token =
            self.bearer.iter().map(|it| ("Authorization".to_owned(), format!("Bearer {it}")));
        named.chain(token).collect()
    }

    /// The file with the certificates to trust.
    pub(crate) fn ca(&self) -> Option<&Path> {
        self.ca.as_deref()
    }

    /// An event source that sends this request.
    pub(crate) fn builder(&self) -> io::Result<Builder> {
        let mut builder = EventSource::builder(&self.url()).proxy_from_env();
        builder = builder.method(self.method());
        for (name, value) in self.fields() {
            builder = builder.header(&name, &value);
        }
        if let Some(body) = self.body()? {
            builder = builder.body(body);
        }
        if let Some(file) = self.ca() {
            builder = builder.tls(trust(Some(file), &[]).map_err(io::Error::other)?);
        }
        Ok(builder)
    }

    /// The body to send.
    pub(crate) fn body(&self) -> io::Result<Option<Vec<u8>>> {
        let Some(data) = &self.data else { return Ok(None) };
        let mut body = Vec::new();
        match data.strip_prefix('@') {
            None => return Ok(Some(data.clone().into_bytes())),
            Some("-") => io::stdin().read_to_end(&mut body)?,
            Some(path) => std::fs::File::open(path)
                .and_then(|mut file| file.read_to_end(&mut body))
                .map_err(|error| io::Error::other(format!("cannot read {path}: {error}")))?,
        };
        Ok(Some(body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_has_a_name_and_a_value() {
        let field =
            |name: &str, value: &str| Ok(Field { name: name.to_owned(), value: value.to_owned() });
        assert_eq!(Field::parse("X-A: b: c "), field("X-A", "b: c"));
        assert_eq!(Field::parse("X-A:"), field("X-A", ""));
        for wrong in ["X-A", ": b", "X-A: b\r\nX-C: d"] {
            assert!(Field::parse(wrong).is_err(), "{wrong}");
        }
    }
}
