//! The request that a command sends, as the command line describes it. Depends on the client's builder.

use sse_client::{Builder, EventSource};
use std::io::{self, Read};
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
        Ok(Self { name: name.trim().to_owned(), value: value.trim().to_owned() })
    }
}

/// A length of time on the command line.
pub(crate) fn seconds(text: &str) -> Result<Duration, &'static str> {
    let wrong = "a number of seconds, such as 10 or 0.5";
    Duration::try_from_secs_f64(text.parse().map_err(|_| wrong)?).map_err(|_| wrong)
}

impl Request {
    /// The URL, with its scheme.
    fn url(&self) -> String {
        match self.url.contains("://") {
            true => self.url.clone(),
            false => format!("http://{}", self.url),
        }
    }

    /// An event source that sends this request.
    pub(crate) fn builder(&self) -> io::Result<Builder> {
        let mut builder = EventSource::builder(&self.url()).proxy_from_env();
        let body = self.body()?;
        let usual = if body.is_some() { "POST" } else { "GET" };
        builder = builder.method(self.method.as_deref().unwrap_or(usual));
        for Field { name, value } in &self.headers {
            builder = builder.header(name, value);
        }
        if let Some(token) = &self.bearer {
            builder = builder.bearer(token);
        }
        if let Some(body) = body {
            builder = builder.body(body);
        }
        Ok(builder)
    }

    fn body(&self) -> io::Result<Option<Vec<u8>>> {
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
        assert!(Field::parse("X-A").is_err());
    }
}
