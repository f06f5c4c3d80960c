use async_trait::async_trait;

use crate::trouble::Trouble;

/// Whoever stands in the table.
pub(crate) trait Named: Sync {
    /// A short name.
    fn name(&self) -> &str;
}

/// One of the two that talk: a person on a server, driven through the server's own API.
///
/// Notes are named by their ids (URLs), because these are what both sides know. What begins with `sees_` looks
/// at what has come so far; the caller asks again until it is there.
#[async_trait]
pub(crate) trait Side: Named + Send + Sync {
    /// The id of the person.
    fn actor(&self) -> &str;
    /// The handle of the person.
    fn handle(&self) -> &str;

    /// Why this side is known not to take a step, where it is known: nobody tries it then.
    fn cannot(&self, _step: &str) -> Option<&str> {
        None
    }

    /// Finds somebody by handle and returns the id.
    async fn lookup(&self, handle: &str) -> Result<String, Trouble>;
    async fn follow(&self, actor: &str) -> Result<(), Trouble>;
    async fn unfollow(&self, actor: &str) -> Result<(), Trouble>;
    /// Writes a public note and returns its id.
    async fn post(&self, text: &str, in_reply_to: Option<&str>) -> Result<String, Trouble>;
    async fn edit(&self, note: &str, text: &str) -> Result<(), Trouble>;
    async fn delete(&self, note: &str) -> Result<(), Trouble>;
    async fn react(&self, reaction: Reaction, note: &str) -> Result<(), Trouble>;
    async fn take_back(&self, reaction: Reaction, note: &str) -> Result<(), Trouble>;
    /// Takes another name, and tells the followers.
    async fn rename(&self, name: &str) -> Result<(), Trouble>;
    /// Ends that `actor` follows us.
    async fn reject(&self, actor: &str) -> Result<(), Trouble>;
    async fn block(&self, actor: &str) -> Result<(), Trouble>;
    async fn unblock(&self, actor: &str) -> Result<(), Trouble>;

    /// Whether `actor` follows us.
    async fn sees_follower(&self, actor: &str) -> Result<bool, Trouble>;
    /// Whether `actor` has accepted that we follow.
    async fn sees_accept(&self, actor: &str) -> Result<bool, Trouble>;
    /// Whether a note has come by itself, without having been looked up.
    async fn sees_note(&self, note: &str, text: &str) -> Result<bool, Trouble>;
    /// Whether a note has come as a reply to one of ours.
    async fn sees_reply(&self, note: &str, text: &str, parent: &str) -> Result<bool, Trouble>;
    /// Whether a note that had come has this text now.
    async fn sees_edit(&self, note: &str, text: &str) -> Result<bool, Trouble>;
    /// Whether a note that had come is gone.
    async fn sees_delete(&self, note: &str) -> Result<bool, Trouble>;
    /// Whether there is a reaction of `actor` to a note of ours.
    async fn sees_reaction(&self, reaction: Reaction, note: &str, actor: &str) -> Result<bool, Trouble>;
    /// Whether a reaction that was there is taken back.
    async fn sees_taken_back(&self, reaction: Reaction, note: &str, actor: &str) -> Result<bool, Trouble>;

    /// Whether `actor` is called this.
    async fn sees_name(&self, actor: &str, name: &str) -> Result<bool, Trouble>;
    /// Whether `actor`, whom we followed, does not let us any more.
    async fn sees_reject(&self, actor: &str) -> Result<bool, Trouble>;
    /// Whether `actor` blocks us.
    async fn sees_block(&self, actor: &str) -> Result<bool, Trouble>;
    /// Whether we follow `to`, who was `from` before, and `from` no more.
    async fn sees_move(&self, from: &str, to: &str) -> Result<bool, Trouble>;

    /// Posts an activity to our own inbox that nobody signed, or whose signature is nonsense; the status.
    async fn forge(&self, activity: &serde_json::Value, signature: Option<&str>) -> Result<u16, Trouble>;
    /// Whether anything of a note is known that only the forged activity spoke of.
    async fn knows(&self, note: &str) -> Result<bool, Trouble>;
}

/// What one does to the note of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reaction {
    Like,
    Announce,
}

impl Reaction {
    /// The type of the activity.
    pub(crate) fn activity(self) -> &'static str {
        match self {
            Self::Like => "Like",
            Self::Announce => "Announce",
        }
    }
}
