//! A disk with a cache: what was written and not synced may be on it or not, sector by sector and name by name.

use super::{Draw, trace::Event};
use std::{collections::BTreeMap, path::Path};

/// What a disk writes at once.
const SECTOR: usize = 512;

#[derive(Debug, Default)]
pub(super) struct Disk {
    files: Vec<File>,
    /// The directory as the process sees it, and as it is on the disk.
    names: BTreeMap<String, usize>,
    synced_names: BTreeMap<String, usize>,
    /// Names that were made or removed since the directory was synced.
    waiting_names: Vec<(String, Option<usize>)>,
    /// Of each sync under way: which file, and how much it covers.
    syncing: BTreeMap<usize, (Option<usize>, usize)>,
}

#[derive(Debug, Default)]
struct File {
    synced: Vec<u8>,
    waiting: Vec<Change>,
    /// Changes that were ever synced, so that a sync under way knows which of those that wait it covers.
    done: usize,
}

#[derive(Debug)]
enum Change {
    Write { offset: usize, data: Vec<u8> },
    Truncate(usize),
}

impl Disk {
    pub(super) fn happened(&mut self, event: &Event) {
        match event {
            Event::Opened { file } => {
                if !self.names.contains_key(file) {
                    let number = self.files.len();
                    self.files.push(File::default());
                    self.names.insert(file.clone(), number);
                    self.waiting_names.push((file.clone(), Some(number)));
                }
            }
            Event::Write { file, offset, data } => {
                let (offset, data) = (*offset, data.clone());
                self.file(file).waiting.push(Change::Write { offset, data });
            }
            Event::Truncate { file, length } => self.file(file).waiting.push(Change::Truncate(*length)),
            Event::Unlinked { file } => {
                self.names.remove(file);
                self.waiting_names.push((file.clone(), None));
            }
            Event::Syncing { file, sync } => {
                let covered = if file.is_empty() {
                    (None, self.waiting_names.len())
                } else {
                    let number = self.names[file];
                    let of_it = &self.files[number];
                    (Some(number), of_it.done + of_it.waiting.len())
                };
                self.syncing.insert(*sync, covered);
            }
            Event::Synced { sync, .. } => match self.syncing.remove(sync).unwrap() {
                (None, names) => {
                    for (name, number) in self.waiting_names.drain(..names) {
                        apply_name(&mut self.synced_names, name, number);
                    }
                }
                (Some(number), changes) => {
                    let file = &mut self.files[number];
                    let covered = changes.saturating_sub(file.done);
                    file.done += covered;
                    for change in file.waiting.drain(..covered) {
                        change.apply(&mut file.synced);
                    }
                }
            },
            Event::Said(_) => {}
        }
    }

    /// Files with this end whose contents are not all on the disk.
    pub(super) fn waiting(&self, end: &str) -> Vec<&str> {
        let waiting = self
            .names
            .iter()
            .filter(|(name, number)| name.ends_with(end) && !self.files[**number].waiting.is_empty());
        waiting.map(|(name, _)| name.as_str()).collect()
    }

    pub(super) fn has_waiting(&self) -> bool {
        !self.waiting("").is_empty()
    }

    /// Files that the directory on the disk does not have, or has as another.
    pub(super) fn unlinked_names(&self) -> Vec<&str> {
        let missing = self
            .names
            .iter()
            .filter(|(name, number)| self.synced_names.get(*name) != Some(number));
        missing.map(|(name, _)| name.as_str()).collect()
    }

    /// Writes what the disk holds when the power goes now: all that was synced, and `percent` of the rest.
    pub(super) fn lose_power(&self, directory: &Path, percent: usize, draw: &mut Draw) {
        let mut names = self.synced_names.clone();
        for (name, number) in &self.waiting_names {
            if draw.percent(percent) {
                apply_name(&mut names, name.clone(), *number);
            }
        }
        for (name, number) in names {
            let contents = self.files[number].after(percent, draw);
            std::fs::write(directory.join(name), contents).unwrap();
        }
        if draw.percent(30) {
            let junk: Vec<u8> = (0..32_768).map(|_| draw.byte()).collect();
            std::fs::write(directory.join("app.db-shm"), &junk).unwrap();
            std::fs::write(directory.join("app.db-federate-shm"), &junk).unwrap();
        }
    }

    fn file(&mut self, name: &str) -> &mut File {
        let number = self.names[name];
        &mut self.files[number]
    }
}

impl File {
    fn after(&self, percent: usize, draw: &mut Draw) -> Vec<u8> {
        let mut contents = self.synced.clone();
        for change in &self.waiting {
            match change {
                Change::Write { offset, data } => {
                    let end = offset + data.len();
                    // The file may have got its length before its contents: then there is what lay there before.
                    if contents.len() < end && draw.percent(percent) {
                        let junk = draw.percent(50);
                        contents.resize_with(end, || if junk { draw.byte() } else { 0 });
                    }
                    let mut at = *offset;
                    while at < end {
                        let next = ((at / SECTOR + 1) * SECTOR).min(end);
                        if draw.percent(percent) {
                            write(&mut contents, at, &data[at - offset..next - offset]);
                        }
                        at = next;
                    }
                }
                Change::Truncate(length) if draw.percent(percent) => contents.resize(*length, 0),
                Change::Truncate(_) => {}
            }
        }
        contents
    }
}

impl Change {
    fn apply(self, contents: &mut Vec<u8>) {
        match self {
            Self::Write { offset, data } => write(contents, offset, &data),
            Self::Truncate(length) => contents.resize(length, 0),
        }
    }
}

fn write(contents: &mut Vec<u8>, offset: usize, data: &[u8]) {
    let end = offset + data.len();
    if contents.len() < end {
        contents.resize(end, 0);
    }
    contents[offset..end].copy_from_slice(data);
}

fn apply_name(names: &mut BTreeMap<String, usize>, name: String, number: Option<usize>) {
    match number {
        Some(number) => names.insert(name, number),
        None => names.remove(&name),
    };
}
