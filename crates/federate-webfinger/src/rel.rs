//! Relations of links, in a JRD and in the index of NodeInfo.

/// The actor.
pub const SELF: &str = "self";
/// The page for people.
pub const PROFILE_PAGE: &str = "http://webfinger.net/rel/profile-page";
/// The avatar.
pub const AVATAR: &str = "http://webfinger.net/rel/avatar";
/// The template with which a visitor from another server follows or replies: OStatus, `{uri}` in it.
pub const SUBSCRIBE: &str = "http://ostatus.org/schema/1.0/subscribe";
/// The actor of a whole server, at its root URL ([FEP-d556]).
///
/// [FEP-d556]: https://w3id.org/fep/d556
pub const SERVICE: &str = "https://www.w3.org/ns/activitystreams#Service";
/// The actor of a whole server, in the index of NodeInfo ([FEP-2677]).
///
/// [FEP-2677]: https://w3id.org/fep/2677
pub const APPLICATION: &str = "https://www.w3.org/ns/activitystreams#Application";

/// The relation of an activity intent ([FEP-3b86]): `intent("Follow")` is `https://w3id.org/fep/3b86/Follow`.
///
/// `activity` is a type of activity, or `Object`: to see something in one's own server.
///
/// [FEP-3b86]: https://w3id.org/fep/3b86
#[must_use]
pub fn intent(activity: &str) -> String {
    format!("{INTENT}{activity}")
}

/// What the relations of intents begin with.
const INTENT: &str = "https://w3id.org/fep/3b86/";
