//! The file: a line for each call.

use std::io::{ErrorKind, SeekFrom};
use std::path::Path;

use federate::store::{StoreError, StoreErrorKind};
use tokio::fs::{File, OpenOptions};
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use crate::call::Call;

#[derive(Debug)]
pub(crate) struct Log {
    file: File,
    /// Where the next line begins.
    end: u64,
    /// What is behind `end` is not known: nothing may be written any more.
    is_broken: bool,
}

impl Log {
    /// Opens and locks the file, cuts off what a crash tore, and returns what stands in it.
    pub(crate) async fn open(path: &Path) -> Result<(Self, Vec<Call>), StoreError> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false);
        let file = file
            .open(path)
            .await
            .map_err(StoreError::broken)?
            .into_std()
            .await;
        file.try_lock().map_err(StoreError::broken)?;
        let mut file = File::from_std(file);
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).await.map_err(StoreError::broken)?;
        let whole = bytes
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        let lines = bytes
            .get(..whole)
            .unwrap_or_default()
            .split_inclusive(|byte| *byte == b'\n');
        let calls = lines
            .map(|line| serde_json::from_slice(line).map_err(StoreError::broken))
            .collect::<Result<_, _>>()?;
        let mut log = Log {
            file,
            end: whole as u64,
            is_broken: false,
        };
        log.cut().await.map_err(StoreError::broken)?;
        // The name of a new file is on the disk when its directory is.
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = File::open(folder.unwrap_or(Path::new("."))).await;
        folder
            .map_err(StoreError::broken)?
            .sync_all()
            .await
            .map_err(StoreError::broken)?;
        Ok((log, calls))
    }

    /// Writes a call. On the disk when `Ok`, and not in the file otherwise.
    pub(crate) async fn append(&mut self, call: &Call) -> Result<(), StoreError> {
        if self.is_broken {
            return Err(StoreError::broken("an earlier failure could not be taken back"));
        }
        let mut line = serde_json::to_vec(call).map_err(StoreError::broken)?;
        line.push(b'\n');
        if let Err(error) = self.write(&line).await {
            self.is_broken = self.cut().await.is_err();
            let kind = match error.kind() {
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded => StoreErrorKind::Full,
                _ => StoreErrorKind::Broken,
            };
            return Err(StoreError::new(kind, error));
        }
        self.end += line.len() as u64;
        Ok(())
    }

    async fn write(&mut self, line: &[u8]) -> std::io::Result<()> {
        self.file.write_all(line).await?;
        self.file.flush().await?;
        self.file.sync_data().await
    }

    /// Takes away what is behind the last whole line.
    async fn cut(&mut self) -> std::io::Result<()> {
        self.file.set_len(self.end).await?;
        self.file.seek(SeekFrom::Start(self.end)).await?;
        self.file.sync_all().await
    }
}
