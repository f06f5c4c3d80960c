//! A copy of both files, while everything goes on.

use crate::{
    Sqlite,
    backend::Files,
    batches::drop_handled,
    binding::{HOLD, INSTANCE, put},
    error::Failure,
    open::beside,
    queue::to_json,
};
use federate_store::{Hold, StoreError};
use sqlx::{
    ConnectOptions, Connection, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use std::{
    ffi::OsString,
    io,
    path::{Path, PathBuf},
};

/// Why there is no backup. Nothing is left where it was to be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// Something is there already.
    #[error("{path:?} exists")]
    Exists {
        /// Where.
        path: PathBuf,
    },
    /// The store is in memory: there is no file to copy.
    #[error("the store is in memory")]
    InMemory,
    /// A file cannot be written, or not moved to its place.
    #[error("cannot write {path:?}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The store cannot be read, or its copy not be written.
    #[error("cannot copy the store")]
    Store(#[source] StoreError),
}

impl Sqlite {
    /// Writes a copy of the store: the application's database to `to`, with all that the application has in it, and the queue's file
    /// beside that. Readers and writers go on meanwhile. The copy is written aside, synced, and then moved to its place, the
    /// application's database last: where that is, the backup is whole.
    ///
    /// It is marked: opened, it delivers nothing until it is [allowed](federate_store::Binding::allow). What the original
    /// delivers after the backup was made, the restored one delivers again, under the same ids; what the original recorded until
    /// then is not lost, wherever it was on its way between the two files.
    ///
    /// It needs as much room as the store has data. Row numbers of tables without a key of their own may change, as with `VACUUM`.
    ///
    /// # Errors
    /// [`BackupError`].
    pub async fn backup(&self, to: impl AsRef<Path>) -> Result<(), BackupError> {
        if !self.files().is_on_disk {
            return Err(BackupError::InMemory);
        }
        let application = Target::new(to.as_ref())?;
        let queue = Target::new(&beside(to.as_ref()))?;
        let done = self.files().copy_to(&application.partial, &queue.partial).await;
        let moved = match done {
            // The application's database last: it says that the backup is whole.
            Ok(()) => queue.publish().await.and(application.publish().await),
            Err(failure) => Err(BackupError::Store(failure.into())),
        };
        if moved.is_err() {
            for partial in [&queue.partial, &application.partial] {
                let _ = std::fs::remove_file(partial);
            }
        }
        moved
    }
}

/// What the outbox was before the queue was copied.
struct Before {
    /// The last number.
    last: i64,
    /// `[no, ...]`: those that were not expanded yet.
    unexpanded: String,
}

impl Files {
    /// The queue first: what was handled until then is marked in the copy of the application's database, which is later, or is done without a
    /// mark. What was, while the queue was copied, is done in its copy too: its effects are in the application's. (Of the moment between the two
    /// the effects of what has no mark are there, and it is handled again.)
    /// The other way round, what was expanded in between would be marked there and be in no queue: so it is unmarked.
    async fn copy_to(&self, application: &Path, queue: &Path) -> Result<(), Failure> {
        let before = self.before().await?;
        // There are keys in it: it is for no more eyes than what it is a copy of.
        for (pool, copy) in [(&self.read, queue), (&self.application, application)] {
            make_like(pool, copy).await?;
        }
        vacuum(&self.read, queue).await?;
        let mut copy = open(queue).await?;
        catch_up(&mut copy, &self.read).await?;
        let mut tx = copy.begin().await?;
        mark(&mut tx).await?;
        tx.commit().await?;
        copy.close().await?;

        vacuum(&self.application, application).await?;
        let mut copy = open(application).await?;
        let mut tx = copy.begin().await?;
        mark(&mut tx).await?;
        // Expanding is repeated harmlessly.
        sqlx::query(
            "UPDATE federate_outbox SET state = 0
             WHERE state = 1 AND (no > ?1 OR no IN (SELECT value FROM json_each(?2)))",
        )
        .bind(before.last)
        .bind(before.unexpanded)
        .execute(&mut *tx)
        .await?;
        // How long a body is kept was decided over a queue that may be later than its copy.
        sqlx::query("UPDATE federate_outbox SET kept_until = NULL")
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        copy.close().await?;
        Ok(())
    }

    async fn before(&self) -> Result<Before, Failure> {
        let mut tx = self.application.begin().await?;
        let last = sqlx::query_scalar("SELECT coalesce(max(no), 0) FROM federate_outbox")
            .fetch_one(&mut *tx)
            .await?;
        let unexpanded: Vec<i64> = sqlx::query_scalar("SELECT no FROM federate_outbox WHERE state = 0")
            .fetch_all(&mut *tx)
            .await?;
        Ok(Before {
            last,
            unexpanded: to_json(&unexpanded),
        })
    }
}

/// Makes the empty file that `VACUUM INTO` fills, with the permissions of the original.
async fn make_like(pool: &SqlitePool, copy: &Path) -> Result<(), Failure> {
    let original = pool.connect_options().get_filename().to_owned();
    let copy = copy.to_owned();
    let made = tokio::task::spawn_blocking(move || -> io::Result<()> {
        let permissions = std::fs::metadata(original)?.permissions();
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
            options.mode(permissions.mode());
        }
        options.open(&copy)?.set_permissions(permissions)
    });
    let made = made
        .await
        .unwrap_or_else(|stopped| Err(io::Error::other(stopped)));
    made.map_err(|error| StoreError::broken(error).into())
}

/// Over a connection of its own, so that it takes none away: it lasts as long as the disk is slow.
async fn vacuum(pool: &SqlitePool, to: &Path) -> Result<(), Failure> {
    let to = to
        .to_str()
        .ok_or_else(|| StoreError::broken("the path is not UTF-8"))?;
    let mut connection = pool.connect_options().connect().await?;
    sqlx::query("VACUUM INTO ?1")
        .bind(to)
        .execute(&mut connection)
        .await?;
    connection.close().await?;
    Ok(())
}

/// What is done in the original by now is done in the copy.
async fn catch_up(copy: &mut sqlx::SqliteConnection, original: &SqlitePool) -> Result<(), Failure> {
    let original = original.connect_options().get_filename().to_owned();
    let original = original
        .to_str()
        .ok_or_else(|| StoreError::broken("the path is not UTF-8"))?;
    sqlx::query("ATTACH ?1 AS original")
        .bind(original)
        .execute(&mut *copy)
        .await?;
    sqlx::query(
        "UPDATE main.federate_received AS copied SET state = 1, reason = NULL
         WHERE state = 0 AND EXISTS (
             SELECT 1 FROM original.federate_received r
             WHERE r.no = copied.no AND r.id = copied.id AND r.state = 1 AND r.reason IS NULL)",
    )
    .execute(&mut *copy)
    .await?;
    for statement in [
        "DELETE FROM main.federate_envelopes WHERE no IN (SELECT no FROM main.federate_received WHERE state = 1)".to_owned(),
        drop_handled("true"),
    ] {
        sqlx::query(sqlx::AssertSqlSafe(statement))
            .execute(&mut *copy)
            .await?;
    }
    // Also what arrived since: it is known.
    sqlx::query(
        "INSERT INTO main.federate_received (no, id, digest, received, state, attempt, shard)
         SELECT no, id, digest, received, 1, attempt, shard FROM original.federate_received
         WHERE state = 1 AND reason IS NULL AND no > (SELECT coalesce(max(no), 0) FROM main.federate_received)
         ON CONFLICT DO NOTHING",
    )
    .execute(&mut *copy)
    .await?;
    sqlx::query("DETACH original").execute(&mut *copy).await?;
    Ok(())
}

/// Without a log beside it: a backup is one file for each.
async fn open(copy: &Path) -> Result<sqlx::SqliteConnection, sqlx::Error> {
    SqliteConnectOptions::new()
        .filename(copy)
        .journal_mode(SqliteJournalMode::Delete)
        .synchronous(SqliteSynchronous::Full)
        .connect()
        .await
}

async fn mark(connection: &mut sqlx::SqliteConnection) -> Result<(), Failure> {
    sqlx::query("DELETE FROM federate_binding WHERE name <> ?1")
        .bind(INSTANCE)
        .execute(&mut *connection)
        .await?;
    put(connection, HOLD, Hold::Restored.as_str()).await
}

/// A file on its way to its place.
struct Target {
    path: PathBuf,
    partial: PathBuf,
}

impl Target {
    fn new(path: &Path) -> Result<Self, BackupError> {
        let mut partial = OsString::from(path);
        partial.push(".partial");
        let partial = PathBuf::from(partial);
        for path in [path, &partial] {
            if path.exists() {
                return Err(BackupError::Exists {
                    path: path.to_owned(),
                });
            }
        }
        Ok(Self {
            path: path.to_owned(),
            partial,
        })
    }

    /// Synced, then under its name.
    async fn publish(&self) -> Result<(), BackupError> {
        let (path, partial) = (self.path.clone(), self.partial.clone());
        let done = tokio::task::spawn_blocking(move || {
            std::fs::File::open(&partial)?.sync_all()?;
            std::fs::rename(&partial, &path)?;
            sync_directory(&path)
        });
        let done = done
            .await
            .unwrap_or_else(|stopped| Err(io::Error::other(stopped)));
        done.map_err(|source| BackupError::File {
            path: self.path.clone(),
            source,
        })
    }
}

#[cfg(unix)]
fn sync_directory(file: &Path) -> io::Result<()> {
    let directory = file.parent().filter(|parent| !parent.as_os_str().is_empty());
    std::fs::File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use federate_store::{Backend as _, Inbox, Iri, Sealed};
    use std::time::SystemTime;

    async fn arrive(inbox: &dyn Inbox, name: &str) {
        let id = Iri::parse(&format!("https://b.example/{name}")).unwrap();
        let sealed = Sealed::from_bytes("sealed");
        inbox
            .accept("https://b.example", &id, &sealed, SystemTime::UNIX_EPOCH)
            .await
            .unwrap();
    }

    /// All that is there, without a mark.
    async fn handle(inbox: &dyn Inbox) {
        let claimed = inbox.claim("w", 9, SystemTime::UNIX_EPOCH).await.unwrap();
        let ids: Vec<_> = claimed.iter().map(|one| one.pending.id.clone()).collect();
        let claim = claimed[0].claim.unwrap();
        assert!(inbox.finish_unmarked(claim, &[], &ids).await.unwrap());
    }

    #[tokio::test]
    async fn p1_what_is_done_while_the_queue_is_copied_is_done_in_its_copy() {
        let folder = tempfile::tempdir().unwrap();
        let store = Sqlite::open(folder.path().join("a.db")).await.unwrap();
        let inbox = store.stores().inbox;
        arrive(&*inbox, "before").await;
        let path = folder.path().join("copy.db");
        vacuum(&store.files().read, &path).await.unwrap();
        arrive(&*inbox, "meanwhile").await;
        handle(&*inbox).await;
        arrive(&*inbox, "waits").await;
        let mut copy = open(&path).await.unwrap();
        catch_up(&mut copy, &store.files().read).await.unwrap();
        let rows: Vec<(String, i64)> = sqlx::query_as("SELECT id, state FROM federate_received ORDER BY no")
            .fetch_all(&mut copy)
            .await
            .unwrap();
        let name = |id: &str| id.rsplit('/').next().unwrap().to_owned();
        let rows: Vec<_> = rows.iter().map(|(id, state)| (name(id), *state)).collect();
        assert_eq!(rows, [("before".to_owned(), 1), ("meanwhile".to_owned(), 1)]);
        let envelopes: i64 = sqlx::query_scalar("SELECT count(*) FROM federate_batches")
            .fetch_one(&mut copy)
            .await
            .unwrap();
        assert_eq!(envelopes, 0);
    }
}
