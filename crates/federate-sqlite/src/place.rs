//! Where a file lies: what a copy of it does not share.

use std::{fs::Metadata, path::Path, time::UNIX_EPOCH};

/// The number of the file and when it was born, as far as the file system says. Not the device: its number can change
/// with every start of the machine. `None`: nothing can be told.
pub(crate) fn place(file: &Path) -> Option<String> {
    let metadata = std::fs::metadata(file).ok()?;
    let born = metadata.created().ok();
    let born = born.and_then(|born| Some(born.duration_since(UNIX_EPOCH).ok()?.as_nanos().to_string()));
    let number = number(&metadata);
    (number.is_some() || born.is_some()).then(|| {
        let part = |part: Option<String>| part.unwrap_or_else(|| "-".to_owned());
        format!("{}.{}", part(number), part(born))
    })
}

#[cfg(unix)]
fn number(metadata: &Metadata) -> Option<String> {
    Some(std::os::unix::fs::MetadataExt::ino(metadata).to_string())
}

#[cfg(not(unix))]
fn number(_: &Metadata) -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use super::place;
    use federate_store::stored::same_place;

    #[test]
    fn a_moved_file_is_the_same_and_a_copied_one_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let [one, moved, copied] = ["one", "moved", "copied"].map(|name| directory.path().join(name));
        std::fs::write(&one, "x").unwrap();
        let before = place(&one).unwrap();
        std::fs::copy(&one, &copied).unwrap();
        std::fs::rename(&one, &moved).unwrap();
        assert!(same_place(&before, &place(&moved).unwrap()));
        assert!(!same_place(&before, &place(&copied).unwrap()));
        assert_eq!(place(&one), None);
    }
}
