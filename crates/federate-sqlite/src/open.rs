//! Opening: which files, which connections, how durable.

use crate::{
    Sqlite,
    backend::{Files, Places},
    clean,
    error::{OpenError, is_busy, retrying},
    migrate::{APPLICATION, QUEUE, migrate},
    place::place,
};
use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// How many connections read at a time. Writers queue for a single one anyway.
const READERS: u32 = 4;

/// What each connection keeps of the database in memory, in KiB: SQLite's own 2 MB hold neither of the two trees that an
/// enqueue looks up in, once there are some ten thousand inboxes.
const CACHE: u32 = 8 * 1024;

/// How many pages the log holds before they are written back into the file: 16 MiB. A page that is written again and again is written back
/// once; SQLite's own 1,000 are over within a quarter of a second of a flood.
const LOG: u32 = 4_000;

/// How long SQLite itself waits for another process's lock before it says that it is busy.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// What can be chosen before a store is opened.
#[derive(Debug, Clone)]
#[must_use = "nothing is opened until `open` or `in_database` is called"]
pub struct Builder {
    cache_entries: usize,
    trust_place: bool,
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            cache_entries: 50_000,
            trust_place: false,
        }
    }

    /// How many entries the cache holds at most. 50,000 unless said.
    pub fn cache_entries(mut self, entries: usize) -> Self {
        self.cache_entries = entries;
        self
    }

    /// What takes a protection away.
    pub fn dangerous(self) -> DangerousBuilder {
        DangerousBuilder(self)
    }

    /// As [`Sqlite::open`].
    ///
    /// # Errors
    /// Where the files cannot be opened, or are of a newer release.
    pub async fn open(self, path: impl AsRef<Path>) -> Result<Sqlite, OpenError> {
        let path = path.as_ref();
        if path == Path::new(":memory:") {
            let pool = in_memory().await?;
            return self.finish(pool, None, None).await;
        }
        let pool = connect(path, READERS, SqliteSynchronous::Full).await?;
        let marks = connect(path, 1, SqliteSynchronous::Full).await?;
        self.finish(pool, Some(marks), Some(path.to_owned())).await
    }

    /// As [`Sqlite::in_database`].
    ///
    /// # Errors
    /// Where the database cannot be used, the second file not opened, or either is of a newer release.
    pub async fn in_database(self, pool: SqlitePool) -> Result<Sqlite, OpenError> {
        // The pool's options may hold a name that is no path (`file:...?mode=memory`): the connection knows.
        let file: String = sqlx::query_scalar("SELECT file FROM pragma_database_list WHERE name = 'main'")
            .fetch_one(&pool)
            .await
            .map_err(OpenError::Pool)?;
        if file.is_empty() {
            return self.finish(pool, None, None).await;
        }
        warn_if_weak(&pool).await?;
        self.finish(pool, None, Some(PathBuf::from(file))).await
    }

    async fn finish(
        self,
        application: SqlitePool,
        own_marks: Option<SqlitePool>,
        file: Option<PathBuf>,
    ) -> Result<Sqlite, OpenError> {
        migrate(&application, &APPLICATION).await?;
        let files = match file {
            None => {
                let queue = in_memory().await?;
                Files {
                    application,
                    own_marks,
                    write: queue.clone(),
                    loose: queue.clone(),
                    read: queue,
                    places: Places::default(),
                    is_on_disk: false,
                    rounds: Arc::default(),
                    batches: Arc::default(),
                    hand: Arc::default(),
                    acks: Arc::default(),
                }
            }
            Some(file) => {
                let beside = beside(&file);
                let write = connect(&beside, 1, SqliteSynchronous::Full).await?;
                let loose = connect(&beside, 1, SqliteSynchronous::Normal).await?;
                let read = connect(&beside, READERS, SqliteSynchronous::Full).await?;
                let place = |file: &Path| place(file).filter(|_| !self.trust_place);
                let places = Places {
                    application: place(&file),
                    queue: place(&beside),
                };
                Files {
                    application,
                    own_marks,
                    write,
                    loose,
                    read,
                    places,
                    is_on_disk: true,
                    rounds: Arc::default(),
                    batches: Arc::default(),
                    hand: Arc::default(),
                    acks: Arc::default(),
                }
            }
        };
        migrate(&files.write, &QUEUE).await?;
        retrying!(files.look_around()).map_err(OpenError::Binding)?;
        Ok(Sqlite::new(files, self.cache_entries))
    }
}

/// What a builder can be told that takes a protection away.
#[derive(Debug, Clone)]
#[must_use = "nothing is changed until one of its methods is called"]
pub struct DangerousBuilder(Builder);

impl DangerousBuilder {
    /// Does not look whether the files lie where they were made: for a file system that gives them other numbers with every
    /// start. A plain copy of the files then delivers what the original delivers, too.
    pub fn trust_place(mut self) -> Builder {
        self.0.trust_place = true;
        self.0
    }
}

pub(crate) fn beside(file: &Path) -> PathBuf {
    let mut name = OsString::from(file);
    name.push("-federate");
    PathBuf::from(name)
}

async fn connect(
    path: &Path,
    connections: u32,
    synchronous: SqliteSynchronous,
) -> Result<SqlitePool, OpenError> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(synchronous)
        .foreign_keys(true)
        .pragma("cache_size", format!("-{CACHE}"))
        // A statement that writes several rows keeps what it would take back: in a file of its own, made and removed for each, otherwise.
        .pragma("temp_store", "MEMORY")
        .pragma("wal_autocheckpoint", LOG.to_string())
        .busy_timeout(BUSY_TIMEOUT);
    let mut wait = Duration::from_millis(10);
    loop {
        let pool = SqlitePoolOptions::new()
            .max_connections(connections)
            // It is in this process: nothing ends it unnoticed, and to ask is to switch to its thread and back.
            .test_before_acquire(false)
            .after_release(clean::keeps)
            .connect_with(options.clone())
            .await;
        match pool {
            Ok(pool) => return Ok(pool),
            // Two processes turn a new file into WAL at once: SQLite does not wait for that by itself.
            Err(error) if is_busy(&error) && wait < Duration::from_secs(2) => {
                tokio::time::sleep(wait).await;
                wait *= 2;
            }
            Err(source) => {
                return Err(OpenError::Open {
                    path: path.to_owned(),
                    source,
                });
            }
        }
    }
}

/// One connection that lives as long as the pool: the database is its memory.
async fn in_memory() -> Result<SqlitePool, OpenError> {
    let options = SqliteConnectOptions::new()
        .filename(":memory:")
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true);
    SqlitePoolOptions::new()
        .min_connections(1)
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(options)
        .await
        .map_err(|source| OpenError::Open {
            path: PathBuf::from(":memory:"),
            source,
        })
}

/// The application chooses how durable its database is; that what it sends is no more durable should be no secret.
async fn warn_if_weak(pool: &SqlitePool) -> Result<(), OpenError> {
    let mut connection = pool.acquire().await.map_err(OpenError::Pool)?;
    let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous")
        .fetch_one(&mut *connection)
        .await
        .map_err(OpenError::Pool)?;
    let journal: String = sqlx::query_scalar("PRAGMA journal_mode")
        .fetch_one(&mut *connection)
        .await
        .map_err(OpenError::Pool)?;
    if synchronous < 2 {
        tracing::warn!(
            synchronous,
            "the application's pool is below synchronous=FULL: what it records can be lost with the power"
        );
    }
    match journal.as_str() {
        "wal" => {}
        "off" | "memory" => tracing::warn!(
            journal_mode = journal,
            "the application's database keeps no journal on disk: a crash can damage it"
        ),
        _ => tracing::warn!(
            journal_mode = journal,
            "the application's database is not in WAL mode: readers and the writer hold each other up"
        ),
    }
    Ok(())
}
