//! What a folder has: how much, how old, and what was asked for last.

use federate_protocol::activitystreams::Iri;
use std::collections::HashMap;
use std::time::SystemTime;

use super::MediaPurge;

/// A file takes so much at least: that of a block, and its place here.
const LEAST: u64 = 4 * 1024;

#[derive(Debug, Default)]
pub(super) struct Index {
    entries: HashMap<String, Entry>,
    bytes: u64,
    /// Counts what is asked for: who has the least was asked for longest ago.
    turn: u64,
}

#[derive(Debug)]
struct Entry {
    url: Iri,
    stored: SystemTime,
    bytes: u64,
    used: u64,
}

impl Index {
    pub(super) fn put(&mut self, name: String, url: Iri, stored: SystemTime, length: u64) {
        self.remove(&name);
        self.turn += 1;
        let bytes = length.max(LEAST);
        self.bytes += bytes;
        let used = self.turn;
        let entry = Entry {
            url,
            stored,
            bytes,
            used,
        };
        self.entries.insert(name, entry);
    }

    pub(super) fn remove(&mut self, name: &str) {
        if let Some(entry) = self.entries.remove(name) {
            self.bytes -= entry.bytes;
        }
    }

    /// Remembers that it was asked for.
    pub(super) fn touch(&mut self, name: &str) {
        self.turn += 1;
        if let Some(entry) = self.entries.get_mut(name) {
            entry.used = self.turn;
        }
    }

    /// Those that go so that no more than this is left: asked for longest ago first. More than one has to go makes room for more than one
    /// to come, as all are looked at.
    pub(super) fn over(&self, capacity: u64) -> Vec<String> {
        if self.bytes <= capacity {
            return Vec::new();
        }
        let aim = capacity / 10 * 9;
        let mut all: Vec<(&String, &Entry)> = self.entries.iter().collect();
        all.sort_unstable_by_key(|(_, entry)| entry.used);
        let mut left = self.bytes;
        all.into_iter()
            .take_while(|(_, entry)| {
                let goes = left > aim;
                left -= entry.bytes;
                goes
            })
            .map(|(name, _)| name.clone())
            .collect()
    }

    pub(super) fn covered(&self, which: &MediaPurge) -> Vec<String> {
        self.entries
            .iter()
            .filter(|(_, entry)| which.covers(&entry.url, entry.stored))
            .map(|(name, _)| name.clone())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(lengths: &[u64]) -> Index {
        let mut index = Index::default();
        for (number, length) in lengths.iter().enumerate() {
            let url = Iri::parse(&format!("https://a.example/{number}")).unwrap();
            index.put(number.to_string(), url, SystemTime::UNIX_EPOCH, *length);
        }
        index
    }

    #[test]
    fn r14_what_was_asked_for_longest_ago_goes_first() {
        let mut index = index(&[10_000; 10]);
        assert_eq!(index.over(100_000), Vec::<String>::new());
        index.touch("0");
        assert_eq!(index.over(99_999), ["1", "2"]);
        index.remove("1");
        assert_eq!(index.over(90_000), Vec::<String>::new());
        index.remove("1");
        assert_eq!(index.bytes, 90_000);
    }

    #[test]
    fn r14_a_file_of_nothing_takes_its_place_too() {
        assert_eq!(index(&[0; 3]).bytes, 3 * LEAST);
        let mut twice = index(&[10_000]);
        let url = Iri::parse("https://a.example/0").unwrap();
        twice.put("0".to_owned(), url, SystemTime::UNIX_EPOCH, 20_000);
        assert_eq!(twice.bytes, 20_000);
    }
}
