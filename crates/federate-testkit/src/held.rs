//! Bytes of which a test knows when nobody holds them any more.

use bytes::Bytes;
use tokio::sync::mpsc::UnboundedSender;

/// These bytes; `freed` is told when the last copy of them is dropped.
///
/// ```
/// # use federate_testkit::held;
/// let (freed, mut told) = tokio::sync::mpsc::unbounded_channel();
/// let bytes = held(vec![0; 16], freed);
/// let part = bytes.slice(..1);
/// drop(bytes);
/// assert!(told.try_recv().is_err());
/// drop(part);
/// assert!(told.try_recv().is_ok());
/// ```
pub fn held(bytes: Vec<u8>, freed: UnboundedSender<()>) -> Bytes {
    Bytes::from_owner(Held(bytes, freed))
}

struct Held(Vec<u8>, UnboundedSender<()>);

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // Nobody listens any more where the test has ended.
        let _ = self.1.send(());
    }
}
