//! A carrier whose clients follow another channel over the same connection, which is busy all the time. What comes of that
//! one is kept from the laws, but for its IDs: those stand for a place in both.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use sse_channel::{Channel, Frame, History, Lag, Log};

use super::{Ask, BESIDE, Carrier, Client};

/// See the top of this file.
#[derive(Debug)]
pub struct Joint<C> {
    carrier: C,
    beside: Channel,
    is_over: Arc<AtomicBool>,
    publisher: Option<JoinHandle<()>>,
}

impl<C> Joint<C> {
    /// A carrier beside whose channel another one is busy.
    pub fn new(carrier: C) -> Self {
        let history = History { events: 50, lag: Lag::Skip, ..History::default() };
        let (beside, is_over) = (Channel::new(history), Arc::<AtomicBool>::default());
        let publisher = {
            let (beside, is_over) = (beside.clone(), is_over.clone());
            move || {
                for number in 0_u32.. {
                    if is_over.load(Ordering::Relaxed) {
                        break;
                    }
                    let data = number.to_string();
                    beside.publish(&Frame::message(&data).with_event_type(BESIDE).expect("a type"));
                    if number % 4 == 0 {
                        thread::sleep(Duration::from_millis(2));
                    }
                }
            }
        };
        Self { carrier, beside, is_over, publisher: Some(thread::spawn(publisher)) }
    }

    /// A carrier beside whose channel another one has had something, and is closed.
    pub fn closed(carrier: C) -> Self {
        let mut joint = Self::new(carrier);
        joint.end();
        joint.beside.close();
        joint
    }

    fn end(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(publisher) = self.publisher.take() {
            publisher.join().expect("it does not panic");
        }
    }
}

impl<C: Carrier> Carrier for Joint<C> {
    fn connect(&self, log: &Log, ask: &Ask) -> Box<dyn Client> {
        let ask = Ask { beside: Some(self.beside.log().clone()), ..ask.clone() };
        Box::new(JointClient(self.carrier.connect(log, &ask)))
    }
}

impl<C> Drop for Joint<C> {
    fn drop(&mut self) {
        self.end();
    }
}

struct JointClient(Box<dyn Client>);

impl Client for JointClient {
    fn block(&mut self) -> Option<String> {
        let block = self.0.block()?;
        let is_beside = |line: &str| {
            line.strip_prefix("event: ") == Some(BESIDE)
                || line.starts_with(&format!("data: {{\"channel\":\"{BESIDE}\""))
        };
        if !block.lines().any(is_beside) {
            return Some(block);
        }
        match block.lines().find(|line| line.starts_with("id: ")) {
            Some(id) => Some(id.to_owned()),
            None => self.block(),
        }
    }

    fn is_complete(&self) -> bool {
        self.0.is_complete()
    }
}
