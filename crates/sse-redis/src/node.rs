//! What the hub and the channels of a node share. Depends on `options`, `registry` and `source`.

use std::sync::Arc;

use crate::options::Options;
use crate::registry::Registry;
use crate::source::Shared;

pub(crate) struct Node {
    pub(crate) shared: Arc<Shared>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) options: Options,
}

impl Drop for Node {
    fn drop(&mut self) {
        self.registry.close();
    }
}
