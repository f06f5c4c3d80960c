//! Secrets, in the application's database.

use crate::{
    backend::Files,
    clean,
    error::{Failure, retrying},
};
use federate_store::{KeyStore, StoreError};
use sqlx::Connection as _;

#[federate_store::async_trait]
impl KeyStore for Files {
    async fn get_or_insert(&self, name: &str, candidate: &[u8]) -> Result<Vec<u8>, StoreError> {
        retrying!(self.secret_or(name, candidate))
    }

    async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        retrying!(self.secret(name))
    }

    async fn replace(&self, name: &str, old: &[u8], new: &[u8]) -> Result<bool, StoreError> {
        retrying!(self.replace_secret(name, old, new))
    }

    async fn remove(&self, name: &str) -> Result<bool, StoreError> {
        retrying!(self.remove_secret(name))
    }
}

impl Files {
    async fn secret_or(&self, name: &str, candidate: &[u8]) -> Result<Vec<u8>, Failure> {
        if let Some(secret) = self.secret(name).await? {
            return Ok(secret);
        }
        let mut connection = clean::acquire(&self.application).await?;
        let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query("INSERT INTO federate_keys (name, secret) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING")
            .bind(name)
            .bind(candidate)
            .execute(&mut *tx)
            .await?;
        let secret = sqlx::query_scalar("SELECT secret FROM federate_keys WHERE name = ?1")
            .bind(name)
            .fetch_one(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(secret)
    }

    async fn secret(&self, name: &str) -> Result<Option<Vec<u8>>, Failure> {
        let secret = sqlx::query_scalar("SELECT secret FROM federate_keys WHERE name = ?1")
            .bind(name)
            .fetch_optional(&self.application)
            .await?;
        Ok(secret)
    }

    async fn replace_secret(&self, name: &str, old: &[u8], new: &[u8]) -> Result<bool, Failure> {
        let mut connection = clean::acquire(&self.application).await?;
        let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
        let done = sqlx::query("UPDATE federate_keys SET secret = ?3 WHERE name = ?1 AND secret = ?2")
            .bind(name)
            .bind(old)
            .bind(new)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    async fn remove_secret(&self, name: &str) -> Result<bool, Failure> {
        let mut connection = clean::acquire(&self.application).await?;
        let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
        let done = sqlx::query("DELETE FROM federate_keys WHERE name = ?1")
            .bind(name)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }
}
