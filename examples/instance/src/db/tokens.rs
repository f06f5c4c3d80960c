//! Bearer tokens. The database holds their hashes only.

use super::accounts::{self, Account};
use crate::time;
use ring::{
    digest::{SHA256, digest},
    rand::{SecureRandom, SystemRandom},
};
use sqlx::{SqliteConnection, SqliteExecutor};

/// Makes the token by which a person logs in, and returns it: it cannot be read again.
pub(crate) async fn create_login(c: &mut SqliteConnection, account: i64) -> Result<String, sqlx::Error> {
    insert(c, account, true).await
}

/// Makes a token for a client of somebody, and returns it.
pub(crate) async fn create(c: &mut SqliteConnection, account: i64) -> Result<String, sqlx::Error> {
    insert(c, account, false).await
}

/// Whose token this is.
pub(crate) async fn owner(c: impl SqliteExecutor<'_>, token: &str) -> Result<Option<Account>, sqlx::Error> {
    accounts::one(
        c,
        "id = (select account_id from tokens where hash = ?1) and domain is null and deleted = 0",
        hash(token),
    )
    .await
}

/// Who logs in with this token: nobody by one that a client got.
pub(crate) async fn login(c: impl SqliteExecutor<'_>, token: &str) -> Result<Option<Account>, sqlx::Error> {
    accounts::one(
        c,
        "id = (select account_id from tokens where hash = ?1 and login) and domain is null and deleted = 0",
        hash(token),
    )
    .await
}

/// Ends a token; one that is none is no error.
pub(crate) async fn revoke(c: impl SqliteExecutor<'_>, token: &str) -> Result<(), sqlx::Error> {
    sqlx::query("delete from tokens where hash = ?")
        .bind(hash(token))
        .execute(c)
        .await?;
    Ok(())
}

/// 256 bits as text of 64 hexadecimal digits.
pub(crate) fn random() -> Option<String> {
    let mut bytes = [0_u8; 32];
    SystemRandom::new().fill(&mut bytes).ok()?;
    Some(bytes.iter().map(|b| format!("{b:02x}")).collect())
}

/// What the database holds of a secret.
pub(super) fn hash(token: &str) -> Vec<u8> {
    digest(&SHA256, token.as_bytes()).as_ref().to_vec()
}

async fn insert(c: &mut SqliteConnection, account: i64, login: bool) -> Result<String, sqlx::Error> {
    let token =
        random().ok_or_else(|| sqlx::Error::Io(std::io::Error::other("the system has no randomness")))?;
    sqlx::query("insert into tokens (hash, account_id, created_at, login) values (?, ?, ?, ?)")
        .bind(hash(&token))
        .bind(account)
        .bind(time::now())
        .bind(login)
        .execute(c)
        .await?;
    Ok(token)
}
