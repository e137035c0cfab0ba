//! Why a snapshot cannot be restored, and what of it can. Depends on `channel`.

use std::fmt;
use std::io;

use crate::Channel;

/// A snapshot cannot be restored whole.
///
/// ```
/// use sse_channel::snapshot::Damage;
/// use sse_channel::{Channel, Frame, History};
///
/// let channel = Channel::default();
/// channel.publish(&Frame::message("hello"));
/// let mut bytes = Vec::new();
/// channel.snapshot(&mut bytes)?;
/// bytes.pop();
/// let error = Channel::restore(History::default(), &bytes[..]).unwrap_err();
/// assert!(matches!(error.damage(), Damage::Truncated));
/// assert!(error.to_string().starts_with("the snapshot ends too early, at byte "));
/// assert_eq!(error.entries(), 1);
/// // By choice: what is before the damage, and that something is missing after it.
/// let channel = error.recover().unwrap();
/// assert_eq!(channel.stats().held_events, 2);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct RestoreError {
    pub(crate) damage: Damage,
    pub(crate) at: u64,
    pub(crate) entries: u64,
    pub(crate) recovered: Option<Channel>,
}

/// What is wrong with a snapshot.
#[derive(Debug)]
#[non_exhaustive]
pub enum Damage {
    /// It could not be read; or, by [`Channel::load`], not be marked as taken.
    Io(io::Error),
    /// It is no snapshot of a channel.
    Foreign,
    /// It is of this later version of the format, or its version is damaged.
    Version(u32),
    /// It ends too early; or a length in it is damaged.
    Truncated,
    /// It is damaged: what is wrong.
    Corrupt(&'static str),
}

impl RestoreError {
    /// What is wrong.
    #[must_use]
    pub fn damage(&self) -> &Damage {
        &self.damage
    }

    /// How many whole entries are before the damage.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// A channel of the whole entries before the damage; `None` if not even the log's numbers can be read.
    ///
    /// After these entries it tells everybody of a [gap](crate::Gap::Unsaved), and begins an epoch.
    #[must_use]
    pub fn recover(self) -> Option<Channel> {
        self.recovered
    }
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.damage {
            Damage::Io(error) => write!(f, "the snapshot cannot be used: {error}")?,
            Damage::Foreign => return f.write_str("it is no snapshot of a channel"),
            Damage::Version(version) => {
                let known = super::format::VERSION;
                return write!(
                    f,
                    "the snapshot is of version {version}, this program reads up to {known}"
                );
            }
            Damage::Truncated => f.write_str("the snapshot ends too early")?,
            Damage::Corrupt(what) => write!(f, "the snapshot is damaged: {what}")?,
        }
        write!(f, ", at byte {}; whole entries before: {}", self.at, self.entries)
    }
}

impl std::error::Error for RestoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.damage {
            Damage::Io(error) => Some(error),
            _ => None,
        }
    }
}
