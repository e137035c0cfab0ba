//! How many file descriptors this process may have, and the programs that it starts, which inherit that. Needs `rustix`.

use anyhow::Context;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Allows so many, if fewer are allowed now.
///
/// # Errors
///
/// When the system does not let this process have so many.
pub fn allow(needed: u64) -> anyhow::Result<()> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|current| current >= needed) {
        return Ok(());
    }
    setrlimit(Resource::Nofile, Rlimit { current: Some(needed), maximum })
        .with_context(|| format!("{needed} file descriptors are needed (`ulimit -Hn {needed}`)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_rises_as_far_as_it_may() {
        let before = getrlimit(Resource::Nofile);
        setrlimit(Resource::Nofile, Rlimit { current: Some(200), ..before }).unwrap();
        allow(300).unwrap();
        assert_eq!(getrlimit(Resource::Nofile).current, Some(300));
        allow(100).unwrap();
        assert_eq!(getrlimit(Resource::Nofile).current, Some(300), "it does not fall");
        setrlimit(Resource::Nofile, before).unwrap();
    }
}
