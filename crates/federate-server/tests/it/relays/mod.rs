//! Relays, of others and of ours.

mod admitting;
mod limited;
#[cfg(feature = "ld")]
mod linked_data;
mod outrun;
mod serving;
mod setup;
mod subscribing;

use federate_protocol::activitystreams::Activity;
use federate_server::{Authenticated, Cx, Evidence, Outcome};

use crate::world::TestApp;

const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";
const INBOX: &str = "https://relay.test/inbox";
const ACTOR: &str = "https://relay.test/users/relay";

/// Writes down what it is, by whom, about what, and why it is believed.
async fn spy(cx: Cx<TestApp>, activity: Authenticated<Activity>) -> Outcome {
    let evidence = match activity.evidence() {
        Evidence::RequestSignature { .. } => "sent",
        Evidence::ObjectProof { .. } => "proven",
        Evidence::LinkedDataSignature { .. } => "ld",
        Evidence::Refetched { .. } => "refetched",
        _ => "other",
    };
    let object = activity.object();
    let says = object.object().and_then(|object| object.content());
    let about = says.as_deref().map_or_else(
        || object.id().map_or_else(String::new, |id| id.to_string()),
        str::to_owned,
    );
    let said = format!(
        "{} by {}: {about} ({evidence})",
        activity.type_name(),
        activity.by()
    );
    cx.app().0.saw(said);
    Ok(())
}
