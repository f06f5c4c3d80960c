//! What stands in an audience for what is no actor: all relays, and an inbox of which nobody knows the actor.

use federate_protocol::activitystreams::Iri;

use super::RelayKind;
use crate::Uris;

/// A fragment is never sent, so that no actor has this in its id.
const MARK: &str = "#federate:";
const INBOX: &str = "#federate:inbox";

/// Whether it is one of these names. They are ours to give: whoever writes one into `to` or `cc`, or has it copied by who answers, names
/// nobody.
pub(crate) fn is_mark(id: &Iri) -> bool {
    id.as_str().contains(MARK)
}

/// The relays to which we subscribe when the activity is expanded. A release that does not know it takes it for somebody here, and sends
/// nothing there.
pub(crate) fn all_relays(uris: &Uris) -> Iri {
    uris.path("/#federate:relays")
}

/// Those who subscribe to the relay that we are in this way, when the activity is expanded.
pub(crate) fn subscribers_of(uris: &Uris, kind: RelayKind) -> Iri {
    uris.path(&format!("/#federate:subscribers/{}", kind.as_str()))
}

/// Takes back what [`subscribers_of`] gave.
pub(crate) fn subscribers_of_audience(uris: &Uris, id: &Iri) -> Option<RelayKind> {
    let mut kinds = RelayKind::ALL.into_iter();
    kinds.find(|kind| *id == subscribers_of(uris, *kind))
}

/// An inbox, in an audience. `None` where its URL is too long to be marked.
pub(crate) fn inbox_as_audience(inbox: &Iri) -> Option<Iri> {
    Iri::parse(&format!("{inbox}{INBOX}")).ok()
}

/// Takes back what [`inbox_as_audience`] gave.
pub(crate) fn inbox_of_audience(id: &Iri) -> Option<Iri> {
    Iri::parse(id.as_str().strip_suffix(INBOX)?).ok()
}
