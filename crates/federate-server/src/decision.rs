//! What a moderator decides about a host.

use federate_protocol::Blocks;
use federate_store::{Rule, Verdict};

use crate::{Admin, Error};

/// A decision that is being made: [`Admin::block`], [`Admin::unblock`].
#[must_use = "nothing is decided until `apply` is awaited"]
#[derive(Debug)]
pub struct Decision<'a> {
    admin: &'a Admin<'a>,
    host: String,
    verdict: Verdict,
    reason: String,
    by: String,
}

impl<'a> Admin<'a> {
    /// Blocks a host and all below it: nothing of it is taken, fetched or shown to it, and nothing is sent to it.
    /// `admin.block("evil.example").because("spam").by("mo").apply().await`.
    pub fn block(&'a self, host: &str) -> Decision<'a> {
        Decision::new(self, host, Verdict::Block)
    }

    /// Takes back the decision about exactly this host. What [`Builder::blocks`](crate::Builder::blocks) or
    /// [`Federation::set_blocks`](crate::Federation::set_blocks) was given stays blocked.
    pub fn unblock(&'a self, host: &str) -> Decision<'a> {
        Decision::new(self, host, Verdict::Unblock)
    }

    /// The decisions that hold and block a host, by host: who made them, why and when. Not among them is what the program was given.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn blocked(&self) -> Result<Vec<Rule>, Error> {
        let mut rules = self.stores.rules.ruling().await?.rules;
        rules.retain(|rule| rule.verdict == Verdict::Block);
        Ok(rules)
    }

    /// At most `max` decisions with their numbers, the latest first, of those before the number `before`: about one host, where it
    /// is given. Nothing is ever taken out of this list.
    ///
    /// # Errors
    ///
    /// The store's, and a permanent one for what is no host name.
    pub async fn decisions(
        &self,
        host: Option<&str>,
        before: Option<u64>,
        max: usize,
    ) -> Result<Vec<(u64, Rule)>, Error> {
        let host = host.map(canonical).transpose()?;
        Ok(self.stores.rules.history(host.as_deref(), before, max).await?)
    }
}

impl<'a> Decision<'a> {
    fn new(admin: &'a Admin<'a>, host: &str, verdict: Verdict) -> Self {
        Decision {
            admin,
            host: host.to_owned(),
            verdict,
            reason: String::new(),
            by: String::new(),
        }
    }

    /// Why, in words for other moderators. What is longer than [`MAX_REASON`](federate_store::MAX_REASON) bytes is cut.
    pub fn because(mut self, reason: &str) -> Self {
        reason.clone_into(&mut self.reason);
        self
    }

    /// By whom, as the application names its moderators. Cut as the reason is.
    pub fn by(mut self, who: &str) -> Self {
        who.clone_into(&mut self.by);
        self
    }

    /// Writes it down, and lets it hold: in this process when it returns; in others over the store as soon as they hear of it, and
    /// within a second where the store does not tell. What waited for a host that is blocked by it is called off and stays visible
    /// as cancelled: how many deliveries.
    ///
    /// # Errors
    ///
    /// A permanent one for what is no host name; else the store's. Then it may hold or not: make it again.
    pub async fn apply(self) -> Result<u64, Error> {
        let host = canonical(&self.host)?;
        let rule = Rule::new(&host, self.verdict, self.admin.now)
            .because(&self.reason)
            .by(&self.by);
        Ok(self.admin.moderation.decide(rule).await?)
    }
}

/// The host as blocks are compared.
fn canonical(host: &str) -> Result<String, Error> {
    let mut one = Blocks::new();
    one.suspend(host).map_err(Error::permanent)?;
    let canonical = one.iter().next().map(str::to_owned);
    canonical.ok_or_else(|| Error::permanent("not a host name"))
}
