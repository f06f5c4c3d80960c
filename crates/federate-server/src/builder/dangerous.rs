//! What takes a protection away.

use crate::{Builder, Directory};

/// What a builder can be told that takes a protection away.
#[must_use = "nothing is changed until one of its methods is called"]
#[derive(Debug)]
pub struct DangerousBuilder<App: Directory>(pub(super) Builder<App>);

impl<App: Directory> DangerousBuilder<App> {
    /// Peers on loopback are admitted, and for them http, any port, IP literals and handles with ports.
    pub fn allow_loopback(mut self) -> Builder<App> {
        self.0.allow_loopback = true;
        self.0
    }

    /// A store that belongs to another base URL belongs to this one from now on. What waits in it is sent under the ids and
    /// in the names that it has.
    pub fn rebind(mut self) -> Builder<App> {
        self.0.rebind = true;
        self.0
    }
}
