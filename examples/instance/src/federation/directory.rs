//! What the library may show of us, and what it has to know to tell who may do what.

use super::{App, app::STATUS, collections, outgoing};
use crate::{
    db::{self, accounts::Account, statuses::Status, timelines::totals},
    urls::Local,
};
use federate::{
    Ask, Collection, Cursor, Directory, Failure, FollowersHere, Found, Known, ObjectRef, Page, Profile,
    Sqlite, Usage,
    activitystreams::{Iri, Object},
    server::async_trait,
};

#[async_trait]
impl Directory for App {
    type Store = Sqlite;

    async fn actor(&self, _ask: &Ask<'_>, name: &str) -> Result<Found<Profile>, Failure> {
        let row = db::accounts::local(&self.db, name)
            .await?
            .filter(|row| row.username == name);
        Ok(match row {
            None => Found::Missing,
            Some(row) if row.deleted => Found::Gone,
            Some(row) => Found::Here(self.profile(&row).await?),
        })
    }

    async fn identify(&self, _ask: &Ask<'_>, username: &str) -> Result<Option<String>, Failure> {
        Ok(db::accounts::local(&self.db, username)
            .await?
            .map(|row| row.username))
    }

    async fn object(&self, ask: &Ask<'_>, at: &ObjectRef) -> Result<Found<Object>, Failure> {
        let Some((author, row)) = self.status(at).await? else {
            return Ok(Found::Missing);
        };
        if row.deleted_at.is_some() {
            // That there was something for a few is nothing that everybody may know.
            return Ok(if matches!(row.visibility.as_str(), "public" | "unlisted") {
                Found::Gone
            } else {
                Found::Missing
            });
        }
        let viewer = self.reader(ask.viewer()).await?;
        if db::statuses::visible(&self.db, row.id, viewer).await?.is_none() {
            return Ok(Found::Missing);
        }
        let mut c = self.db.acquire().await?;
        let note = outgoing::note_document(&mut c, &self.urls, &author, &row).await?;
        Ok(Found::Here(Object::from_value(note)?))
    }

    /// `object` and `collection` have chosen by the reader already.
    async fn may_see(&self, _ask: &Ask<'_>, _object: &Object) -> Result<bool, Failure> {
        Ok(true)
    }

    async fn collection(
        &self,
        ask: &Ask<'_>,
        of: &Collection,
        from: &Cursor,
    ) -> Result<Found<Page>, Failure> {
        collections::page(self, ask, of, from).await
    }

    async fn known(&self, id: &Iri) -> Result<Known, Failure> {
        let owner = |uri: String| Iri::parse(&uri).map(Known::Owner);
        // Posts are kept as notes and accounts as persons, whatever they were called: an update changes neither into the other.
        let kept = |uri: String, kind: &str| {
            let kind = kind.to_owned();
            Iri::parse(&uri).map(|owner| Known::Object { owner, kind })
        };
        let id = id.as_str();
        if let Some(Local::Status(number)) = self.urls.local(id) {
            let Some(row) = db::statuses::any(&self.db, number).await? else {
                return Ok(Known::Nothing);
            };
            return Ok(match db::accounts::by_id(&self.db, row.account_id).await? {
                Some(author) if row.deleted_at.is_none() => kept(author.uri(&self.urls), "Note")?,
                _ => Known::Gone,
            });
        }
        if let Some(account) = db::accounts::by_uri(&self.db, id).await? {
            return Ok(if account.deleted {
                Known::Gone
            } else {
                kept(id.to_owned(), "Person")?
            });
        }
        if let Some(row) = db::statuses::by_uri(&self.db, id).await? {
            if row.deleted_at.is_some() {
                return Ok(Known::Gone);
            }
            if let Some(author) = db::accounts::by_id(&self.db, row.account_id).await? {
                let uri = author.uri(&self.urls);
                return Ok(match row.reblog_of_id {
                    Some(_) => owner(uri)?,
                    None => kept(uri, "Note")?,
                });
            }
        }
        let author = match db::follows::by_uri(&self.db, id).await? {
            Some(follow) => Some(follow.account_id),
            None => db::interactions::by_uri(&self.db, id)
                .await?
                .map(|(account, _)| account),
        };
        if let Some(author) = author
            && let Some(author) = db::accounts::by_id(&self.db, author).await?
        {
            return Ok(owner(author.uri(&self.urls))?);
        }
        // What was deleted before it came is gone for whoever deleted it, and for nobody else: `remote::take` compares.
        Ok(Known::Nothing)
    }

    async fn followers_here(&self, of: &Iri) -> Result<Option<FollowersHere>, Failure> {
        let (mut following, mut requested) = (Vec::new(), Vec::new());
        for (name, accepted) in db::follows::followers_here(&self.db, of.as_str()).await? {
            if accepted {
                following.push(name);
            } else {
                requested.push(name);
            }
        }
        Ok(Some(FollowersHere::new(following, requested)))
    }

    async fn follow_corrected(&self, name: &str, of: &Iri, follows: bool) -> Result<(), Failure> {
        let mut tx = db::begin(&self.db).await?;
        let me = db::accounts::local(&mut *tx, name).await?;
        let whom = db::accounts::by_uri(&mut *tx, of.as_str()).await?;
        if let (Some(me), Some(whom)) = (me, whom) {
            if follows {
                db::follows::accept(&mut tx, me.id, whom.id).await?;
            } else {
                db::follows::remove(&mut tx, me.id, whom.id).await?;
            }
        }
        tx.commit().await?;
        Ok(())
    }

    async fn moved(&self, name: &str, target: &Iri) -> Result<(), Failure> {
        let mut tx = db::begin(&self.db).await?;
        if let Some(me) = db::accounts::local(&mut *tx, name).await? {
            db::accounts::set_moved(&mut tx, me.id, target.as_str()).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    async fn usage(&self) -> Result<Usage, Failure> {
        let totals = totals(&self.db).await?;
        let number = |n: i64| u64::try_from(n).unwrap_or(0);
        Ok(Usage::new(number(totals.users), number(totals.statuses))
            .active(number(totals.users), number(totals.users)))
    }
}

impl App {
    async fn profile(&self, row: &Account) -> Result<Profile, Failure> {
        let profile = if row.bot {
            Profile::bot(&row.username)
        } else {
            Profile::person(&row.username)
        };
        let mut profile = profile
            .name(row.shown_name())
            .summary(&crate::entities::note_html(&self.urls, row))
            .url(self.urls.profile(&row.username))
            .published(&crate::time::whole_seconds(&row.created_at));
        for other in db::aliases::of(&self.db, row.id).await? {
            profile = profile.also_known_as(&Iri::parse(&other)?);
        }
        if let Some(to) = &row.moved_to {
            profile = profile.moved_to(&Iri::parse(to)?);
        }
        if row.locked {
            profile = profile.approves_followers();
        }
        Ok(profile)
    }

    /// The post at one of our addresses, deleted or not, if it is that author's and no reblog.
    pub(super) async fn status(&self, at: &ObjectRef) -> Result<Option<(Account, Status)>, Failure> {
        let Some((name, number)) = at.as_str().split_once('/') else {
            return Ok(None);
        };
        let Ok(number) = number.parse() else {
            return Ok(None);
        };
        if at.kind() != STATUS {
            return Ok(None);
        }
        let author = db::accounts::local(&self.db, name)
            .await?
            .filter(|a| a.username == name);
        let row = db::statuses::any(&self.db, number).await?;
        Ok(author
            .zip(row)
            .filter(|(author, row)| row.account_id == author.id && row.reblog_of_id.is_none()))
    }

    /// The account number of whoever signed a request.
    pub(super) async fn reader(&self, viewer: Option<&Iri>) -> Result<Option<i64>, Failure> {
        Ok(match viewer {
            None => None,
            Some(viewer) => db::accounts::by_uri(&self.db, viewer.as_str())
                .await?
                .map(|a| a.id),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{federation::remote, urls::Urls};
    use serde_json::json;
    use std::sync::Arc;

    async fn app(dir: &tempfile::TempDir) -> App {
        App {
            db: db::open(dir.path()).await.unwrap(),
            urls: Arc::new(Urls::parse("https://here.example").unwrap()),
        }
    }

    async fn account(app: &App, name: &str) -> Account {
        let actor = json!({
            "id": format!("https://there.example/users/{name}"), "type": "Person",
            "inbox": "https://there.example/inbox",
        });
        let actor = Object::from_value(actor).unwrap();
        let handle = format!("@{name}@there.example");
        let id = remote::store(app, &actor, &handle).await.unwrap().unwrap();
        db::accounts::by_id(&app.db, id).await.unwrap().unwrap()
    }

    /// I16, W14: whoever shares a host with somebody cannot suppress a post of theirs by deleting it before it comes.
    #[tokio::test]
    async fn i16_a_delete_that_came_first_is_its_senders_own() {
        let dir = tempfile::tempdir().unwrap();
        let app = app(&dir).await;
        let (alice, eve) = (account(&app, "alice").await, account(&app, "eve").await);
        let id = "https://there.example/notes/1";
        let note = json!({ "id": id, "type": "Note", "content": "hi", "attributedTo": alice.uri(&app.urls) });
        let note = Object::from_value(note).unwrap();
        let mut tx = db::begin(&app.db).await.unwrap();
        db::statuses::remember_deleted(&mut tx, id, &eve.uri(&app.urls))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(app.known(&Iri::parse(id).unwrap()).await.unwrap(), Known::Nothing);
        let mut tx = db::begin(&app.db).await.unwrap();
        assert!(
            remote::take(&mut tx, &app, &note, &alice)
                .await
                .unwrap()
                .is_some()
        );
        drop(tx);
        let mut tx = db::begin(&app.db).await.unwrap();
        db::statuses::remember_deleted(&mut tx, "https://there.example/notes/2", &alice.uri(&app.urls))
            .await
            .unwrap();
        let second = json!({ "id": "https://there.example/notes/2", "type": "Note", "content": "hi" });
        let second = Object::from_value(second).unwrap();
        assert!(
            remote::take(&mut tx, &app, &second, &alice)
                .await
                .unwrap()
                .is_none()
        );
    }
}
