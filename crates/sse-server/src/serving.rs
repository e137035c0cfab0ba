//! One thread of a server: it accepts connections, and serves them until a shutdown is done. Depends on `connection`,
//! `handle` and `socket`.

use std::io;
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_lite::future::{or, yield_now};

use crate::Refusal;
use crate::connection::Connection;
use crate::delivery::pump::Worker;
use crate::delivery::wire::{Link, Wire};
use crate::handle::Handle;
use crate::service::Service;
use crate::socket::{Listener, sleep};

/// How long to wait when the system cannot give out another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Connections accepted between two moments in which other tasks of the thread may run.
const ACCEPTS_PER_TURN: usize = 64;
/// Tasks that run between two looks at the sockets.
const TASKS_PER_TURN: usize = 16;

/// Accepts and serves until a shutdown is asked for and done.
pub(crate) async fn serve(listeners: Vec<Arc<Listener>>, service: Arc<Service>) {
    let worker = Worker::new(service.stop.clone());
    for listener in listeners {
        let (service, weak) = (service.clone(), Arc::downgrade(&worker));
        let accepting = async move {
            or(accept(&listener, &service, &weak), service.stop.asked()).await;
        };
        worker.executor.spawn(accepting).detach();
    }
    let served = async {
        let handle = Handle { service: service.clone() };
        let cut = async {
            service.stop.overdue().await;
            service.count(|stats| stats.cut = stats.cut.max(stats.open));
        };
        or(handle.closed(), cut).await;
    };
    // What is still open is cut when the worker is dropped, and its tasks with it.
    let tasks = async {
        loop {
            for _ in 0..TASKS_PER_TURN {
                worker.executor.tick().await;
            }
            yield_now().await;
        }
    };
    or(served, tasks).await;
}

async fn accept(listener: &Listener, service: &Arc<Service>, worker: &Weak<Worker>) {
    for turn in 1.. {
        match listener.accept().await {
            Ok((socket, peer)) => {
                let Some(admission) = service.admit(Some(peer)) else { continue };
                let wire = Wire::new(Link::Socket(socket), service.limits.write_deadline);
                let connection = Connection::new(wire, admission, worker.clone());
                let Some(worker) = worker.upgrade() else { return };
                worker.executor.spawn(connection.serve()).detach();
            }
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                service.refuse(Refusal::Descriptors);
                event!(error, "cannot accept: {error}");
                let _ = &error;
                sleep(ACCEPT_PAUSE).await;
            }
        }
        // However many come, those who are here are served too.
        if turn % ACCEPTS_PER_TURN == 0 {
            yield_now().await;
        }
    }
}
