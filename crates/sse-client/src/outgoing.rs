//! The request of one attempt, after the caller's hook has seen it. Depends on the configuration.

use crate::attempt::{Attempt, History};
use crate::config::Config;
use crate::failure::Failure;
use crate::kind::ErrorKind;
use crate::redirect::Hop;
use crate::request::Request;
use crate::url::Url;
use std::borrow::Cow;

/// What is sent, and where to.
pub(crate) struct Outgoing<'a> {
    pub(crate) request: Cow<'a, Request>,
    pub(crate) last_event_id: &'a str,
    url: Url,
    as_get: bool,
}

impl<'a> Outgoing<'a> {
    /// Asks the hook, if there is one.
    pub(crate) async fn prepare(
        config: &'a Config,
        history: History,
        last_event_id: &'a str,
    ) -> Result<Self, Failure> {
        let (request, mut url) = match &config.hook {
            None => (Cow::Borrowed(&config.request), config.url.clone()),
            Some(hook) => {
                let attempt = Attempt::new(history, last_event_id, &config.request, &config.url);
                let attempt = hook(attempt).await.map_err(failed)?;
                let (request, url) = attempt.finish().map_err(failed)?;
                (Cow::Owned(request), url)
            }
        };
        if let Some(name) =
            config.last_event_id_query.as_ref().filter(|_| !last_event_id.is_empty())
        {
            url.set_query(name, last_event_id);
        }
        Ok(Self { request, last_event_id, url, as_get: config.resumes_by_get(last_event_id) })
    }

    pub(crate) fn hop(&self) -> Hop {
        Hop { url: self.url.clone(), as_get: self.as_get, foreign: false }
    }
}

fn failed(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Failure {
    Failure::because(ErrorKind::Attempt, error)
}
