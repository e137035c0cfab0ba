//! The versions of the peers, as the lock file of this workspace has them.

/// The version of a crate in the lock file, or nothing if it is not there.
///
/// Of a crate that is there in several versions, the last.
pub fn version(name: &str) -> &'static str {
    let lock = include_str!("../../Cargo.lock");
    let package = format!("name = \"{name}\"\nversion = \"");
    let found = lock.rsplit_once(&package);
    let version = found.and_then(|(_, rest)| rest.split_once('"'));
    version.map_or("", |(version, _)| version)
}
