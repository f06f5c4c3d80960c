//! Buffers for private bytes.

use std::{fmt, hint::black_box};

/// Bytes that are overwritten when they are dropped.
///
/// Without `unsafe` there is no volatile write; `black_box` keeps the compiler from proving the zeroes unread. The
/// buffer must not grow after secrets were written, because growing leaves a copy behind.
pub(crate) struct Wiped(Vec<u8>);

impl Wiped {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    pub(crate) fn truncate(&mut self, length: usize) {
        // What is cut off would not be reached by the wiping any more.
        if let Some(tail) = self.0.get_mut(length..) {
            tail.fill(0);
            black_box(tail);
        }
        self.0.truncate(length);
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Wiped {
    fn drop(&mut self) {
        self.0.fill(0);
        black_box(self.0.as_slice());
    }
}

impl fmt::Debug for Wiped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wiped(..)")
    }
}
