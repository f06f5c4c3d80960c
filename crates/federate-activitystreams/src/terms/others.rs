//! What other servers and proposals add.

use super::declare::terms;
use crate::{Iri, Object, Ref};

terms! {
    /// Whether it is a direct message, by LitePub.
    one direct_message DIRECT_MESSAGE: bool = "directMessage" in litepub;
    /// What it can do, by specification (FEP-844e; of an Application, FEP-2677).
    refs implements IMPLEMENTS: Ref = "implements" in fep844e;
    /// The emoji with which somebody reacted, by Misskey.
    one misskey_reaction MISSKEY_REACTION: String = "_misskey_reaction" in misskey;
    /// What an author wrote, by Misskey; [`Object::source`] is the standard.
    one misskey_content MISSKEY_CONTENT: String = "_misskey_content" in misskey;
    /// The profile text before it was made HTML, by Misskey.
    one misskey_summary MISSKEY_SUMMARY: String = "_misskey_summary" in misskey;
    /// How many voted for a choice, by Misskey.
    one misskey_votes MISSKEY_VOTES: u64 = "_misskey_votes" in misskey;
    /// Whether it may be seen by those who are not logged in, by Misskey.
    one misskey_require_signin MISSKEY_REQUIRE_SIGNIN: bool = "_misskey_requireSigninToViewContents" in misskey;
    /// What new followers are shown, by Misskey.
    one misskey_followed_message MISSKEY_FOLLOWED_MESSAGE: String = "_misskey_followedMessage" in misskey;
    /// Whether it is a cat.
    one is_cat IS_CAT: bool = "isCat" in misskey;
    /// Whether it speaks like a cat.
    one speak_as_cat SPEAK_AS_CAT: bool = "speakAsCat" in misskey;
    /// The day of birth: `2001-12-31`.
    one birthday BIRTHDAY: String = "vcard:bday" in vcard as "bday";
    /// Where it lives.
    one address ADDRESS: String = "vcard:Address" in vcard as "Address";
    /// What the server can do or whom it lets do what, by LitePub and Pixelfed.
    one capabilities CAPABILITIES: Object = "capabilities" in litepub;
    /// Whether the account is not to be shown, by LitePub.
    one invisible INVISIBLE: bool = "invisible" in litepub;
    /// The list it was sent to, by LitePub.
    one list_message LIST_MESSAGE: Iri = "listMessage" in litepub;
    /// What it was before it was edited, by LitePub.
    refer former_representations FORMER_REPRESENTATIONS: Ref = "formerRepresentations" in litepub;
    /// Where a client makes itself known, by LitePub.
    one oauth_registration_endpoint OAUTH_REGISTRATION_ENDPOINT: Iri = "oauthRegistrationEndpoint" in litepub;
    /// Under which licence it may be used, by Misskey.
    one misskey_license MISSKEY_LICENSE: Object = "_misskey_license" in misskey;
    /// The licence in words, by Misskey.
    one free_text FREE_TEXT: String = "freeText" in misskey;
    /// Whether older notes are shown to followers only, and since when, in seconds; by Misskey.
    one misskey_followers_only_before MISSKEY_FOLLOWERS_ONLY_BEFORE: i64 = "_misskey_makeNotesFollowersOnlyBefore" in misskey;
    /// Whether older notes are hidden, and since when, in seconds; by Misskey.
    one misskey_hidden_before MISSKEY_HIDDEN_BEFORE: i64 = "_misskey_makeNotesHiddenBefore" in misskey;
    /// A picture behind a profile, by Sharkey.
    one background_url BACKGROUND_URL: Ref = "backgroundUrl" in sharkey;
    /// Whether it takes chat messages, by Pleroma.
    one accepts_chat_messages ACCEPTS_CHAT_MESSAGES: bool = "acceptsChatMessages" in litepub;
    /// Whether voters are named, by Smithereen.
    one non_anonymous NON_ANONYMOUS: bool = "nonAnonymous" in sm;
    /// The address to which it was copied (FEP-7628).
    many copied_to COPIED_TO: Iri = "copiedTo" in fep7628;
    /// The servers by which it can be reached (FEP-ef61).
    many gateways GATEWAYS: Iri = "gateways" in fepef61;
    /// Its name for WebFinger, without `acct:` (FEP-2c59).
    one webfinger WEBFINGER: String = "webfinger" in wf;
    /// Who pays for it: a collection, by Mitra.
    refer subscribers SUBSCRIBERS: Ref = "subscribers" in mitra;
    /// The whole conversation as it is known to its owner: a collection (FEP-7888, FEP-171b).
    refer context_history CONTEXT_HISTORY: Ref = "contextHistory" in fep171b;
    /// What these are the likes of (FEP-5711).
    refer likes_of LIKES_OF: Ref = "likesOf" in fep5711;
    /// What these are the boosts of (FEP-5711).
    refer shares_of SHARES_OF: Ref = "sharesOf" in fep5711;
    /// What these are the answers of (FEP-5711).
    refer replies_of REPLIES_OF: Ref = "repliesOf" in fep5711;
    /// Whose inbox this is (FEP-5711).
    refer inbox_of INBOX_OF: Ref = "inboxOf" in fep5711;
    /// Whose outbox this is (FEP-5711).
    refer outbox_of OUTBOX_OF: Ref = "outboxOf" in fep5711;
    /// Whose followers this is (FEP-5711).
    refer followers_of FOLLOWERS_OF: Ref = "followersOf" in fep5711;
    /// Whose list of those whom somebody follows this is (FEP-5711).
    refer following_of FOLLOWING_OF: Ref = "followingOf" in fep5711;
    /// Whose list of what somebody liked this is (FEP-5711).
    refer liked_of LIKED_OF: Ref = "likedOf" in fep5711;
    /// Of a postal address: street and number.
    one street_address STREET_ADDRESS: String = "streetAddress" in schema;
    /// Of a postal address: postal code.
    one postal_code POSTAL_CODE: String = "postalCode" in schema;
    /// Of a postal address: town.
    one address_locality ADDRESS_LOCALITY: String = "addressLocality" in schema;
    /// Of a postal address: region.
    one address_region ADDRESS_REGION: String = "addressRegion" in schema;
    /// Of a postal address: country.
    one address_country ADDRESS_COUNTRY: String = "addressCountry" in schema;
    /// How many are in it, by Mobilizon.
    one member_count MEMBER_COUNT: u64 = "memberCount" in mz;
    /// Who is in it: a collection, by Mobilizon.
    refer group_members GROUP_MEMBERS: Ref = "members" in mz;
    /// How one comes in: `free`, `restricted`, `invite`; by Mobilizon.
    one join_mode JOIN_MODE: String = "joinMode" in mz;
    /// The same of a group: `open`, `moderated`, `invite_only`; by Mobilizon.
    one openness OPENNESS: String = "openness" in mz;
    /// What a group talks about: a collection, by Mobilizon.
    refer discussions DISCUSSIONS: Ref = "discussions" in mz;
    /// What a group does: a collection, by Mobilizon.
    refer events EVENTS: Ref = "events" in mz;
    /// What a group or a topic has published: a collection, by Mobilizon and NodeBB.
    refer posts POSTS: Ref = "posts" in mz;
    /// What a group collects: a collection, by Mobilizon.
    refer resources RESOURCES: Ref = "resources" in mz;
    /// What a group has to do: a collection, by Mobilizon.
    refer todos TODOS: Ref = "todos" in mz;
    /// What somebody says when they come, by Mobilizon.
    one participation_message PARTICIPATION_MESSAGE: String = "participationMessage" in mz;
    /// How many may come.
    one maximum_attendee_capacity MAXIMUM_ATTENDEE_CAPACITY: u64 = "maximumAttendeeCapacity" in schema;
}
