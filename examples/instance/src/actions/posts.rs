//! Writing, editing and taking back.

use super::people;
use crate::{
    db::{
        self,
        accounts::Account,
        begin,
        statuses::{Edit, New, Status},
    },
    error::ApiError,
    federation::outgoing,
    ids,
    site::Site,
    text::{self, Mentioned, Piece},
    time,
};
use std::collections::HashMap;

const MAX_CHARACTERS: usize = 500;
/// More would make one post a tool for knocking at many doors.
const MAX_MENTIONS: usize = 30;

/// What a person typed.
#[derive(Clone, Debug)]
pub(crate) struct Words {
    text: String,
    spoiler_text: String,
    sensitive: bool,
    pub(crate) language: Option<String>,
}

impl Words {
    /// Refuses what is empty or too long.
    pub(crate) fn new(
        text: &str,
        spoiler_text: &str,
        sensitive: bool,
        language: Option<&str>,
    ) -> Result<Words, ApiError> {
        if text.trim().is_empty() {
            return Err(ApiError::invalid("Text can't be blank"));
        }
        if characters(text) + spoiler_text.chars().count() > MAX_CHARACTERS {
            return Err(ApiError::invalid(&format!(
                "Text character limit of {MAX_CHARACTERS} exceeded"
            )));
        }
        Ok(Words {
            text: text.to_owned(),
            spoiler_text: spoiler_text.to_owned(),
            sensitive,
            language: language.map(str::to_owned),
        })
    }
}

/// As Mastodon counts: a link is 23, of a mention only its name counts.
fn characters(text: &str) -> usize {
    text::scan(text)
        .iter()
        .map(|piece| match piece {
            Piece::Plain(text) => text.chars().count(),
            Piece::Mention { user, .. } => 1 + user.chars().count(),
            Piece::Tag(name) => 1 + name.chars().count(),
            Piece::Link(_) => 23,
        })
        .sum()
}

/// Words with everybody in them found.
struct Composed {
    content: String,
    mentions: Vec<i64>,
    tags: Vec<String>,
}

/// Looks the mentioned up: this may ask other instances, so it comes before any transaction.
async fn compose(site: &Site, words: &Words) -> Result<Composed, ApiError> {
    let pieces = text::scan(&words.text);
    let mut people: HashMap<String, Mentioned> = HashMap::new();
    let mut mentions = Vec::new();
    for piece in &pieces {
        let Piece::Mention { user, host, whole } = piece else {
            continue;
        };
        if people.contains_key(*whole) || people.len() >= MAX_MENTIONS {
            continue;
        }
        let Some(who) = people::mentioned(site, user, *host).await? else {
            continue;
        };
        if !mentions.contains(&who.id) {
            mentions.push(who.id);
        }
        let shown = Mentioned {
            page: who.page(&site.urls),
            username: who.username,
        };
        people.insert((*whole).to_owned(), shown);
    }
    let content = text::html(&pieces, &people, &site.urls);
    Ok(Composed {
        content,
        mentions,
        tags: text::tags(&pieces),
    })
}

/// A new post. With a key that was used before: the post that it made then.
pub(crate) async fn post(
    site: &Site,
    me: &Account,
    words: &Words,
    visibility: &str,
    parent: Option<Status>,
    key: Option<&str>,
) -> Result<Status, ApiError> {
    if let Some(key) = key
        && let Some(before) = db::statuses::by_key(&site.db, me.id, key).await?
    {
        return Ok(before);
    }
    let mut composed = compose(site, words).await?;
    let openly = matches!(visibility, "public" | "unlisted");
    if let Some(parent) = parent.as_ref().filter(|p| openly && p.account_id != me.id)
        && !composed.mentions.contains(&parent.account_id)
    {
        // Who is answered in the open hears of it, named in the text or not.
        composed.mentions.push(parent.account_id);
    }
    let in_reply_to_uri = match &parent {
        None => None,
        Some(parent) => outgoing::status_uri(&mut *site.db.acquire().await?, &site.urls, parent).await?,
    };
    let now = jiff::Timestamp::now();
    let new = New {
        id: ids::at(now),
        account_id: me.id,
        text: words.text.clone(),
        content: composed.content,
        spoiler_text: words.spoiler_text.clone(),
        sensitive: words.sensitive,
        visibility: visibility.to_owned(),
        language: words.language.clone(),
        in_reply_to_id: parent.as_ref().map(|p| p.id),
        in_reply_to_account_id: parent.as_ref().map(|p| p.account_id),
        in_reply_to_uri,
        created_at: time::text(now),
        mentions: composed.mentions,
        tags: composed.tags,
        ..New::default()
    };
    let mut tx = begin(&site.db).await?;
    if let Some(key) = key {
        if let Some(before) = db::statuses::by_key(&mut *tx, me.id, key).await? {
            return Ok(before);
        }
        db::statuses::remember_key(&mut tx, me.id, key, new.id).await?;
    }
    let Some(row) = db::statuses::insert(&mut tx, &new).await? else {
        return Err(ApiError::invalid("Uri has already been taken"));
    };
    for id in &new.mentions {
        db::notifications::tell(&mut tx, *id, "mention", me.id, Some(row.id)).await?;
    }
    let create = outgoing::create(&mut tx, &site.urls, me, &row).await?;
    site.network.send(&mut tx, me, create).await?;
    site.commit(tx).await?;
    Ok(row)
}

/// New words for a post of mine.
pub(crate) async fn edit(site: &Site, me: &Account, row: Status, words: &Words) -> Result<Status, ApiError> {
    if row.reblog_of_id.is_some() {
        return Err(ApiError::not_found());
    }
    let composed = compose(site, words).await?;
    let mut tx = begin(&site.db).await?;
    let before = db::statuses::mentions(&mut *tx, row.id).await?;
    let mut mentions = composed.mentions;
    // Who was told of the post is told of its edit.
    mentions.extend(
        before
            .iter()
            .filter(|id| !mentions.contains(id))
            .copied()
            .collect::<Vec<_>>(),
    );
    let edit = Edit {
        text: words.text.clone(),
        content: composed.content,
        spoiler_text: words.spoiler_text.clone(),
        sensitive: words.sensitive,
        language: words.language.clone(),
        attachments: None,
        edited_at: Some(time::now()),
        mentions,
        tags: composed.tags,
    };
    db::statuses::edit(&mut tx, row.id, &edit).await?;
    let Some(row) = db::statuses::any(&mut *tx, row.id)
        .await?
        .filter(|r| r.deleted_at.is_none())
    else {
        return Err(ApiError::not_found());
    };
    for id in edit.mentions.iter().filter(|id| !before.contains(id)) {
        db::notifications::tell(&mut tx, *id, "mention", me.id, Some(row.id)).await?;
    }
    for reader in db::timelines::people(&mut *tx, db::timelines::People::Reblogged, row.id, 1000).await? {
        db::notifications::tell(&mut tx, reader, "update", me.id, Some(row.id)).await?;
    }
    let update = outgoing::update(&mut tx, &site.urls, me, &row).await?;
    site.network.send(&mut tx, me, update).await?;
    site.commit(tx).await?;
    Ok(row)
}

/// Takes a post (or a reblog) of mine away.
pub(crate) async fn delete(site: &Site, me: &Account, row: Status) -> Result<(), ApiError> {
    if let Some(original) = row.reblog_of_id {
        let Some(original) = db::statuses::any(&site.db, original).await? else {
            return Ok(());
        };
        return super::reactions::unreblog(site, me, &original).await;
    }
    let mut tx = begin(&site.db).await?;
    let delete = outgoing::delete(&mut tx, &site.urls, me, &row).await?;
    db::statuses::bury(&mut tx, row.id).await?;
    site.network.send(&mut tx, me, delete).await?;
    site.commit(tx).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_as_mastodon() {
        assert_eq!(characters("hé"), 2);
        assert_eq!(
            characters("https://example.org/a/very/long/address/that/counts/less"),
            23
        );
        assert_eq!(characters("@bob@example.org"), 4);
        assert_eq!(characters("#tag @bob"), 9);
    }

    #[test]
    fn blank_and_long_are_refused() {
        assert!(Words::new(" \n", "", false, None).is_err());
        assert!(Words::new(&"x".repeat(501), "", false, None).is_err());
        assert!(Words::new(&"x".repeat(500), "", false, None).is_ok());
    }
}
