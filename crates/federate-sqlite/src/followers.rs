//! Followers, in the application's database.

use crate::{
    backend::Files,
    error::{Failure, retrying},
    time::limit,
};
use federate_store::{Follower, Followers, Iri, StoreError};

#[federate_store::async_trait]
impl Followers for Files {
    async fn add(&self, of: &str, follower: &Follower) -> Result<(), StoreError> {
        retrying!(self.add_follower(of, follower))
    }

    async fn remove(&self, of: &str, actor: &Iri) -> Result<bool, StoreError> {
        retrying!(self.remove_follower(of, actor))
    }

    async fn refresh(&self, follower: &Follower) -> Result<usize, StoreError> {
        let count: u64 = retrying!(self.refresh_follower(follower))?;
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }

    async fn forget(&self, actor: &Iri) -> Result<usize, StoreError> {
        let count: u64 = retrying!(self.forget_follower(actor))?;
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }

    async fn page(
        &self,
        of: &str,
        after: Option<&str>,
        max: usize,
    ) -> Result<Vec<(String, Follower)>, StoreError> {
        let after: i64 = after
            .map(str::parse)
            .transpose()
            .map_err(StoreError::broken)?
            .unwrap_or(0);
        retrying!(self.follower_page(of, after, max))
    }

    async fn contains(&self, of: &str, actor: &Iri) -> Result<bool, StoreError> {
        retrying!(self.is_follower(of, actor))
    }

    async fn count(&self, of: &str) -> Result<u64, StoreError> {
        let count: i64 = retrying!(self.follower_count(of))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }
}

impl Files {
    async fn add_follower(&self, of: &str, follower: &Follower) -> Result<(), Failure> {
        sqlx::query(
            "INSERT INTO federate_followers (followed, actor, inbox, shared_inbox) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (followed, actor) DO UPDATE SET inbox = excluded.inbox, shared_inbox = excluded.shared_inbox",
        )
        .bind(of)
        .bind(follower.actor.as_str())
        .bind(follower.inbox.as_str())
        .bind(follower.shared_inbox.as_ref().map(Iri::as_str))
        .execute(&self.application)
        .await?;
        Ok(())
    }

    async fn remove_follower(&self, of: &str, actor: &Iri) -> Result<bool, Failure> {
        let done = sqlx::query("DELETE FROM federate_followers WHERE followed = ?1 AND actor = ?2")
            .bind(of)
            .bind(actor.as_str())
            .execute(&self.application)
            .await?;
        Ok(done.rows_affected() > 0)
    }

    async fn refresh_follower(&self, follower: &Follower) -> Result<u64, Failure> {
        let done =
            sqlx::query("UPDATE federate_followers SET inbox = ?2, shared_inbox = ?3 WHERE actor = ?1")
                .bind(follower.actor.as_str())
                .bind(follower.inbox.as_str())
                .bind(follower.shared_inbox.as_ref().map(Iri::as_str))
                .execute(&self.application)
                .await?;
        Ok(done.rows_affected())
    }

    async fn forget_follower(&self, actor: &Iri) -> Result<u64, Failure> {
        let done = sqlx::query("DELETE FROM federate_followers WHERE actor = ?1")
            .bind(actor.as_str())
            .execute(&self.application)
            .await?;
        Ok(done.rows_affected())
    }

    async fn follower_page(
        &self,
        of: &str,
        after: i64,
        max: usize,
    ) -> Result<Vec<(String, Follower)>, Failure> {
        let rows: Vec<(i64, String, String, Option<String>)> = sqlx::query_as(
            "SELECT no, actor, inbox, shared_inbox FROM federate_followers
             WHERE followed = ?1 AND no > ?2 ORDER BY no LIMIT ?3 + 0",
        )
        .bind(of)
        .bind(after)
        .bind(limit(max))
        .fetch_all(&self.application)
        .await?;
        let read = rows.into_iter().map(|(no, actor, inbox, shared)| {
            let follower = Follower::parse(&actor, &inbox, shared.as_deref()).map_err(StoreError::broken)?;
            Ok((no.to_string(), follower))
        });
        read.collect()
    }

    async fn is_follower(&self, of: &str, actor: &Iri) -> Result<bool, Failure> {
        let found: Option<i64> =
            sqlx::query_scalar("SELECT 1 FROM federate_followers WHERE followed = ?1 AND actor = ?2")
                .bind(of)
                .bind(actor.as_str())
                .fetch_optional(&self.application)
                .await?;
        Ok(found.is_some())
    }

    async fn follower_count(&self, of: &str) -> Result<i64, Failure> {
        let count = sqlx::query_scalar("SELECT count(*) FROM federate_followers WHERE followed = ?1")
            .bind(of)
            .fetch_one(&self.application)
            .await?;
        Ok(count)
    }
}
