//! Quotes, and who may do what with a post.

use super::declare::terms;
use crate::{Iri, Object, Ref};

terms! {
    /// What is quoted, by Misskey.
    one misskey_quote MISSKEY_QUOTE: Iri = "_misskey_quote" in misskey;
    /// What is quoted, by Fedibird.
    one quote_uri QUOTE_URI: Iri = "quoteUri" in fedibird;
    /// What is quoted, by Pleroma and others.
    one quote_url QUOTE_URL: Iri = "quoteUrl" in quoteas;
    /// What is quoted, by FEP-044f. [`Object::quoted`] reads all ways to quote.
    refer quote QUOTE: Ref = "quote" in fep044f;
    /// The proof that the quoted author agreed, by FEP-044f.
    refer quote_authorization QUOTE_AUTHORIZATION: Ref = "quoteAuthorization" in fep044f;
    /// Who may do what with it: see [`Object::can_like`] and its neighbours.
    one interaction_policy INTERACTION_POLICY: Object = "interactionPolicy" in gts;
    /// Of an interaction policy: who may like it.
    one can_like CAN_LIKE: Object = "canLike" in gts;
    /// Of an interaction policy: who may answer it.
    one can_reply CAN_REPLY: Ref = "canReply" in gts;
    /// Of an interaction policy: who may boost it.
    one can_announce CAN_ANNOUNCE: Object = "canAnnounce" in gts;
    /// Of an interaction policy: who may quote it (FEP-044f).
    one can_quote CAN_QUOTE: Object = "canQuote" in gts;
    /// Of one rule of an interaction policy: who always may.
    refs always ALWAYS: Ref = "always" in gts;
    /// Of one rule of an interaction policy: who may after asking; what [`Object::manual_approval`] was called
    /// first.
    refs approval_required APPROVAL_REQUIRED: Ref = "approvalRequired" in gts;
    /// Of one rule of an interaction policy: whose asking is answered with a yes at once.
    refs automatic_approval AUTOMATIC_APPROVAL: Ref = "automaticApproval" in gts;
    /// Of one rule of an interaction policy: whose asking the author looks at.
    refs manual_approval MANUAL_APPROVAL: Ref = "manualApproval" in gts;
    /// The proof that the author of what it answers agreed.
    refer approved_by APPROVED_BY: Ref = "approvedBy" in gts;
    /// The proof that a like was agreed to.
    refer like_authorization LIKE_AUTHORIZATION: Ref = "likeAuthorization" in gts;
    /// The proof that an answer was agreed to.
    refer reply_authorization REPLY_AUTHORIZATION: Ref = "replyAuthorization" in gts;
    /// The proof that a boost was agreed to.
    refer announce_authorization ANNOUNCE_AUTHORIZATION: Ref = "announceAuthorization" in gts;
    /// What an authorization is for.
    refer interacting_object INTERACTING_OBJECT: Ref = "interactingObject" in gts;
    /// What was interacted with by leave of an authorization.
    refer interaction_target INTERACTION_TARGET: Ref = "interactionTarget" in gts;
    /// Who may find it by searching.
    refs searchable_by SEARCHABLE_BY: Ref = "searchableBy" in fedibird;
    /// Of an interaction policy: who may put it into a collection (FEP-7aa9).
    one can_feature CAN_FEATURE: Object = "canFeature" in fep7aa9;
    /// The proof that somebody agreed to be in a collection (FEP-7aa9).
    refer feature_authorization FEATURE_AUTHORIZATION: Ref = "featureAuthorization" in fep7aa9;
    /// What an entry of a collection shows (FEP-7aa9).
    refer featured_object FEATURED_OBJECT: Ref = "featuredObject" in fep7aa9;
    /// What a collection is about (FEP-7aa9).
    refs topic TOPIC: Ref = "topic" in fep7aa9;
    /// Whether its public posts are kept from those who are not logged in.
    one hides_to_public_from_unauthed_web HIDES_TO_PUBLIC_FROM_UNAUTHED_WEB: bool = "hidesToPublicFromUnauthedWeb" in gts;
    /// Whether its unlisted posts are kept from those who are not logged in.
    one hides_cc_public_from_unauthed_web HIDES_CC_PUBLIC_FROM_UNAUTHED_WEB: bool = "hidesCcPublicFromUnauthedWeb" in gts;
    /// All reactions to a post: a collection (FEP-c0e0).
    refer emoji_reactions EMOJI_REACTIONS: Ref = "emojiReactions" in fedibird;
    /// What else was referred to, by Fedibird.
    refer references REFERENCES: Ref = "references" in fedibird;
    /// What is quoted, as Fedibird and Misskey wrote it once.
    one quote_url_of_old QUOTE_URL_OF_OLD: Iri = "quoteURL" in quoteas;
}
