//! Groups (FEP-1b12), as Lemmy writes them.

use super::declare::terms;
use crate::{Label, Ref};

terms! {
    /// Who looks after a group: a collection.
    refer moderators MODERATORS: Ref = "moderators" in lemmy;
    /// Whether only those may write.
    one posting_restricted_to_mods POSTING_RESTRICTED_TO_MODS: bool = "postingRestrictedToMods" in lemmy;
    /// Whether it stays at the top of its group.
    one stickied STICKIED: bool = "stickied" in lemmy;
    /// Whether nobody may answer any more.
    one locked LOCKED: bool = "locked" in lemmy;
    /// Whether it may be answered.
    one comments_enabled COMMENTS_ENABLED: bool = "commentsEnabled" in pt;
    /// Whether it was written by a moderator as such.
    one distinguished DISTINGUISHED: bool = "distinguished" in lemmy;
    /// Whether a ban takes all that was written with it.
    one remove_data REMOVE_DATA: bool = "removeData" in lemmy;
    /// Its Matrix account.
    one matrix_user_id MATRIX_USER_ID: String = "matrixUserId" in lemmy;
    /// Its language, or the languages of a group.
    many language LANGUAGE: Label = "language" in schema as "inLanguage";
    /// A longer text about a group, by Lemmy.
    any description DESCRIPTION: String = "description" in lemmy;
}
