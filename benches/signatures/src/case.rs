//! One thing that is measured.

use std::hint::black_box;

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// SHA-256 of the body, which is in both.
    Digest,
    SignCavage,
    SignRfc9421,
    VerifyCavage,
    VerifyRfc9421,
}

impl Task {
    pub const ALL: [Self; 5] = [
        Self::Digest,
        Self::SignCavage,
        Self::SignRfc9421,
        Self::VerifyCavage,
        Self::VerifyRfc9421,
    ];

    pub fn title(self) -> &'static str {
        match self {
            Self::Digest => "SHA-256 of the body",
            Self::SignCavage => "sign, draft-cavage",
            Self::SignRfc9421 => "sign, RFC 9421",
            Self::VerifyCavage => "verify, draft-cavage",
            Self::VerifyRfc9421 => "verify, RFC 9421",
        }
    }

    /// Where its raw operation stands: at the draft's task, for both formats, whose strings differ by some bytes.
    pub fn raw(self) -> Self {
        match self {
            Self::SignRfc9421 => Self::SignCavage,
            Self::VerifyRfc9421 => Self::VerifyCavage,
            other => other,
        }
    }
}

/// One candidate at one task; one without a backend is a raw operation of that name.
pub struct Case {
    pub task: Task,
    pub name: &'static str,
    /// Whose raw operation is in it; `None` for raw operations, and for a seam with a signer that costs nothing.
    pub backend: Option<&'static str>,
    /// Whose SHA-256 is in it.
    pub digest: Option<&'static str>,
    pub run: Box<dyn FnMut()>,
}

impl Case {
    /// Keys and messages are made at the first run, so that a run of one case under valgrind does not pay for all.
    pub fn new<T, F: FnMut() -> T + 'static>(
        task: Task,
        name: &'static str,
        backend: Option<&'static str>,
        make: impl FnOnce() -> F + 'static,
    ) -> Self {
        let (mut make, mut made) = (Some(make), None);
        let run = move || {
            if let Some(make) = make.take() {
                made = Some(make());
            }
            drop(black_box(made.as_mut().map(|run| run())));
        };
        Self {
            task,
            name,
            backend,
            digest: backend,
            run: Box::new(run),
        }
    }

    /// With the SHA-256 of another backend than the RSA operation.
    pub fn digest(mut self, backend: &'static str) -> Self {
        self.digest = Some(backend);
        self
    }

    /// The raw operation itself.
    pub fn is_raw(&self) -> bool {
        crate::raw::BACKENDS.contains(&self.name)
    }
}
