//! Relays: a server that passes on what is public to all who subscribe. [FEP-ae0c](https://codeberg.org/fediverse/fep/src/branch/main/fep/ae0c/fep-ae0c.md)
//!
//! There are two kinds, and both are spoken. A relay of the Mastodon kind is followed by a `Follow` of Public that goes to an inbox, gets what our
//! people write as they send it, and passes on what it gets, byte for byte. One of the LitePub kind is an actor; both sides follow each
//! other, and tell each other ids by `Announce`. In neither case does the relay answer for what it passes on: what is believed is a proof in
//! it, or what is at its own place.
//!
//! | limit | value | why |
//! |---|---|---|
//! | relays to which one instance subscribes | 100 | each post goes to all of them; nobody reads a tenth of what as many bring |
//! | who subscribes to the relay that we are | [`BehaviourLimits::subscribers`](crate::BehaviourLimits::subscribers); of one host, of one registered domain, and of those that wait, what the table there says | each post goes to all of them |
//! | what is passed on of one registered domain | [`BehaviourLimits::relayed_per_minute`](crate::BehaviourLimits::relayed_per_minute), and as it came up to [`relayed_bytes`](crate::BehaviourLimits::relayed_bytes) | one post becomes a delivery for each subscriber |
//! | activities of which it is known that they were counted there | 20,000 | some 150 bytes each; a run that failed is repeated within hours |
//! | look-ups for one relay, or of what one subscriber announces | [`Limits::forwarded_per_minute`](federate_protocol::Limits::forwarded_per_minute) | the same that a forwarder may cause |

mod announced;
mod gone;
mod names;
mod outgoing;
mod passing;
mod relayed;
mod subscribed;
mod subscribers;
mod subscription;

pub(crate) use announced::announced;
pub(crate) use gone::Gone;
pub(crate) use names::{
    all_relays, inbox_as_audience, inbox_of_audience, is_mark, subscribers_of, subscribers_of_audience,
};
pub(crate) use outgoing::is_for_relays;
pub(crate) use passing::{home_of, pass_on, pass_on_announced};
pub(crate) use relayed::Relayed;
pub(crate) use subscribed::Subscribed;
pub use subscribers::{Admission, Subscriber};
pub(crate) use subscribers::{followed, key_of};
pub use subscription::{Relay, RelayKind};
pub(crate) use subscription::{asked, received};

/// What an instance has to do with relays.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Relaying {
    /// Whether it may subscribe to some.
    pub(crate) subscribes: bool,
    /// Whether what goes to some carries a Linked Data Signature.
    pub(crate) signs: bool,
    /// Whom it admits, where it is one.
    pub(crate) serves: Option<Admission>,
}

impl Relaying {
    /// Whether there is an actor for it.
    pub(crate) fn has_actor(self) -> bool {
        self.subscribes || self.serves.is_some()
    }
}
