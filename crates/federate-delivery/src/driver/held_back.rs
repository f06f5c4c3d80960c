//! Whether the store may be delivered from.

use super::Driver;
use federate_store::Hold;

/// What the store said last, and whether to ask it again.
#[derive(Debug, Default)]
pub(super) struct HeldBack {
    pub(super) hold: Option<Hold>,
    pub(super) ask: bool,
}

impl Driver {
    /// Asks the store, where it was not asked since the last look, whether its deliveries are held back. What was read and
    /// not begun is put back when they are.
    pub(super) async fn may_deliver(&mut self) -> bool {
        if self.held_back.ask {
            let hold = self.settings.stores.binding.hold().await;
            let Some(hold) = self.taken(hold, "ask whether it is held back") else {
                return false;
            };
            self.held_back.ask = false;
            if hold != self.held_back.hold {
                match hold {
                    Some(hold) => {
                        tracing::error!(reason = %hold, "nothing is delivered until somebody says so");
                    }
                    None => tracing::info!("deliveries are no longer held back"),
                }
            }
            self.held_back.hold = hold;
        }
        if self.held_back.hold.is_none() {
            return true;
        }
        for held in self.lanes.values_mut() {
            held.put_back();
            held.exhausted = true;
        }
        // Those with attempts under way when these have ended.
        self.idle.extend(self.lanes.keys().cloned());
        false
    }
}
