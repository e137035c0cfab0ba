//! What is told of an answer that is not an event stream. Async over any byte stream.

use crate::body::Framing;
use crate::buffer::Buffer;
use crate::content::{Content, Step};
use crate::exchange::Exchanged;
use crate::failure::Failure;
use crate::net::{Io, wall_clock, within};
use crate::response::{Cut, Response};
use crate::retry_after::asked_delay;
use futures_lite::AsyncReadExt;
use std::pin::pin;
use std::time::Duration;

/// Of an answer that is not an event stream so much of the body is read,
const MAX_BODY: usize = 64 * 1024;
/// for no longer than this,
const BODY_TIME: Duration = Duration::from_secs(2);
/// or than this, where the body may be a stream that never ends.
const STREAM_TIME: Duration = Duration::from_millis(250);

/// The failure with what the server says, as far as it comes in time.
pub(crate) async fn refused(why: Failure, exchanged: Exchanged) -> Failure {
    let Exchanged { head, mut io, mut buffer, content, .. } = exchanged;
    let (body, cut) = match content {
        Ok(content) => {
            let endless = head.status() == 200 && !matches!(head.framing(), Ok(Framing::Length(_)));
            let time = if endless { STREAM_TIME } else { BODY_TIME };
            read_some(&mut io, &mut buffer, content, time).await
        }
        Err(_) => (Vec::new(), Some(Cut::Broken)),
    };
    let retry_after = asked_delay(&head, wall_clock());
    let response = Some(Box::new(Response { head, body, cut }));
    Failure { response, retry_after, ..why }.after_request()
}

async fn read_some(
    io: &mut Io,
    buffer: &mut Buffer,
    mut content: Content,
    time: Duration,
) -> (Vec<u8>, Option<Cut>) {
    let mut body = Vec::new();
    let reading = async {
        while body.len() <= MAX_BODY {
            match content.next(buffer) {
                Ok(Step::Text(text)) => {
                    body.extend_from_slice(content.bytes(buffer).get(text).unwrap_or_default());
                }
                Ok(Step::More) => match io.read(buffer.room()).await {
                    Ok(0) if content.may_end() => return None,
                    Ok(count) if count > 0 => buffer.filled(count),
                    _ => return Some(Cut::Broken),
                },
                Ok(Step::End) => return None,
                Err(_) => return Some(Cut::Broken),
            }
        }
        Some(Cut::Size)
    };
    let cut = within(Some(time), pin!(reading)).await.unwrap_or(Some(Cut::Time));
    body.truncate(MAX_BODY);
    (body, cut)
}
