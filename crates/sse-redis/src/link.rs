//! Connections to Redis: one for all who ask, and more for who waits. Depends on `error`, `time`, `tls` and
//! `redis`.

use std::time::{Duration, Instant};

use async_lock::Mutex;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Pipeline, RedisError, Value};

use crate::error::{Error, PublishError};
use crate::time::now;
use crate::tls::{self, Certificates};

/// How long nobody tries again after a connection could not be made: many ask at the same time.
const PAUSE: Duration = Duration::from_millis(200);

pub(crate) struct Link {
    client: Client,
    connect_timeout: Duration,
    answer_timeout: Duration,
    shared: Mutex<Shared>,
}

/// The connection that all who ask share.
#[derive(Default)]
struct Shared {
    connection: Option<MultiplexedConnection>,
    failed: Option<(Instant, Error)>,
}

impl Link {
    pub(crate) fn new(
        url: &str,
        certificates: &Certificates,
        connect_timeout: Duration,
        answer_timeout: Duration,
    ) -> Result<Self, Error> {
        let client = tls::client(url, certificates)?;
        Ok(Self { client, connect_timeout, answer_timeout, shared: Mutex::default() })
    }

    /// A connection of one's own, whose answers may take so long.
    pub(crate) async fn connect(&self, answer: Duration) -> Result<MultiplexedConnection, Error> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.connect_timeout))
            .set_response_timeout(Some(answer));
        let connected = self.client.get_multiplexed_async_connection_with_config(&config).await;
        connected.map_err(|error| Error::of(&error))
    }

    /// The connection that everybody shares.
    async fn shared(&self) -> Result<MultiplexedConnection, Error> {
        let mut shared = self.shared.lock().await;
        if let Some(connection) = &shared.connection {
            return Ok(connection.clone());
        }
        if let Some((at, error)) = &shared.failed {
            if now().duration_since(*at) < PAUSE {
                return Err(error.clone());
            }
        }
        match self.connect(self.answer_timeout).await {
            Ok(connection) => {
                *shared = Shared { connection: Some(connection.clone()), failed: None };
                Ok(connection)
            }
            Err(error) => {
                shared.failed = Some((now(), error.clone()));
                Err(error)
            }
        }
    }

    /// The shared connection is broken: whoever asks next makes another.
    pub(crate) async fn forget(&self) {
        self.shared.lock().await.connection = None;
    }

    /// What Redis answers to each command of a pipeline, errors among them.
    pub(crate) async fn ask(&self, pipeline: &Pipeline) -> Result<Vec<Value>, Error> {
        let mut connection = self.shared().await?;
        let answer = pipeline.query_async(&mut connection).await;
        self.check(answer).await.map_err(|error| Error::of(&error))
    }

    /// Sends what changes something.
    pub(crate) async fn send(&self, command: &redis::Cmd) -> Result<Value, PublishError> {
        let mut connection = self.shared().await.map_err(PublishError::NotSent)?;
        let answer = command.query_async(&mut connection).await;
        self.check(answer).await.map_err(|error| match Error::of(&error) {
            error @ (Error::Unreachable(_) | Error::Answer(_)) => PublishError::Unknown(error),
            error => PublishError::Refused(error),
        })
    }

    async fn check<T>(&self, answer: Result<T, RedisError>) -> Result<T, RedisError> {
        if answer.as_ref().is_err_and(|error| error.is_io_error() || error.is_unrecoverable_error())
        {
            self.forget().await;
        }
        answer
    }
}
