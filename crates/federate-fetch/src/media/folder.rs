//! Files on the disk.

use super::index::Index;
use super::{MediaCache, MediaPurge};
use async_trait::async_trait;
use bytes::Bytes;
use federate_protocol::activitystreams::{Iri, MAX_IRI_BYTES};
use ring::digest::{SHA256, digest};
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Begins every file of ours; another form gets another.
const MAGIC: &[u8; 8] = b"fedmedia";
/// What is not whole yet ends with this.
const UNFINISHED: &str = "part";

/// A folder of media files, bounded in bytes: what was asked for longest ago goes first.
///
/// A file's name is the SHA-256 of its URL, so that nothing that a stranger chose becomes a path (CVE-2023-36460). It is written under
/// another name first, and holds its own length: what a crash left is no file, and what the disk lost is noticed. A file takes 4 KiB
/// of the capacity at least. Several processes may share a folder; each then counts for itself what it has written.
#[derive(Debug, Clone)]
pub struct MediaFolder {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    folder: PathBuf,
    capacity: u64,
    index: Mutex<Index>,
    written: AtomicU64,
}

impl MediaFolder {
    /// Opens a folder, which is made where there is none, and reads what it has. It should be ours alone: what looks like a
    /// file of ours and is none is removed.
    ///
    /// # Errors
    /// The folder cannot be made or read.
    pub async fn open(folder: impl Into<PathBuf>, capacity: u64) -> io::Result<Self> {
        let folder = folder.into();
        let opened = blocking(move || {
            fs::create_dir_all(&folder)?;
            let mut inner = Inner {
                folder,
                capacity,
                index: Mutex::default(),
                written: AtomicU64::new(0),
            };
            inner.read()?;
            inner.make_room();
            Ok(inner)
        });
        Ok(Self {
            inner: Arc::new(opened.await?),
        })
    }
}

#[async_trait]
impl MediaCache for MediaFolder {
    async fn get(&self, url: &Iri) -> io::Result<Option<(Bytes, SystemTime)>> {
        let (inner, url) = (Arc::clone(&self.inner), url.clone());
        blocking(move || inner.get(&url)).await
    }

    async fn put(&self, url: &Iri, file: &Bytes, now: SystemTime) -> io::Result<()> {
        let (inner, url, file) = (Arc::clone(&self.inner), url.clone(), file.clone());
        blocking(move || inner.put(&url, &file, now)).await
    }

    async fn purge(&self, which: &MediaPurge) -> io::Result<u64> {
        let (inner, which) = (Arc::clone(&self.inner), which.clone());
        blocking(move || inner.purge(&which)).await
    }
}

impl Inner {
    /// What a former life has left, oldest first, so that it is in the order in which it came.
    fn read(&mut self) -> io::Result<()> {
        let mut found = Vec::new();
        for shard in fs::read_dir(&self.folder)? {
            let shard = shard?.path();
            if !shard.is_dir() {
                continue;
            }
            for file in fs::read_dir(&shard)? {
                let path = file?.path();
                match path.file_name().and_then(|name| name.to_str()) {
                    Some(name) if is_name(name) => found.push((name.to_owned(), path)),
                    Some(name) if name.ends_with(UNFINISHED) => remove(&path)?,
                    _ => {}
                }
            }
        }
        let mut whole = Vec::new();
        for (name, path) in found {
            match fs::File::open(&path).and_then(|mut file| head(&mut file)) {
                Ok(head) if name == name_of(&head.url) => whole.push((name, head)),
                _ => remove(&path)?,
            }
        }
        whole.sort_by_key(|(_, head)| head.stored);
        let mut index = self.index();
        for (name, head) in whole {
            index.put(name, head.url, head.stored, head.length);
        }
        Ok(())
    }

    fn get(&self, url: &Iri) -> io::Result<Option<(Bytes, SystemTime)>> {
        let name = name_of(url);
        let path = self.path(&name);
        let mut file = match fs::File::open(&path) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                self.index().remove(&name);
                return Ok(None);
            }
            Err(e) => return Err(e),
        };
        let damaged = |e: &io::Error| {
            matches!(
                e.kind(),
                io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof
            )
        };
        match whole(&mut file, url) {
            Ok(found) => {
                self.index().touch(&name);
                Ok(Some(found))
            }
            Err(e) if damaged(&e) => {
                tracing::warn!(file = %path.display(), "a kept media file is damaged");
                self.index().remove(&name);
                remove(&path)?;
                Ok(None)
            }
            Err(e) => Err(e),
        }
    }

    fn put(&self, url: &Iri, body: &Bytes, now: SystemTime) -> io::Result<()> {
        let length = u64::try_from(body.len()).unwrap_or(u64::MAX);
        // One that fills the place of all others is not worth them.
        if length > self.capacity / 2 {
            return Ok(());
        }
        let name = name_of(url);
        let path = self.path(&name);
        if let Some(shard) = path.parent() {
            fs::create_dir_all(shard)?;
        }
        let number = self.written.fetch_add(1, Ordering::Relaxed);
        // Another process may write the same at the same time.
        let unfinished = path.with_extension(format!("{}-{number}.{UNFINISHED}", std::process::id()));
        let written = write(&unfinished, url, body, now).and_then(|()| fs::rename(&unfinished, &path));
        if let Err(e) = written {
            let _ = remove(&unfinished);
            return Err(e);
        }
        self.index().put(name, url.clone(), now, length);
        self.make_room();
        Ok(())
    }

    fn purge(&self, which: &MediaPurge) -> io::Result<u64> {
        let names = self.index().covered(which);
        let mut count = 0;
        for name in names {
            remove(&self.path(&name))?;
            self.index().remove(&name);
            count += 1;
        }
        Ok(count)
    }

    fn make_room(&self) {
        let names = self.index().over(self.capacity);
        for name in names {
            match remove(&self.path(&name)) {
                Ok(()) => self.index().remove(&name),
                Err(e) => tracing::warn!(file = name, error = %e, "a kept media file cannot be removed"),
            }
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        let shard = name.get(..2).unwrap_or_default();
        self.folder.join(shard).join(name)
    }

    fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn name_of(url: &Iri) -> String {
    let mut name = String::with_capacity(64);
    for byte in digest(&SHA256, url.as_str().as_bytes()).as_ref() {
        // Writing to a string does not fail.
        let _ = write!(name, "{byte:02x}");
    }
    name
}

fn is_name(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|b| b.is_ascii_hexdigit())
}

/// What stands before the file itself: the magic, when it was stored, how long URL and file are, the URL.
struct Head {
    url: Iri,
    stored: SystemTime,
    length: u64,
}

fn write(path: &Path, url: &Iri, body: &[u8], now: SystemTime) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(path)?;
    let seconds = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let url = url.as_str().as_bytes();
    let mut head = Vec::with_capacity(32 + url.len());
    head.extend_from_slice(MAGIC);
    head.extend_from_slice(&seconds.to_be_bytes());
    head.extend_from_slice(&u64::try_from(url.len()).unwrap_or(u64::MAX).to_be_bytes());
    head.extend_from_slice(&u64::try_from(body.len()).unwrap_or(u64::MAX).to_be_bytes());
    head.extend_from_slice(url);
    file.write_all(&head)?;
    file.write_all(body)
}

fn head(file: &mut impl io::Read) -> io::Result<Head> {
    let bad = || io::Error::from(io::ErrorKind::InvalidData);
    let mut magic = [0; 8];
    file.read_exact(&mut magic)?;
    if magic != *MAGIC {
        return Err(bad());
    }
    let mut number = || {
        let mut bytes = [0; 8];
        file.read_exact(&mut bytes).map(|()| u64::from_be_bytes(bytes))
    };
    let (seconds, url_length, length) = (number()?, number()?, number()?);
    let url_length = usize::try_from(url_length).map_err(|_| bad())?;
    if url_length > MAX_IRI_BYTES {
        return Err(bad());
    }
    let mut url = vec![0; url_length];
    file.read_exact(&mut url)?;
    let url = String::from_utf8(url).map_err(|_| bad())?;
    let url = Iri::parse(&url).map_err(|_| bad())?;
    let stored = UNIX_EPOCH
        .checked_add(Duration::from_secs(seconds))
        .ok_or_else(bad)?;
    Ok(Head { url, stored, length })
}

fn whole(file: &mut fs::File, url: &Iri) -> io::Result<(Bytes, SystemTime)> {
    let head = head(file)?;
    let mut body = Vec::new();
    file.read_to_end(&mut body)?;
    if head.url != *url || u64::try_from(body.len()).ok() != Some(head.length) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok((body.into(), head.stored))
}

/// What is not there is removed.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(io::Error::other)?
}
