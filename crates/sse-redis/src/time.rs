//! The only file that touches clocks: the time, and waiting on whichever runtime this runs in.

use std::time::{Duration, Instant};

use futures_lite::future::or;

pub(crate) fn now() -> Instant {
    Instant::now()
}

pub(crate) async fn sleep(time: Duration) {
    #[cfg(feature = "tokio")]
    if tokio::runtime::Handle::try_current().is_ok() {
        return tokio::time::sleep(time).await;
    }
    async_io::Timer::after(time).await;
}

/// What the future gives, unless it takes longer.
pub(crate) async fn within<T>(time: Duration, work: impl Future<Output = T>) -> Option<T> {
    or(async { Some(work.await) }, async {
        sleep(time).await;
        None
    })
    .await
}
