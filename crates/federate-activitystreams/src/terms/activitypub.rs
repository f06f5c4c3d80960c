//! ActivityPub: <https://www.w3.org/TR/activitypub/>, and what was added to its actors later.

use super::declare::terms;
use crate::{Iri, Object, Ref, Source};

terms! {
    /// The likes of it: a collection.
    refer likes LIKES: Ref = "likes" in ap;
    /// The boosts of it: a collection.
    refer shares SHARES: Ref = "shares" in ap;
    /// What its author wrote, before it was made HTML.
    one source SOURCE: Source = "source" in ap at "source-property";
    /// Where to deliver to it.
    one inbox INBOX: Iri = "inbox" in ldp;
    /// What it did.
    one outbox OUTBOX: Iri = "outbox" in ap;
    /// Who follows it.
    one followers FOLLOWERS: Iri = "followers" in ap;
    /// Whom it follows.
    one following FOLLOWING: Iri = "following" in ap;
    /// What it liked.
    one liked LIKED: Iri = "liked" in ap;
    /// Other endpoints; [`Object::shared_inbox`] is what is usually wanted.
    one endpoints ENDPOINTS: Object = "endpoints" in ap at "actor-objects";
    /// The name before the `@` of its handle.
    text preferred_username PREFERRED_USERNAME: String = "preferredUsername" in ap at "actor-objects";
    /// Whether it looks at each follow request before it accepts.
    one manually_approves_followers MANUALLY_APPROVES_FOLLOWERS: bool = "manuallyApprovesFollowers" in misc;
    /// Where it went. To be believed only after the other account says so too.
    one moved_to MOVED_TO: Iri = "movedTo" in misc;
    /// Its other accounts, by its own word.
    many also_known_as ALSO_KNOWN_AS: Iri = "alsoKnownAs" in misc;
    /// Whether it is to be hidden until asked for.
    one sensitive SENSITIVE: bool = "sensitive" in misc;
    /// Other collections of an actor.
    refs streams STREAMS: Ref = "streams" in ap at "actor-objects";
    /// Where a client can have documents fetched.
    one proxy_url PROXY_URL: Iri = "proxyUrl" in ap at "actor-objects";
    /// Where a client sends its user to ask for leave.
    one oauth_authorization_endpoint OAUTH_AUTHORIZATION_ENDPOINT: Iri = "oauthAuthorizationEndpoint" in ap at "actor-objects";
    /// Where a client gets its token.
    one oauth_token_endpoint OAUTH_TOKEN_ENDPOINT: Iri = "oauthTokenEndpoint" in ap at "actor-objects";
    /// Where a client has its key vouched for.
    one provide_client_key PROVIDE_CLIENT_KEY: Iri = "provideClientKey" in ap at "actor-objects";
    /// Where a client's key is signed.
    one sign_client_key SIGN_CLIENT_KEY: Iri = "signClientKey" in ap at "actor-objects";
    /// Where a client puts files.
    one upload_media UPLOAD_MEDIA: Iri = "uploadMedia" in ap at "actor-objects";
    /// Where to deliver to all of a server; [`Object::shared_inbox`] looks in [`Object::endpoints`] too.
    none shared_inbox SHARED_INBOX: Iri = "sharedInbox" in ap at "shared-inbox-delivery";
}
