//! A forum in a process of its own, which is this test binary again: it runs one test, which does nothing where no folder is in its
//! environment.
#![expect(clippy::disallowed_methods, reason = "a child is told by its environment")]

use std::ffi::OsString;
use std::path::Path;
use std::process::Stdio;

use embed::{SCHEMA, federation};
use sqlx::SqlitePool;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::sending::PATIENCE;

/// The folder with the child's database.
const FOLDER: &str = "EMBED_FOLDER";
/// The base URL of a forum that had one before.
const BASE: &str = "EMBED_BASE";
/// Whether it only does what there is to do, and ends.
const LAST: &str = "EMBED_LAST";
/// What stands before its address, where it says it.
pub(crate) const SAYS: &str = "forum at ";

/// Starts a child that runs this test; and what it says of where it is.
pub(crate) async fn start(test: &str, folder: &Path, base: Option<&str>, last: bool) -> (Child, String) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(FOLDER, folder)
        .envs(base.map(|base| (BASE, base)))
        .envs(last.then_some((LAST, "1")))
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let said = async {
        loop {
            let line = lines
                .next_line()
                .await
                .unwrap()
                .expect("the child ended by itself");
            if let Some((_, place)) = line.split_once(SAYS) {
                return place.to_owned();
            }
        }
    };
    let place = timeout(PATIENCE, said).await.unwrap();
    // What else it says must not block it.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    (child, place)
}

/// What a child was told; none in the run of all tests.
pub(crate) struct Told {
    pub(crate) folder: OsString,
    pub(crate) base: Option<String>,
    pub(crate) last: bool,
}

pub(crate) fn told() -> Option<Told> {
    Some(Told {
        folder: std::env::var_os(FOLDER)?,
        base: std::env::var(BASE).ok(),
        last: std::env::var_os(LAST).is_some(),
    })
}

pub(crate) async fn open(folder: &Path) -> SqlitePool {
    let file = folder.join("forum.db");
    SqlitePool::connect(&format!("sqlite:{}?mode=rwc", file.display()))
        .await
        .unwrap()
}

/// The database with its tables, and alice's one post.
pub(crate) async fn furnished(folder: &Path) -> SqlitePool {
    let db = open(folder).await;
    sqlx::raw_sql(SCHEMA).execute(&db).await.unwrap();
    sqlx::raw_sql(federation::TABLES).execute(&db).await.unwrap();
    sqlx::raw_sql(
        "insert or ignore into users (name, display) values ('alice', 'Alice');
         insert into posts (author, title, html) select 'alice', 'Hi', '' where not exists (select 1 from posts)",
    )
    .execute(&db)
    .await
    .unwrap();
    db
}
